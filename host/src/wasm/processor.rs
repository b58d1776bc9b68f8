//! The way of a batch through one guest.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::bindings::types::{Context, Descriptor, Error, Hit, Outcome};
use super::edits;
use super::epoch::Epoch;
use super::imports::unix_nanos;
use super::instance::Trap;
use super::pool::{Pool, Unavailable, signal};
use super::release;
use super::scan::Scanner;
use super::settings::OnError;
use super::shared::Shared;
use crate::batch::Batch;
use crate::consumer::{BoxFuture, ConsumeError, Consumer};
use crate::otlp;
use crate::telemetry::metrics::ProcessorMetrics;

/// A guest in a chain.
pub struct GuestProcessor {
    pool: Arc<Pool>,
    shared: Arc<Shared>,
    scanner: Scanner,
    descriptor: Descriptor,
    epoch: Epoch,
    metrics: ProcessorMetrics,
    next: Arc<dyn Consumer>,
    background: tokio::sync::Mutex<Background>,
}

/// The tasks beside the data path, and how they are told to end.
#[derive(Default)]
struct Background {
    stop: Option<watch::Sender<bool>>,
    ticker: Option<JoinHandle<()>>,
    releaser: Option<JoinHandle<()>>,
}

/// What is to be done with a batch after the guest has seen it.
enum Verdict {
    Forward(Batch),
    /// Nothing is left of it: held or dropped.
    Taken,
    Fail(Failure),
}

/// A guest's failure, before `on_error` decides what comes of it.
struct Failure {
    message: String,
    permanent: bool,
}

impl Consumer for GuestProcessor {
    fn consume(&self, batch: Batch) -> BoxFuture<'_, Result<(), ConsumeError>> {
        Box::pin(async move {
            self.metrics.incoming.add(batch.signal, batch.items);
            let hits = self.scan(&batch);
            if self.descriptor.skip_without_hit && hits.as_ref().is_some_and(Vec::is_empty) {
                self.shared.metrics.skipped.inc();
                return self.forward(batch).await;
            }
            match self.call(&batch, hits).await {
                Verdict::Forward(batch) => self.forward(batch).await,
                Verdict::Taken => Ok(()),
                Verdict::Fail(failure) => self.on_error(batch, failure).await,
            }
        })
    }

    fn shutdown(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let mut background = self.background.lock().await;
            // The sender goes away with `stop`; the tasks see that and end.
            drop(background.stop.take());
            if let Some(ticker) = background.ticker.take() {
                let _ = ticker.await;
            }
            self.flush().await;
            self.shared.hold.close();
            if let Some(releaser) = background.releaser.take() {
                let _ = releaser.await;
            }
            self.pool.close().await;
        })
    }
}

impl GuestProcessor {
    /// Puts a configured guest in front of `next` and starts what runs beside the data path.
    pub fn start(
        pool: Pool,
        shared: Arc<Shared>,
        descriptor: Descriptor,
        scanner: Scanner,
        epoch: Epoch,
        metrics: ProcessorMetrics,
        next: Arc<dyn Consumer>,
    ) -> Self {
        let pool = Arc::new(pool);
        let (stop, stopped) = watch::channel(false);
        let ticker = descriptor.tick_interval.map(|millis| {
            let interval = Duration::from_millis(u64::from(millis.max(1)));
            let task = tick(Arc::clone(&pool), Arc::clone(&shared), epoch.clone(), interval);
            tokio::spawn(until_stopped(stopped.clone(), task))
        });
        let releaser =
            tokio::spawn(release::run(Arc::clone(&shared), Arc::clone(&next), metrics.clone()));
        let background = Background { stop: Some(stop), ticker, releaser: Some(releaser) };
        let background = tokio::sync::Mutex::new(background);
        Self { pool, shared, scanner, descriptor, epoch, metrics, next, background }
    }

    fn scan(&self, batch: &Batch) -> Option<Vec<Hit>> {
        if self.scanner.is_empty() { None } else { self.scanner.scan(&batch.bytes) }
    }

    async fn call(&self, batch: &Batch, hits: Option<Vec<Hit>>) -> Verdict {
        // Offsets are 32 bits wide in the contract, as in WebAssembly's memory.
        if u32::try_from(batch.bytes.len()).is_err() {
            return Verdict::fail("the batch is larger than 4 GiB", true);
        }
        let context = Context {
            signal: signal(batch.signal),
            received: unix_nanos(batch.received),
            metadata: batch.metadata.to_vec(),
            hits,
        };
        let mut lease = match self.pool.lease().await {
            Ok(lease) => lease,
            Err(error) => return self.unavailable(&error),
        };
        let Some(instance) = lease.instance() else {
            return Verdict::fail("the processor has no instance", false);
        };
        let running = self.epoch.running();
        let timer = self.shared.metrics.duration.start_timer();
        let result = instance.process(&context, batch).await;
        timer.observe_duration();
        drop(running);
        self.shared.metrics.calls.inc();
        match result {
            Err(trap) => {
                lease.trapped(&trap).await;
                self.trapped(&trap)
            }
            Ok(answer) => {
                lease.succeeded(self.is_stateful());
                match answer {
                    Ok((outcome, committed)) => self.accept(batch, outcome, committed.held),
                    Err(error) => self.refused(error),
                }
            }
        }
    }

