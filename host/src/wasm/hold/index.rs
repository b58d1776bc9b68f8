//! The index of a hold store: what is held, what goes on, and what all of it takes.

use std::collections::{BTreeMap, HashMap, VecDeque};

use super::fragment::{Fragment, Key};
use super::memos::Memos;
use super::waiting::Waiting;
use super::{Fate, RELEASE_BATCH_BYTES, Release, ReleasedKey, Verdict};
use crate::storage::RecordId;

/// Everything of one store that its lock guards.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// By sequence, so in order of arrival.
    entries: BTreeMap<u64, Entry>,
    /// The sequences of the entries that wait for a decision about their key.
    held: Waiting,
    /// What was released and is not on its way yet, in the order of decision.
    releasing: VecDeque<ReleasedKey>,
    pub memos: Memos,
    pub usage: Usage,
    /// Entries below are only on disk.
    spilled: u64,
    /// Records on disk that are to be removed with the next commit.
    pub garbage: Vec<RecordId>,
    /// Nothing more will be released.
    pub closed: bool,
}

#[derive(Debug)]
struct Entry {
    fragment: Fragment,
    held: bool,
}

/// Where keys stand in the row of what was released, by key and memo, while it only grows.
pub(super) type Places = HashMap<(Key, Option<Vec<u8>>), usize>;

/// Bytes in use; what is reserved for calls in progress included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Usage {
    /// Of memory, for entries, whose payload may be on disk.
    pub entries: usize,
    /// Of memory, for payloads.
    pub payloads: usize,
    /// Of disk.
    pub disk: usize,
}

impl Usage {
    pub(super) fn memory(&self) -> usize {
        self.entries + self.payloads
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            entries: self.entries.saturating_add(other.entries),
            payloads: self.payloads.saturating_add(other.payloads),
            disk: self.disk.saturating_add(other.disk),
        }
    }

    pub(super) fn less(self, other: Self) -> Self {
        Self {
            entries: self.entries.saturating_sub(other.entries),
            payloads: self.payloads.saturating_sub(other.payloads),
            disk: self.disk.saturating_sub(other.disk),
        }
    }
}

impl Index {
    /// Nothing is on its way out.
    #[cfg(test)]
    pub(super) fn holds_all(&self) -> bool {
        self.entries.values().all(|entry| entry.held)
    }

    /// Adds a fragment that is held. What it takes is accounted for by who asks, here and below.
    pub(super) fn insert(&mut self, sequence: u64, mut fragment: Fragment) {
        fragment.key = self.held.add(&fragment.key, sequence);
        self.add(sequence, Entry { fragment, held: true });
    }

    /// Adds a fragment that was released, with the memo where it is to be rewritten: to its like.
    pub(super) fn insert_released(
        &mut self,
        sequence: u64,
        fragment: Fragment,
        rewrite: Option<Vec<u8>>,
        places: &mut Places,
    ) {
        let place = places.entry((Key::clone(&fragment.key), rewrite.clone()));
        let place = *place.or_insert(self.releasing.len());
        match self.releasing.get_mut(place) {
            Some(like) => like.fragments.push(sequence),
            None => {
                let (key, fragments) = (Key::clone(&fragment.key), vec![sequence]);
                self.releasing.push_back(ReleasedKey { key, rewrite, fragments });
            }
        }
        self.add(sequence, Entry { fragment, held: false });
    }

    fn add(&mut self, sequence: u64, entry: Entry) {
        self.spilled = self.spilled.min(sequence);
        self.entries.insert(sequence, entry);
    }

    /// Carries a verdict out; answers what was discarded by it.
    pub(super) fn decide(&mut self, verdict: &Verdict) -> Vec<Fragment> {
        let Some((key, fragments)) = self.held.take(verdict.key.as_slice()) else {
            return Vec::new();
        };
        if verdict.fate == Fate::Discard {
            return fragments.into_iter().filter_map(|sequence| self.remove(sequence)).collect();
        }
        for sequence in &fragments {
            if let Some(entry) = self.entries.get_mut(sequence) {
                entry.held = false;
            }
        }
        let rewrite = (verdict.fate == Fate::Rewrite).then(|| verdict.memo.clone());
        self.releasing.push_back(ReleasedKey { key, rewrite, fragments });
        Vec::new()
    }

    /// The sequences of what is held under a key.
    pub(super) fn held(&self, key: &[u8]) -> &[u64] {
        self.held.get(key)
    }

