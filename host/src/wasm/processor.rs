//! The way of a batch through one guest, and the guest's work beside it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, watch};
use tokio::task::JoinHandle;

use super::account::Account;
use super::bindings::types::Descriptor;
use super::call::{Caller, Failure, Verdict};
use super::files;
use super::inspect::Inspector;
use super::instance::Instance;
use super::interval::Interval;
use super::outbox::{self, Feeds};
use super::release;
use super::settings::OnError;
use super::snapshot::{self, SNAPSHOT_TIME};
use crate::batch::Batch;
use crate::consumer::{BoxFuture, ConsumeError, Consumer};

/// Guests are not ticked more often, whatever they ask for: a tick waits for all their instances.
pub const SHORTEST_TICK: Duration = Duration::from_millis(10);

/// At shutdown the pipelines that a guest feeds get so long to take the last that it emits, before those
/// behind it are shut down too.
const LAST_EMIT: Duration = Duration::from_secs(5);

/// A guest in a chain.
pub struct GuestProcessor {
    caller: Arc<Caller>,
    /// No hit of the scan means that the guest need not be called.
    skip_without_hit: bool,
    next: Arc<dyn Consumer>,
    background: Mutex<Background>,
}

/// The tasks beside the data path, and how they are told to end.
struct Background {
    stop: Option<watch::Sender<()>>,
    ticker: Option<JoinHandle<()>>,
    releaser: Option<JoinHandle<()>>,
    emitter: Option<JoinHandle<()>>,
    watcher: Option<JoinHandle<()>>,
}

impl Consumer for GuestProcessor {
    fn consume(&self, batch: Batch) -> BoxFuture<'_, Result<(), ConsumeError>> {
        Box::pin(async move {
            let account = Account::incoming(&self.caller.metrics, &batch);
            let hits = self.caller.scanner.scan(&batch.bytes);
            if self.skip_without_hit && hits.as_ref().is_some_and(Vec::is_empty) {
                self.caller.shared.metrics.skipped.inc();
                return self.forward(batch, account).await;
            }
            match self.caller.call(batch.clone(), hits, account).await {
                Verdict::Forward(batch, account) => self.forward(batch, account).await,
                Verdict::Taken => Ok(()),
                Verdict::Fail(failure, account) => self.on_error(batch, failure, account).await,
                Verdict::Fault => Err(ConsumeError::retryable("the call was cut off")),
            }
        })
    }

    fn shutdown(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let mut background = self.background.lock().await;
            // Its receivers see that the sender is gone, and end.
            drop(background.stop.take());
            for task in [background.ticker.take(), background.watcher.take()].into_iter().flatten()
            {
                let _ = task.await;
            }
            // What is on disk can wait for the next life: deciding now, on part of the data, would be
            // worse.
            if !self.caller.shared.hold.is_durable() {
                self.flush().await;
            }
            self.caller.shared.hold.close();
            if let Some(releaser) = background.releaser.take() {
                let _ = releaser.await;
            }
            if let Some(emitter) = background.emitter.take() {
                // After the releases, which the guest may have had a last word on: the last chance to
                // emit what came of them.
                tick(&self.caller).await;
                self.caller.shared.outbox.close();
                // What takes longer goes on beside the rest, which must not wait for a pipeline that
                // is stuck.
                let _ = tokio::time::timeout(LAST_EMIT, emitter).await;
            }
            let mut instances = Vec::new();
            for pool in &self.caller.pools {
                instances.extend(pool.close().await);
            }
            if self.caller.stateful {
                self.remember(instances).await;
            }
        })
    }
}

impl GuestProcessor {
    /// Puts a configured guest in front of `next` and starts what runs beside the data path.
    pub fn start(
        caller: Caller,
        descriptor: &Descriptor,
        next: Arc<dyn Consumer>,
        feeds: Feeds,
    ) -> Self {
        let caller = Arc::new(caller);
        let (stop, stopped) = watch::channel(());
        let watcher = (!caller.shared.files().is_empty())
            .then(|| tokio::spawn(files::watch(Arc::clone(&caller), stopped.clone())));
        let ticks = descriptor.tick_interval.filter(|_| caller.shared.clock.runs());
        let ticker = ticks.map(|millis| {
            let interval = Duration::from_millis(u64::from(millis)).max(SHORTEST_TICK);
            tokio::spawn(tick_at(Arc::clone(&caller), interval, stopped))
        });
        let releaser = release::run(Arc::clone(&caller), Arc::clone(&next));
        let releaser = Some(tokio::spawn(releaser));
        let emitting = Arc::clone(&caller);
        let emitter = feeds.iter().any(|targets| !targets.is_empty()).then(|| {
            tokio::spawn(async move {
                let shared = &emitting.shared;
                outbox::run(&shared.outbox, &shared.id, feeds).await;
            })
        });
        let stop = Some(stop);
        let background = Mutex::new(Background { stop, ticker, releaser, emitter, watcher });
        let skip_without_hit = descriptor.skip_without_hit && !caller.scanner.is_empty();
        Self { caller, skip_without_hit, next, background }
    }

