//! tamis, an OTLP gateway: the host around sandboxed processors.
//!
//! The modules stand in the order in which a batch meets them; ARCHITECTURE.md has the map.

pub mod batch;
pub mod consumer;
pub mod exporter;
pub mod otlp;
pub mod processor;
pub mod receiver;
pub mod telemetry;
pub mod wasm;
