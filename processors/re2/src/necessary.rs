//! What every match of a pattern must contain, as sequences of byte sets.
//!
//! A card number holds a 4 and twelve digits after it; an e-mail address holds an `@` between two
//! characters of an address. Bytes without any such sequence hold no match, which a scan can tell at a
//! fraction of the cost of an automaton, and over a whole encoded item at once: a value is contiguous
//! in its encoding. Anchors and word boundaries are left out, as what stands around a value there are
//! field tags and lengths.
//!
//! Sequences over-approximate on all haystacks, not only on UTF-8: where a pattern matches U+FFFD, and
//! with it any bad byte, the sequence admits every byte that is not ASCII.

use regex_syntax::hir::{Class, Hir, HirKind, Literal, Repetition};

use crate::byte_set::ByteSet;

/// A match contains bytes that are each in one set, one after the other.
pub type Sequence = Vec<ByteSet>;

/// The longest sequence that is reported; that of the contract's `trigger`.
pub const MAX_SEQUENCE_LEN: usize = 32;

/// The most sequences of which a match must contain one.
const MAX_ALTERNATIVES: usize = 16;

/// Sequences are worth looking for when an item of this many bytes...
const ITEM_LEN: f64 = 700.0;
/// ...is expected to hold fewer of them by chance than this.
const MAX_CHANCE_HITS: f64 = 1.0;

/// Sequences of which every match contains at least one. None: there are none that are rare enough to
/// be worth looking for.
pub fn necessary(hir: &Hir) -> Option<Vec<Sequence>> {
    let facts = Facts::of(hir);
    let best = facts.best();
    (chance(&best) * ITEM_LEN < MAX_CHANCE_HITS).then_some(best)
}

/// How likely it is that one of the sequences starts at a byte of telemetry.
fn chance(sequences: &[Sequence]) -> f64 {
    if sequences.is_empty() {
        return 1.0;
    }
    let of_one = |sequence: &Sequence| sequence.iter().map(ByteSet::frequency).product::<f64>();
    sequences.iter().map(of_one).sum()
}

/// What is known of the text that a part of the pattern matches.
#[derive(Default)]
struct Facts {
    /// It consists of exactly this. `prefix` and `suffix` repeat it.
    exact: Option<Sequence>,
    /// It starts with this.
    prefix: Sequence,
    /// It ends with this.
    suffix: Sequence,
    /// It contains at least one of these; empty: nothing is known.
    inner: Vec<Sequence>,
}

