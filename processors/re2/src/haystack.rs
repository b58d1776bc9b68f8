//! Text as Go's `regexp` reads it: UTF-8 in which every bad byte is one U+FFFD.

use std::borrow::Cow;

const REPLACEMENT: &[u8] = "\u{FFFD}".as_bytes();

/// Bytes to search in, made into UTF-8 where they are not.
pub(crate) struct Haystack<'h> {
    text: Cow<'h, [u8]>,
    /// Where in `text` the replacements of bad bytes start, ascending.
    bad: Vec<usize>,
}

impl<'h> Haystack<'h> {
    pub(crate) fn new(bytes: &'h [u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(_) => Self { text: Cow::Borrowed(bytes), bad: Vec::new() },
            Err(error) => Self::replacing(bytes, error.valid_up_to()),
        }
    }

    fn replacing(bytes: &[u8], mut valid: usize) -> Self {
        let mut text = Vec::with_capacity(bytes.len() + 16);
        let mut bad = Vec::new();
        let mut rest = bytes;
        loop {
            let (good, tail) = rest.split_at(valid);
            text.extend_from_slice(good);
            let Some((_, tail)) = tail.split_first() else { break };
            bad.push(text.len());
            text.extend_from_slice(REPLACEMENT);
            rest = tail;
            valid = match std::str::from_utf8(rest) {
                Ok(_) => rest.len(),
                Err(error) => error.valid_up_to(),
            };
        }
        Self { text: Cow::Owned(text), bad }
    }

    pub(crate) fn text(&self) -> &[u8] {
        &self.text
    }

    /// The offset in the original bytes of an offset in the text.
    pub(crate) fn original(&self, at: usize) -> usize {
        let bad_before = self.bad.partition_point(|&bad| bad < at);
        at - bad_before * (REPLACEMENT.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bad_byte_is_a_replacement_of_its_own() {
        let haystack = Haystack::new(b"a\xE2\x82b\xFF");
        assert_eq!(haystack.text(), "a\u{FFFD}\u{FFFD}b\u{FFFD}".as_bytes());
        let offsets: Vec<_> = [0, 1, 4, 7, 8, 11].map(|at| haystack.original(at)).into();
        assert_eq!(offsets, [0, 1, 2, 3, 4, 5]);
    }

    #[test]
    fn good_text_is_not_copied() {
        assert!(matches!(Haystack::new("ä€".as_bytes()).text, Cow::Borrowed(_)));
    }
}
