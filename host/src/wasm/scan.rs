//! The host's scan: where a guest's triggers match in the raw bytes of a batch.
//!
//! A trigger is a sequence of byte sets. Those that are plain text are looked for all at once, by SIMD,
//! where there are several. In others, where one of the sets is a single byte, SIMD looks for that byte
//! and the sets around it are compared. Where none is, Horspool's rule applies with sets in place of
//! letters: look at the byte under the trigger's last position and skip as far as its nearest earlier
//! position that could hold that byte. A long run of digits is refuted by every 13th byte.

use aho_corasick::{Span, packed};
use memchr::memchr_iter;

use super::bindings::types::{Hit, Trigger};

/// More hits than this are not worth a list: the guest looks by itself.
pub const MAX_HITS: usize = 65_536;

/// Most sets in one trigger.
pub const MAX_SETS: usize = 32;

/// Most triggers of one processor.
pub const MAX_TRIGGERS: usize = 64;

/// The triggers of one processor, ready to scan.
#[derive(Debug, Default)]
pub struct Scanner {
    /// Each with the index of its trigger.
    patterns: Vec<(u32, Pattern)>,
    texts: Option<Texts>,
}

/// Triggers that are plain text, looked for in one pass.
#[derive(Debug)]
struct Texts {
    texts: Vec<Text>,
    searcher: packed::Searcher,
}

#[derive(Debug)]
struct Text {
    /// The index of its trigger.
    trigger: u32,
    bytes: Vec<u8>,
    /// The places of those that may begin where it does: one of the two begins like the other.
    alike: Vec<usize>,
}

#[derive(Debug)]
enum Pattern {
    Byte(Anchored),
    Sets(Box<Sets>),
}

/// A pattern with a byte that SIMD can look for.
#[derive(Debug)]
struct Anchored {
    sets: Vec<[u64; 4]>,
    byte: u8,
    /// Which of the sets the byte is.
    position: usize,
}

#[derive(Debug)]
struct Sets {
    sets: Vec<[u64; 4]>,
    /// For each byte under the last position, how far the window may move.
    shift: [u8; 256],
}

/// Why a descriptor's triggers cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TriggerError {
    #[error("{0} triggers; at most {MAX_TRIGGERS} are allowed")]
    TooMany(usize),
    #[error("trigger {0} has {1} byte sets; 1 to {MAX_SETS} are allowed")]
    Length(usize, usize),
    #[error("byte set {1} of trigger {0} is empty, so it can never match")]
    EmptySet(usize, usize),
}

impl Scanner {
    pub fn new(triggers: &[Trigger]) -> Result<Self, TriggerError> {
        if triggers.len() > MAX_TRIGGERS {
            return Err(TriggerError::TooMany(triggers.len()));
        }
        let (mut patterns, mut texts) = (Vec::new(), Vec::new());
        for (index, trigger) in triggers.iter().enumerate() {
            let sets: Vec<[u64; 4]> =
                trigger.sets.iter().map(|&(a, b, c, d)| [a, b, c, d]).collect();
            if sets.is_empty() || sets.len() > MAX_SETS {
                return Err(TriggerError::Length(index, sets.len()));
            }
            if let Some(empty) = sets.iter().position(|set| *set == [0; 4]) {
                return Err(TriggerError::EmptySet(index, empty));
            }
            // There are at most MAX_TRIGGERS.
            let index = index as u32;
            match text(&sets) {
                Some(text) => texts.push((index, text)),
                None => patterns.push((index, Pattern::new(sets))),
            }
        }
        let searcher = packed::Searcher::new(texts.iter().map(|(_, text)| text));
        let texts = match searcher.filter(|_| texts.len() > 1) {
            Some(searcher) => Some(Texts { texts: Text::all(texts), searcher }),
            // One alone, or no SIMD for them here.
            None => {
                let sets = |text: &[u8]| text.iter().map(|byte| only(*byte)).collect();
                let pattern = |(index, text): (u32, Vec<u8>)| (index, Pattern::new(sets(&text)));
                patterns.extend(texts.into_iter().map(pattern));
                None
            }
        };
        Ok(Self { patterns, texts })
    }

    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty() && self.texts.is_none()
    }

    /// Every offset at which a trigger matches, ascending; `None` without triggers, and above
    /// [`MAX_HITS`].
    pub fn scan(&self, bytes: &[u8]) -> Option<Vec<Hit>> {
        if self.is_empty() {
            return None;
        }
        let mut hits = Vec::new();
        if let Some(texts) = &self.texts
            && !texts.scan(bytes, &mut hits)
        {
            return None;
        }
        for &(trigger, ref pattern) in &self.patterns {
            pattern.scan(bytes, |offset| {
                hits.push(Hit { offset, trigger });
                hits.len() <= MAX_HITS
            });
            if hits.len() > MAX_HITS {
                return None;
            }
        }
        if self.patterns.len() > 1 || self.texts.is_some() {
            hits.sort_unstable_by_key(|hit| (hit.offset, hit.trigger));
        }
        Some(hits)
    }
}

