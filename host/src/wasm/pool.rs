//! The instances of one processor: made, checked out for a call, replaced when they die.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::bindings::handler::Configuration;
use super::bindings::replayer::Entry;
use super::bindings::types::{self, Descriptor, Error, Problem};
use super::component::Guest;
use super::epoch::Epoch;
use super::files::Files;
use super::hold::{MAX_KEY, MAX_MEMO, Replayed};
use super::instance::{Instance, Trap};
use super::share::{Keys, Share};
use super::shared::{Cause, Shared};
use crate::batch::Signal;
use crate::storage::StorageError;

/// After so many traps without a success between them, new instances are only made at intervals.
/// Many, because a trap may be the doing of one sender's batches, and back-off stops all senders.
pub const TRAPS_BEFORE_BACK_OFF: u32 = 50;
/// The first interval; it doubles with every further trap.
const BACK_OFF_FIRST: Duration = Duration::from_millis(100);
/// The longest interval.
const BACK_OFF_LONGEST: Duration = Duration::from_secs(5);

/// Part of an instance's memory limit at which it is replaced between two calls, in percent.
pub const WATERMARK_PERCENT: usize = 75;

/// Bytes of held items that one call of `replay` hands over.
pub const REPLAY_BYTES: usize = 4 << 20;

/// Memos that one call of `replay` hands over: at most about as many bytes.
pub const REPLAY_MEMOS: usize = REPLAY_BYTES / (MAX_KEY + MAX_MEMO);

/// What a component lacks whose descriptor names files.
const NO_WATCHER: &str = "the processor asks for a file but does not export `watcher`";

/// All instances of one processor.
pub struct Pool {
    guest: Arc<Guest>,
    shared: Arc<Shared>,
    configuration: Configuration,
    epoch: Epoch,
    share: Share,
    /// As many permits as instances may be in use at once.
    permits: Arc<Semaphore>,
    size: u32,
    idle: Mutex<Vec<Instance>>,
    health: Mutex<Health>,
}

#[derive(Debug, Default)]
struct Health {
    /// Traps since the last success.
    traps: u32,
    /// No new instance before.
    not_before: Option<Instant>,
}

