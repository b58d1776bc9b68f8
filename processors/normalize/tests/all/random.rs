//! Random choices that a seed repeats.

use std::sync::LazyLock;

/// `TAMIS_TEST_SEED`: to repeat a failure.
pub(crate) static SEED: LazyLock<u64> = LazyLock::new(|| {
    let seed = match std::env::var("TAMIS_TEST_SEED") {
        Ok(seed) => seed.parse().expect("TAMIS_TEST_SEED: a number"),
        Err(_) => 1,
    };
    eprintln!("TAMIS_TEST_SEED={seed}");
    seed
});

/// A stream of random numbers (SplitMix64).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below the bound.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// So many characters of an alphabet.
    pub(crate) fn text(&mut self, alphabet: &str, length: usize) -> String {
        let alphabet = alphabet.as_bytes();
        (0..length).map(|_| *self.pick(alphabet) as char).collect()
    }
}
