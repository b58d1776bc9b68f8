//! Counts that series take part in while they have a slot: of values in use, of series over all metrics.

use std::hash::BuildHasherDefault;

use hashbrown::HashMap;

use crate::identity::Identity;
use crate::table::{allocated, doubling};

/// Hashes already.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Plain(u64);

impl std::hash::Hasher for Plain {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        // Of an identity, whose bytes are as good as random.
        let mut word = [0; 8];
        word.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        self.0 = u64::from_le_bytes(word);
    }

    fn write_u128(&mut self, number: u128) {
        // Truncation wanted.
        self.0 = number as u64;
    }
}

pub(crate) type ByIdentity<T> = HashMap<Identity, T, BuildHasherDefault<Plain>>;

/// What one series takes part in; most take part in nothing.
pub(crate) type Held = Option<Box<Vec<Identity>>>;

#[derive(Debug, Clone, Copy)]
struct Count {
    series: u32,
    /// Which count of different ones this is one of.
    of: Option<Identity>,
}

/// Bytes, with the control byte.
const ENTRY: usize = size_of::<(Identity, Count)>() + 1;

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Claims {
    counts: ByIdentity<Count>,
}

impl Claims {
    pub(crate) fn count(&self, claim: Identity) -> usize {
        self.counts.get(&claim).map_or(0, |count| count.series as usize)
    }

    /// The count of different ones that a claim is one of.
    pub(crate) fn of(&self, claim: Identity) -> Option<Identity> {
        self.counts.get(&claim)?.of
    }

    /// One series more; `of` counts one more where this is its first.
    pub(crate) fn take(&mut self, claim: Identity, of: Option<Identity>) {
        let count = self.counts.entry(claim).or_insert(Count { series: 0, of });
        count.series += 1;
        if let (1, Some(of)) = (count.series, of) {
            self.take(of, None);
        }
    }

    pub(crate) fn give_back(&mut self, held: Held) {
        held.iter().flat_map(|held| held.iter()).for_each(|claim| self.give(*claim));
    }

    fn give(&mut self, claim: Identity) {
        let Some(count) = self.counts.get_mut(&claim) else { return };
        count.series -= 1;
        if count.series > 0 {
            return;
        }
        let of = count.of;
        self.counts.remove(&claim);
        if let Some(of) = of {
            self.give(of);
        }
    }

    pub(crate) fn memory(&self) -> usize {
        allocated(self.counts.capacity(), ENTRY)
    }

    /// What one more may add to that.
    pub(crate) fn growth(&self) -> usize {
        doubling(self.counts.len(), self.counts.capacity(), ENTRY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_counts_once_however_many_series_have_it_and_until_the_last_is_gone() {
        let mut claims = Claims::default();
        let [values, one, other] = [1, 2, 3].map(Identity);
        for value in [one, one, other] {
            claims.take(value, Some(values));
        }
        assert_eq!(claims.count(values), 2);
        let held = |claim| Some(Box::new(vec![claim]));
        claims.give_back(held(one));
        assert_eq!(claims.count(values), 2);
        claims.give_back(held(one));
        claims.give_back(held(other));
        assert_eq!(claims.count(values), 0);
        assert!(claims.counts.is_empty());
    }
}
