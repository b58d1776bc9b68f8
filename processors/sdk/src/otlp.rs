//! Typed views of every OTLP message, read in place and only when asked.
//!
//! Source: <https://github.com/open-telemetry/opentelemetry-proto>, version 1.10, all fields of the
//! three stable signals and those in development.
//!
//! A view is a [`Message`](crate::wire::Message) with names. An accessor walks the message up to its
//! end, so one that needs many fields does better with one loop over
//! [`fields`](crate::wire::Message::fields) and the number constants (`Span::NAME`).
//!
//! What an accessor answers is what a full decode would:
//! - absent: the default of proto3 (0, empty), or none where OTLP tells absent from 0;
//! - there more than once: the last one; of a oneof, the last member. A message that is there twice,
//!   or that another member of its oneof follows, is refused ([`Kind::Repeated`](crate::wire::Kind)):
//!   protobuf would merge the two or forget the first, either way data would go unread, and no encoder
//!   writes it;
//! - another wire type than OTLP gives the field: an error, never "absent";
//! - repeated numbers: packed or one by one or both.
//!
//! Repeated fields are iterators, which end after the first error.

#[macro_use]
mod macros;
mod scalar;

pub mod common;
pub mod logs;
pub mod metrics;
pub mod resource;
pub mod trace;

pub use scalar::{Numbers, Read, Repeated};
