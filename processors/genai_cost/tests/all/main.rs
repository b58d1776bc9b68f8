//! Tests of the processor as a host sees it: bytes in, bytes out.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, reason = "tests")]

mod cases;
mod conservation;
mod invariance;
mod metrics;
mod support;
mod trace;
mod wire;
