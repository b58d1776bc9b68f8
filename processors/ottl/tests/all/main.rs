//! Conditions as a processor meets them: text and bytes in, an answer out.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, reason = "tests")]

mod answers;
mod batches;
mod data;
mod oracle;
mod random;
mod refused;
mod table;

/// All contexts, with the letter-less names of their files.
const CONTEXTS: [tamis_ottl::Context; 7] = [
    tamis_ottl::Context::Resource,
    tamis_ottl::Context::Scope,
    tamis_ottl::Context::Span,
    tamis_ottl::Context::SpanEvent,
    tamis_ottl::Context::Metric,
    tamis_ottl::Context::DataPoint,
    tamis_ottl::Context::Log,
];
