//! Sets of conditions as bits in words.

/// One condition's bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bit {
    word: usize,
    mask: u64,
}

impl Bit {
    pub(crate) fn new(number: usize) -> Self {
        Self { word: number / 64, mask: 1 << (number % 64) }
    }

    #[inline]
    pub(crate) fn is_set(self, words: &[u64]) -> bool {
        words.get(self.word).is_some_and(|word| word & self.mask != 0)
    }

    #[inline]
    pub(crate) fn set(self, words: &mut [u64]) {
        if let Some(word) = words.get_mut(self.word) {
            *word |= self.mask;
        }
    }
}

/// Sets in `words` whatever is set in `more`.
#[inline]
pub(crate) fn unite(words: &mut [u64], more: &[u64]) {
    for (word, more) in words.iter_mut().zip(more) {
        *word |= more;
    }
}

/// Whether everything in `set` is set in `words`.
#[inline]
pub(crate) fn has_all(words: &[u64], set: &[u64]) -> bool {
    words.iter().zip(set).all(|(word, set)| word & set == *set)
}
