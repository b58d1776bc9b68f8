//! tamis, an OTLP gateway: the host around sandboxed processors.
//!
//! The modules stand in the order in which a batch meets them; ARCHITECTURE.md has the map.

pub mod batch;
pub mod config;
pub mod consumer;
pub mod exporter;
pub mod extension;
mod net;
pub mod otlp;
pub mod pipeline;
pub mod processor;
pub mod receiver;
pub mod service;
pub mod storage;
pub mod telemetry;
pub mod wasm;
