//! How effects of calls come into force: on disk first, where there is one, then in the index.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::Ordering;

use super::fragment::{Fragment, Payload};
use super::index::{Index, Places};
use super::journal::{
    self, Journal, RecoveryError, fragment_id, memo_id, release_id, release_mark,
};
use super::memos::Chunk;
use super::{Effects, Fate, HoldStore, Verdict, on_disk};
use crate::storage::{Changes, RecordId, StorageError};

impl HoldStore {
    /// Takes the effects into force, all of them or none; answers how many items were discarded. In a
    /// durable store they are on disk then. After an error nothing is kept, and no room reserved.
    pub async fn commit(&self, effects: Effects) -> Result<usize, StorageError> {
        let Effects { fragments, verdicts } = effects;
        let count = fragments.len() as u64 + 1;
        let first = self.next_sequence.fetch_add(count, Ordering::Relaxed);
        let remembers = self.memos.load(Ordering::Relaxed) > 0;
        let chunk = remembers.then(|| Chunk::new(first + count - 1, &verdicts)).flatten();
        if let Some(journal) = &self.journal {
            let garbage = std::mem::take(&mut self.lock().garbage);
            let changes = self.changes(first, &fragments, &verdicts, chunk.as_ref(), &garbage);
            if let Err(error) = journal.write(changes).await {
                self.lock().garbage.extend(garbage);
                self.unreserve(&fragments);
                return Err(error);
            }
        }
        Ok(self.apply(first, fragments, &verdicts, chunk))
    }

    /// What a commit changes on disk.
    fn changes(
        &self,
        first: u64,
        fragments: &[Fragment],
        verdicts: &[Verdict],
        chunk: Option<&Chunk>,
        garbage: &[RecordId],
    ) -> Changes {
        let urgent = fragments.is_empty();
        let mut changes = Changes { puts: Vec::new(), removals: garbage.to_vec(), urgent };
        // A record that comes and goes in one commit is not written at all.
        let mut gone = HashSet::new();
        let mut own: HashMap<&[u8], Vec<u64>> = HashMap::new();
        if !verdicts.is_empty() {
            for (sequence, fragment) in (first..).zip(fragments) {
                own.entry(&fragment.key).or_default().push(sequence);
            }
        }
        let mut decided = HashSet::new();
        let index = self.lock();
        for verdict in verdicts {
            // The first verdict counts; a second one finds nothing held.
            if !decided.insert(verdict.key.as_slice()) {
                continue;
            }
            let held = index.held(&verdict.key).iter().copied();
            let own = own.remove(verdict.key.as_slice()).unwrap_or_default();
            if verdict.fate == Fate::Discard {
                changes.removals.extend(held.map(fragment_id));
                gone.extend(own);
            } else {
                let rewrite = (verdict.fate == Fate::Rewrite).then_some(verdict.memo.as_slice());
                let mark = release_mark(rewrite);
                let released = held.chain(own);
                changes.puts.extend(released.map(|sequence| (release_id(sequence), mark.clone())));
            }
        }
        drop(index);
        let kept = (first..).zip(fragments).filter(|(sequence, _)| !gone.contains(sequence));
        changes
            .puts
            .extend(kept.map(|(sequence, kept)| (fragment_id(sequence), journal::encode(kept))));
        changes.puts.extend(chunk.map(|chunk| (memo_id(chunk.sequence), chunk.bytes.clone())));
        changes
    }

    /// Brings the index up to date; answers how many items were discarded.
    fn apply(
        &self,
        first: u64,
        fragments: Vec<Fragment>,
        verdicts: &[Verdict],
        chunk: Option<Chunk>,
    ) -> usize {
        let mut index = self.lock();
        if self.is_durable() {
            let mut usage = index.usage;
            usage.payloads +=
                fragments.iter().map(|fragment| fragment.payload.stored_len()).sum::<usize>();
            self.set_usage(&mut index, usage);
        }
        for (sequence, fragment) in (first..).zip(fragments) {
            index.insert(sequence, fragment);
        }
        let mut discarded = 0;
        for verdict in verdicts {
            for fragment in index.decide(verdict) {
                discarded += fragment.items;
                self.forget(&mut index, &fragment);
            }
        }
        if let Some(chunk) = chunk {
            index.memos.insert(chunk);
            self.trim_memos(&mut index);
        }
        self.spill(&mut index);
        let releases = index.has_releases();
        drop(index);
        if releases {
            self.changed.notify_one();
        }
        discarded
    }

    pub(super) fn trim_memos(&self, index: &mut Index) {
        let keep = self.memos.load(Ordering::Relaxed);
        let gone = index.memos.trim(keep);
        if self.is_durable() {
            index.garbage.extend(gone.into_iter().map(memo_id));
        }
    }

    /// Keeps to the bound of memory where copies can be dropped.
    pub(super) fn spill(&self, index: &mut Index) {
        if self.is_durable() {
            let before = index.usage;
            let freed = index.spill(self.memory());
            let after = std::mem::replace(&mut index.usage, before);
            self.set_usage(index, after);
            self.metrics.spilled.inc_by(freed as u64);
        }
    }

    /// Takes in what a former life of the process has left; answers broken records. Blocks.
    pub(super) fn recover(&self, journal: &Journal) -> Result<Vec<RecordId>, RecoveryError> {
        let left = journal.recover(self.memory())?;
        let mut index = self.lock();
        let mut places = Places::new();
        let (mut items, entries) = (0, left.fragments.len());
        for (sequence, fragment) in left.fragments {
            items += fragment.items;
            let mut usage = index.usage;
            usage.entries += fragment.overhead();
            usage.disk += on_disk(&fragment);
            if !matches!(fragment.payload, Payload::Stored { .. }) {
                usage.payloads += fragment.payload.stored_len();
            }
            self.set_usage(&mut index, usage);
            match left.released.get(&sequence) {
                Some(memo) => {
                    index.insert_released(sequence, fragment, memo.clone(), &mut places);
                }
                None => index.insert(sequence, fragment),
            }
        }
        for chunk in left.memos {
            index.memos.insert(chunk);
        }
        drop(index);
        self.next_sequence.store(left.next_sequence, Ordering::Relaxed);
        self.metrics.recovered.inc_by(items as u64);
        self.metrics.broken.inc_by(left.broken.len() as u64);
        if entries > 0 {
            tracing::info!(items, entries, "held items of a former life were found");
        }
        if !left.broken.is_empty() {
            tracing::error!(
                records = left.broken.len(),
                "held records that make no sense were removed"
            );
        }
        Ok(left.broken)
    }
}
