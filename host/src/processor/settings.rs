//! What the YAML can say about the host's own processors, with the Collector's defaults.

use std::time::Duration;

/// `batch`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchSettings {
    /// Send as soon as this many items wait; 0 means at once.
    pub send_batch_size: usize,
    /// Send what waits after this long; 0 means at once.
    pub timeout: Duration,
    /// Split batches above this many items; 0 means never.
    pub send_batch_max_size: usize,
    /// One batcher per distinct set of these metadata values.
    pub metadata_keys: Vec<String>,
    pub metadata_cardinality_limit: usize,
}

impl Default for BatchSettings {
    fn default() -> Self {
        Self {
            send_batch_size: 8192,
            timeout: Duration::from_millis(200),
            send_batch_max_size: 0,
            metadata_keys: Vec::new(),
            metadata_cardinality_limit: 1000,
        }
    }
}

/// `memory_limiter`. The two pairs exclude each other; bytes win where both are set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemoryLimiterSettings {
    pub check_interval: Duration,
    /// Hard limit in bytes; 0 when `limit_percentage` is used.
    pub limit: u64,
    /// Soft limit = hard limit - spike; 0 means 20 % of the limit.
    pub spike_limit: u64,
    /// Of the memory available to the process (cgroup or machine).
    pub limit_percentage: u32,
    pub spike_limit_percentage: u32,
}
