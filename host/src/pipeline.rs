//! Pipelines: the chain of processors of a signal between its receivers and its exporters.

pub mod build;
pub mod fan_out;
pub mod forward;
mod guests;

pub use build::{BuildError, GuestId, Inspectors, Pipelines, Prepared};
pub use fan_out::FanOut;
