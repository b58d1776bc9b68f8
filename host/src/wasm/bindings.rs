//! The contract in Rust, generated from `wit/`. The widest world is generated; which of its exports
//! a component has is found out per component ([`super::component`]).

wasmtime::component::bindgen!({
    path: "../wit",
    world: "full-processor",
    imports: { default: trappable },
    exports: { default: async },
    additional_derives: [PartialEq],
});

pub use self::tamis::processor::{clock, counters, emitter, hold, logging, metrics, types};
pub use exports::tamis::processor::{
    handler, inspector, replayer, rewriter, snapshotter, ticker, watcher,
};