    /// Takes an entry out that is held no more.
    pub(super) fn remove(&mut self, sequence: u64) -> Option<Fragment> {
        self.entries.remove(&sequence).map(|entry| entry.fragment)
    }

    /// No decision will touch this entry any more; false where it was not held.
    pub(super) fn unhold(&mut self, sequence: u64) -> bool {
        let Some(entry) = self.entries.get_mut(&sequence).filter(|entry| entry.held) else {
            return false;
        };
        entry.held = false;
        let key = Key::clone(&entry.fragment.key);
        self.held.remove(&key, sequence);
        true
    }

    pub(super) fn fragment(&self, sequence: u64) -> Option<&Fragment> {
        self.entries.get(&sequence).map(|entry| &entry.fragment)
    }

    /// Takes the next of what was released, up to [`RELEASE_BATCH_BYTES`] and at least one fragment;
    /// a key that is to be rewritten stays in one piece. The entries stay.
    pub(super) fn take_release(&mut self) -> Option<Release> {
        let mut release = Release::default();
        while let Some(mut next) = self.releasing.pop_front() {
            let signal = next.fragments.first().and_then(|first| self.fragment(*first));
            let Some(signal) = signal.map(|first| first.signal) else { continue };
            if *release.signal.get_or_insert(signal) != signal {
                self.releasing.push_front(next);
                break;
            }
            let fits = self.fitting(&next, release.size);
            if fits == 0 && !release.keys.is_empty() {
                self.releasing.push_front(next);
                break;
            }
            if fits < next.fragments.len() && next.rewrite.is_none() {
                let rest = next.fragments.split_off(fits.max(1));
                let (key, rewrite) = (next.key.clone(), next.rewrite.clone());
                self.releasing.push_front(ReleasedKey { key, rewrite, fragments: rest });
            }
            release.size += self.size(&next.fragments);
            release.keys.push(next);
            if release.size >= RELEASE_BATCH_BYTES {
                break;
            }
        }
        (!release.keys.is_empty()).then_some(release)
    }

    /// How many fragments of a key fit behind so many bytes: for a rewrite all or none.
    fn fitting(&self, key: &ReleasedKey, mut size: usize) -> usize {
        let fits = key.fragments.iter().take_while(|sequence| {
            size += self.size(std::slice::from_ref(sequence));
            size <= RELEASE_BATCH_BYTES
        });
        let fits = fits.count();
        if key.rewrite.is_some() && fits < key.fragments.len() { 0 } else { fits }
    }

    fn size(&self, fragments: &[u64]) -> usize {
        let fragments = fragments.iter().filter_map(|sequence| self.fragment(*sequence));
        fragments.map(|fragment| fragment.payload.size()).sum()
    }

    pub(super) fn has_releases(&self) -> bool {
        !self.releasing.is_empty()
    }

    /// Items held or on their way out.
    pub(super) fn items(&self) -> usize {
        self.entries.values().map(|entry| entry.fragment.items).sum()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What is held under wanted keys behind the entry `after`, in order of arrival: up to so many
    /// bytes, at least one.
    pub(super) fn page(
        &self,
        after: Option<u64>,
        bytes: usize,
        wanted: &dyn Fn(&[u8]) -> bool,
    ) -> Vec<(u64, Fragment)> {
        let start = after.map_or(0, |after| after + 1);
        let mut page = Vec::new();
        let mut size = 0;
        for (sequence, entry) in self.entries.range(start..) {
            if !entry.held || !wanted(&entry.fragment.key) {
                continue;
            }
            size += entry.fragment.payload.size();
            if size > bytes && !page.is_empty() {
                break;
            }
            page.push((*sequence, entry.fragment.clone()));
        }
        page
    }

    /// Forgets copies of what is on disk, the oldest first, until memory is down to `bound`; answers
    /// the bytes that this frees.
    pub(super) fn spill(&mut self, bound: usize) -> usize {
        let mut freed = 0;
        if self.usage.memory() <= bound {
            return freed;
        }
        for (sequence, entry) in self.entries.range_mut(self.spilled..) {
            let bytes = entry.fragment.payload.spill();
            self.usage.payloads -= bytes;
            freed += bytes;
            self.spilled = sequence + 1;
            if self.usage.memory() <= bound {
                break;
            }
        }
        freed
    }
}