    /// Checks what the guest answered. Nothing that is not a sound Export request is forwarded.
    fn accept(&self, batch: &Batch, outcome: Outcome, held: usize) -> Verdict {
        let bytes = match outcome {
            Outcome::Unchanged => return Verdict::Forward(batch.clone()),
            Outcome::Dropped => {
                self.metrics.dropped.add(batch.signal, batch.items.saturating_sub(held));
                return Verdict::Taken;
            }
            Outcome::Edited(edits) => match edits::apply(&batch.bytes, &edits) {
                Ok(bytes) => bytes,
                Err(error) => return self.bad_output(&error),
            },
            Outcome::Replaced(bytes) => bytes.into(),
        };
        match otlp::walk(batch.signal, &bytes) {
            Ok(items) => {
                let gone = batch.items.saturating_sub(items + held);
                self.metrics.dropped.add(batch.signal, gone);
                Verdict::Forward(Batch { bytes, items, ..batch.clone() })
            }
            Err(error) => self.bad_output(&error),
        }
    }

    async fn forward(&self, batch: Batch) -> Result<(), ConsumeError> {
        // Empty shells of resources and scopes are of no use to anybody.
        if batch.items == 0 {
            return Ok(());
        }
        self.metrics.outgoing.add(batch.signal, batch.items);
        self.next.consume(batch).await
    }

    /// The one place where `on_error` is read.
    async fn on_error(&self, batch: Batch, failure: Failure) -> Result<(), ConsumeError> {
        match self.shared.options.on_error {
            OnError::Pass => self.forward(batch).await,
            OnError::Drop => {
                self.metrics.dropped.add(batch.signal, batch.items);
                Ok(())
            }
            OnError::Reject => {
                self.metrics.refused.add(batch.signal, batch.items);
                let message = format!("processor {:?}: {}", self.shared.id, failure.message);
                Err(if failure.permanent {
                    ConsumeError::permanent(message)
                } else {
                    ConsumeError::retryable(message)
                })
            }
        }
    }

    /// Permanent: a poison batch must not come back again and again.
    fn trapped(&self, trap: &Trap) -> Verdict {
        tracing::error!(
            processor = self.shared.id,
            cause = ?trap.cause,
            "the processor trapped: {trap}"
        );
        Verdict::fail(&trap.message, true)
    }

    fn refused(&self, error: Error) -> Verdict {
        self.shared.metrics.errors.inc();
        match error {
            Error::Permanent(message) => Verdict::fail(&message, true),
            Error::Retryable(message) => Verdict::fail(&message, false),
        }
    }

    fn bad_output(&self, error: &dyn std::fmt::Display) -> Verdict {
        self.shared.metrics.bad_output.inc();
        tracing::error!(processor = self.shared.id, "the processor answered garbage: {error}");
        Verdict::fail(&format!("the processor's answer does not fit: {error}"), true)
    }

    fn unavailable(&self, error: &Unavailable) -> Verdict {
        tracing::warn!(processor = self.shared.id, "no instance: {error}");
        Verdict::fail(&error.to_string(), false)
    }

    /// State lives in the instance, so the watermark may not replace it.
    fn is_stateful(&self) -> bool {
        self.descriptor.partition != super::bindings::types::Partition::Any
    }

    /// The guest's last chance to release what it waits with.
    async fn flush(&self) {
        let Ok(leases) = self.pool.lease_all().await else { return };
        for mut lease in leases {
            let Some(instance) = lease.instance() else { continue };
            let running = self.epoch.running();
            let result = instance.flush().await;
            drop(running);
            match result {
                Some(Err(trap)) => {
                    self.shared.metrics.traps(trap.cause).inc();
                    let _ = self.trapped(&trap);
                }
                Some(Ok(Err(error))) => {
                    let _ = self.refused(error);
                }
                _ => {}
            }
            lease.succeeded(true);
        }
    }
}

impl Verdict {
    fn fail(message: &str, permanent: bool) -> Self {
        Self::Fail(Failure { message: message.to_owned(), permanent })
    }
}

/// Calls every instance's `tick` at the interval.
async fn tick(pool: Arc<Pool>, shared: Arc<Shared>, epoch: Epoch, interval: Duration) {
    let mut interval = tokio::time::interval(interval);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    interval.tick().await;
    loop {
        interval.tick().await;
        let Ok(leases) = pool.lease_all().await else { continue };
        for mut lease in leases {
            let Some(instance) = lease.instance() else { continue };
            let running = epoch.running();
            let result = instance.tick().await;
            drop(running);
            match result {
                Some(Err(trap)) => {
                    tracing::error!(processor = shared.id, "the processor trapped: {trap}");
                    lease.trapped(&trap).await;
                }
                Some(Ok(Err(_))) => {
                    shared.metrics.errors.inc();
                    lease.succeeded(true);
                }
                _ => lease.succeeded(true),
            }
        }
    }
}

/// Runs `task` until the sender is gone.
async fn until_stopped(mut stopped: watch::Receiver<bool>, task: impl Future<Output = ()>) {
    tokio::select! {
        () = task => {}
        _ = stopped.changed() => {}
    }
}
