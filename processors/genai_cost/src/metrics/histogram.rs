//! Histograms of whole numbers: tokens, nanoseconds.

/// The boundaries that the conventions name for tokens.
pub(super) const TOKENS: &[u64] = &[
    1, 4, 16, 64, 256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216,
    67_108_864,
];

const MS: u64 = 1_000_000;

/// Those for the time that a call takes.
pub(super) const DURATION: &[u64] = &[
    10 * MS,
    20 * MS,
    40 * MS,
    80 * MS,
    160 * MS,
    320 * MS,
    640 * MS,
    1_280 * MS,
    2_560 * MS,
    5_120 * MS,
    10_240 * MS,
    20_480 * MS,
    40_960 * MS,
    81_920 * MS,
];

/// Those for the time to the first output.
pub(super) const FIRST_OUTPUT: &[u64] = &[
    MS,
    5 * MS,
    10 * MS,
    20 * MS,
    40 * MS,
    60 * MS,
    80 * MS,
    100 * MS,
    250 * MS,
    500 * MS,
    750 * MS,
    1_000 * MS,
    2_500 * MS,
    5_000 * MS,
    7_500 * MS,
    10_000 * MS,
];

/// Buckets are made with the first observation.
#[derive(Clone, Debug, Default)]
pub(super) struct Histogram {
    pub(super) count: u64,
    pub(super) sum: u128,
    pub(super) buckets: Vec<u64>,
}

impl Histogram {
    pub(super) fn add(&mut self, value: u64, bounds: &[u64]) {
        if self.buckets.is_empty() {
            self.buckets = vec![0; bounds.len() + 1];
        }
        // A boundary belongs to the bucket below it.
        self.buckets[bounds.partition_point(|bound| *bound < value)] += 1;
        self.count += 1;
        self.sum += u128::from(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boundary_belongs_to_the_bucket_below_it() {
        let mut histogram = Histogram::default();
        for value in [0, 1, 2, 4, 5, u64::MAX] {
            histogram.add(value, TOKENS);
        }
        assert_eq!(histogram.buckets[..4], [2, 2, 1, 0]);
        assert_eq!(histogram.buckets.last(), Some(&1));
        assert_eq!(histogram.count, 6);
    }
}
