//! Traces that were decided, for what comes of them afterwards.
//!
//! A decision goes into the decision cache of its kind. Where that is switched off, it counts as a
//! trace in memory, and is forgotten when room is needed for others.

use crate::ids::{Hashing, Ids, TraceId};
use crate::policy::{Ruling, Verdict};

/// A decision that is remembered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) verdict: Verdict,
    /// When the trace came and when it was decided, in nanoseconds since the Unix epoch. 0: an earlier
    /// instance decided, or no policy was asked.
    pub(crate) arrived: u64,
    pub(crate) decided: u64,
}

/// The lists.
const SAMPLED: usize = 0;
const NOT_SAMPLED: usize = 1;
const IN_MEMORY: usize = 2;

#[derive(Debug)]
pub(crate) struct Decided {
    ids: Ids<Decision, 3>,
    /// Of the two caches; 0: off.
    sizes: [usize; 2],
}

impl Decided {
    pub(crate) fn new(hashing: Hashing, sampled: usize, not_sampled: usize) -> Self {
        Self { ids: Ids::new(hashing), sizes: [sampled, not_sampled] }
    }

    #[inline]
    pub(crate) fn find(&self, id: &TraceId) -> Option<u32> {
        self.ids.find(id)
    }

    pub(crate) fn get(&self, slot: u32) -> &Decision {
        self.ids.get(slot)
    }

    pub(crate) fn is_cached(&self, slot: u32) -> bool {
        self.ids.list(slot) != IN_MEMORY
    }

    /// Notes that the decision was needed: a cache forgets first what was not for longest.
    pub(crate) fn touch(&mut self, slot: u32) {
        if self.is_cached(slot) {
            self.ids.renew(slot);
        }
    }

    /// How many there are outside of the caches.
    pub(crate) fn in_memory(&self) -> usize {
        self.ids.len(IN_MEMORY)
    }

    /// Remembers a decision; true when a cache does.
    pub(crate) fn insert(&mut self, id: TraceId, decision: Decision) -> bool {
        if let Some(slot) = self.ids.find(&id) {
            self.ids.remove(slot);
        }
        let cache = if decision.verdict.ruling == Ruling::Sampled { SAMPLED } else { NOT_SAMPLED };
        let size = self.sizes[cache];
        let list = if size > 0 { cache } else { IN_MEMORY };
        self.ids.insert(id, list, decision);
        if list != IN_MEMORY && self.ids.len(list) > size {
            self.forget_first(list);
        }
        list != IN_MEMORY
    }

    pub(crate) fn remove(&mut self, id: &TraceId) {
        if let Some(slot) = self.ids.find(id) {
            self.ids.remove(slot);
        }
    }

    /// Forgets the oldest outside of the caches.
    pub(crate) fn forget_oldest(&mut self) -> Option<Decision> {
        self.forget_first(IN_MEMORY)
    }

    fn forget_first(&mut self, list: usize) -> Option<Decision> {
        let slot = self.ids.first(list)?;
        Some(self.ids.remove(slot))
    }
}
