//! A set of bytes.

/// Byte b is in the set when bit (b mod 64) of word (b div 64) is set: the form of the contract's
/// `byte-set`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ByteSet(pub [u64; 4]);

impl ByteSet {
    /// All bytes that start or continue a character beyond ASCII, or are no UTF-8 at all.
    pub(crate) const NON_ASCII: Self = Self([0, 0, u64::MAX, u64::MAX]);

    /// The set of one byte.
    pub fn of(byte: u8) -> Self {
        let mut set = Self::default();
        set.insert(byte);
        set
    }

    pub fn insert(&mut self, byte: u8) {
        self.0[usize::from(byte >> 6)] |= 1 << (byte & 63);
    }

    pub fn contains(&self, byte: u8) -> bool {
        self.0[usize::from(byte >> 6)] >> (byte & 63) & 1 == 1
    }

    pub(crate) fn union(self, other: Self) -> Self {
        let mut words = self.0;
        for (word, other) in words.iter_mut().zip(other.0) {
            *word |= other;
        }
        Self(words)
    }

    /// The bytes in the set, ascending.
    pub fn iter(&self) -> impl Iterator<Item = u8> + '_ {
        (0..=u8::MAX).filter(|&byte| self.contains(byte))
    }

    /// The share of telemetry bytes that are in the set, roughly: text with field tags, lengths, ids
    /// and timestamps between.
    pub(crate) fn frequency(&self) -> f64 {
        self.iter().map(frequency).sum()
    }
}

fn frequency(byte: u8) -> f64 {
    match byte {
        0 => 0.03,
        b'a'..=b'z' => 0.018,
        b'0'..=b'9' | b'.' | b'_' | b'/' | b'-' | b' ' => 0.013,
        b'A'..=b'Z' => 0.003,
        b'!'..=b'~' => 0.002,
        _ => 0.0015,
    }
}
