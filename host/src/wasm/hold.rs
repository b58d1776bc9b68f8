//! What guests wait with: items the host keeps for them, by key, until they decide.
//!
//! A fragment is `held` from the commit of the call that named it until its key is decided; then it
//! is `releasing` until the next stage has accepted it, or gone. State that a guest loses with its
//! instance is rebuilt from what is held.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::{Bytes, BytesMut};
use prometheus::IntGauge;

use super::bindings::hold::Decision;
use super::settings::HoldOptions;
use crate::batch::Signal;

/// Most bytes of a key.
pub const MAX_KEY: usize = 64;

/// Most bytes of a memo.
pub const MAX_MEMO: usize = 256;

/// Most memos that a guest may want back.
pub const MAX_MEMOS: u32 = 1 << 24;

/// Fragments are forwarded together up to this many bytes.
pub const RELEASE_BATCH_BYTES: usize = 1 << 20;

/// What a fragment costs beside its bytes: its entry, its key, its share of the table.
const FRAGMENT_OVERHEAD: usize = 160;

/// The items of one key out of one batch.
#[derive(Clone, Debug)]
pub struct Fragment {
    pub key: Box<[u8]>,
    pub signal: Signal,
    /// Nanoseconds since the Unix epoch.
    pub received: u64,
    /// One Export request.
    pub bytes: Bytes,
    pub items: usize,
}

impl Fragment {
    /// What the fragment counts for in the store's bound.
    pub fn cost(&self) -> usize {
        self.bytes.len() + self.key.len() + FRAGMENT_OVERHEAD
    }
}

/// What is ready to go on: whole fragments of one signal, concatenated.
#[derive(Clone, Debug)]
pub struct Released {
    pub signal: Signal,
    pub bytes: Bytes,
    pub items: usize,
    pub received: u64,
    fragments: usize,
}

/// The store of one processor.
#[derive(Debug)]
pub struct HoldStore {
    bound: HoldOptions,
    /// How many memos are kept, the newest.
    memos: AtomicUsize,
    inner: Mutex<Inner>,
    /// A gauge of the bytes in use; `tamis_hold_bytes`.
    bytes: IntGauge,
    /// Woken when something is released.
    pub changed: tokio::sync::Notify,
}

#[derive(Debug, Default)]
struct Inner {
    used: usize,
    next_sequence: u64,
    held: HashMap<Box<[u8]>, Vec<Entry>>,
    releasing: VecDeque<Fragment>,
    /// Oldest first; a key may have an older memo further up, which counts for nothing.
    memos: VecDeque<Decision>,
    closed: bool,
}

#[derive(Debug)]
struct Entry {
    sequence: u64,
    fragment: Fragment,
}

/// An entry as a new instance replays it.
#[derive(Clone, Debug)]
pub struct Replayed {
    pub sequence: u64,
    pub fragment: Fragment,
}

impl HoldStore {
    pub fn new(bound: HoldOptions, bytes: IntGauge) -> Self {
        let inner = Mutex::new(Inner::default());
        let memos = AtomicUsize::new(0);
        Self { bound, memos, inner, bytes, changed: tokio::sync::Notify::new() }
    }

    /// Keeps so many memos from now on.
    pub fn keep_memos(&self, memos: usize) {
        self.memos.store(memos, Ordering::Relaxed);
    }

    /// Bytes in use, and at most.
    pub fn usage(&self) -> (usize, usize) {
        (self.lock().used, self.bound.memory)
    }

    /// Bytes that are still free.
    pub fn room(&self) -> usize {
        self.bound.memory.saturating_sub(self.lock().used)
    }

    /// Sets room aside; false when the bound is reached.
    pub fn reserve(&self, cost: usize) -> bool {
        let mut inner = self.lock();
        let fits = inner.used.saturating_add(cost) <= self.bound.memory;
        if fits {
            inner.used += cost;
            self.bytes.add(cost as i64);
        }
        fits
    }

    /// Gives room back that was set aside for what was not kept after all.
    pub fn unreserve(&self, cost: usize) {
        let mut inner = self.lock();
        self.give_back(&mut inner, cost);
    }

    /// Keeps fragments for which room was reserved.
    pub fn keep(&self, fragments: Vec<Fragment>) {
        let mut inner = self.lock();
        for fragment in fragments {
            let sequence = inner.next_sequence;
            inner.next_sequence += 1;
            let entry = Entry { sequence, fragment };
            inner.held.entry(entry.fragment.key.clone()).or_default().push(entry);
        }
    }

    /// Moves what is held under the keys to what goes on.
    pub fn release(&self, decisions: Vec<Decision>) {
        let mut inner = self.lock();
        for decision in decisions {
            let entries = inner.held.remove(decision.key.as_slice()).unwrap_or_default();
            inner.releasing.extend(entries.into_iter().map(|entry| entry.fragment));
            self.remember(&mut inner, decision);
        }
        drop(inner);
        self.changed.notify_one();
    }

    /// Forgets what is held under the keys; answers how many items that were, by signal.
    pub fn discard(&self, decisions: Vec<Decision>) -> [usize; 3] {
        let mut inner = self.lock();
        let mut items = [0; 3];
        for decision in decisions {
            let entries = inner.held.remove(decision.key.as_slice()).unwrap_or_default();
            for Entry { fragment, .. } in entries {
                items[fragment.signal.index()] += fragment.items;
                self.give_back(&mut inner, fragment.cost());
            }
            self.remember(&mut inner, decision);
        }
        items
    }

