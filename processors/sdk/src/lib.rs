//! The guest SDK: write a tamis processor in Rust.
#![deny(missing_docs)]

pub mod config;
mod contract;
pub mod edit;
pub mod elements;
#[doc(hidden)]
pub mod export;
pub mod host;
pub mod otlp;
mod processor;
mod trigger;
pub mod wire;

pub use config::Configuration;
pub use contract::{
    Context, Descriptor, Edits, Entry, Error, Hit, Memo, Outcome, Partition, Problem, Signal,
    Splice,
};
pub use host::{clock, counters, hold, logging, metrics};
pub use processor::{Processor, Replayer, Ticker};
pub use trigger::{ByteSet, TRIGGER_SETS_MAX, TRIGGERS_MAX, Trigger};
