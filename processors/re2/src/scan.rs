//! Looking for byte sequences in raw bytes, without an automaton.
//!
//! A sequence of single bytes is looked for as a substring. Sequences that hold a rare byte (`@`) are
//! looked for by that byte. The others are looked for by probing: n bytes in a row that are each in a set cannot be missed by a look at every n-th byte, so
//! that a run of thirteen digits costs one table lookup per thirteen bytes.

use std::ops::Range;

use memchr::memmem::Finder;

use crate::byte_set::ByteSet;
use crate::necessary::Sequence;

mod probe;
mod rare;

use probe::Probe;
use rare::Rare;

/// Finds out whether bytes contain any of some sequences.
#[derive(Debug, Clone, Default)]
pub struct Scanner {
    literals: Vec<Finder<'static>>,
    rare: Vec<Rare>,
    probes: Vec<Probe>,
}

impl Scanner {
    /// A scanner for these sequences; an empty sequence is in everything.
    pub fn new<'s>(sequences: impl IntoIterator<Item = &'s Sequence>) -> Self {
        let mut scanner = Self::default();
        for sequence in sequences {
            if let Some(literal) = literal(sequence) {
                scanner.literals.push(Finder::new(&literal).into_owned());
                continue;
            }
            let probe = Probe::new(sequence);
            match Rare::new(sequence) {
                Some(rare) if rare.cost() < probe.cost() => scanner.rare.push(rare),
                _ => scanner.add_probe(probe),
            }
        }
        scanner
    }

    /// Is any of the sequences in `bytes`?
    pub fn is_hit(&self, bytes: &[u8]) -> bool {
        self.rare.iter().any(|rare| rare.is_hit(bytes))
            || self.literals.iter().any(|literal| literal.find(bytes).is_some())
            || self.probes.iter().any(|probe| probe.is_hit(bytes))
    }

    /// Probes in one pass where that is cheaper than in two.
    fn add_probe(&mut self, probe: Probe) {
        for other in &mut self.probes {
            let merged = other.merge(&probe);
            if merged.cost() < other.cost() + probe.cost() {
                *other = merged;
                return;
            }
        }
        self.probes.push(probe);
    }
}

/// The one text that the sequence stands for; none: there are more, or it is empty.
fn literal(sequence: &Sequence) -> Option<Vec<u8>> {
    let only = |set: &ByteSet| {
        let mut bytes = set.iter();
        bytes.next().filter(|_| bytes.next().is_none())
    };
    sequence.iter().map(only).collect::<Option<Vec<u8>>>().filter(|literal| !literal.is_empty())
}

/// Is `sequence` in `bytes` at `start`?
fn is_at(sequence: &[ByteSet], bytes: &[u8], start: usize) -> bool {
    match bytes.get(start..start + sequence.len()) {
        Some(window) => sequence.iter().zip(window).all(|(set, &byte)| set.contains(byte)),
        None => false,
    }
}

/// All parts of a sequence that are not empty.
fn windows(len: usize) -> impl Iterator<Item = Range<usize>> {
    (0..len).flat_map(move |start| (start + 1..=len).map(move |end| start..end))
}

#[cfg(test)]
mod tests;