    fn remember(&self, inner: &mut Inner, decision: Decision) {
        if !decision.memo.is_empty() {
            inner.memos.push_back(decision);
        }
        while inner.memos.len() > self.memos.load(Ordering::Relaxed) {
            inner.memos.pop_front();
        }
    }

    /// The next fragments to forward, without taking them out: they stay until [`Self::forwarded`].
    pub fn next_release(&self) -> Option<Released> {
        let inner = self.lock();
        let first = inner.releasing.front()?;
        let (mut size, mut items, mut fragments) = (0, 0, 0);
        let mut bytes = BytesMut::new();
        for fragment in &inner.releasing {
            let fits = fragments == 0 || size + fragment.bytes.len() <= RELEASE_BATCH_BYTES;
            if fragment.signal != first.signal || !fits {
                break;
            }
            size += fragment.bytes.len();
            items += fragment.items;
            fragments += 1;
            bytes.extend_from_slice(&fragment.bytes);
        }
        let (signal, received) = (first.signal, first.received);
        Some(Released { signal, bytes: bytes.freeze(), items, received, fragments })
    }

    /// The next stage has taken responsibility (or what was released is given up and counted).
    pub fn forwarded(&self, released: &Released) {
        let mut inner = self.lock();
        for _ in 0..released.fragments {
            if let Some(fragment) = inner.releasing.pop_front() {
                self.give_back(&mut inner, fragment.cost());
            }
        }
    }

    /// Nothing more will be released.
    pub fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_one();
    }

    pub fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Items held or on their way out, by signal.
    pub fn items(&self) -> [usize; 3] {
        let inner = self.lock();
        let mut items = [0; 3];
        let held = inner.held.values().flatten().map(|entry| &entry.fragment);
        for fragment in held.chain(&inner.releasing) {
            items[fragment.signal.index()] += fragment.items;
        }
        items
    }

    /// Memos, oldest first.
    pub fn memos(&self) -> Vec<Decision> {
        self.lock().memos.iter().cloned().collect()
    }

    /// What is held, in order of arrival, for a new instance.
    pub fn entries(&self) -> Vec<Replayed> {
        let inner = self.lock();
        let mut entries: Vec<Replayed> = inner
            .held
            .values()
            .flatten()
            .map(|entry| Replayed { sequence: entry.sequence, fragment: entry.fragment.clone() })
            .collect();
        entries.sort_unstable_by_key(|entry| entry.sequence);
        entries
    }

    /// Takes an entry out for good; answers its items.
    pub fn quarantine(&self, entry: &Replayed) -> usize {
        let mut inner = self.lock();
        let Some(entries) = inner.held.get_mut(&entry.fragment.key) else { return 0 };
        let Some(index) = entries.iter().position(|held| held.sequence == entry.sequence) else {
            return 0;
        };
        let removed = entries.remove(index).fragment;
        if entries.is_empty() {
            inner.held.remove(&entry.fragment.key);
        }
        self.give_back(&mut inner, removed.cost());
        removed.items
    }

    /// The gauge is moved, not set: each pipeline has a store of its own under the same label.
    fn give_back(&self, inner: &mut Inner, cost: usize) {
        inner.used -= cost;
        self.bytes.sub(cost as i64);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(memory: usize) -> HoldStore {
        let gauge = IntGauge::new("g", "g").unwrap();
        let store = HoldStore::new(HoldOptions { memory }, gauge);
        store.keep_memos(2);
        store
    }

    fn fragment(key: &[u8], bytes: &'static [u8]) -> Fragment {
        Fragment {
            key: key.into(),
            signal: Signal::Traces,
            received: 1,
            bytes: Bytes::from_static(bytes),
            items: 1,
        }
    }

    fn decision(key: &[u8]) -> Decision {
        Decision { key: key.to_vec(), memo: b"m".to_vec() }
    }

    #[test]
    fn room_ends_exactly_at_the_bound() {
        let store = store(100);
        assert!(!store.reserve(101));
        assert!(store.reserve(100));
        assert!(!store.reserve(1));
        store.unreserve(1);
        assert!(store.reserve(1));
    }

    #[test]
    fn what_is_released_stays_until_it_was_forwarded() {
        let store = store(10_000);
        let fragments = vec![fragment(b"a", b"1"), fragment(b"b", b"2"), fragment(b"a", b"3")];
        let cost = fragments.iter().map(Fragment::cost).sum();
        assert!(store.reserve(cost));
        store.keep(fragments);
        store.release(vec![decision(b"a")]);
        for _ in 0..2 {
            let released = store.next_release().unwrap();
            assert_eq!((released.bytes.as_ref(), released.items), (&b"13"[..], 2));
        }
        assert_eq!(store.items()[0], 3);
        store.forwarded(&store.next_release().unwrap());
        assert!(store.next_release().is_none());
        assert_eq!(store.discard(vec![decision(b"b")])[0], 1);
        assert_eq!(store.lock().used, 0);
    }

    #[test]
    fn the_newest_memos_are_kept() {
        let store = store(0);
        store.release(vec![decision(b"a"), decision(b"b"), decision(b"c")]);
        let keys: Vec<_> = store.memos().into_iter().map(|memo| memo.key).collect();
        assert_eq!(keys, [b"b", b"c"]);
    }

    #[test]
    fn a_quarantined_entry_is_gone() {
        let store = store(10_000);
        store.reserve(fragment(b"a", b"1").cost());
        store.keep(vec![fragment(b"a", b"1")]);
        let entry = store.entries().remove(0);
        assert_eq!(store.quarantine(&entry), 1);
        assert_eq!(store.quarantine(&entry), 0);
        assert!(store.entries().is_empty());
        assert_eq!(store.lock().used, 0);
    }
}
