//! Sources of cumulative values that were known and are not any more: if one comes back, what it has so
//! far was counted before. A word each, where a stream takes sixteen.

use std::hash::BuildHasherDefault;

use hashbrown::HashSet;

use crate::identity::Identity;
use crate::table::Counted;

/// One part of so many of the memory is for these.
const MEMORY_PART: usize = 16;
/// Bytes of one of them in a set that has just grown.
const ENTRY: usize = 2 * (size_of::<u64>() + 1);
/// Says that something of it has left under another identity.
const ELSEWHERE: u64 = 1;

/// Those of late, and those before them.
#[derive(Debug, Default)]
pub(super) struct Forgotten {
    sets: [HashSet<u64, BuildHasherDefault<Counted>>; 2],
    max: usize,
}

impl Forgotten {
    pub(super) fn new(memory_bytes: usize) -> Self {
        Self { sets: Default::default(), max: memory_bytes / MEMORY_PART / ENTRY / 2 }
    }

    /// `life`: of the source and its start time.
    pub(super) fn insert(&mut self, life: Identity, elsewhere: bool) {
        let [current, previous] = &mut self.sets;
        if current.len() >= self.max {
            std::mem::swap(current, previous);
            current.clear();
        }
        current.insert(life.short() & !ELSEWHERE | u64::from(elsewhere));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.sets.iter().all(HashSet::is_empty)
    }

    pub(super) fn has(&self, life: Identity) -> bool {
        let word = life.short();
        self.sets
            .iter()
            .any(|set| set.contains(&(word & !ELSEWHERE)) || set.contains(&(word | ELSEWHERE)))
    }

    pub(super) fn has_elsewhere(&self, life: Identity) -> bool {
        self.sets.iter().any(|set| set.contains(&(life.short() | ELSEWHERE)))
    }

    pub(super) fn memory(&self) -> usize {
        self.sets.iter().map(|set| set.capacity() * 8 / 7 * (size_of::<u64>() + 1)).sum()
    }
}
