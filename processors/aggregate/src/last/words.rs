//! Histograms as rows of words: one allocation a source, with no room to spare.

use crate::explicit::Bounds;
use crate::exponential::{Buckets, Side};
use crate::summary::Summary;
use crate::{EXPONENTIAL_BUCKETS_MAX, Invalid};

/// Sum, minimum and maximum if there is either, counts. What is absent is NaN. The number of bounds
/// tells which it is.
#[derive(Clone, Debug, Default)]
pub(super) struct ExplicitWords(Box<[u64]>);

impl ExplicitWords {
    pub(super) fn new(
        summary: &Summary,
        counts: impl Iterator<Item = u64>,
        bounds: &Bounds,
    ) -> Self {
        let mut words = Self::default();
        words.set(summary, counts, bounds);
        words
    }

    pub(super) fn set(
        &mut self,
        summary: &Summary,
        counts: impl Iterator<Item = u64>,
        bounds: &Bounds,
    ) {
        let extremes = extremes(summary);
        let length = 1 + extremes.map_or(0, |extremes| extremes.len()) + bounds.len() + 1;
        let words = resized(&mut self.0, length);
        let words = filled(words, &[optional(summary.sum)]);
        let words = filled(words, extremes.as_ref().map_or(&[], |extremes| extremes));
        words.iter_mut().zip(counts).for_each(|(word, count)| *word = count);
    }

    pub(super) fn get(&self, bounds: &Bounds) -> (Summary, &[u64]) {
        let (head, counts) = self
            .0
            .split_at_checked(self.0.len().saturating_sub(bounds.len() + 1))
            .unwrap_or_default();
        let count = counts.iter().fold(0_u64, |sum, count| sum.wrapping_add(*count));
        let value = |index: usize| head.get(index).and_then(|word| known(*word));
        (Summary { count, sum: value(0), min: value(1), max: value(2) }, counts)
    }

    pub(super) fn words(&self) -> &[u64] {
        &self.0
    }
}

/// Scale, lengths and whether there are extremes; offsets; zero count; zero threshold; sum; minimum
/// and maximum if there is either; counts of the positive side, then of the negative.
#[derive(Clone, Debug, Default)]
pub(super) struct ExponentialWords(Box<[u64]>);

/// In the first word, above the scale: how many positive buckets there are, and that there are extremes.
const POSITIVE_SHIFT: u32 = 32;
const EXTREMES: u64 = 1 << 48;
/// Words before the extremes.
const HEAD: usize = 5;

impl ExponentialWords {
    pub(super) const LENGTH_MAX: usize = HEAD + 2 + 2 * EXPONENTIAL_BUCKETS_MAX;

    pub(super) fn new(summary: &Summary, buckets: &Buckets) -> Self {
        let mut words = Self::default();
        words.set(summary, buckets);
        words
    }

    pub(super) fn set(&mut self, summary: &Summary, buckets: &Buckets) {
        let extremes = extremes(summary);
        let (positive, negative) = (&buckets.positive, &buckets.negative);
        let low = |value: i64| u64::from(value as u32);
        let head = [
            low(buckets.scale.into())
                | (positive.counts.len() as u64) << POSITIVE_SHIFT
                | if extremes.is_some() { EXTREMES } else { 0 },
            low(positive.first) | low(negative.first) << 32,
            buckets.zero_count,
            buckets.zero_threshold.to_bits(),
            optional(summary.sum),
        ];
        let counts = positive.counts.len() + negative.counts.len();
        let length = head.len() + extremes.map_or(0, |extremes| extremes.len()) + counts;
        let words = resized(&mut self.0, length);
        let words = filled(words, &head);
        let words = filled(words, extremes.as_ref().map_or(&[], |extremes| extremes));
        let words = filled(words, &positive.counts);
        filled(words, &negative.counts);
    }

    /// None only of words that [`restored`](Self::restored) refuses.
    pub(super) fn get(&self) -> Option<(Summary, Buckets)> {
        let (&[shape, offsets, zero_count, zero_threshold, sum], rest) =
            self.0.split_first_chunk()?;
        let (extremes, counts) =
            if shape & EXTREMES == 0 { (&[][..], rest) } else { rest.split_at_checked(2)? };
        let positives = (shape & !EXTREMES) >> POSITIVE_SHIFT;
        let (positive, negative) = counts.split_at_checked(usize::try_from(positives).ok()?)?;
        let buckets = Buckets {
            scale: shape as u32 as i32,
            zero_count,
            zero_threshold: f64::from_bits(zero_threshold),
            positive: Side::from_words(offsets as u32 as i32, positive),
            negative: Side::from_words((offsets >> 32) as u32 as i32, negative),
        };
        let value = |index: usize| extremes.get(index).and_then(|word| known(*word));
        let count = buckets.count()?;
        Some((Summary { count, sum: known(sum), min: value(0), max: value(1) }, buckets))
    }

    /// None where these are not what [`set`](Self::set) makes.
    pub(super) fn restored(words: Vec<u64>) -> Option<Self> {
        let words = Self(words.into());
        let (summary, buckets) = words.get()?;
        let sound = || -> Result<(), Invalid> {
            summary.checked()?;
            buckets.check_shape()?;
            for side in [buckets.positive, buckets.negative] {
                if side.counts.len() > EXPONENTIAL_BUCKETS_MAX {
                    return Err(Invalid::TooManyBuckets);
                }
                side.checked(buckets.scale)?;
            }
            Ok(())
        };
        sound().ok().map(|()| words)
    }

    pub(super) fn words(&self) -> &[u64] {
        &self.0
    }
}

fn resized(words: &mut Box<[u64]>, length: usize) -> &mut [u64] {
    if words.len() != length {
        *words = vec![0; length].into();
    }
    words
}

/// Puts the values at the start; answers what is left.
fn filled<'a>(words: &'a mut [u64], values: &[u64]) -> &'a mut [u64] {
    let Some((start, rest)) = words.split_at_mut_checked(values.len()) else {
        return &mut [];
    };
    start.copy_from_slice(values);
    rest
}

fn extremes(summary: &Summary) -> Option<[u64; 2]> {
    let is_there = summary.min.is_some() || summary.max.is_some();
    is_there.then(|| [optional(summary.min), optional(summary.max)])
}

fn optional(value: Option<f64>) -> u64 {
    value.unwrap_or(f64::NAN).to_bits()
}

fn known(bits: u64) -> Option<f64> {
    Some(f64::from_bits(bits)).filter(|value| !value.is_nan())
}
