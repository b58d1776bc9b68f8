//! What histograms of both kinds hold beside their buckets: count, sum, minimum and maximum.

use crate::Invalid;
use crate::exact::Exact;
use crate::snapshot::{Reader, put};

/// As a data point has it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Summary {
    pub(crate) count: u64,
    pub(crate) sum: Option<f64>,
    pub(crate) min: Option<f64>,
    pub(crate) max: Option<f64>,
}

impl Summary {
    pub(crate) fn checked(&self) -> Result<(), Invalid> {
        let numbers = [self.sum, self.min, self.max];
        let finite = numbers.into_iter().flatten().all(f64::is_finite);
        finite.then_some(()).ok_or(Invalid::NotFinite)
    }
}

/// As a total has it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Merged {
    pub(crate) count: u64,
    /// None once a point came without.
    pub(crate) sum: Option<Exact>,
    min: Extreme,
    /// Of the negated values.
    max: Extreme,
}

impl Default for Merged {
    fn default() -> Self {
        let nothing = Extreme(f64::INFINITY);
        Self { count: 0, sum: Some(Exact::default()), min: nothing, max: nothing }
    }
}

impl Merged {
    /// With all of a point.
    pub(crate) fn plus(&self, point: &Summary) -> Result<Self, Invalid> {
        self.plus_since(point, &Summary { sum: Some(0.0), ..Summary::default() })
    }

    /// With what a point has more than the one before it, which counts no more than it does.
    pub(crate) fn plus_since(&self, now: &Summary, before: &Summary) -> Result<Self, Invalid> {
        let more = now.count.wrapping_sub(before.count);
        let count = self.count.checked_add(more).ok_or(Invalid::Overflow)?;
        let sum = match (self.sum, now.sum, before.sum) {
            (Some(sum), Some(now), Some(before)) => {
                Some(sum.plus_difference(now, before).ok_or(Invalid::Overflow)?)
            }
            // No measurements, nothing to miss.
            (sum, ..) if more == 0 => sum,
            _ => None,
        };
        if more == 0 {
            return Ok(Self { sum, ..*self });
        }
        let first = before.count == 0;
        let negated = |value: f64| -value;
        Ok(Self {
            count,
            sum,
            min: self.min.with(now.min, before.min, first),
            max: self.max.with(now.max.map(negated), before.max.map(negated), first),
        })
    }

    pub(crate) fn min(&self) -> Option<f64> {
        self.min.known()
    }

    pub(crate) fn max(&self) -> Option<f64> {
        self.max.known().map(|value| -value)
    }

    pub(crate) fn snapshot(&self, out: &mut Vec<u8>) {
        put(out, self.count);
        let (high, low) = self.sum.map_or((f64::NAN, 0.0), Exact::parts);
        for value in [high, low, self.min.0, self.max.0] {
            put(out, value.to_bits());
        }
    }

    pub(crate) fn restore(reader: &mut Reader<'_, '_>) -> Option<Self> {
        let count = reader.word()?;
        let (high, low) = (reader.double()?, reader.double()?);
        let sum = if high.is_nan() { None } else { Some(Exact::from_parts(high, low)?) };
        let min = Extreme::restored(reader.double()?)?;
        let max = Extreme::restored(reader.double()?)?;
        Some(Self { count, sum, min, max })
    }
}

/// The least of all measurements: infinite before the first, NaN where it is not known.
#[derive(Clone, Copy, Debug)]
struct Extreme(f64);

impl PartialEq for Extreme {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_bits() == other.0.to_bits()
    }
}

impl Extreme {
    /// The least of a cumulative source is that since its start. So what came since `before` is known
    /// to be no less, and known exactly only where it is less than before.
    fn with(self, now: Option<f64>, before: Option<f64>, first: bool) -> Self {
        match now {
            Some(now) if now >= self.0 => self,
            Some(now) if first || before.is_some_and(|before| now < before) => {
                if self.0.is_nan() {
                    self
                } else {
                    Self(now)
                }
            }
            _ => Self(f64::NAN),
        }
    }

    fn known(self) -> Option<f64> {
        self.0.is_finite().then_some(self.0)
    }

    fn restored(value: f64) -> Option<Self> {
        (value != f64::NEG_INFINITY).then_some(Self(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(count: u64, min: f64, max: f64) -> Summary {
        Summary { count, sum: Some(1.0), min: Some(min), max: Some(max) }
    }

    fn extremes(merged: Merged) -> (Option<f64>, Option<f64>) {
        (merged.min(), merged.max())
    }

    #[test]
    fn extremes_stay_as_long_as_they_are_certain() {
        let total = Merged::default().plus(&summary(2, 1.0, 5.0)).unwrap();
        assert_eq!(extremes(total), (Some(1.0), Some(5.0)));
        // Within: whatever came, it was no less and no more.
        let same = total.plus_since(&summary(4, 1.0, 5.0), &summary(2, 1.0, 5.0)).unwrap();
        assert_eq!(extremes(same), (Some(1.0), Some(5.0)));
        // A new least value came since.
        let less = total.plus_since(&summary(4, 0.5, 5.0), &summary(2, 1.0, 5.0)).unwrap();
        assert_eq!(extremes(less), (Some(0.5), Some(5.0)));
        // The source's least value is older than what the total took of it.
        let unsure = total.plus_since(&summary(4, 0.5, 5.0), &summary(2, 0.5, 5.0)).unwrap();
        assert_eq!(extremes(unsure), (None, Some(5.0)));
        let stays = unsure.plus(&summary(1, 0.1, 0.1)).unwrap();
        assert_eq!(extremes(stays), (None, Some(5.0)));
    }

    #[test]
    fn a_point_without_measurements_takes_nothing_away() {
        let total = Merged::default().plus(&summary(2, 1.0, 5.0)).unwrap();
        assert_eq!(total.plus(&Summary::default()).unwrap(), total);
        let without = Summary { count: 1, ..Summary::default() };
        let total = total.plus(&without).unwrap();
        assert_eq!((total.count, total.sum, extremes(total)), (3, None, (None, None)));
    }
}
