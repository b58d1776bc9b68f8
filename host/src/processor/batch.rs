//! `batch`: gathers batches into larger ones.
//!
//! Unlike the Collector's it answers a sender only after the next stage took that sender's items, so
//! that nothing is acknowledged which exists in memory alone. Senders therefore wait up to `timeout`.

mod pending;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use prometheus::{Histogram, IntCounter, IntGauge};
use tokio::sync::{oneshot, watch};
use tokio::time::sleep;

use self::pending::{Answer, Pending};
use super::settings::BatchSettings;
use crate::batch::{Batch, Metadata, Signal};
use crate::consumer::{BoxFuture, ConsumeError, Consumer};
use crate::otlp;
use crate::telemetry::metrics::Metrics;

/// Bytes that one `batch` holds, waiting or on their way into the next stage. Above it senders are
/// refused as retryable.
pub const MAX_HELD_BYTES: usize = 256 << 20;

/// The `batch` processor.
pub struct BatchProcessor(Arc<Shared>);

/// One batcher per signal and set of metadata values.
type Batchers = HashMap<(Signal, Metadata), Arc<Mutex<Pending>>>;

struct Shared {
    settings: BatchSettings,
    next: Arc<dyn Consumer>,
    max_held_bytes: usize,
    batchers: Mutex<Batchers>,
    held_bytes: AtomicUsize,
    /// Flushes on their way.
    flushes: watch::Sender<usize>,
    /// From now on nothing waits.
    closing: AtomicBool,
    metrics: BatchMetrics,
}

impl BatchProcessor {
    pub fn new(
        id: &str,
        settings: &BatchSettings,
        next: Arc<dyn Consumer>,
        metrics: &Metrics,
    ) -> Self {
        Self::with_max_held_bytes(id, settings, next, metrics, MAX_HELD_BYTES)
    }

    fn with_max_held_bytes(
        id: &str,
        settings: &BatchSettings,
        next: Arc<dyn Consumer>,
        metrics: &Metrics,
        max_held_bytes: usize,
    ) -> Self {
        Self(Arc::new(Shared {
            settings: settings.clone(),
            next,
            max_held_bytes,
            batchers: Mutex::default(),
            held_bytes: AtomicUsize::new(0),
            flushes: watch::Sender::new(0),
            closing: AtomicBool::new(false),
            metrics: BatchMetrics::new(id, metrics),
        }))
    }
}

impl Consumer for BatchProcessor {
    fn consume(&self, batch: Batch) -> BoxFuture<'_, Result<(), ConsumeError>> {
        Box::pin(async {
            let answer = self.0.add(batch)?;
            answer.await.unwrap_or_else(|_| Err(ConsumeError::retryable("batch: flush cut off")))
        })
    }

    fn shutdown(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            self.0.closing.store(true, Ordering::SeqCst);
            let batchers: Vec<_> = lock(&self.0.batchers).values().cloned().collect();
            for batcher in batchers {
                let pending = lock(&batcher).take();
                self.0.flush(pending);
            }
            // An error means that the sender is gone, but it is ours.
            let _ = self.0.flushes.subscribe().wait_for(|flushes| *flushes == 0).await;
        })
    }
}

impl Shared {
    /// Adds the batch to those that wait, and flushes them if that is enough.
    fn add(self: &Arc<Self>, batch: Batch) -> Result<oneshot::Receiver<Answer>, ConsumeError> {
        let batcher = self.batcher(&batch)?;
        self.hold(batch.bytes.len())?;
        let mut pending = lock(&batcher);
        let answer = pending.push(batch);
        if pending.items() >= self.settings.send_batch_size {
            self.metrics.size_triggers.inc();
            self.flush(pending.take());
        } else if self.settings.timeout.is_zero() || self.closing.load(Ordering::SeqCst) {
            self.flush(pending.take());
        } else if !pending.has_timer() {
            let (shared, batcher) = (Arc::clone(self), Arc::clone(&batcher));
            let timer = tokio::spawn(async move {
                sleep(shared.settings.timeout).await;
                let pending = lock(&batcher).take_at_timeout();
                // A flush by size may have been faster.
                if !pending.is_empty() {
                    shared.metrics.timeout_triggers.inc();
                }
                shared.flush(pending);
            });
            pending.set_timer(timer.abort_handle());
        }
        Ok(answer)
    }

