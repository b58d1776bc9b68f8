//! Exponential histograms: buckets of any two scales, in the wider ones of the two.

mod side;
mod zero;

pub(crate) use side::Side;

use tamis_sdk::otlp::metrics::{Buckets as Wire, ExponentialHistogramDataPoint as WirePoint};
use tamis_sdk::wire::Writer;

use crate::point::Exponential;
use crate::snapshot::{Reader, put, put_words};
use crate::summary::{Merged, Summary};
use crate::{EXPONENTIAL_BUCKETS_MAX, Invalid, SCALES, Step};

/// The buckets of both signs and around zero.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Buckets {
    pub(crate) scale: i32,
    pub(crate) zero_count: u64,
    pub(crate) zero_threshold: f64,
    pub(crate) positive: Side,
    pub(crate) negative: Side,
}

impl Default for Buckets {
    /// Empty, and so narrow that any others are the wider ones.
    fn default() -> Self {
        Self {
            scale: *SCALES.end(),
            zero_count: 0,
            zero_threshold: 0.0,
            positive: Side::default(),
            negative: Side::default(),
        }
    }
}

impl Buckets {
    pub(crate) fn decoded(point: &Exponential<'_>) -> Result<Self, Invalid> {
        point.summary.checked()?;
        let buckets = Self {
            scale: point.scale,
            zero_count: point.zero_count,
            zero_threshold: point.zero_threshold,
            positive: Side::default(),
            negative: Side::default(),
        };
        buckets.check_shape()?;
        let positive = Side::decoded(point.positive, point.scale)?;
        let negative = Side::decoded(point.negative, point.scale)?;
        let buckets = Self { positive, negative, ..buckets };
        let fits = buckets.count() == Some(point.summary.count);
        if fits { Ok(buckets) } else { Err(Invalid::Count) }
    }

    pub(crate) fn check_shape(&self) -> Result<(), Invalid> {
        if !SCALES.contains(&self.scale) {
            return Err(Invalid::Scale);
        }
        let sound = self.zero_threshold.is_finite() && self.zero_threshold >= 0.0;
        if sound { Ok(()) } else { Err(Invalid::ZeroThreshold) }
    }

    /// None where it does not fit.
    pub(crate) fn count(&self) -> Option<u64> {
        let sides = self.positive.sum()?.checked_add(self.negative.sum()?)?;
        sides.checked_add(self.zero_count)
    }

    /// Adds buckets of any kind. The sum of all was checked to fit.
    pub(crate) fn add(&mut self, mut more: Self) {
        self.unify(&mut more);
        while self.width_with(&more) > EXPONENTIAL_BUCKETS_MAX && self.scale > *SCALES.start() {
            self.widen_to(self.scale - 1);
            self.unify(&mut more);
        }
        self.zero_count = self.zero_count.wrapping_add(more.zero_count);
        self.positive.add(&more.positive);
        self.negative.add(&more.negative);
    }

    /// Takes off the buckets that there were before; false where that is more than there is in one.
    pub(crate) fn subtract(&mut self, mut before: Self) -> bool {
        self.unify(&mut before);
        let Some(zero_count) = self.zero_count.checked_sub(before.zero_count) else { return false };
        self.zero_count = zero_count;
        self.positive.subtract(&before.positive) && self.negative.subtract(&before.negative)
    }

    /// Widens buckets until there are no more than a total has.
    pub(crate) fn bounded(mut self) -> Self {
        let nothing = Self::default();
        while self.width_with(&nothing) > EXPONENTIAL_BUCKETS_MAX && self.scale > *SCALES.start() {
            self.widen_to(self.scale - 1);
        }
        self
    }

    pub(crate) fn trim(&mut self) {
        self.positive.trim();
        self.negative.trim();
    }

    /// Brings both to the wider buckets and the wider zero threshold of the two.
    fn unify(&mut self, other: &mut Self) {
        let scale = self.scale.min(other.scale);
        self.widen_to(scale);
        other.widen_to(scale);
        let mut threshold = self.zero_threshold.max(other.zero_threshold);
        if threshold <= 0.0 {
            return;
        }
        let mut last = zero::index_of(threshold, scale);
        let bound = zero::upper_bound(last, scale);
        if bound > threshold {
            let sides = [&self.positive, &self.negative, &other.positive, &other.negative];
            if sides.iter().any(|side| side.has(last)) {
                // The bucket cannot be cut: all of it is taken as zero.
                threshold = bound.min(f64::MAX);
            } else {
                last -= 1;
            }
        }
        self.take_as_zero(last, threshold);
        other.take_as_zero(last, threshold);
    }

    fn take_as_zero(&mut self, last: i64, threshold: f64) {
        self.zero_threshold = threshold;
        let taken = self.positive.take_up_to(last).wrapping_add(self.negative.take_up_to(last));
        self.zero_count = self.zero_count.wrapping_add(taken);
    }

