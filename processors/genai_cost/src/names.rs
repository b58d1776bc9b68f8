//! Finds what an attribute means by its key, without a copy and nearly always without a comparison.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::bytes::{same, word};
use crate::dialects::{DIALECTS, MEMBERS, Member, PREFIXES};
use crate::meaning::{Meaning, Name};

/// Every name of every dialect.
#[derive(Debug)]
pub(crate) struct Names {
    /// Open addressing by [`hash`]; a power of two.
    slots: Vec<Option<Name>>,
    /// Which pairs of a first byte and a length occur: bit `length` of the byte's word.
    shapes: Box<[u128; 256]>,
    members: HashMap<&'static [u8], Member, foldhash::fast::FixedState>,
}

/// What is longer is no key of a dialect, and no name of a member.
const KEY_BYTES_MAX: usize = 127;

impl Names {
    pub(crate) fn new() -> Self {
        let mut all: HashMap<&'static str, Name> = HashMap::new();
        for name in DIALECTS.iter().flat_map(|(_, names)| names.iter()) {
            if let Entry::Vacant(entry) = all.entry(name.key) {
                entry.insert(*name);
            }
        }
        let mut slots = vec![None; (all.len() * 4).next_power_of_two()];
        let mut shapes = Box::new([0; 256]);
        for name in all.into_values() {
            let key = name.key.as_bytes();
            let mut slot = hash(key) & (slots.len() - 1);
            while slots[slot].is_some() {
                slot = (slot + 1) & (slots.len() - 1);
            }
            slots[slot] = Some(name);
            shapes[usize::from(key[0])] |= 1 << key.len();
        }
        let members = MEMBERS.iter().map(|(key, member)| (key.as_bytes(), *member)).collect();
        Self { slots, shapes, members }
    }

    /// The name of this key in a dialect.
    #[inline]
    pub(crate) fn find(&self, key: &[u8]) -> Option<Name> {
        let &first = key.first()?;
        if key.len() > KEY_BYTES_MAX || self.shapes[usize::from(first)] >> key.len() & 1 == 0 {
            return None;
        }
        let mut slot = hash(key) & (self.slots.len() - 1);
        while let Some(name) = self.slots[slot] {
            if same(name.key.as_bytes(), key) {
                return Some(name);
            }
            slot = (slot + 1) & (self.slots.len() - 1);
        }
        None
    }

    /// What an attribute means whose key is a prefix that says "usage" and the name of a member.
    #[inline]
    pub(crate) fn prefixed(&self, key: &[u8]) -> Option<Member> {
        // The first letters of the prefixes.
        if !matches!(key.first(), Some(b'g' | b'l' | b'a' | b'r' | b'u')) {
            return None;
        }
        // Each ends with a point, and most keys have none there.
        let has_point = |prefix: &&&str| key.get(prefix.len() - 1) == Some(&b'.');
        let mut prefixes = PREFIXES.iter().filter(has_point);
        let rest = prefixes.find_map(|prefix| key.strip_prefix(prefix.as_bytes()))?;
        let mut path = Path::default();
        for part in rest.split(|&byte| byte == b'.') {
            path.push(part);
        }
        self.member(&path)
    }

    /// What a member of an object means: by its name and that of the object, else by its name alone.
    pub(crate) fn member(&self, path: &Path) -> Option<Member> {
        let pair = path.last_two();
        if let Some(member) = self.members.get(pair) {
            return Some(*member);
        }
        let own = path.last();
        // What something cost is no count of it, though it be called by the same name.
        let object = &pair[..pair.len() - own.len()];
        if object.windows(4).any(|letters| letters == b"cost") {
            return None;
        }
        self.members.get(own).copied()
    }
}

/// The length, and eight bytes from either end and the middle: keys of one dialect begin alike, and end
/// otherwise.
#[inline]
fn hash(key: &[u8]) -> usize {
    let (tail, middle) = (key.len().saturating_sub(8), key.len() / 2);
    let mixed = (word(key, 0) ^ key.len() as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)
        ^ word(key, tail).wrapping_mul(0xC2B2_AE3D_27D4_EB4F)
        ^ word(key, middle).rotate_left(23).wrapping_mul(0x1656_67B1_9E37_79F9);
    (mixed ^ mixed >> 29).wrapping_mul(0xBF58_476D_1CE4_E5B9) as usize >> 20
}

/// The way to a member of an object: names in lower case and without underscores.
#[derive(Clone, Debug, Default)]
pub(crate) struct Path {
    text: Vec<u8>,
    /// Where each name starts.
    starts: Vec<usize>,
}

impl Path {
    pub(crate) fn push(&mut self, name: &[u8]) {
        if !self.starts.is_empty() {
            self.text.push(b'.');
        }
        self.starts.push(self.text.len());
        let kept = name.iter().take(KEY_BYTES_MAX).filter(|&&byte| byte != b'_');
        self.text.extend(kept.map(u8::to_ascii_lowercase));
    }

    pub(crate) fn pop(&mut self) {
        let start = self.starts.pop().unwrap_or(0);
        self.text.truncate(start.saturating_sub(1));
    }

    pub(crate) fn depth(&self) -> usize {
        self.starts.len()
    }

    pub(crate) fn last(&self) -> &[u8] {
        &self.text[self.starts.last().copied().unwrap_or(0)..]
    }

    fn last_two(&self) -> &[u8] {
        let start = self.starts.len().checked_sub(2).map_or(0, |place| self.starts[place]);
        &self.text[start..]
    }
}

impl Meaning {
    /// Whether the attribute, if its key is not a weak one, makes its item a call.
    pub(crate) fn tells_of_use(self) -> bool {
        matches!(self, Self::Count(..) | Self::Cost(_) | Self::Kind(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meaning::{Count, Part};

    #[test]
    fn every_name_is_found_and_no_other() {
        let names = Names::new();
        for name in DIALECTS.iter().flat_map(|(_, names)| names.iter()) {
            assert!(name.key.len() <= KEY_BYTES_MAX);
            assert!(names.find(name.key.as_bytes()).is_some_and(|found| found.key == name.key));
        }
        for other in ["", "gen_ai", "gen_ai.usage.", "http.method", "llm.token_count.prompt_"] {
            assert!(names.find(other.as_bytes()).is_none(), "{other}");
        }
        assert!(names.find(&[b'g'; 300]).is_none());
    }

    #[test]
    fn members_are_found_whatever_their_case() {
        let names = Names::new();
        let found = |key: &str| names.prefixed(key.as_bytes());
        let cached = Some(Member::Count(Count::CacheRead, Part::Within));
        assert_eq!(found("gen_ai.usage.prompt_tokens_details.cached_tokens"), cached);
        assert_eq!(found("llm.usage.promptTokensDetails.cachedTokens"), cached);
        assert_eq!(found("gen_ai.usage.cost.input_tokens"), None);
        assert_eq!(found("gen_ai.request.input_tokens"), None);
        assert_eq!(
            found("usage.cache_creation.ephemeral_5m_input_tokens"),
            Some(Member::Count(Count::CacheWrite5m, Part::Beside))
        );
    }
}
