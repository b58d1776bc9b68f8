//! `memory_limiter`: refuses batches while the process uses too much memory.

mod probe;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::task::AbortHandle;
use tokio::time::{MissedTickBehavior, interval};

pub use self::probe::{MemoryProbe, ProcessMemory};
use super::settings::MemoryLimiterSettings;
use crate::batch::Batch;
use crate::consumer::{BoxFuture, ConsumeError, Consumer};
use crate::telemetry::metrics::{MemoryLimiterMetrics, Metrics};

/// Memory is not looked at more often than this, whatever `check_interval` says.
const MIN_CHECK_INTERVAL: Duration = Duration::from_millis(10);

/// The `memory_limiter` processor. Must be made in a Tokio runtime, in which it looks at the memory
/// until it is dropped.
pub struct MemoryLimiter {
    next: Arc<dyn Consumer>,
    metrics: MemoryLimiterMetrics,
    refuses: Arc<AtomicBool>,
    check: AbortHandle,
}

/// From where on batches are refused, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Limits {
    soft: u64,
    hard: u64,
}

impl MemoryLimiter {
    pub fn new(
        id: &str,
        settings: &MemoryLimiterSettings,
        next: Arc<dyn Consumer>,
        metrics: &Metrics,
    ) -> Self {
        Self::with_probe(id, settings, next, metrics, Arc::new(ProcessMemory))
    }

    /// With another way to look at the memory.
    pub fn with_probe(
        id: &str,
        settings: &MemoryLimiterSettings,
        next: Arc<dyn Consumer>,
        metrics: &Metrics,
        probe: Arc<dyn MemoryProbe>,
    ) -> Self {
        let limits = Limits::new(settings, probe.available());
        tracing::info!(
            processor = id,
            soft_limit_bytes = limits.soft,
            hard_limit_bytes = limits.hard,
            "memory limiter configured"
        );
        let refuses = Arc::new(AtomicBool::new(limits.reached(probe.used())));
        let check =
            check(id.to_owned(), settings.check_interval, limits, probe, Arc::clone(&refuses));
        let check = tokio::spawn(check).abort_handle();
        Self { next, metrics: metrics.memory_limiter(id), refuses, check }
    }
}

impl Drop for MemoryLimiter {
    fn drop(&mut self) {
        self.check.abort();
    }
}

impl Consumer for MemoryLimiter {
    fn consume(&self, batch: Batch) -> BoxFuture<'_, Result<(), ConsumeError>> {
        if self.refuses.load(Ordering::Relaxed) {
            self.metrics.refused.add(batch.signal, batch.items);
            let error = ConsumeError::retryable("data refused due to high memory usage");
            return Box::pin(std::future::ready(Err(error)));
        }
        self.metrics.accepted.add(batch.signal, batch.items);
        self.next.consume(batch)
    }
}

impl Limits {
    fn new(settings: &MemoryLimiterSettings, available: u64) -> Self {
        let percent = |percentage: u32| {
            (u128::from(available) * u128::from(percentage) / 100).try_into().unwrap_or(u64::MAX)
        };
        let (hard, spike) = if settings.limit > 0 {
            (settings.limit, settings.spike_limit)
        } else {
            (percent(settings.limit_percentage), percent(settings.spike_limit_percentage))
        };
        let spike = if spike == 0 { hard / 5 } else { spike };
        Self { soft: hard.saturating_sub(spike), hard }
    }

    fn reached(self, used: u64) -> bool {
        used >= self.soft
    }
}

/// Looks at the memory at every interval.
async fn check(
    id: String,
    every: Duration,
    limits: Limits,
    probe: Arc<dyn MemoryProbe>,
    refuses: Arc<AtomicBool>,
) {
    let mut ticks = interval(every.max(MIN_CHECK_INTERVAL));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let used = probe.used();
        let reached = limits.reached(used);
        let before = refuses.swap(reached, Ordering::Relaxed);
        match (before, reached) {
            (false, true) => {
                tracing::warn!(processor = id, used_bytes = used, "memory usage is high: refusing");
            }
            (true, false) => {
                tracing::info!(processor = id, used_bytes = used, "memory usage is low again");
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
