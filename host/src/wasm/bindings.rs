//! The contract in Rust, generated from `wit/`. The widest world is generated; which of its exports
//! a component has is found out per component ([`super::component`]).

wasmtime::component::bindgen!({
    path: "../wit",
    world: "holding-processor",
    imports: { default: trappable },
    exports: { default: async },
    additional_derives: [PartialEq],
});

pub use exports::tamis::processor::{handler, replayer, ticker};
pub use self::tamis::processor::{clock, counters, hold, logging, metrics, types};