impl Texts {
    /// Adds every match; false where there are more than [`MAX_HITS`].
    fn scan(&self, bytes: &[u8], hits: &mut Vec<Hit>) -> bool {
        let mut span = Span::from(0..bytes.len());
        while let Some(found) = self.searcher.find_in(bytes, span) {
            // The leftmost place at which one of them stands; others may begin there too.
            let at = found.start();
            let text = &self.texts[found.pattern().as_usize()];
            hits.push(Hit { offset: at as u32, trigger: text.trigger });
            for alike in text.alike.iter().map(|place| &self.texts[*place]) {
                if bytes[at..].starts_with(&alike.bytes) {
                    hits.push(Hit { offset: at as u32, trigger: alike.trigger });
                }
            }
            if hits.len() > MAX_HITS {
                return false;
            }
            span.start = at + 1;
        }
        true
    }
}

impl Text {
    /// Of each the index of its trigger and what it is.
    fn all(texts: Vec<(u32, Vec<u8>)>) -> Vec<Self> {
        let alike = |place: usize| {
            let bytes = &texts[place].1;
            let is_alike = |(other, (_, text)): (usize, &(u32, Vec<u8>))| {
                let is = other != place && (text.starts_with(bytes) || bytes.starts_with(text));
                is.then_some(other)
            };
            texts.iter().enumerate().filter_map(is_alike).collect()
        };
        let alike: Vec<Vec<usize>> = (0..texts.len()).map(alike).collect();
        let text = |((trigger, bytes), alike)| Self { trigger, bytes, alike };
        texts.into_iter().zip(alike).map(text).collect()
    }
}

/// What sets of one byte each spell; none where one of them has more.
fn text(sets: &[[u64; 4]]) -> Option<Vec<u8>> {
    sets.iter().map(|set| (0..=255).find(|byte| *set == only(*byte))).collect()
}

/// The set with this byte alone.
fn only(byte: u8) -> [u64; 4] {
    let mut set = [0; 4];
    set[usize::from(byte) / 64] = 1 << (byte % 64);
    set
}

impl Pattern {
    fn new(sets: Vec<[u64; 4]>) -> Self {
        let singles = sets.iter().enumerate().filter_map(|(position, set)| {
            let members = set.iter().map(|word| word.count_ones()).sum::<u32>();
            let byte = (0..=255u8).find(|byte| contains(set, *byte))?;
            (members == 1).then_some((position, byte))
        });
        if let Some((position, byte)) = singles.min_by_key(|(_, byte)| commonness(*byte)) {
            return Self::Byte(Anchored { sets, byte, position });
        }
        let last = sets.len() - 1;
        let mut shift = [sets.len() as u8; 256];
        for (position, set) in sets[..last].iter().enumerate() {
            for byte in (0..=255u8).filter(|b| contains(set, *b)) {
                shift[usize::from(byte)] = (last - position) as u8;
            }
        }
        Self::Sets(Box::new(Sets { sets, shift }))
    }

    /// Calls `found` with each offset of a match until it answers false.
    fn scan(&self, bytes: &[u8], found: impl FnMut(u32) -> bool) {
        match self {
            Self::Byte(anchored) => anchored.scan(bytes, found),
            Self::Sets(sets) => sets.scan(bytes, found),
        }
    }
}

impl Anchored {
    fn scan(&self, bytes: &[u8], mut found: impl FnMut(u32) -> bool) {
        for at in memchr_iter(self.byte, bytes) {
            let Some(start) = at.checked_sub(self.position) else { continue };
            let Some(window) = bytes.get(start..start + self.sets.len()) else { return };
            let matches = self.sets.iter().zip(window).all(|(set, byte)| contains(set, *byte));
            if matches && !found(start as u32) {
                return;
            }
        }
    }
}

