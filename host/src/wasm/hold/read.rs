//! What leaves a hold store: releases on their way out, and copies for instances that replay.

use std::collections::HashMap;
use std::sync::atomic::Ordering;

use super::fragment::{Fragment, Payload};
use super::journal::{fragment_id, release_id};
use super::{HoldStore, Loaded, Release, ReleasedKey, Replayed};
use crate::storage::{Changes, RecordId, StorageError};
use crate::wasm::bindings::replayer::Memo;

impl HoldStore {
    /// The next of what was released. It stays in the store until [`Self::gone`].
    pub fn take_release(&self) -> Option<Release> {
        let mut index = self.lock();
        let release = index.take_release();
        if index.has_releases() {
            // For somebody else.
            self.changed.notify_one();
        }
        release
    }

    /// The fragments of a release, with payloads. Those that cannot be read any more are missing; they
    /// are counted and logged.
    pub async fn load(&self, release: &Release) -> Result<Loaded, StorageError> {
        let mut fragments: Vec<(u64, Fragment)> = {
            let index = self.lock();
            let sequences = release.keys.iter().flat_map(|key| &key.fragments);
            sequences
                .filter_map(|sequence| Some((*sequence, index.fragment(*sequence)?.clone())))
                .collect()
        };
        self.fetch(&mut fragments).await?;
        let mut fragments: HashMap<u64, Fragment> = fragments.into_iter().collect();
        let own = |key: &ReleasedKey| {
            key.fragments.iter().filter_map(|sequence| fragments.remove(sequence)).collect()
        };
        let keys = release.keys.iter().cloned();
        Ok(keys.zip(release.keys.iter().map(own)).collect())
    }

    /// The next stage has taken responsibility for a release, or it is given up and counted.
    pub async fn gone(&self, release: &Release) {
        let sequences: Vec<u64> =
            release.keys.iter().flat_map(|key| key.fragments.iter().copied()).collect();
        self.remove(&sequences).await;
    }

    /// Takes entries out, on disk and in memory; answers their items. What cannot be removed from disk
    /// now is removed with the next commit: until then it would come back after a crash.
    async fn remove(&self, sequences: &[u64]) -> usize {
        let mut records: Vec<RecordId> = Vec::new();
        if let Some(journal) = &self.journal {
            records.extend(sequences.iter().map(|sequence| fragment_id(*sequence)));
            records.extend(sequences.iter().map(|sequence| release_id(*sequence)));
            let changes = Changes { puts: Vec::new(), removals: records.clone(), urgent: true };
            if journal.write(changes).await.is_ok() {
                records.clear();
            }
        }
        let mut index = self.lock();
        index.garbage.append(&mut records);
        let mut items = 0;
        for sequence in sequences {
            if let Some(fragment) = index.remove(*sequence) {
                items += fragment.items;
                self.forget(&mut index, &fragment);
            }
        }
        items
    }

    /// Takes an entry out for good that is held; answers its items.
    pub async fn quarantine(&self, sequence: u64) -> usize {
        let held = self.lock().unhold(sequence);
        if held { self.remove(&[sequence]).await } else { 0 }
    }

    /// A page of memos of wanted keys, oldest first, behind the cursor of the page before: at least
    /// `most` of them, unless it is the last. `None` behind the last.
    pub fn memo_page(
        &self,
        after: Option<u64>,
        most: usize,
        wanted: &dyn Fn(&[u8]) -> bool,
    ) -> Option<(u64, Vec<Memo>)> {
        let keep = self.memos.load(Ordering::Relaxed);
        self.lock().memos.page(after, most, keep, wanted)
    }

    /// A page of what is held under wanted keys, in order of arrival, behind the last entry of the
    /// page before: up to so many bytes, at least one entry. Empty behind the last.
    pub async fn entry_page(
        &self,
        after: Option<u64>,
        bytes: usize,
        wanted: impl Fn(&[u8]) -> bool + Send,
    ) -> Result<Vec<Replayed>, StorageError> {
        let mut after = after;
        loop {
            let mut page = self.lock().page(after, bytes, &wanted);
            let Some(last) = page.last().map(|(sequence, _)| *sequence) else {
                return Ok(Vec::new());
            };
            self.fetch(&mut page).await?;
            if page.is_empty() {
                after = Some(last);
                continue;
            }
            let replayed = |(sequence, fragment)| Replayed { sequence, fragment };
            return Ok(page.into_iter().map(replayed).collect());
        }
    }

    /// Brings all payloads into memory, unpacked. Fragments whose payload is broken are left out.
    async fn fetch(&self, fragments: &mut Vec<(u64, Fragment)>) -> Result<(), StorageError> {
        if let Some(journal) = &self.journal {
            let stored = fragments
                .iter()
                .filter(|(_, fragment)| matches!(fragment.payload, Payload::Stored { .. }));
            let stored: Vec<u64> = stored.map(|(sequence, _)| *sequence).collect();
            if !stored.is_empty() {
                let mut payloads = journal.read(stored).await?.into_iter();
                for (_, fragment) in fragments.iter_mut() {
                    if matches!(fragment.payload, Payload::Stored { .. })
                        && let Some(Some(payload)) = payloads.next()
                    {
                        fragment.payload = payload;
                    }
                }
            }
        }
        let mut broken = 0;
        fragments.retain_mut(|(_, fragment)| match fragment.payload.unpack() {
            Some(bytes) => {
                fragment.payload = Payload::Plain(bytes);
                true
            }
            None => {
                broken += fragment.items;
                false
            }
        });
        if broken > 0 {
            self.metrics.broken.inc_by(broken as u64);
            tracing::error!(items = broken, "held items cannot be read any more");
        }
        Ok(())
    }
}
