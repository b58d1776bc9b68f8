//! Looking for sequences by a look at every n-th byte.

use crate::byte_set::ByteSet;

/// What it costs to look closer at a byte that may belong to a sequence, in units of a table lookup.
const COST_PER_HIT: f64 = 8.0;

/// Sequences that are looked for in one pass.
#[derive(Debug, Clone)]
pub(super) struct Probe {
    /// How many bytes in a row belong to a sequence at least; every so many bytes are looked at.
    stride: usize,
    /// The bytes that those may be.
    set: ByteSet,
    /// The same by byte: a lookup is one load.
    table: Box<[bool; 256]>,
    sequences: Vec<Windowed>,
}

/// A sequence and the part of it that is probed for.
#[derive(Debug, Clone)]
struct Windowed {
    sequence: Vec<ByteSet>,
    /// Where the part starts; it is `stride` long.
    start: usize,
}

impl Probe {
    pub(super) fn new(sequence: &[ByteSet]) -> Self {
        let union =
            |sets: &[ByteSet]| sets.iter().copied().fold(ByteSet::default(), ByteSet::union);
        let window = super::windows(sequence.len())
            .min_by(|a, b| {
                let cost = |window: &std::ops::Range<usize>| {
                    cost(window.len(), &union(&sequence[window.clone()]))
                };
                cost(a).total_cmp(&cost(b))
            })
            .unwrap_or(0..0);
        let set = union(&sequence[window.clone()]);
        let windowed = Windowed { sequence: sequence.to_vec(), start: window.start };
        Self::with(window.len(), set, vec![windowed])
    }

    fn with(stride: usize, set: ByteSet, sequences: Vec<Windowed>) -> Self {
        let mut table = Box::new([false; 256]);
        for byte in set.iter() {
            table[usize::from(byte)] = true;
        }
        Self { stride, set, table, sequences }
    }

    /// Both in one pass.
    pub(super) fn merge(&self, other: &Self) -> Self {
        let sequences = [&self.sequences[..], &other.sequences].concat();
        Self::with(self.stride.min(other.stride), self.set.union(other.set), sequences)
    }

    /// Of one byte of the haystack.
    pub(super) fn cost(&self) -> f64 {
        cost(self.stride, &self.set)
    }

    pub(super) fn is_hit(&self, bytes: &[u8]) -> bool {
        if self.stride == 0 {
            return true;
        }
        let mut at = self.stride - 1;
        while let Some(&byte) = bytes.get(at) {
            if !self.may_belong(byte) {
                at += self.stride;
                continue;
            }
            let (start, end) = self.run(bytes, at);
            if (start..=end.saturating_sub(self.stride)).any(|start| self.is_at(bytes, start)) {
                return true;
            }
            // What ends the run belongs to no sequence, so the next one starts behind it.
            at = end + self.stride;
        }
        false
    }

    /// The bytes around `at` that may belong to a sequence, back to where one with `at` in it starts.
    #[inline]
    fn run(&self, bytes: &[u8], at: usize) -> (usize, usize) {
        let mut start = at;
        let first = at + 1 - self.stride;
        while start > first && self.may_belong(bytes[start - 1]) {
            start -= 1;
        }
        let mut end = at + 1;
        while bytes.get(end).is_some_and(|&byte| self.may_belong(byte)) {
            end += 1;
        }
        (start, end)
    }

    #[inline]
    fn may_belong(&self, byte: u8) -> bool {
        self.table[usize::from(byte)]
    }

    /// Does a sequence have the part that is probed for at `start`?
    fn is_at(&self, bytes: &[u8], start: usize) -> bool {
        self.sequences.iter().any(|windowed| {
            let start = start.checked_sub(windowed.start);
            start.is_some_and(|start| super::is_at(&windowed.sequence, bytes, start))
        })
    }
}

fn cost(stride: usize, set: &ByteSet) -> f64 {
    (1.0 + set.frequency() * COST_PER_HIT) / stride as f64
}