impl Sets {
    fn scan(&self, bytes: &[u8], mut found: impl FnMut(u32) -> bool) {
        let last = self.sets.len() - 1;
        let mut end = last;
        while let Some(&byte) = bytes.get(end) {
            if contains(&self.sets[last], byte) {
                let window = &bytes[end - last..end];
                // Backwards: the byte just before the last is the likeliest to refute a run.
                let matches =
                    self.sets[..last].iter().zip(window).rev().all(|(set, b)| contains(set, *b));
                if matches && !found((end - last) as u32) {
                    return;
                }
            }
            end += usize::from(self.shift[usize::from(byte)]);
        }
    }
}

/// How often a byte is met in encoded telemetry, roughly: tags and lengths most, then the letters
/// and digits of keys and values, then what separates them; other punctuation is rare.
fn commonness(byte: u8) -> u8 {
    match byte {
        0..=0x1f => 5,
        b'a'..=b'z' => 4,
        b'0'..=b'9' => 3,
        b'-' | b'.' | b'/' | b'_' | b':' | b' ' | b'"' => 2,
        b'A'..=b'Z' | 0x80.. => 1,
        _ => 0,
    }
}

fn contains(set: &[u64; 4], byte: u8) -> bool {
    set[usize::from(byte >> 6)] >> (byte & 63) & 1 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(bytes: &[u8]) -> (u64, u64, u64, u64) {
        let mut words = [0u64; 4];
        for byte in bytes {
            words[usize::from(byte >> 6)] |= 1 << (byte & 63);
        }
        (words[0], words[1], words[2], words[3])
    }

    fn trigger(sets: &[&[u8]]) -> Trigger {
        Trigger { sets: sets.iter().map(|bytes| set(bytes)).collect() }
    }

    fn offsets(triggers: &[Trigger], bytes: &[u8]) -> Vec<(u32, u32)> {
        let scanner = Scanner::new(triggers).unwrap();
        scanner.scan(bytes).unwrap().iter().map(|hit| (hit.offset, hit.trigger)).collect()
    }

    const DIGITS: &[u8] = b"0123456789";

    #[test]
    fn overlapping_matches_are_all_reported() {
        assert_eq!(offsets(&[trigger(&[DIGITS, DIGITS])], b"a1234b"), [(1, 0), (2, 0), (3, 0)]);
    }

    #[test]
    fn hits_of_several_triggers_are_in_order_of_offset() {
        let triggers = [trigger(&[b"@"]), trigger(&[DIGITS, b"-"])];
        assert_eq!(offsets(&triggers, b"1-@2-"), [(0, 1), (2, 0), (3, 1)]);
    }

    #[test]
    fn texts_that_begin_alike_are_all_reported() {
        let triggers = [&b"ab"[..], b"abc", b"a", b"bc"]
            .map(|text| trigger(&text.iter().map(std::slice::from_ref).collect::<Vec<&[u8]>>()));
        let expected = [(0, 0), (0, 1), (0, 2), (1, 3), (4, 0), (4, 2)];
        assert_eq!(offsets(&triggers, b"abc-ab"), expected);
    }

    #[test]
    fn scanning_agrees_with_trying_every_offset() {
        let seed = 0x5eed_u64;
        let mut state = seed;
        let mut random = move |n: u64| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 33) % n
        };
        for round in 0..2_000 {
            let triggers: Vec<Trigger> = (0..1 + random(3))
                .map(|_| {
                    let sets = (0..1 + random(6)).map(|_| {
                        let members: Vec<u8> =
                            (0..1 + random(3)).map(|_| b'a' + random(4) as u8).collect();
                        set(&members)
                    });
                    Trigger { sets: sets.collect() }
                })
                .collect();
            let bytes: Vec<u8> = (0..random(200)).map(|_| b'a' + random(4) as u8).collect();
            let mut expected = Vec::new();
            for offset in 0..bytes.len() {
                for (index, trigger) in triggers.iter().enumerate() {
                    let window = bytes.get(offset..offset + trigger.sets.len());
                    let matches = window.is_some_and(|window| {
                        window
                            .iter()
                            .zip(&trigger.sets)
                            .all(|(byte, &(a, b, c, d))| contains(&[a, b, c, d], *byte))
                    });
                    if matches {
                        expected.push((offset as u32, index as u32));
                    }
                }
            }
            assert_eq!(offsets(&triggers, &bytes), expected, "seed {seed}, round {round}");
        }
    }

    #[test]
    fn too_many_hits_give_up() {
        let scanner = Scanner::new(&[trigger(&[b"a"])]).unwrap();
        assert!(scanner.scan(&vec![b'a'; MAX_HITS]).is_some());
        assert!(scanner.scan(&vec![b'a'; MAX_HITS + 1]).is_none());
    }
}
