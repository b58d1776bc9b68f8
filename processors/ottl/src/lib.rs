//! OTTL conditions, <https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/pkg/ottl>,
//! with the Collector's meaning, evaluated on batches in place.
//!
//! A [`Condition`] is compiled once, for a [`Context`]; whatever it cannot do is an error then, with
//! line and column, and not later. It is evaluated on an [`Item`], which is made of views of the batch:
//! nothing is decoded, and for comparisons of attributes with literals nothing is allocated.
//!
//! ```
//! use tamis_ottl::{Condition, Context, Item, Owner};
//! use tamis_sdk::otlp::trace::ExportTraceServiceRequest;
//! use tamis_sdk::wire::Message;
//!
//! let slow = Condition::new("kind == SPAN_KIND_SERVER and end_time - start_time > Duration(\"1s\")", Context::Span)?;
//! # let batch = [];
//! for group in ExportTraceServiceRequest::from(Message::new(&batch)).resource_spans() {
//!     let group = group?;
//!     let resource = Owner::of(group.wire())?;
//!     for spans in group.scope_spans() {
//!         let spans = spans?;
//!         let scope = Owner::of(spans.wire())?;
//!         for span in spans.spans() {
//!             if slow.eval(&Item::span(resource, scope, span?))? { /* ... */ }
//!         }
//!     }
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! - [`Condition::new`] where the configuration says the context (`ottl_condition` of `tail_sampling`,
//!   `traces.span` of `filter`); [`Condition::infer`] where the paths do (`trace_conditions`).
//! - [`Conditions`] for a list joined by `or` with an [`ErrorMode`].
//! - Errors of the data ([`EvalError`]) hold no value of the telemetry.
//!
//! # The language
//!
//! All of the grammar of conditions but lambdas and indexed converters. Paths: all that the Collector
//! has in the seven contexts, but `cache`, `otelcol.*`, `status` as a whole, and the buckets of
//! histograms. Converters: see the error message of an unknown one. Maps and lists are literals only.
//!
//! What can be told to fail for every item is refused, where the Collector would fail each time:
//! `Int("x") == 1`, `attributes[0] == 1`, `Len(name)` for a condition.
//!
//! Known differences: hexadecimal floating-point texts are no numbers; [`NEST_MAX`]; limits of
//! regular expressions as in `tamis-re2`.
#![deny(missing_docs)]

mod ast;
mod compare;
mod compile;
mod condition;
mod context;
mod duration;
mod error;
mod expression;
mod function;
mod item;
mod lex;
mod literal;
mod number;
mod parse;
mod path;
mod text;
mod trace_state;
mod value;

pub use condition::{Condition, Conditions, ErrorMode};
pub use context::Context;
pub use error::{EvalError, ParseError};
pub use item::{Item, Owner, Point};
pub use parse::NEST_MAX;

/// How deep lists and maps may nest where they are compared or written as text. The host refuses
/// batches with deeper ones, at 100.
pub const DEPTH_MAX: usize = 128;