    fn widen_to(&mut self, scale: i32) {
        let by = self.scale.saturating_sub(scale).max(0).unsigned_abs();
        self.scale -= by as i32;
        self.positive.widen(by);
        self.negative.widen(by);
    }

    fn width_with(&self, other: &Self) -> usize {
        let positive = self.positive.width_with(&other.positive);
        positive.max(self.negative.width_with(&other.negative))
    }
}

/// The running value of an outgoing stream.
#[derive(Clone, Debug, Default)]
pub(crate) struct ExponentialTotal {
    summary: Merged,
    buckets: Buckets,
}

impl ExponentialTotal {
    pub(crate) fn add(&mut self, point: &Exponential<'_>) -> Result<(), Invalid> {
        let buckets = Buckets::decoded(point)?;
        self.summary = self.summary.plus(&point.summary)?;
        if point.summary.count > 0 {
            self.buckets.add(buckets);
        }
        Ok(())
    }

    /// `buckets` are those of the point.
    pub(crate) fn add_since(
        &mut self,
        point: &Exponential<'_>,
        mut buckets: Buckets,
        before: Buckets,
        summary: &Summary,
    ) -> Result<Step, Invalid> {
        if !buckets.subtract(before) {
            return Ok(Step::Fell);
        }
        self.summary = self.summary.plus_since(&point.summary, summary)?;
        if point.summary.count > summary.count {
            buckets.trim();
            self.buckets.add(buckets);
        }
        Ok(Step::Added)
    }

    pub(crate) fn reset(&mut self) {
        self.summary = Merged::default();
        self.buckets.zero_count = 0;
        self.buckets.positive.counts.clear();
        self.buckets.negative.counts.clear();
    }

    pub(crate) fn write(&self, point: &mut Writer<'_>) {
        let summary = Summary {
            count: self.summary.count,
            sum: self.summary.sum.map(|sum| sum.value()),
            min: self.summary.min(),
            max: self.summary.max(),
        };
        write(point, &summary, &self.buckets);
    }

    pub(crate) fn memory(&self) -> usize {
        let sides =
            self.buckets.positive.counts.capacity() + self.buckets.negative.counts.capacity();
        sides * size_of::<u64>()
    }

    pub(crate) fn snapshot(&self, out: &mut Vec<u8>) {
        self.summary.snapshot(out);
        let buckets = &self.buckets;
        // Sign and all: read back as 32 bits.
        put(out, u64::from(buckets.scale as u32));
        put(out, buckets.zero_count);
        put(out, buckets.zero_threshold.to_bits());
        for side in [&buckets.positive, &buckets.negative] {
            put(out, if side.counts.is_empty() { 0 } else { side.first as u64 });
            put_words(out, &side.counts);
        }
    }

    pub(crate) fn restore(reader: &mut Reader<'_, '_>) -> Option<Self> {
        let summary = Merged::restore(reader)?;
        let scale = u32::try_from(reader.word()?).ok()? as i32;
        let mut buckets = Buckets {
            scale,
            zero_count: reader.word()?,
            zero_threshold: reader.double()?,
            ..Buckets::default()
        };
        buckets.check_shape().ok()?;
        for side in [&mut buckets.positive, &mut buckets.negative] {
            let first = i32::try_from(reader.word()? as i64).ok()?.into();
            let counts = reader.words(EXPONENTIAL_BUCKETS_MAX)?;
            *side = Side { first, counts }.checked(scale).ok()?;
        }
        (buckets.count() == Some(summary.count)).then_some(Self { summary, buckets })
    }
}

pub(crate) fn write(point: &mut Writer<'_>, summary: &Summary, buckets: &Buckets) {
    point.fixed64(WirePoint::COUNT, summary.count);
    let optional = [
        (WirePoint::SUM, summary.sum),
        (WirePoint::MIN, summary.min),
        (WirePoint::MAX, summary.max),
    ];
    for (number, value) in optional {
        if let Some(value) = value {
            point.fixed64(number, value.to_bits());
        }
    }
    point.varint(WirePoint::SCALE, unzigzag(buckets.scale));
    point.fixed64(WirePoint::ZERO_COUNT, buckets.zero_count);
    point.fixed64(WirePoint::ZERO_THRESHOLD, buckets.zero_threshold.to_bits());
    let sides =
        [(WirePoint::POSITIVE, &buckets.positive), (WirePoint::NEGATIVE, &buckets.negative)];
    for (number, side) in sides {
        if side.counts.is_empty() {
            continue;
        }
        let mut packed = Vec::with_capacity(2 * side.counts.len());
        side.counts.iter().for_each(|count| put_varint(&mut packed, *count));
        point.message(number, |out| {
            out.varint(Wire::OFFSET, unzigzag(side.first as i32));
            out.bytes(Wire::BUCKET_COUNTS, &packed);
        });
    }
}

/// sint32 as a varint.
fn unzigzag(value: i32) -> u64 {
    u64::from((value << 1 ^ value >> 31) as u32)
}

fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        // Truncation wanted: seven bits at a time.
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}
