//! Guests: processors compiled to WebAssembly, run in a sandbox.
//!
//! [`processor`] is the way of a batch through one guest; the other modules are what it needs.

pub mod bindings;
pub mod engine;
