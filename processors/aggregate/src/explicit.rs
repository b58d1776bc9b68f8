//! Histograms with stated bounds.

mod bounds;

pub(crate) use bounds::Bounds;

use tamis_sdk::otlp::metrics::HistogramDataPoint as Wire;
use tamis_sdk::wire::Writer;

use crate::point::Explicit;
use crate::snapshot::{Reader, put, put_words};
use crate::summary::{Merged, Summary};
use crate::{Invalid, POINT_BUCKETS_MAX, Step};

impl Explicit<'_> {
    /// All but the order of the bounds, which whoever knows them need not look at.
    pub(crate) fn checked(&self) -> Result<(), Invalid> {
        self.summary.checked()?;
        if self.counts.is_empty() && self.bounds.is_empty() {
            return Ok(());
        }
        let (counts, rest) = self.counts.as_chunks::<8>();
        if self.counts.len() != self.bounds.len() + 8 || !rest.is_empty() {
            return Err(Invalid::BucketCount);
        }
        if counts.len() > POINT_BUCKETS_MAX {
            return Err(Invalid::TooManyBuckets);
        }
        let add = |sum: u64, bytes: &[u8; 8]| sum.checked_add(u64::from_le_bytes(*bytes));
        let sum = counts.iter().try_fold(0, add);
        if sum == Some(self.summary.count) { Ok(()) } else { Err(Invalid::Count) }
    }

    /// One for each bound and one more. Without buckets all values are in one.
    #[inline]
    pub(crate) fn counts(&self) -> impl Iterator<Item = u64> {
        let only = self.counts.is_empty().then_some(self.summary.count);
        let counts = self.counts.as_chunks().0.iter().map(|bytes| u64::from_le_bytes(*bytes));
        only.into_iter().chain(counts)
    }
}

/// The last value of a source, as [`Last`](crate::Last) keeps it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Before<'a> {
    pub(crate) summary: Summary,
    pub(crate) bounds: &'a Bounds,
    pub(crate) counts: &'a [u64],
}

/// The running value of an outgoing stream.
#[derive(Clone, Debug, Default)]
pub(crate) struct ExplicitTotal {
    summary: Merged,
    /// None before there was a measurement.
    bounds: Option<Bounds>,
    counts: Vec<u64>,
}

impl ExplicitTotal {
    pub(crate) fn add(&mut self, point: &Explicit<'_>) -> Result<(), Invalid> {
        point.checked()?;
        let summary = self.summary.plus(&point.summary)?;
        match &self.bounds {
            Some(bounds) if bounds.are(&point.bounds) => {
                add(&mut self.counts, point.counts());
            }
            _ => {
                let bounds = Bounds::decoded(&point.bounds)?;
                if point.summary.count > 0 {
                    self.merge(bounds, point.counts());
                }
            }
        }
        self.summary = summary;
        Ok(())
    }

    pub(crate) fn add_since(
        &mut self,
        point: &Explicit<'_>,
        before: Before<'_>,
    ) -> Result<Step, Invalid> {
        point.checked()?;
        let same = before.bounds.are(&point.bounds);
        if same && self.bounds.as_ref() == Some(before.bounds) {
            let mut pairs = point.counts().zip(before.counts);
            if pairs.any(|(now, before)| now < *before) {
                return Ok(Step::Fell);
            }
            self.summary = self.summary.plus_since(&point.summary, &before.summary)?;
            let pairs = point.counts().zip(before.counts);
            add(&mut self.counts, pairs.map(|(now, before)| now - before));
            return Ok(Step::Added);
        }
        let Some((bounds, counts)) = difference(point, before)? else { return Ok(Step::Fell) };
        self.summary = self.summary.plus_since(&point.summary, &before.summary)?;
        if point.summary.count > before.summary.count {
            self.merge(bounds, counts.into_iter());
        }
        Ok(Step::Added)
    }

    pub(crate) fn reset(&mut self) {
        self.summary = Merged::default();
        self.counts.fill(0);
    }

