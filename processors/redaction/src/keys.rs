//! What a key decides.

use std::collections::{HashMap, HashSet};

use foldhash::fast::FixedState;
use tamis_re2::{Error, Regex, Set};

/// What becomes of an attribute because of its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// `ignored_keys`, `ignored_key_patterns`: kept as it is.
    Ignore,
    /// Not in `allowed_keys`: removed.
    Remove,
    /// `blocked_key_patterns`: the value is masked whole.
    Mask,
    /// The value decides.
    Check,
}

/// Keys repeat: this many are remembered with their rules. Beyond that the table starts anew.
const REMEMBERED_KEYS: usize = 4096;
/// Longer keys, in bytes, are not remembered.
const REMEMBERED_KEY_LEN: usize = 128;

/// The lists of keys and patterns of keys.
#[derive(Debug)]
pub(crate) struct Keys {
    /// None: all are allowed.
    allowed: Option<HashSet<Vec<u8>>>,
    ignored: HashSet<Vec<u8>>,
    ignored_patterns: Option<Set>,
    blocked_patterns: Option<Set>,
    remembered: HashMap<Box<[u8]>, Rule, FixedState>,
}

impl Keys {
    pub(crate) fn new(
        allowed: Option<&[String]>,
        ignored: &[String],
        ignored_patterns: &[Regex],
        blocked_patterns: &[Regex],
        hash_seed: u64,
    ) -> Result<Self, Error> {
        let bytes = |keys: &[String]| keys.iter().map(|key| key.as_bytes().to_vec()).collect();
        let set = |patterns: &[Regex]| match patterns {
            [] => Ok(None),
            patterns => Set::new(patterns).map(Some),
        };
        Ok(Self {
            allowed: allowed.map(bytes),
            ignored: bytes(ignored),
            ignored_patterns: set(ignored_patterns)?,
            blocked_patterns: set(blocked_patterns)?,
            remembered: HashMap::with_hasher(FixedState::with_seed(hash_seed)),
        })
    }

    /// Is [`Rule::Check`] the rule of every key?
    pub(crate) fn are_all_checked(&self) -> bool {
        self.allowed.is_none() && self.blocked_patterns.is_none() && !self.may_ignore()
    }

    /// Does a key never decide more than that it is ignored?
    pub(crate) fn only_ignore(&self) -> bool {
        self.allowed.is_none() && self.blocked_patterns.is_none()
    }

    pub(crate) fn may_ignore(&self) -> bool {
        !self.ignored.is_empty() || self.ignored_patterns.is_some()
    }

    pub(crate) fn rule(&mut self, key: &[u8]) -> Rule {
        if self.are_all_checked() {
            return Rule::Check;
        }
        if let Some(&rule) = self.remembered.get(key) {
            return rule;
        }
        let rule = self.decide(key);
        if key.len() <= REMEMBERED_KEY_LEN {
            if self.remembered.len() == REMEMBERED_KEYS {
                self.remembered.clear();
            }
            self.remembered.insert(key.into(), rule);
        }
        rule
    }

    /// Is the key not in `allowed_keys`, whatever else is said of it?
    pub(crate) fn is_unknown(&self, key: &[u8]) -> bool {
        self.allowed.as_ref().is_some_and(|allowed| !allowed.contains(key))
    }

    fn decide(&self, key: &[u8]) -> Rule {
        let matches = |set: &Option<Set>| set.as_ref().is_some_and(|set| set.is_match(key));
        if self.ignored.contains(key) || matches(&self.ignored_patterns) {
            Rule::Ignore
        } else if self.is_unknown(key) {
            Rule::Remove
        } else if matches(&self.blocked_patterns) {
            Rule::Mask
        } else {
            Rule::Check
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignored_comes_before_removed_before_masked() {
        let patterns = |patterns: &[&str]| -> Vec<Regex> {
            patterns.iter().map(|pattern| Regex::new(pattern).unwrap()).collect()
        };
        let allowed = ["a".to_owned(), "token".to_owned()];
        let (ignored, blocked) = (patterns(&["^safe_"]), patterns(&["token"]));
        let mut keys = Keys::new(Some(&allowed), &["id".into()], &ignored, &blocked, 7).unwrap();
        for _ in 0..2 {
            assert_eq!(keys.rule(b"id"), Rule::Ignore);
            assert_eq!(keys.rule(b"safe_token"), Rule::Ignore);
            assert_eq!(keys.rule(b"other"), Rule::Remove);
            assert_eq!(keys.rule(b"token"), Rule::Mask);
            assert_eq!(keys.rule(b"a"), Rule::Check);
        }
    }

    #[test]
    fn no_more_keys_are_remembered_than_the_bound_allows() {
        let mut keys = Keys::new(Some(&[]), &[], &[], &[], 7).unwrap();
        for key in 0..3 * REMEMBERED_KEYS {
            assert_eq!(keys.rule(key.to_string().as_bytes()), Rule::Remove);
            assert!(keys.remembered.len() <= REMEMBERED_KEYS);
        }
        keys.remembered.clear();
        keys.rule(&[b'x'; REMEMBERED_KEY_LEN + 1]);
        assert!(keys.remembered.is_empty());
    }
}
