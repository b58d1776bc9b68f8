//! The guest SDK: write a tamis processor in Rust.
//!
//! A processor is a type that implements [`Processor`]: it reads its configuration once and then
//! answers batch by batch, each a protobuf Export request of OTLP. [`export!`] makes a WebAssembly
//! component of it; the same code also runs natively, for tests and benchmarks.
//!
//! ```
//! use tamis_sdk::elements::{self, View};
//! use tamis_sdk::{Configuration, Context, Descriptor, Error, Outcome, Problem, Processor, Signal};
//!
//! /// Writes the name of the deployment environment on every span.
//! struct Stamp {
//!     environment: String,
//! }
//!
//! impl Processor for Stamp {
//!     fn configure(configuration: Configuration) -> Result<(Self, Descriptor), Vec<Problem>> {
//!         let stamp = configuration.read(|config| Stamp {
//!             environment: config.string("environment").unwrap_or("unknown".to_owned()),
//!         })?;
//!         Ok((stamp, Descriptor::new("stamp", "0.1.0", &[Signal::Traces])))
//!     }
//!
//!     fn process(&mut self, context: &Context, batch: &[u8]) -> Result<Outcome, Error> {
//!         elements::edit(context.signal, batch, |element| {
//!             if let View::Span(_) = element.view() {
//!                 element.set("deployment.environment.name", self.environment.as_str());
//!             }
//!             Ok(())
//!         })
//!     }
//! }
//!
//! tamis_sdk::export!(Stamp);
//!
//! let configuration = Configuration::from_json(r#"{"environment": "production"}"#);
//! let (mut stamp, _) = Stamp::configure(configuration).unwrap();
//! let outcome = stamp.process(&Context::new(Signal::Traces), &[]);
//! assert_eq!(outcome, Ok(Outcome::Unchanged));
//! ```
//!
//! From the easy to the exact:
//! - [`elements`]: visit everything that has attributes, change them by key;
//! - [`otlp`]: typed views of every message, read in place;
//! - [`edit`]: walk and change any field; [`wire`]: the protobuf beneath both;
//! - [`config`]: read the configuration, all problems at once;
//! - [`logging`], [`clock`], [`metrics`], [`counters`], [`emitter`], [`hold`]: what the host offers;
//! - [`Trigger`]: let the host look for a pattern before it calls.
//!
//! To build a guest, give its crate `crate-type = ["cdylib", "rlib"]`, compile it for
//! `wasm32-unknown-unknown` and make a component of the module; `tamis-guest-build` does both.
//!
//! No value of the telemetry may reach a log line or an error message: the `Debug` forms of views
//! show places and lengths only, and so should yours.
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
#[cfg(all(feature = "testing", not(target_arch = "wasm32")))]
pub mod testing;
mod trigger;
pub mod wire;

pub use config::Configuration;
pub use contract::{
    Context, Descriptor, Edits, Entry, Error, Hit, Memo, Outcome, Part, Partition, Problem, Signal,
    Splice, WatchedFile,
};
pub use host::{clock, counters, emitter, hold, logging, metrics};
pub use processor::{Inspector, Processor, Replayer, Rewriter, Snapshotter, Ticker, Watcher};
pub use trigger::{ByteSet, TRIGGER_SETS_MAX, TRIGGERS_MAX, Trigger};
