//! Sums of doubles that do not drift.

/// A number as the unevaluated sum of two doubles, of which the second is what the first cannot hold:
/// some 106 bits. What is added and taken out again leaves nothing behind.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Exact {
    high: f64,
    low: f64,
}

impl Exact {
    pub(crate) fn new(value: f64) -> Self {
        Self { high: value, low: 0.0 }
    }

    pub(crate) fn from_int(value: i128) -> Self {
        let high = value as f64;
        // `high` may be 2^127, which `i128` has not; the difference is small either way.
        let low = value.wrapping_sub(high as i128) as f64;
        Self::renormalized(high, low)
    }

    /// Both parts, for a snapshot.
    pub(crate) fn parts(self) -> (f64, f64) {
        (self.high, self.low)
    }

    pub(crate) fn from_parts(high: f64, low: f64) -> Option<Self> {
        let sound = high.is_finite() && low.is_finite() && high + low == high;
        sound.then_some(Self { high, low })
    }

    pub(crate) fn value(self) -> f64 {
        self.high
    }

    /// None where the sum is beyond every double.
    ///
    /// The value never goes down where `more` is not negative: readers take a sum that falls, be it by
    /// one bit, for one that was reset.
    pub(crate) fn plus(self, more: f64) -> Option<Self> {
        let (high, error) = two_sum(self.high, more);
        let sum = Self::renormalized(high, error + self.low);
        let kept = if more >= 0.0 && sum.high < self.high { self } else { sum };
        kept.high.is_finite().then_some(kept)
    }

    /// Adds what `now` has more than `before`, exactly. The value never goes down where that is not
    /// negative.
    pub(crate) fn plus_difference(self, now: f64, before: f64) -> Option<Self> {
        let (difference, error) = two_sum(now, -before);
        let sum = self.plus(difference)?.plus(error)?;
        Some(if now >= before && sum.high < self.high { self } else { sum })
    }

    /// As [`plus`](Self::plus), of more digits than a double has.
    pub(crate) fn plus_int(self, more: i128) -> Option<Self> {
        let parts = Self::from_int(more);
        let sum = self.plus(parts.high)?.plus(parts.low)?;
        Some(if more >= 0 && sum.high < self.high { self } else { sum })
    }

    fn renormalized(high: f64, low: f64) -> Self {
        let (high, low) = two_sum(high, low);
        Self { high, low: if high.is_finite() { low } else { 0.0 } }
    }
}

/// The sum as a double, and exactly what that lacks.
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let b_part = sum - a;
    let a_part = sum - b_part;
    (sum, (a - a_part) + (b - b_part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_tenths_are_a_hundred_thousand() {
        let mut sum = Exact::default();
        for _ in 0..1_000_000 {
            sum = sum.plus(0.1).unwrap();
        }
        // A tenth as a double is not a tenth.
        assert!((sum.value() - 100_000.0).abs() < 1e-11);
    }

    #[test]
    fn what_goes_in_and_out_leaves_nothing() {
        let sum = Exact::new(1.5).plus(1e16).unwrap().plus(0.25).unwrap();
        assert_eq!(sum.plus(-1e16).unwrap().value(), 1.75);
        assert_eq!(Exact::new(f64::MAX).plus(f64::MAX), None);
        // The greatest double below 2^63.
        let sum = Exact::from_int((1 << 63) - 1).plus(-((1_u64 << 63) as f64 - 1024.0)).unwrap();
        assert_eq!(sum.value(), 1023.0);
    }
}
