//! The keys that wait for a decision, and what is held under each.

use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use super::fragment::Key;

/// A table that grows moves all that it has; of so many each moves a part, at a time of its own, so that
/// nobody waits long for it.
const TABLES: usize = 64;

/// The lowest bit of a hash that chooses the table. A table itself looks at the lowest bits, and at the
/// seven highest.
const TABLE_BITS: u32 = 51;

/// Sequences of entries by key, in the order in which they came.
#[derive(Debug)]
pub(super) struct Waiting {
    hashing: RandomState,
    tables: Box<[HashTable<Waits>; TABLES]>,
}

/// A key and what is held under it.
#[derive(Debug)]
struct Waits {
    /// Of the key: a table that grows would otherwise fetch every key from wherever it lies.
    hash: u64,
    key: Key,
    sequences: Sequences,
}

/// One in its place, because most keys have no more.
#[derive(Debug)]
enum Sequences {
    One([u64; 1]),
    More(Vec<u64>),
}

impl Sequences {
    fn push(&mut self, sequence: u64) {
        match self {
            Self::One([first]) => *self = Self::More(vec![*first, sequence]),
            Self::More(sequences) => sequences.push(sequence),
        }
    }

    fn as_slice(&self) -> &[u64] {
        match self {
            Self::One(sequence) => sequence,
            Self::More(sequences) => sequences,
        }
    }

    fn into_vec(self) -> Vec<u64> {
        match self {
            Self::One(sequence) => sequence.into(),
            Self::More(sequences) => sequences,
        }
    }
}

impl Default for Waiting {
    fn default() -> Self {
        Self {
            hashing: RandomState::new(),
            tables: Box::new(std::array::from_fn(|_| HashTable::new())),
        }
    }
}

impl Waiting {
    /// Adds an entry; answers the one copy of the key for all that is held under it.
    pub(super) fn add(&mut self, key: &Key, sequence: u64) -> Key {
        let hash = self.hashing.hash_one(&**key);
        let table = &mut self.tables[place(hash)];
        match table.entry(hash, |waits| waits.key == *key, |waits| waits.hash) {
            Entry::Occupied(mut there) => {
                let waits = there.get_mut();
                waits.sequences.push(sequence);
                Key::clone(&waits.key)
            }
            Entry::Vacant(free) => {
                let (key, sequences) = (Key::clone(key), Sequences::One([sequence]));
                Key::clone(&free.insert(Waits { hash, key, sequences }).get().key)
            }
        }
    }

    /// Takes a key out with all that is held under it.
    pub(super) fn take(&mut self, key: &[u8]) -> Option<(Key, Vec<u64>)> {
        let hash = self.hashing.hash_one(key);
        let there = self.tables[place(hash)].find_entry(hash, |waits| *waits.key == *key).ok()?;
        let (Waits { key, sequences, .. }, _) = there.remove();
        Some((key, sequences.into_vec()))
    }

    /// Takes one entry out.
    pub(super) fn remove(&mut self, key: &[u8], sequence: u64) {
        let hash = self.hashing.hash_one(key);
        let table = &mut self.tables[place(hash)];
        if let Ok(mut there) = table.find_entry(hash, |waits| *waits.key == *key) {
            let mut left = there.get().sequences.as_slice().to_vec();
            left.retain(|held| *held != sequence);
            match *left {
                [] => _ = there.remove(),
                [last] => there.get_mut().sequences = Sequences::One([last]),
                _ => there.get_mut().sequences = Sequences::More(left),
            }
        }
    }

    pub(super) fn get(&self, key: &[u8]) -> &[u64] {
        let hash = self.hashing.hash_one(key);
        let there = self.tables[place(hash)].find(hash, |waits| *waits.key == *key);
        there.map_or(&[], |waits| waits.sequences.as_slice())
    }
}

/// The table of a key with this hash.
fn place(hash: u64) -> usize {
    (hash >> TABLE_BITS) as usize % TABLES
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
