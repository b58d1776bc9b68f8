//! Calls that were counted a while ago: a sender comes again with a batch that somebody behind us
//! refused.

use std::collections::VecDeque;
use std::hash::{BuildHasher, Hasher};

use foldhash::SharedSeed;
use foldhash::fast::SeedableRandomState;
use hashbrown::HashTable;

use crate::item::Item;

/// The newest so many calls, by the hashes of their ids.
pub(super) struct Duplicates {
    hashing: SeedableRandomState,
    known: HashTable<u64>,
    /// Oldest first.
    order: VecDeque<u64>,
    max: usize,
}

/// Events that only repeat what their span says: who collects both hears of one call twice.
const TWIN_OF_SPAN: &[u8] = b"gen_ai.client.inference.operation.details";

impl Duplicates {
    pub(super) fn new(max: usize, hash_seed: u64) -> Self {
        Self {
            hashing: SeedableRandomState::with_seed(hash_seed, SharedSeed::global_fixed()),
            known: HashTable::new(),
            order: VecDeque::new(),
            max,
        }
    }

    /// Of a span its ids. A log record has none of its own: it is known by all that it says.
    pub(super) fn identity(&self, item: &Item<'_>) -> u64 {
        let mut hasher = self.hashing.build_hasher();
        if (item.is_span || item.event_name == TWIN_OF_SPAN) && !item.span_id.is_empty() {
            hasher.write(item.trace_id);
            hasher.write(item.span_id);
        } else {
            hasher.write(item.message.bytes());
        }
        hasher.finish()
    }

    /// Remembers a call; false if it was known.
    pub(super) fn is_new(&mut self, identity: u64) -> bool {
        if self.max == 0 {
            return true;
        }
        if self.known.find(identity, |known| *known == identity).is_some() {
            return false;
        }
        if self.order.len() >= self.max
            && let Some(oldest) = self.order.pop_front()
            && let Ok(entry) = self.known.find_entry(oldest, |known| *known == oldest)
        {
            entry.remove();
        }
        self.known.insert_unique(identity, identity, |known| *known);
        self.order.push_back(identity);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_calls_are_known_and_older_ones_forgotten() {
        let mut duplicates = Duplicates::new(3, 1);
        assert!((1..=3).all(|call| duplicates.is_new(call)));
        assert!(!(1..=3).any(|call| duplicates.is_new(call)));
        assert!(duplicates.is_new(4));
        assert!(duplicates.is_new(1));
        assert!(!duplicates.is_new(3));
        assert_eq!(duplicates.known.len(), 3);
        assert!((0..9).all(|_| Duplicates::new(0, 1).is_new(7)));
    }
}
