//! The limits, and refusing between them.

use std::sync::atomic::AtomicU64;
use std::time::SystemTime;

use super::*;
use crate::batch::{Metadata, Signal};

struct Probe(AtomicU64);

impl MemoryProbe for Probe {
    fn used(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn available(&self) -> u64 {
        1000
    }
}

struct Next;

impl Consumer for Next {
    fn consume(&self, _: Batch) -> BoxFuture<'_, Result<(), ConsumeError>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

fn settings(limit: u64, spike_limit: u64) -> MemoryLimiterSettings {
    MemoryLimiterSettings {
        check_interval: Duration::from_secs(1),
        limit,
        spike_limit,
        limit_percentage: 50,
        spike_limit_percentage: 0,
    }
}

#[test]
fn limits_are_bytes_or_percentages_and_the_spike_is_a_fifth_by_default() {
    let limits = |settings| {
        let limits = Limits::new(&settings, 1000);
        (limits.soft, limits.hard)
    };
    assert_eq!(limits(settings(100, 30)), (70, 100));
    assert_eq!(limits(settings(100, 0)), (80, 100));
    assert_eq!(limits(settings(0, 0)), (400, 500));
    let percentages = MemoryLimiterSettings { spike_limit_percentage: 30, ..settings(0, 0) };
    assert_eq!(limits(percentages), (200, 500));
}

#[tokio::test(start_paused = true)]
async fn batches_are_refused_from_the_soft_limit_on_until_memory_falls() {
    let probe = Arc::new(Probe(AtomicU64::new(79)));
    let metrics = Metrics::default();
    let limiter = MemoryLimiter::with_probe(
        "memory_limiter",
        &settings(100, 20),
        Arc::new(Next),
        &metrics,
        probe.clone(),
    );
    let batch = || Batch {
        signal: Signal::Traces,
        bytes: bytes::Bytes::new(),
        items: 3,
        received: SystemTime::now(),
        metadata: Metadata::default(),
    };
    let after_a_check = async |used| {
        probe.0.store(used, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_secs(2)).await;
        limiter.consume(batch()).await
    };
    assert!(after_a_check(79).await.is_ok());
    let error = after_a_check(80).await.unwrap_err();
    assert_eq!(error.message, "data refused due to high memory usage");
    assert!(!error.permanent);
    assert!(after_a_check(10).await.is_ok());
    let counts = metrics.memory_limiter("memory_limiter");
    assert_eq!(counts.accepted.get(Signal::Traces), 6);
    assert_eq!(counts.refused.get(Signal::Traces), 3);
}