    pub(crate) fn write(&self, point: &mut Writer<'_>) {
        let summary = Summary {
            count: self.summary.count,
            sum: self.summary.sum.map(|sum| sum.value()),
            min: self.summary.min(),
            max: self.summary.max(),
        };
        let bounds = self.bounds.as_deref().unwrap_or_default();
        write(point, &summary, bounds, &self.counts);
    }

    pub(crate) fn memory(&self) -> usize {
        self.counts.capacity() * size_of::<u64>()
    }

    pub(crate) fn snapshot(&self, out: &mut Vec<u8>) {
        self.summary.snapshot(out);
        snapshot(out, self.bounds.as_deref(), &self.counts);
    }

    pub(crate) fn restore(reader: &mut Reader<'_, '_>) -> Option<Self> {
        let summary = Merged::restore(reader)?;
        let (bounds, counts) = restore(reader)?;
        let sum = counts.iter().try_fold(0_u64, |sum, count| sum.checked_add(*count))?;
        (sum == summary.count).then_some(Self { summary, bounds, counts })
    }

    fn merge(&mut self, bounds: Bounds, counts: impl Iterator<Item = u64>) {
        let Some(ours) = &self.bounds else {
            self.counts = counts.collect();
            self.bounds = Some(bounds);
            return;
        };
        let common = ours.common(&bounds);
        let mut sums = ours.coarsened(self.counts.iter().copied(), &common);
        add(&mut sums, bounds.coarsened(counts, &common).into_iter());
        self.counts = sums;
        self.bounds = Some(common);
    }
}

/// What the point has more than the one before it, under the bounds that both have; none where that
/// is negative.
pub(crate) fn difference(
    point: &Explicit<'_>,
    before: Before<'_>,
) -> Result<Option<(Bounds, Vec<u64>)>, Invalid> {
    let bounds = Bounds::decoded(&point.bounds)?;
    let common = bounds.common(before.bounds);
    let now = bounds.coarsened(point.counts(), &common);
    let before = before.bounds.coarsened(before.counts.iter().copied(), &common);
    let pairs = now.iter().zip(&before);
    let counts: Option<_> = pairs.map(|(now, before)| now.checked_sub(*before)).collect();
    Ok(counts.map(|counts| (common, counts)))
}

/// The sum of all stays within what the count can hold, which was checked.
#[inline]
fn add(sums: &mut [u64], counts: impl Iterator<Item = u64>) {
    for (sum, count) in sums.iter_mut().zip(counts) {
        *sum = sum.wrapping_add(count);
    }
}

pub(crate) fn write(point: &mut Writer<'_>, summary: &Summary, bounds: &[f64], counts: &[u64]) {
    point.fixed64(Wire::COUNT, summary.count);
    let optional = [(Wire::SUM, summary.sum), (Wire::MIN, summary.min), (Wire::MAX, summary.max)];
    for (number, value) in optional {
        if let Some(value) = value {
            point.fixed64(number, value.to_bits());
        }
    }
    if !bounds.is_empty() {
        point.message(Wire::BUCKET_COUNTS, |out| {
            counts.iter().for_each(|count| out.records(&count.to_le_bytes()));
        });
        point.message(Wire::EXPLICIT_BOUNDS, |out| {
            bounds.iter().for_each(|bound| out.records(&bound.to_le_bytes()));
        });
    }
}

pub(crate) fn snapshot(out: &mut Vec<u8>, bounds: Option<&[f64]>, counts: &[u64]) {
    put_words(out, counts);
    // As many as the counts need.
    bounds.unwrap_or_default().iter().for_each(|bound| put(out, bound.to_bits()));
}

/// No counts: no bounds.
pub(crate) fn restore(reader: &mut Reader<'_, '_>) -> Option<(Option<Bounds>, Vec<u64>)> {
    let counts = reader.words(POINT_BUCKETS_MAX)?;
    let Some(length) = counts.len().checked_sub(1) else { return Some((None, counts)) };
    let bounds: Option<Vec<f64>> = (0..length).map(|_| reader.double()).collect();
    // Zero with a sign would be another bound.
    let bounds = bounds?.into_iter().map(|bound| bound + 0.0).collect();
    Some((Some(Bounds::checked(bounds)?), counts))
}
