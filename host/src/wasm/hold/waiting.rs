//! The keys that wait for a decision, and what is held under each.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use super::fragment::Key;

/// A table that grows moves all that it has; of so many each moves a part, at a time of its own, so that
/// nobody waits long for it.
const TABLES: usize = 64;

/// Sequences of entries by key, in the order in which they came.
#[derive(Debug)]
pub(super) struct Waiting {
    hashing: RandomState,
    tables: Box<[HashMap<Key, Vec<u64>>; TABLES]>,
}

impl Default for Waiting {
    fn default() -> Self {
        Self {
            hashing: RandomState::new(),
            tables: Box::new(std::array::from_fn(|_| HashMap::new())),
        }
    }
}

impl Waiting {
    /// Adds an entry; answers the one copy of the key for all that is held under it.
    pub(super) fn add(&mut self, key: &Key, sequence: u64) -> Key {
        let table = self.table(key);
        if let Some(sequences) = table.get_mut(key) {
            sequences.push(sequence);
            return table
                .get_key_value(key)
                .map_or_else(|| Key::clone(key), |(key, _)| key.clone());
        }
        table.insert(Key::clone(key), vec![sequence]);
        Key::clone(key)
    }

    /// Takes a key out with all that is held under it.
    pub(super) fn take(&mut self, key: &[u8]) -> Option<(Key, Vec<u64>)> {
        self.table(key).remove_entry(key)
    }

    /// Takes one entry out.
    pub(super) fn remove(&mut self, key: &[u8], sequence: u64) {
        let table = self.table(key);
        if let Some(sequences) = table.get_mut(key) {
            sequences.retain(|held| *held != sequence);
            if sequences.is_empty() {
                table.remove(key);
            }
        }
    }

    pub(super) fn get(&self, key: &[u8]) -> &[u64] {
        self.tables[self.place(key)].get(key).map_or(&[], Vec::as_slice)
    }

    fn table(&mut self, key: &[u8]) -> &mut HashMap<Key, Vec<u64>> {
        let place = self.place(key);
        &mut self.tables[place]
    }

    fn place(&self, key: &[u8]) -> usize {
        // The tables have seeds of their own, so that these bits say nothing about theirs.
        self.hashing.hash_one(key) as usize % TABLES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_keeps_what_is_held_under_it_whatever_table_it_is_in() {
        let mut waiting = Waiting::default();
        let keys: Vec<Key> = (0_u32..1000).map(|n| Key::from(n.to_le_bytes())).collect();
        for round in 0..2 {
            for (sequence, key) in (0..).zip(&keys) {
                waiting.add(key, round * 1000 + sequence);
            }
        }
        assert!(waiting.tables.iter().all(|table| !table.is_empty()));
        let again = Key::from(0_u32.to_le_bytes());
        assert!(std::sync::Arc::ptr_eq(&waiting.add(&again, 2000), &keys[0]), "one copy of a key");
        assert_eq!(waiting.get(&keys[0]), [0, 1000, 2000]);
        waiting.remove(&keys[1], 1);
        assert_eq!(waiting.get(&keys[1]), [1001]);
        waiting.remove(&keys[1], 1001);
        assert_eq!(waiting.take(&keys[1]), None);
        assert_eq!(waiting.take(&keys[2]), Some((keys[2].clone(), vec![2, 1002])));
        assert_eq!(waiting.get(&keys[2]), [0_u64; 0]);
    }
}