impl Facts {
    fn of(hir: &Hir) -> Self {
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => Self::exactly(Vec::new()),
            HirKind::Literal(literal) => Self::literal(literal),
            HirKind::Class(class) => Self::class(class),
            HirKind::Repetition(repetition) => Self::repetition(repetition),
            HirKind::Capture(capture) => Self::of(&capture.sub),
            HirKind::Concat(parts) => {
                parts.iter().map(Self::of).fold(Self::exactly(Vec::new()), Self::then)
            }
            HirKind::Alternation(branches) => {
                branches.iter().map(Self::of).reduce(Self::or).unwrap_or_default()
            }
        }
    }

    fn exactly(sequence: Sequence) -> Self {
        if sequence.len() > MAX_SEQUENCE_LEN {
            let prefix = head(&sequence);
            let suffix = tail(&sequence);
            return Self { exact: None, inner: vec![prefix.clone()], prefix, suffix };
        }
        let inner = if sequence.is_empty() { Vec::new() } else { vec![sequence.clone()] };
        Self { exact: Some(sequence.clone()), prefix: sequence.clone(), suffix: sequence, inner }
    }

    /// One character out of many, encoded in one byte or more.
    fn character(bytes: ByteSet) -> Self {
        Self { exact: None, prefix: vec![bytes], suffix: vec![bytes], inner: vec![vec![bytes]] }
    }

    fn literal(literal: &Literal) -> Self {
        let Ok(text) = std::str::from_utf8(&literal.0) else {
            return Self::exactly(literal.0.iter().copied().map(ByteSet::of).collect());
        };
        let exactly = |run: &str| Self::exactly(run.bytes().map(ByteSet::of).collect());
        let mut runs = text.split('\u{FFFD}');
        let first = runs.next().map_or_else(Self::default, exactly);
        runs.fold(first, |facts, run| {
            facts.then(Self::character(ByteSet::NON_ASCII)).then(exactly(run))
        })
    }

    fn class(class: &Class) -> Self {
        let mut bytes = ByteSet::default();
        let mut beyond_ascii = false;
        let Class::Unicode(class) = class else { return Self::default() };
        for range in class.ranges() {
            for ascii in
                (u32::from(range.start())..=u32::from(range.end()).min(0x7F)).map(|c| c as u8)
            {
                bytes.insert(ascii);
            }
            beyond_ascii |= !range.end().is_ascii();
        }
        if beyond_ascii {
            return Self::character(bytes.union(ByteSet::NON_ASCII));
        }
        Self::exactly(vec![bytes])
    }

    fn repetition(repetition: &Repetition) -> Self {
        if repetition.min == 0 {
            // An empty sequence that is not exact: it may be there or not.
            return Self::default();
        }
        let once = Self::of(&repetition.sub);
        // More than these cannot make a sequence longer.
        let times = repetition.min.min(MAX_SEQUENCE_LEN as u32 + 1);
        let mut facts = (1..times).map(|_| Self::of(&repetition.sub)).fold(once, Self::then);
        if repetition.max != Some(repetition.min) || times != repetition.min {
            facts.exact = None;
        }
        facts
    }

    fn then(self, next: Self) -> Self {
        let joined = |left: &[ByteSet], right: &[ByteSet]| [left, right].concat();
        let across = joined(&self.suffix, &next.prefix);
        let across = best_window(&across);
        let inner = if across.is_empty() { Vec::new() } else { vec![across] };
        let inner = [inner, self.inner, next.inner]
            .into_iter()
            .min_by(|a, b| by_chance(a, b))
            .unwrap_or_default();
        let prefix = match &self.exact {
            Some(exact) => head(&joined(exact, &next.prefix)),
            None => self.prefix,
        };
        let suffix = match &next.exact {
            Some(exact) => tail(&joined(&self.suffix, exact)),
            None => next.suffix,
        };
        let exact = self
            .exact
            .zip(next.exact)
            .map(|(left, right)| joined(&left, &right))
            .filter(|exact| exact.len() <= MAX_SEQUENCE_LEN);
        Self { exact, prefix, suffix, inner }
    }

    fn or(self, other: Self) -> Self {
        let union = |a: &Sequence, b: &Sequence| -> Sequence {
            a.iter().zip(b).map(|(a, b)| a.union(*b)).collect()
        };
        let reversed =
            |sequence: &Sequence| -> Sequence { sequence.iter().rev().copied().collect() };
        let exact = match (&self.exact, &other.exact) {
            (Some(a), Some(b)) if a.len() == b.len() => Some(union(a, b)),
            _ => None,
        };
        let prefix = union(&self.prefix, &other.prefix);
        let suffix = reversed(&union(&reversed(&self.suffix), &reversed(&other.suffix)));
        let mut inner = Vec::new();
        if !self.inner.is_empty() && !other.inner.is_empty() {
            inner = [self.inner, other.inner].concat();
        }
        if inner.len() > MAX_ALTERNATIVES {
            inner = Vec::new();
        }
        Self { exact, prefix, suffix, inner }
    }

    fn best(self) -> Vec<Sequence> {
        let single = |sequence: Sequence| {
            if sequence.is_empty() { Vec::new() } else { vec![sequence] }
        };
        [single(self.prefix), single(self.suffix), self.inner]
            .into_iter()
            .min_by(|a, b| by_chance(a, b))
            .unwrap_or_default()
    }
}

fn by_chance(a: &[Sequence], b: &[Sequence]) -> std::cmp::Ordering {
    chance(a).total_cmp(&chance(b))
}

fn head(sequence: &[ByteSet]) -> Sequence {
    sequence[..sequence.len().min(MAX_SEQUENCE_LEN)].to_vec()
}

fn tail(sequence: &[ByteSet]) -> Sequence {
    sequence[sequence.len().saturating_sub(MAX_SEQUENCE_LEN)..].to_vec()
}

/// The part of a long sequence that is least likely by chance.
fn best_window(sequence: &[ByteSet]) -> Sequence {
    let len = sequence.len().min(MAX_SEQUENCE_LEN);
    if len == 0 {
        return Vec::new();
    }
    let windows = sequence.windows(len).map(|window| vec![window.to_vec()]);
    windows.min_by(|a, b| by_chance(a, b)).and_then(|mut one| one.pop()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
