//! What is counted about a hold store.

use prometheus::{IntCounter, IntGauge};

use crate::telemetry::metrics::Metrics;

/// What is counted about a store. Gauges are moved, not set: each pipeline has a store of its own
/// under the same label.
#[derive(Clone, Debug)]
pub struct HoldMetrics {
    /// In use, in memory; in bytes.
    pub memory: IntGauge,
    /// In use, on disk; in bytes.
    pub disk: IntGauge,
    /// Copies in memory that were dropped because they are on disk as well; in bytes.
    pub spilled: IntCounter,
    /// Payloads that were compressed; in bytes before.
    pub compressed: IntCounter,
    /// Items that a former life of the process has left.
    pub recovered: IntCounter,
    /// Records that could not be read.
    pub broken: IntCounter,
}

impl HoldMetrics {
    pub fn new(metrics: &Metrics, id: &str) -> Self {
        let labels = [("processor", id)];
        let counter = |name: &str, help: &str| metrics.counter(name, help, &labels);
        let gauge = |name: &str, help: &str| metrics.gauge(name, help, &labels);
        Self {
            memory: gauge("tamis_hold_bytes", "Bytes of held items in memory"),
            disk: gauge("tamis_hold_disk_bytes", "Bytes of held items on disk"),
            spilled: counter("tamis_hold_spilled_bytes", "Bytes dropped from memory, kept on disk"),
            compressed: counter("tamis_hold_compressed_bytes", "Bytes that were compressed"),
            recovered: counter("tamis_hold_recovered_items", "Held items found at start"),
            broken: counter("tamis_hold_broken_records", "Records that could not be read"),
        }
    }
}