/// Why there is no instance for a call.
#[derive(Debug, thiserror::Error)]
pub enum Unavailable {
    #[error("the processor failed {0} times in a row and is waiting before it is tried again")]
    BackingOff(u32),
    #[error("a new instance of the processor failed: {0}")]
    Trap(#[from] Trap),
    #[error("a new instance of the processor refused its configuration")]
    Configuration,
    #[error("a new instance of the processor refused a file that others had accepted")]
    File,
    #[error("what the processor holds cannot be read: {0}")]
    Unread(#[from] StorageError),
    #[error("the state of the former life of the process cannot be deleted: {0}")]
    Unconsumed(StorageError),
    #[error("the processor is shutting down")]
    Closed,
}

/// An instance in use. Whoever holds it gives it back with one of the methods below; a lease that is
/// just dropped (its caller went away in the middle of a call) takes the instance with it, because
/// nobody knows what state it is in.
pub struct Lease {
    pool: Arc<Pool>,
    instance: Instance,
    _permit: OwnedSemaphorePermit,
}

impl Pool {
    pub fn new(
        guest: Arc<Guest>,
        shared: Arc<Shared>,
        configuration: Configuration,
        epoch: Epoch,
    ) -> Self {
        Self {
            guest,
            shared,
            configuration,
            epoch,
            share: Share::default(),
            permits: Arc::new(Semaphore::new(1)),
            size: 1,
            idle: Mutex::default(),
            health: Mutex::default(),
        }
    }

    /// Pools of one instance each, one for each share of the keys; this one becomes the first.
    pub fn spread(mut self, keys: Keys) -> Vec<Self> {
        let guest = Arc::clone(&self.guest);
        let (shared, epoch) = (Arc::clone(&self.shared), self.epoch.clone());
        let configuration = self.configuration.clone();
        let mut shares = keys.shares();
        self.share = shares.next().unwrap_or_default();
        let more = shares.map(|share| {
            let (guest, shared) = (Arc::clone(&guest), Arc::clone(&shared));
            let pool = Self::new(guest, shared, configuration.clone(), epoch.clone());
            Self { share, ..pool }
        });
        std::iter::once(self).chain(more).collect()
    }

    /// Lets up to so many instances run at once.
    pub fn grow(&mut self, size: u32) {
        self.permits.add_permits(size.saturating_sub(self.size) as usize);
        self.size = self.size.max(size);
    }

    /// Whether a key of `hold` or of a snapshot is of this pool's share.
    pub fn has(&self, key: &[u8]) -> bool {
        self.share.has(key)
    }

    /// The first instance: checks the configuration, once, before any traffic.
    pub async fn configure(&self) -> Result<Result<Descriptor, Vec<Problem>>, Trap> {
        let mut instance =
            Instance::new(&self.guest, &self.shared, &self.epoch, self.share.index()).await?;
        let mut answer = instance.configure(&self.configuration).await?;
        if let Ok(descriptor) = &answer
            && let Err(problem) = self.read_files(&mut instance, descriptor).await?
        {
            answer = Err(vec![problem]);
        }
        // Where something is held from a former life, the first call makes one that it is replayed to.
        if answer.is_ok() && self.shared.hold.is_empty() {
            self.lock_idle().push(instance);
        }
        Ok(answer)
    }

    /// Reads the files that the first instance asks for and hands them to it.
    async fn read_files(
        &self,
        instance: &mut Instance,
        descriptor: &Descriptor,
    ) -> Result<Result<(), Problem>, Trap> {
        let wanted = descriptor.files.clone();
        if wanted.is_empty() {
            return Ok(Ok(()));
        }
        let problem = |path: &[String], message| Ok(Err(Problem { path: path.to_vec(), message }));
        // At the start nothing else waits for this thread.
        let files = match Files::read(&wanted, &self.configuration) {
            Ok(files) => self.shared.set_files(files),
            Err((path, error)) => return problem(&path, error.to_string()),
        };
        for (file, (name, content)) in wanted.iter().zip(files.contents()) {
            match instance.file(name, &content).await {
                Some(answer) => {
                    if let Err(refusal) = answer? {
                        return problem(&file.path, format!("{name}: {refusal}"));
                    }
                }
                None => return problem(&file.path, NO_WATCHER.to_owned()),
            }
        }
        Ok(Ok(()))
    }

    /// Whether the guest answers questions.
    pub fn answers(&self) -> bool {
        self.guest.inspector.is_some()
    }

    /// A new instance that is to be given state of a former life, in the place of the first one.
    pub async fn heir(&self) -> Result<Instance, Unavailable> {
        self.lock_idle().clear();
        self.configured().await
    }

    /// Takes an heir in, with what is held replayed to it. Where that fails the first call makes a new
    /// instance, which begins without what the heir was given.
    pub async fn take_in(&self, mut heir: Instance) {
        match self.replay(&mut heir).await {
            Ok(()) => self.lock_idle().push(heir),
            Err(_) => self.shared.complain("what is held cannot be replayed beside a snapshot"),
        }
    }

    /// Waits for its turn and takes an idle instance, or makes one.
    pub async fn lease(self: &Arc<Self>) -> Result<Lease, Unavailable> {
        let permits = Arc::clone(&self.permits);
        let permit = permits.acquire_owned().await.map_err(|_| Unavailable::Closed)?;
        self.shared.snapshots.consume().await.map_err(Unavailable::Unconsumed)?;
        self.lease_with(permit).await
    }

    /// Every live instance, at least one, while no call is in flight; for `tick` and `flush`.
    pub async fn lease_all(self: &Arc<Self>) -> Result<Vec<Lease>, Unavailable> {
        self.lease_whole().await.map(|(leases, _)| leases)
    }

    /// The same, and what keeps new instances from being made until it is dropped.
    pub async fn lease_whole(
        self: &Arc<Self>,
    ) -> Result<(Vec<Lease>, OwnedSemaphorePermit), Unavailable> {
        let closed = |_| Unavailable::Closed;
        let permits = Arc::clone(&self.permits);
        let mut permits = permits.acquire_many_owned(self.size).await.map_err(closed)?;
        self.shared.snapshots.consume().await.map_err(Unavailable::Unconsumed)?;
        let idle = std::mem::take(&mut *self.lock_idle());
        let mut leases = Vec::with_capacity(idle.len());
        for instance in idle {
            let Some(permit) = permits.split(1) else { break };
            let pool = Arc::clone(self);
            leases.push(Lease { pool, instance, _permit: permit });
        }
        if leases.is_empty()
            && let Some(permit) = permits.split(1)
        {
            leases.push(self.lease_with(permit).await?);
        }
        Ok((leases, permits))
    }

    async fn lease_with(
        self: &Arc<Self>,
        permit: OwnedSemaphorePermit,
    ) -> Result<Lease, Unavailable> {
        let idle = self.lock_idle().pop();
        let instance = match idle {
            Some(instance) => instance,
            None => self.instantiate().await?,
        };
        Ok(Lease { pool: Arc::clone(self), instance, _permit: permit })
    }

    /// A new instance, configured and with its state replayed.
    async fn instantiate(&self) -> Result<Instance, Unavailable> {
        {
            let health = self.lock_health();
            if health.not_before.is_some_and(|moment| Instant::now() < moment) {
                return Err(Unavailable::BackingOff(health.traps));
            }
        }
        loop {
            let mut instance = self.configured().await.inspect_err(|_| self.count_trap())?;
            match self.replay(&mut instance).await {
                Ok(()) => return Ok(instance),
                // What trapped it is gone; each round takes one entry out, so this ends.
                Err(Replay::EntryTrapped) => {}
                Err(Replay::Failed(trap)) => {
                    self.count_trap();
                    return Err(trap.into());
                }
                Err(Replay::Unread(error)) => return Err(error.into()),
            }
        }
    }

    async fn configured(&self) -> Result<Instance, Unavailable> {
        let counted = |trap: Trap| {
            self.shared.metrics.traps(trap.cause).inc();
            trap
        };
        let mut instance =
            Instance::new(&self.guest, &self.shared, &self.epoch, self.share.index())
                .await
                .map_err(counted)?;
        if instance.configure(&self.configuration).await.map_err(counted)?.is_err() {
            return Err(Unavailable::Configuration);
        }
        for (name, content) in self.shared.files().contents() {
            if let Some(Err(_)) =
                instance.file(name, &content).await.transpose().map_err(counted)?
            {
                return Err(Unavailable::File);
            }
        }
        Ok(instance)
    }

    /// Rebuilds the state of a new instance: memos first, then what is held, in order of arrival.
    async fn replay(&self, instance: &mut Instance) -> Result<(), Replay> {
        let hold = &self.shared.hold;
        let has = |key: &[u8]| self.share.has(key);
        let mut cursor = None;
        while let Some((last, memos)) = hold.memo_page(cursor, REPLAY_MEMOS, &has) {
            cursor = Some(last);
            for memos in memos.chunks(REPLAY_MEMOS) {
                match instance.replay(&[], memos).await {
                    None => return Ok(()),
                    Some(Err(trap)) => {
                        self.shared.metrics.traps(trap.cause).inc();
                        return Err(Replay::Failed(trap));
                    }
                    Some(Ok(answer)) => self.note_refusal(answer),
                }
            }
        }
        let mut cursor = None;
        loop {
            let chunk = hold.entry_page(cursor, REPLAY_BYTES, has).await.map_err(Replay::Unread)?;
            let Some(last) = chunk.last() else { return Ok(()) };
            cursor = Some(last.sequence);
            let handed: Vec<Entry> = chunk.iter().map(to_entry).collect();
            match instance.replay(&handed, &[]).await {
                None => return Ok(()),
                Some(Ok(answer)) => self.note_refusal(answer),
                Some(Err(trap)) => {
                    self.shared.metrics.traps(trap.cause).inc();
                    return Err(self.find_culprit(&chunk, trap).await);
                }
            }
        }
    }

    /// A chunk trapped: replays it entry by entry in another instance until one traps again. That
    /// one has now trapped the guest twice, and is taken out of the store.
    async fn find_culprit(&self, chunk: &[Replayed], first: Trap) -> Replay {
        let mut instance = match self.configured().await {
            Ok(instance) => instance,
            Err(_) => return Replay::Failed(first),
        };
        for entry in chunk {
            let Some(Err(trap)) = instance.replay(&[to_entry(entry)], &[]).await else { continue };
            self.shared.metrics.traps(trap.cause).inc();
            if trap.cause == Cause::Memory {
                // All of them together are too much for the guest; no single one is to blame.
                return Replay::Failed(trap);
            }
            let items = self.shared.hold.quarantine(entry.sequence).await;
            self.shared.metrics.quarantined.inc_by(items as u64);
            tracing::error!(
                processor = self.shared.id,
                items,
                "held items trapped the processor twice in replay and were taken out"
            );
            return Replay::EntryTrapped;
        }
        Replay::Failed(first)
    }

    fn note_refusal(&self, answer: Result<(), Error>) {
        if answer.is_err() {
            self.shared.metrics.errors.inc();
            tracing::warn!(processor = self.shared.id, "the processor refused part of a replay");
        }
    }

    /// Counts a trap, and from the [`TRAPS_BEFORE_BACK_OFF`]th on sets the time of the next try.
    fn count_trap(&self) {
        let mut health = self.lock_health();
        health.traps += 1;
        if let Some(beyond) = health.traps.checked_sub(TRAPS_BEFORE_BACK_OFF) {
            let interval = BACK_OFF_FIRST.saturating_mul(1 << beyond.min(16));
            health.not_before = Some(Instant::now() + interval.min(BACK_OFF_LONGEST));
        }
    }

    /// Lets idle instances go.
    #[cfg(test)]
    pub fn retire(&self) {
        self.lock_idle().clear();
    }

    /// No more leases; waits for the ones out there, and answers the instances that are left.
    pub async fn close(&self) -> Vec<Instance> {
        let all = self.permits.acquire_many(self.size).await;
        self.permits.close();
        drop(all);
        std::mem::take(&mut *self.lock_idle())
    }

    fn lock_idle(&self) -> std::sync::MutexGuard<'_, Vec<Instance>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_health(&self) -> std::sync::MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Replay {
    EntryTrapped,
    Failed(Trap),
    Unread(StorageError),
}

impl Lease {
    /// The instance; nothing of it may be called twice after a trap.
    pub fn instance(&mut self) -> &mut Instance {
        &mut self.instance
    }

    /// Whether its memory has passed the watermark, and a new instance would do with less.
    pub fn is_full(&self) -> bool {
        let limit = self.pool.shared.options.memory_limit;
        self.instance.has_passed(limit / 100 * WATERMARK_PERCENT)
    }

    /// The instance was not called after all.
    pub fn unused(self) {
        self.pool.lock_idle().push(self.instance);
    }

    /// The call ended well (an error that the guest returned is well enough): the instance may be
    /// used again, unless its memory has passed the watermark.
    pub fn succeeded(self, stateful: bool) {
        *self.pool.lock_health() = Health::default();
        if !stateful && self.is_full() {
            self.pool.shared.metrics.recycled.inc();
            return;
        }
        self.pool.lock_idle().push(self.instance);
    }

    /// The call ended well, but what it asked for did not happen: what the instance believes of it
    /// is wrong, and a new one takes its place.
    pub async fn undone(self, stateful: bool) {
        if stateful {
            self.replace().await;
        } else {
            self.succeeded(stateful);
        }
    }

    /// The call ended the instance. A new one takes its place at once, so that the next batch does
    /// not wait for it.
    pub async fn trapped(self, trap: &Trap) {
        self.pool.shared.metrics.traps(trap.cause).inc();
        self.pool.count_trap();
        self.replace().await;
    }

    async fn replace(self) {
        let Self { pool, instance, _permit } = self;
        // Its slot is needed for the new one.
        drop(instance);
        if let Ok(instance) = pool.instantiate().await {
            pool.lock_idle().push(instance);
        }
    }
}

fn to_entry(entry: &Replayed) -> Entry {
    let fragment = &entry.fragment;
    Entry {
        key: fragment.key.to_vec(),
        signal: signal(fragment.signal),
        received: fragment.received,
        batch: fragment.payload.unpack().unwrap_or_default().into(),
    }
}

impl From<types::Signal> for Signal {
    fn from(signal: types::Signal) -> Self {
        match signal {
            types::Signal::Traces => Self::Traces,
            types::Signal::Metrics => Self::Metrics,
            types::Signal::Logs => Self::Logs,
        }
    }
}

/// The contract's name of a signal.
pub fn signal(signal: Signal) -> types::Signal {
    match signal {
        Signal::Traces => types::Signal::Traces,
        Signal::Metrics => types::Signal::Metrics,
        Signal::Logs => types::Signal::Logs,
    }
}
