//! How many different things there were, in little memory: exactly while they are few, then by a
//! HyperLogLog with 2^11 registers, whose standard error is 1.04 / sqrt(2^11) = 2.3 %.
//!
//! Flajolet et al., "HyperLogLog: the analysis of a near-optimal cardinality estimation algorithm", 2007.

use crate::identity::Identity;

/// Hashes kept as they are.
const EXACT_MAX: usize = 64;
const BITS: u32 = 11;
const REGISTERS: usize = 1 << BITS;
/// Of a HyperLogLog with that many registers.
const ALPHA: f64 = 0.7213 / (1.0 + 1.079 / REGISTERS as f64);

/// A set that only knows its size.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Sketch {
    /// Ascending.
    Exact(Vec<u64>),
    Registers(Box<[u8]>),
}

impl Default for Sketch {
    fn default() -> Self {
        Self::Exact(Vec::new())
    }
}

impl Sketch {
    /// Answers by how many bytes it grew.
    pub(crate) fn insert(&mut self, identity: Identity) -> usize {
        let hash = identity.short();
        match self {
            Self::Exact(hashes) => {
                let Err(place) = hashes.binary_search(&hash) else { return 0 };
                let before = hashes.capacity() * size_of::<u64>();
                if hashes.len() < EXACT_MAX {
                    hashes.insert(place, hash);
                    return hashes.capacity() * size_of::<u64>() - before;
                }
                let mut registers = vec![0; REGISTERS].into_boxed_slice();
                hashes.iter().chain([&hash]).for_each(|hash| note(&mut registers, *hash));
                *self = Self::Registers(registers);
                REGISTERS.saturating_sub(before)
            }
            Self::Registers(registers) => {
                note(registers, hash);
                0
            }
        }
    }

    /// About so many.
    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::Exact(hashes) => hashes.len() as u64,
            Self::Registers(registers) => estimate(registers),
        }
    }

    pub(crate) fn memory(&self) -> usize {
        match self {
            Self::Exact(hashes) => hashes.capacity() * size_of::<u64>(),
            Self::Registers(registers) => registers.len(),
        }
    }
}

fn note(registers: &mut [u8], hash: u64) {
    let register = (hash >> (64 - BITS)) as usize;
    // Never more than 54.
    let rank = (hash << BITS | 1 << (BITS - 1)).leading_zeros() as u8 + 1;
    if let Some(highest) = registers.get_mut(register) {
        *highest = rank.max(*highest);
    }
}

fn estimate(registers: &[u8]) -> u64 {
    let count = registers.len() as f64;
    let sum: f64 = registers.iter().map(|rank| 0.5_f64.powi(i32::from(*rank))).sum();
    let raw = ALPHA * count * count / sum;
    let empty = registers.iter().filter(|rank| **rank == 0).count();
    // Few things, many empty registers: then counting those is better.
    let estimate =
        if raw <= 2.5 * count && empty > 0 { count * (count / empty as f64).ln() } else { raw };
    estimate.round() as u64
}

/// What was seen in this epoch and the one before, so that nothing is remembered for ever and nothing
/// forgotten at once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Recent {
    current: Sketch,
    previous: Sketch,
}

impl Recent {
    /// Answers by how many bytes it grew.
    pub(crate) fn insert(&mut self, identity: Identity) -> usize {
        self.current.insert(identity)
    }

    pub(crate) fn len(&self) -> u64 {
        self.current.len().max(self.previous.len())
    }

    /// An epoch ends. One in which there was nothing new leaves the one before it in place.
    pub(crate) fn rotate(&mut self) {
        if self.current.len() > 0 {
            self.previous = std::mem::take(&mut self.current);
        }
    }

    pub(crate) fn memory(&self) -> usize {
        self.current.memory() + self.previous.memory()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Hashing;

    #[test]
    fn few_are_counted_exactly_and_many_within_the_stated_error() {
        let hashing = Hashing::new(1);
        let mut sketch = Sketch::default();
        for count in 1..=200_000_u64 {
            let identity = hashing.label(&count.to_le_bytes());
            let _ = sketch.insert(identity);
            assert_eq!(sketch.insert(identity), 0);
            if count <= EXACT_MAX as u64 {
                assert_eq!(sketch.len(), count);
            } else if count % 9973 == 0 {
                let error = (sketch.len() as f64 / count as f64 - 1.0).abs();
                // Four standard errors.
                assert!(error < 0.092, "{count}: {error}");
            }
        }
        assert!(sketch.memory() <= REGISTERS);
    }

    #[test]
    fn what_was_seen_is_forgotten_after_two_epochs_with_something_new() {
        let hashing = Hashing::new(1);
        let mut recent = Recent::default();
        let grown: usize = (0..50_u8).map(|n| recent.insert(hashing.label(&[n]))).sum();
        assert_eq!(grown, recent.memory());
        recent.rotate();
        recent.rotate();
        assert_eq!(recent.len(), 50);
        recent.insert(hashing.label(b"x"));
        recent.rotate();
        assert_eq!(recent.len(), 1);
    }
}
