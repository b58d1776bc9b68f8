//! What is done to a value's text: kept, allowed or masked.

use tamis_re2::{Error, Regex, Scanner, Sequence, Set};

use crate::mask::Mask;

/// `blocked_values` and `allowed_values`, and what proves quickly that a text holds no secret.
#[derive(Debug)]
pub(crate) struct Values {
    /// In the order in which they are applied.
    blocked: Vec<Regex>,
    /// All of `blocked` at once.
    any_blocked: Set,
    /// Finds what every match of most blocked patterns must contain...
    scanner: Scanner,
    /// ...and these are the others, all at once; none: there are no others.
    unscanned: Option<Set>,
    /// The sequences that the scanner looks for.
    sequences: Vec<Sequence>,
    allowed: Option<Set>,
    mask: Mask,
    empty_is_clean: bool,
    masked: Vec<u8>,
    spare: Vec<u8>,
}

impl Values {
    pub(crate) fn new(blocked: Vec<Regex>, allowed: &[Regex], mask: Mask) -> Result<Self, Error> {
        let mut sequences = Vec::new();
        let mut unscanned = Vec::new();
        for regex in &blocked {
            match regex.necessary() {
                Some(necessary) => sequences.extend(necessary),
                None => unscanned.push(regex),
            }
        }
        let set = |patterns: &[&Regex]| match patterns {
            [] => Ok(None),
            patterns => Set::new(patterns.iter().copied()).map(Some),
        };
        let unscanned = set(&unscanned)?;
        let any_blocked = Set::new(&blocked)?;
        Ok(Self {
            empty_is_clean: !any_blocked.is_match(b""),
            any_blocked,
            scanner: Scanner::new(&sequences),
            unscanned,
            sequences,
            allowed: set(&allowed.iter().collect::<Vec<_>>())?,
            blocked,
            mask,
            masked: Vec::new(),
            spare: Vec::new(),
        })
    }

    /// Of which a text must contain one to be changed. None: no such sequences are known.
    pub(crate) fn sequences(&self) -> Option<&[Sequence]> {
        (self.unscanned.is_none() && self.empty_is_clean).then_some(&self.sequences)
    }

    /// Does no blocked pattern match?
    pub(crate) fn is_clean(&self, text: &[u8]) -> bool {
        if text.is_empty() {
            return self.empty_is_clean;
        }
        if self.scanner.is_hit(text) {
            return !self.any_blocked.is_match(text);
        }
        match &self.unscanned {
            None => true,
            Some(unscanned) => !unscanned.is_match(text),
        }
    }

    pub(crate) fn has_allowed(&self) -> bool {
        self.allowed.is_some()
    }

    /// Does an allowed pattern match anywhere in the text? That frees the whole of it.
    pub(crate) fn is_allowed(&self, text: &[u8]) -> bool {
        self.allowed.as_ref().is_some_and(|allowed| allowed.is_match(text))
    }

    /// The text with every match of every blocked pattern masked, in their order, each on what the one
    /// before left. None: nothing changed.
    pub(crate) fn masked(&mut self, text: &[u8]) -> Option<&[u8]> {
        if self.is_clean(text) {
            return None;
        }
        self.masked.clear();
        self.masked.extend_from_slice(text);
        for regex in &self.blocked {
            self.spare.clear();
            let mask = |secret: &[u8], out: &mut Vec<u8>| self.mask.write(secret, out);
            if regex.replace_all(&self.masked, &mut self.spare, mask) {
                std::mem::swap(&mut self.masked, &mut self.spare);
            }
        }
        (self.masked != text).then_some(&self.masked)
    }

    /// The whole text masked, as for a blocked key.
    pub(crate) fn masked_whole(&mut self, text: &[u8]) -> &[u8] {
        self.masked.clear();
        self.mask.write_lines(text, &mut self.masked);
        &self.masked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(blocked: &[&str], allowed: &[&str]) -> Values {
        let compile = |patterns: &[&str]| -> Vec<Regex> {
            patterns.iter().map(|pattern| Regex::new(pattern).unwrap()).collect()
        };
        Values::new(compile(blocked), &compile(allowed), Mask::Stars).unwrap()
    }

    #[test]
    fn later_patterns_see_what_earlier_ones_left() {
        let mut both = values(&["secret-[a-z]+", r"secret|\*{4}x"], &[]);
        assert_eq!(both.masked(b"secret-abc"), Some(&b"****"[..]));
        assert_eq!(both.masked(b"secret-abc0 secret"), Some(&b"****0 ****"[..]));
        assert_eq!(both.masked(b"SECRET"), None);
    }

    #[test]
    fn every_match_is_masked() {
        let mut digits = values(&["[0-9]{4}"], &[]);
        assert_eq!(digits.masked(b"12345678 1234"), Some(&b"******** ****"[..]));
    }

    #[test]
    fn a_text_that_masks_to_itself_is_not_changed() {
        assert_eq!(values(&[r"\*+"], &[]).masked(b"****"), None);
    }

    #[test]
    fn the_empty_text_can_be_masked() {
        assert_eq!(values(&["a*"], &[]).masked(b""), Some(&b"****"[..]));
        assert_eq!(values(&["a+"], &[]).masked(b""), None);
    }

    #[test]
    fn allowed_matches_anywhere() {
        let values = values(&[], &["@example.com$"]);
        assert!(values.is_allowed(b"me@example.com"));
        assert!(!values.is_allowed(b"me@example.com.au"));
    }
}
