//! Guests: processors compiled to WebAssembly, run in a sandbox.
//!
//! [`processor`] is the way of a batch through one guest; the other modules are what it needs.

pub mod account;
pub mod backoff;
pub mod bindings;
pub mod builtin;
pub mod call;
pub mod clock;
pub mod component;
pub mod counters;
pub mod edits;
pub mod engine;
pub mod epoch;
pub mod files;
pub mod hold;
pub mod imports;
pub mod inspect;
pub mod instance;
pub mod interval;
pub mod limits;
pub mod outbox;
pub mod own_metrics;
pub mod pool;
pub mod processor;
pub mod release;
pub mod rewrite;
pub mod runtime;
pub mod scan;
pub mod settings;
pub mod share;
pub mod shared;
pub mod snapshot;
pub mod state;

#[cfg(test)]
mod tests;
