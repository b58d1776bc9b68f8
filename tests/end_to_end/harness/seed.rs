//! Random choices that a seed repeats.

/// A stream of random numbers (SplitMix64): small, and the same on every machine.
pub(crate) struct Seed(u64);

impl Seed {
    /// `TAMIS_TEST_SEED` where it is set: to repeat a failure.
    pub(crate) fn from_environment(default: u64) -> (u64, Self) {
        let given = std::env::var("TAMIS_TEST_SEED").ok();
        let seed = given.map_or(default, |seed| seed.parse().expect("TAMIS_TEST_SEED: a number"));
        (seed, Self(seed))
    }

    /// The stream that this number begins.
    pub(crate) fn of(number: u64) -> Self {
        Self(number)
    }

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

    /// True once in so many times.
    pub(crate) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub(crate) fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }

    /// Some of these, in their order.
    pub(crate) fn some<'a>(&mut self, from: &[&'a str]) -> Vec<&'a str> {
        from.iter().copied().filter(|_| self.once_in(2)).collect()
    }
}
