//! Looking for a sequence by a rare byte in it.

use memchr::{memchr_iter, memchr2_iter, memchr3_iter};

use crate::byte_set::ByteSet;

/// What a look at one byte by SIMD costs, in units of a table lookup.
const COST_PER_BYTE: f64 = 0.03;
/// What it costs to look closer where the byte was found.
const COST_PER_HIT: f64 = 15.0;

#[derive(Debug, Clone)]
pub(super) struct Rare {
    sequence: Vec<ByteSet>,
    /// Which set of the sequence is looked for.
    place: usize,
    /// The one to three bytes of that set.
    bytes: Vec<u8>,
}

impl Rare {
    /// None: no set of the sequence is small enough.
    pub(super) fn new(sequence: &[ByteSet]) -> Option<Self> {
        let small = |set: &ByteSet| (1..=3).contains(&set.iter().count());
        let (place, set) = sequence
            .iter()
            .enumerate()
            .filter(|(_, set)| small(set))
            .min_by(|(_, a), (_, b)| a.frequency().total_cmp(&b.frequency()))?;
        Some(Self { sequence: sequence.to_vec(), place, bytes: set.iter().collect() })
    }

    pub(super) fn cost(&self) -> f64 {
        let frequency = self.bytes.iter().map(|&byte| ByteSet::of(byte).frequency()).sum::<f64>();
        COST_PER_BYTE * self.bytes.len() as f64 + frequency * COST_PER_HIT
    }

    pub(super) fn is_hit(&self, bytes: &[u8]) -> bool {
        let fits = |at: usize| {
            at.checked_sub(self.place)
                .is_some_and(|start| super::is_at(&self.sequence, bytes, start))
        };
        match self.bytes[..] {
            [a] => memchr_iter(a, bytes).any(fits),
            [a, b] => memchr2_iter(a, b, bytes).any(fits),
            [a, b, c] => memchr3_iter(a, b, c, bytes).any(fits),
            // A set of no byte is in nothing; `new` makes no other.
            _ => false,
        }
    }
}
