//! What is counted about a storage.

use prometheus::{IntCounter, IntGauge};

use crate::telemetry::metrics::Metrics;

/// What is counted about a storage.
#[derive(Clone, Debug)]
pub struct StorageMetrics {
    /// Bytes of all files.
    pub disk: IntGauge,
    /// Bytes at the end of the journal that could not be read when it was opened.
    pub cut: IntCounter,
    /// Writes that were not made: the disk was full, or failed.
    pub failed: IntCounter,
}

impl StorageMetrics {
    pub fn new(metrics: &Metrics, id: &str) -> Self {
        let labels = [("storage", id)];
        let cut = "Bytes at the end of the journal that could not be read";
        let failed = "Writes that were not made because the disk was full or failed";
        Self {
            disk: metrics.gauge(
                "tamis_storage_disk_bytes",
                "Bytes of the storage's files",
                &labels,
            ),
            failed: metrics.counter("tamis_storage_failed_writes", failed, &labels),
            cut: metrics.counter("tamis_storage_cut_bytes", cut, &labels),
        }
    }
}
