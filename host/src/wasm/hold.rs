//! What guests wait with: items the host keeps for them, by key, until they decide.
//!
//! A fragment is held from the commit of the call that named it until its key is decided; then it is
//! releasing until the next stage has accepted it, or gone. State that a guest loses with its instance
//! is rebuilt from what is held.
//!
//! Without a storage everything lies in memory, compressed above half of its bound. With one, every
//! commit is on disk before it is acknowledged, and what lies in memory are copies, dropped, the
//! oldest first, at the bound of memory.
//!
//! Calls that touch one key do not run at the same time: the partition of the guest sees to that.

mod commit;
mod fragment;
mod index;
mod journal;
mod memos;
mod metrics;
mod read;
#[cfg(test)]
mod tests;
mod waiting;

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

pub use self::fragment::{Fragment, Key, Packer, Payload};
use self::index::{Index, Usage};
pub use self::journal::{FRAGMENTS, RecoveryError};
use self::journal::{Journal, RECORD_OVERHEAD};
pub use self::metrics::HoldMetrics;
use super::settings::HoldOptions;
use crate::batch::Signal;
use crate::storage::Namespace;

/// Most bytes of a key.
pub const MAX_KEY: usize = 64;

/// Most bytes of a memo.
pub const MAX_MEMO: usize = 256;

/// Most memos that a guest may want back.
pub const MAX_MEMOS: u32 = 1 << 24;

/// Fragments are forwarded together up to this many bytes.
pub const RELEASE_BATCH_BYTES: usize = 1 << 20;

/// Payloads that compress better than this to one are rare.
const MAX_COMPRESSION: usize = 16;

/// The store of one processor.
#[derive(Debug)]
pub struct HoldStore {
    /// Most bytes of memory.
    memory: AtomicUsize,
    /// Most bytes of disk.
    disk: usize,
    metrics: HoldMetrics,
    journal: Option<Journal>,
    /// How many memos are kept, the newest.
    memos: AtomicUsize,
    next_sequence: AtomicU64,
    index: Mutex<Index>,
    /// Woken when something is released.
    pub changed: tokio::sync::Notify,
    closing: tokio::sync::Notify,
}

/// What calls that ended well do to the store.
#[derive(Debug, Default)]
pub struct Effects {
    /// Room for these is reserved.
    pub fragments: Vec<Fragment>,
    /// Taken after the fragments: a key may be held and decided in one call.
    pub verdicts: Vec<Verdict>,
}

/// What is decided about a key.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    pub key: Vec<u8>,
    /// Empty: not to be remembered.
    pub memo: Vec<u8>,
    pub fate: Fate,
}

/// What becomes of what is held under a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Release,
    /// Released, but the guest has the last word.
    Rewrite,
    Discard,
}

/// What goes on together: fragments of one signal, by key.
#[derive(Debug, Default)]
pub struct Release {
    pub keys: Vec<ReleasedKey>,
    signal: Option<Signal>,
    /// Bytes of all payloads, unpacked.
    size: usize,
}

/// What was held under one key.
#[derive(Clone, Debug)]
pub struct ReleasedKey {
    pub key: Key,
    /// The memo for the guest's `rewriter`; none where it is forwarded as it is.
    pub rewrite: Option<Vec<u8>>,
    /// Sequences of the fragments.
    pub fragments: Vec<u64>,
}

/// The fragments of a release with all payloads in memory.
pub type Loaded = Vec<(ReleasedKey, Vec<Fragment>)>;

/// An entry as a new instance replays it; its payload is in memory.
#[derive(Clone, Debug)]
pub struct Replayed {
    pub sequence: u64,
    pub fragment: Fragment,
}

/// How much a call may hold.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// Bytes that are still free.
    pub bytes: usize,
    /// Memory is above half of its bound.
    pub compress: bool,
}

impl Room {
    /// Bytes that may be cut out of a batch: more than there is room for where they are compressed.
    pub fn uncompressed(self) -> usize {
        if self.compress { self.bytes.saturating_mul(MAX_COMPRESSION) } else { self.bytes }
    }
}

impl HoldStore {
    /// A store in memory.
    pub fn new(options: &HoldOptions, metrics: HoldMetrics) -> Self {
        Self {
            memory: AtomicUsize::new(options.memory),
            disk: options.disk,
            metrics,
            journal: None,
            memos: AtomicUsize::new(0),
            next_sequence: AtomicU64::new(0),
            index: Mutex::default(),
            changed: tokio::sync::Notify::new(),
            closing: tokio::sync::Notify::new(),
        }
    }

    /// A store on disk, with what a former life of the process has left there.
    pub async fn open(
        options: &HoldOptions,
        metrics: HoldMetrics,
        namespace: Namespace,
    ) -> Result<Self, RecoveryError> {
        let mut store = Self::new(options, metrics);
        let journal = Journal::new(namespace);
        let broken = tokio::task::block_in_place(|| store.recover(&journal))?;
        journal.begin(broken).await?;
        store.journal = Some(journal);
        // Its entries may leave less room for copies than there was when they were read.
        store.spill(&mut store.lock());
        Ok(store)
    }

