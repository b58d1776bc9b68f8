//! Snapshots: little-endian words, read with bounds.

/// Appends a word.
pub(crate) fn put(out: &mut Vec<u8>, word: u64) {
    out.extend_from_slice(&word.to_le_bytes());
}

/// Appends words with their number before them.
pub(crate) fn put_words(out: &mut Vec<u8>, words: &[u64]) {
    put(out, words.len() as u64);
    words.iter().for_each(|word| put(out, *word));
}

/// Reads off the start of a snapshot.
pub(crate) struct Reader<'r, 'a>(pub(crate) &'r mut &'a [u8]);

impl Reader<'_, '_> {
    pub(crate) fn byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.0.split_first()?;
        *self.0 = rest;
        Some(byte)
    }

    pub(crate) fn word(&mut self) -> Option<u64> {
        let (word, rest) = self.0.split_first_chunk()?;
        *self.0 = rest;
        Some(u64::from_le_bytes(*word))
    }

    pub(crate) fn double(&mut self) -> Option<f64> {
        self.word().map(f64::from_bits)
    }

    /// As many words as their number says, which is checked before room is made.
    pub(crate) fn words(&mut self, max: usize) -> Option<Vec<u64>> {
        let length = usize::try_from(self.word()?).ok()?;
        if length > max || length > self.0.len() / size_of::<u64>() {
            return None;
        }
        (0..length).map(|_| self.word()).collect()
    }
}
