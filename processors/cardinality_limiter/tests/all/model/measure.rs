//! The value of a data point as numbers that can be added whatever its kind: buckets under the bounds,
//! or at the scale, that all sources have.

use std::collections::BTreeMap;

/// Key of a number, and of the count of a histogram.
pub(crate) const WHOLE: i64 = 0;
/// Key of the values around zero.
pub(crate) const ZERO: i64 = 1;
/// Keys of explicit buckets begin here.
pub(crate) const EXPLICIT: i64 = 100;
/// The key of the exponential bucket with index 0.
pub(crate) const EXPONENTIAL: i64 = 10_000;

#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Measure {
    pub(crate) ints: BTreeMap<i64, i128>,
    pub(crate) double: f64,
    /// All that was ever added, whatever its sign: what a relative error is relative to.
    pub(crate) scale: f64,
}

impl Measure {
    pub(crate) fn int(value: i64) -> Self {
        Self { ints: [(WHOLE, value.into())].into(), ..Self::default() }
    }

    pub(crate) fn double(value: f64) -> Self {
        Self { double: value, scale: value.abs(), ..Self::default() }
    }

    pub(crate) fn plus(&mut self, more: &Self) {
        more.ints.iter().for_each(|(key, value)| *self.ints.entry(*key).or_default() += value);
        self.double += more.double;
        self.scale += more.scale;
    }

    pub(crate) fn minus(&mut self, less: &Self) {
        less.ints.iter().for_each(|(key, value)| *self.ints.entry(*key).or_default() -= value);
        self.double -= less.double;
        self.scale += less.scale;
    }

    pub(crate) fn whole(&self) -> f64 {
        self.ints.get(&WHOLE).copied().unwrap_or(0) as f64 + self.double
    }

    /// A source that was reset; of histograms the count tells.
    pub(crate) fn fell(&self, before: &Self, is_histogram: bool) -> bool {
        match is_histogram {
            true => self.ints.get(&WHOLE) < before.ints.get(&WHOLE),
            false => self.whole() < before.whole(),
        }
    }

    /// Integers exactly, doubles but for 12 digits.
    pub(crate) fn is(&self, other: &Self, is_histogram: bool) -> bool {
        let scale = 1e-12 * (1.0 + self.scale.max(other.scale));
        if !is_histogram && (self.double != 0.0 || other.double != 0.0) {
            return (self.whole() - other.whole()).abs() <= scale + 1e-12 * self.whole().abs();
        }
        let keys = self.ints.keys().chain(other.ints.keys());
        let same = |key: &i64| {
            self.ints.get(key).copied().unwrap_or(0) == other.ints.get(key).copied().unwrap_or(0)
        };
        keys.into_iter().all(same) && (self.double - other.double).abs() <= scale
    }
}