    /// Keeps so many memos from now on.
    pub fn keep_memos(&self, memos: usize) {
        self.memos.store(memos, Ordering::Relaxed);
    }

    /// Moves the bound of memory.
    #[cfg(test)]
    pub fn set_memory(&self, bytes: usize) {
        self.memory.store(bytes, Ordering::Relaxed);
    }

    /// Most bytes of memory.
    fn memory(&self) -> usize {
        self.memory.load(Ordering::Relaxed)
    }

    /// Whether what is held outlives the process.
    pub fn is_durable(&self) -> bool {
        self.journal.is_some()
    }

    /// Bytes in use, and at most: of disk or of memory, whichever is fuller.
    pub fn usage(&self) -> (usize, usize) {
        let usage = self.lock().usage;
        if self.journal.is_none() {
            return (usage.memory(), self.memory());
        }
        // Payloads in memory are copies that give way; entries do not.
        let (memory, disk) = (usage.entries, usage.disk);
        let fuller = memory as u128 * self.disk as u128 > disk as u128 * self.memory() as u128;
        if fuller { (memory, self.memory()) } else { (disk, self.disk) }
    }

    pub fn room(&self) -> Room {
        let usage = self.lock().usage;
        let bytes = match &self.journal {
            None => self.memory().saturating_sub(usage.memory()),
            Some(_) => self.disk.saturating_sub(usage.disk),
        };
        let compress = usage.memory() > self.memory() / 2;
        Room { bytes, compress }
    }

    /// Counts what a [`Packer`] has compressed.
    pub fn count_compressed(&self, fragments: &[Fragment]) {
        let compressed = |fragment: &Fragment| match fragment.payload {
            Payload::Compressed { size, .. } => size,
            _ => 0,
        };
        self.metrics.compressed.inc_by(fragments.iter().map(compressed).sum::<usize>() as u64);
    }

    /// Sets room aside for fragments; false when a bound is reached, or when the disk is full.
    pub fn reserve(&self, fragments: &[Fragment]) -> bool {
        if self.journal.as_ref().is_some_and(|journal| !journal.has_room()) {
            return false;
        }
        let cost = self.cost(fragments);
        let mut index = self.lock();
        let after = index.usage.plus(cost);
        let memory = if self.journal.is_some() { after.entries } else { after.memory() };
        let fits = memory <= self.memory() && after.disk <= self.disk;
        if fits {
            self.set_usage(&mut index, after);
        }
        fits
    }

    /// Gives room back that was set aside for what is not kept after all.
    pub fn unreserve(&self, fragments: &[Fragment]) {
        let cost = self.cost(fragments);
        let mut index = self.lock();
        let after = index.usage.less(cost);
        self.set_usage(&mut index, after);
    }

    /// Nothing more will be released.
    pub fn close(&self) {
        self.lock().closed = true;
        self.closing.notify_waiters();
        self.changed.notify_waiters();
    }

    /// Returns when [`Self::close`] was called.
    pub async fn closed(&self) {
        let closing = self.closing.notified();
        if !self.is_closed() {
            closing.await;
        }
    }

    pub fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Items held or on their way out.
    pub fn items(&self) -> usize {
        self.lock().items()
    }

    /// Nothing is on its way out.
    #[cfg(test)]
    pub fn has_released_all(&self) -> bool {
        self.lock().holds_all()
    }

    /// Nothing is held, on its way out or remembered.
    pub fn is_empty(&self) -> bool {
        let index = self.lock();
        index.is_empty() && index.memos.is_empty()
    }

    /// What fragments take. Of a durable store, what is reserved is disk: payloads in memory are
    /// copies, which come with the commit.
    fn cost(&self, fragments: &[Fragment]) -> Usage {
        let entries = fragments.iter().map(Fragment::overhead).sum();
        let payloads = fragments.iter().map(|fragment| fragment.payload.stored_len()).sum();
        if self.is_durable() {
            Usage { entries, payloads: 0, disk: fragments.iter().map(on_disk).sum() }
        } else {
            Usage { entries, payloads, disk: 0 }
        }
    }

    /// Gives the room of an entry back that is gone.
    fn forget(&self, index: &mut Index, fragment: &Fragment) {
        let mut cost = self.cost(std::slice::from_ref(fragment));
        if self.is_durable() && !matches!(fragment.payload, Payload::Stored { .. }) {
            cost.payloads = fragment.payload.stored_len();
        }
        let after = index.usage.less(cost);
        self.set_usage(index, after);
    }

    fn set_usage(&self, index: &mut Index, after: Usage) {
        let before = std::mem::replace(&mut index.usage, after);
        self.metrics.memory.add(after.memory() as i64 - before.memory() as i64);
        self.metrics.disk.add(after.disk as i64 - before.disk as i64);
        if let Some(journal) = &self.journal {
            journal.set_live(after.disk);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Bytes of a fragment's record.
fn on_disk(fragment: &Fragment) -> usize {
    RECORD_OVERHEAD + fragment.key.len() + fragment.payload.stored_len()
}