    /// The batcher for the metadata of the batch.
    fn batcher(&self, batch: &Batch) -> Result<Arc<Mutex<Pending>>, ConsumeError> {
        let keys = &self.settings.metadata_keys;
        let is_key = |name: &str| keys.iter().any(|key| key.eq_ignore_ascii_case(name));
        let mut metadata: Vec<_> =
            batch.metadata.iter().filter(|(name, _)| is_key(name)).cloned().collect();
        metadata.sort();
        let mut batchers = lock(&self.batchers);
        let key = (batch.signal, Metadata::from(metadata));
        if let Some(batcher) = batchers.get(&key) {
            return Ok(Arc::clone(batcher));
        }
        let limit = self.settings.metadata_cardinality_limit;
        if !keys.is_empty() && limit > 0 && batchers.len() >= limit {
            let message = "too many batcher metadata-value combinations";
            return Err(ConsumeError::permanent(message));
        }
        let batcher = Arc::new(Mutex::new(Pending::new(batch.signal, Arc::clone(&key.1))));
        batchers.insert(key, Arc::clone(&batcher));
        self.metrics.cardinality.set(batchers.len().try_into().unwrap_or(i64::MAX));
        Ok(batcher)
    }

    fn hold(&self, bytes: usize) -> Result<(), ConsumeError> {
        let more =
            |held: usize| held.checked_add(bytes).filter(|&held| held <= self.max_held_bytes);
        self.held_bytes
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more)
            .map(|_| ())
            .map_err(|_| ConsumeError::retryable("batch: no room for more bytes"))
    }

    /// Sends what waited, in a task of its own: a sender that goes away must not take the items of the
    /// others with it.
    fn flush(self: &Arc<Self>, pending: Pending) {
        if pending.is_empty() {
            return;
        }
        let flushing = Flushing::new(Arc::clone(self), pending.len());
        tokio::spawn(async move {
            flushing.shared.send(pending).await;
        });
    }

    async fn send(&self, pending: Pending) {
        let (batch, mut waiters) = pending.merge();
        let max_items = self.settings.send_batch_max_size;
        let mut left = batch.items;
        // One part at a time: each has a copy of the resource its items stand in.
        for part in otlp::split(batch.signal, &batch.bytes, batch.items, max_items) {
            let (bytes, items) = match part {
                Ok(part) => part,
                Err(malformed) => {
                    let message = format!("batch: cannot split what a processor made: {malformed}");
                    waiters.answer(left, &Err(ConsumeError::permanent(message)));
                    return;
                }
            };
            left -= items;
            self.metrics.send_size.observe(items as f64);
            self.metrics.send_size_bytes.observe(bytes.len() as f64);
            let answer = self.next.consume(Batch { bytes, items, ..batch.clone() }).await;
            waiters.answer(items, &answer);
        }
    }
}

/// One flush; shutdown waits for its end.
struct Flushing {
    shared: Arc<Shared>,
    bytes: usize,
}

impl Flushing {
    fn new(shared: Arc<Shared>, bytes: usize) -> Self {
        shared.flushes.send_modify(|flushes| *flushes += 1);
        Self { shared, bytes }
    }
}

impl Drop for Flushing {
    fn drop(&mut self) {
        self.shared.held_bytes.fetch_sub(self.bytes, Ordering::Relaxed);
        self.shared.flushes.send_modify(|flushes| *flushes -= 1);
    }
}

/// `otelcol_processor_batch_*`.
struct BatchMetrics {
    send_size: Histogram,
    send_size_bytes: Histogram,
    size_triggers: IntCounter,
    timeout_triggers: IntCounter,
    cardinality: IntGauge,
}

impl BatchMetrics {
    fn new(id: &str, metrics: &Metrics) -> Self {
        let labels = [("processor", id)];
        let steps = |scale: f64| -> Vec<f64> {
            [0.1, 0.25, 0.5, 0.75, 1., 2., 3., 4., 5., 6., 7., 8., 9., 10., 20., 30., 50., 100.]
                .map(|step| step * scale)
                .to_vec()
        };
        Self {
            send_size: metrics.histogram(
                "otelcol_processor_batch_batch_send_size",
                "Number of units in the batch",
                &[[10., 25., 50., 75.].to_vec(), steps(1000.)].concat(),
                &labels,
            ),
            send_size_bytes: metrics.histogram(
                "otelcol_processor_batch_batch_send_size_bytes",
                "Number of bytes in batch that was sent",
                &[steps(1000.), steps(1_000_000.)[1..].to_vec()].concat(),
                &labels,
            ),
            size_triggers: metrics.counter(
                "otelcol_processor_batch_batch_size_trigger_send",
                "Number of times the batch was sent due to a size trigger",
                &labels,
            ),
            timeout_triggers: metrics.counter(
                "otelcol_processor_batch_timeout_trigger_send",
                "Number of times the batch was sent due to a timeout trigger",
                &labels,
            ),
            cardinality: metrics.gauge(
                "otelcol_processor_batch_metadata_cardinality",
                "Number of distinct metadata value combinations being processed",
                &labels,
            ),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
