//! Patterns that the host looks for in a batch before it calls the guest.

/// Bytes that each belong to a set, one after the other.
///
/// A trigger over-approximates: the bytes around a value are tags and lengths, which can look like
/// letters or digits. Where there is no hit there is no match; a hit proves nothing.
///
/// ```
/// use tamis_sdk::{ByteSet, Trigger};
///
/// let digits = ByteSet::new().range(b'0'..=b'9');
/// // A payment card: a 4 and at least twelve digits more.
/// let card = Trigger::new().literal(b"4").run(digits, 12);
/// assert_eq!(card.sets().len(), 13);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trigger {
    sets: Vec<ByteSet>,
}

/// How many sets one trigger may have.
pub const TRIGGER_SETS_MAX: usize = 32;

/// How many triggers one descriptor may have.
pub const TRIGGERS_MAX: usize = 64;

impl Trigger {
    /// A trigger without sets; the host refuses it until it has one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Then exactly these bytes.
    #[must_use]
    pub fn literal(self, bytes: &[u8]) -> Self {
        bytes.iter().fold(self, |trigger, &byte| trigger.set(ByteSet::new().byte(byte)))
    }

    /// Then exactly these letters, whether lower or upper case; ASCII only.
    #[must_use]
    pub fn literal_any_case(self, bytes: &[u8]) -> Self {
        bytes.iter().fold(self, |trigger, byte| {
            let lower = byte.to_ascii_lowercase();
            trigger.set(ByteSet::new().byte(lower).byte(byte.to_ascii_uppercase()))
        })
    }

    /// Then one byte of the set.
    #[must_use]
    pub fn set(self, set: ByteSet) -> Self {
        self.run(set, 1)
    }

    /// Then at least `count` bytes of the set. What passes [`TRIGGER_SETS_MAX`] is left out, here
    /// and in the other methods: a shorter trigger hits wherever the longer would.
    #[must_use]
    pub fn run(mut self, set: ByteSet, count: usize) -> Self {
        let room = TRIGGER_SETS_MAX - self.sets.len();
        self.sets.extend(std::iter::repeat_n(set, count.min(room)));
        self
    }

    /// The sets, in order; at most [`TRIGGER_SETS_MAX`].
    #[must_use]
    pub fn sets(&self) -> &[ByteSet] {
        &self.sets
    }
}

/// A set of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ByteSet([u64; 4]);

impl ByteSet {
    /// The empty set.
    #[must_use]
    pub const fn new() -> Self {
        Self([0; 4])
    }

    /// This byte too.
    #[must_use]
    pub const fn byte(mut self, byte: u8) -> Self {
        self.0[byte as usize / 64] |= 1 << (byte % 64);
        self
    }

    /// These bytes too.
    #[must_use]
    pub fn range(self, bytes: std::ops::RangeInclusive<u8>) -> Self {
        bytes.fold(self, Self::byte)
    }

    /// Every byte that is in either set.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(std::array::from_fn(|word| self.0[word] | other.0[word]))
    }

    /// Every byte that is not in the set.
    #[must_use]
    pub fn complement(self) -> Self {
        Self(self.0.map(|word| !word))
    }

    /// Whether the byte is in the set.
    #[must_use]
    pub const fn contains(self, byte: u8) -> bool {
        self.0[byte as usize / 64] >> (byte % 64) & 1 == 1
    }

    /// Byte b is in the set when bit (b mod 64) of word (b div 64) is set.
    #[must_use]
    pub const fn words(self) -> [u64; 4] {
        self.0
    }
}