    /// Ticks every instance once, beside those that come by themselves.
    pub async fn tick(&self) {
        tick(&self.caller).await;
    }

    /// Whether all that was released has gone on.
    #[cfg(test)]
    pub fn has_released_all(&self) -> bool {
        self.caller.shared.hold.has_released_all()
    }

    /// Moves the bound of what may be held in memory.
    #[cfg(test)]
    pub fn set_room(&self, bytes: usize) {
        self.caller.shared.hold.set_memory(bytes);
    }

    /// Lets all idle instances go, so that new ones take their place.
    #[cfg(test)]
    pub fn retire(&self) {
        self.caller.pools.iter().for_each(|pool| pool.retire());
    }

    async fn forward(&self, batch: Batch, account: Account) -> Result<(), ConsumeError> {
        account.outgoing(batch.items);
        // Empty shells of resources and scopes are of no use to anybody.
        if batch.items == 0 {
            return Ok(());
        }
        self.next.consume(batch).await
    }

    /// The one place where `on_error` is read.
    async fn on_error(
        &self,
        batch: Batch,
        failure: Failure,
        mut account: Account,
    ) -> Result<(), ConsumeError> {
        match self.caller.shared.options.on_error {
            OnError::Pass => self.forward(batch, account).await,
            OnError::Drop => {
                account.dropped_all_but(0);
                Ok(())
            }
            OnError::Reject => {
                let id = &self.caller.shared.id;
                let message = format!("processor {id:?}: {}", failure.message);
                Err(if failure.permanent {
                    ConsumeError::permanent(message)
                } else {
                    ConsumeError::retryable(message)
                })
            }
        }
    }

    /// What puts questions to the guest.
    pub fn inspector(&self) -> Inspector {
        Inspector::new(Arc::clone(&self.caller))
    }

    /// Keeps the state of instances for the next life, as far as there is time.
    async fn remember(&self, instances: Vec<Instance>) {
        let taken = snapshot::take(&self.caller.shared, instances);
        if tokio::time::timeout(SNAPSHOT_TIME, taken).await.is_err() {
            self.caller.shared.complain("the state was not taken in time and is lost");
        }
    }

    /// The guest's last chance to release what it waits with.
    async fn flush(&self) {
        for pool in &self.caller.pools {
            let Ok(leases) = pool.lease_all().await else { return };
            for mut lease in leases {
                match lease.instance().flush().await {
                    Some(Err(trap)) => {
                        self.caller.complain_of(&trap);
                        lease.trapped(&trap).await;
                    }
                    Some(Ok(Err(error))) => {
                        self.caller.refused(&error);
                        self.caller.shared.complain("the processor failed to flush");
                        lease.succeeded(self.caller.stateful);
                    }
                    // It may yet be asked for its last word on what it has released.
                    _ => lease.succeeded(self.caller.stateful),
                }
            }
        }
    }
}

/// Calls every instance's `tick` at the interval, until the sender of `stopped` is gone.
async fn tick_at(caller: Arc<Caller>, interval: Duration, mut stopped: watch::Receiver<()>) {
    let mut interval = Interval::new(interval);
    while interval.passes(&mut stopped).await {
        tick(&caller).await;
    }
}

/// Calls every instance's `tick` once, one pool after the other, so that the others go on.
async fn tick(caller: &Caller) {
    for pool in &caller.pools {
        let leases = match pool.lease_all().await {
            Ok(leases) => leases,
            Err(error) => {
                caller.shared.complain(&format!("no instance for a tick: {error}"));
                continue;
            }
        };
        for mut lease in leases {
            match lease.instance().tick().await {
                Some(Err(trap)) => {
                    caller.complain_of(&trap);
                    lease.trapped(&trap).await;
                }
                Some(Ok(Err(error))) => {
                    caller.refused(&error);
                    caller.shared.complain("the processor answered a tick with an error");
                    lease.succeeded(caller.stateful);
                }
                _ => lease.succeeded(caller.stateful),
            }
        }
    }
}
