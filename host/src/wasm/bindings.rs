//! The contract in Rust, generated from `wit/`. The widest world is generated; which of its exports
//! a component has is found out per component ([`super::component`]).

wasmtime::component::bindgen!({
    path: "../wit",
    world: "rewriting-processor",
    imports: { default: trappable },
    exports: { default: async },
    additional_derives: [PartialEq],
});

pub use self::tamis::processor::{clock, counters, hold, logging, metrics, types};
pub use exports::tamis::processor::{handler, replayer, rewriter, ticker};
