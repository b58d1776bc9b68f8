//! A cumulative stream that continues under another identity.

use std::cmp::Ordering;

use tamis_sdk::otlp::metrics::{
    ExponentialHistogramDataPoint, HistogramDataPoint, NumberDataPoint,
};
use tamis_sdk::wire::{Message, Writer};

use crate::exponential::Buckets;
use crate::number::Number;
use crate::point::{Explicit, Exponential};
use crate::summary::Summary;
use crate::{Invalid, Kind, Last, Point, Step, Value, explicit, exponential};

/// Writes the fields of the data point `point` with what it has more than `base`, counted from `start`.
/// Everything else is copied: attributes, time, flags, exemplars, unknown fields. Minimum and maximum
/// are left out, because those since `start` are not known. Without a base, or a recorded value, only
/// the start time changes.
///
/// [`Step::Fell`]: the stream was reset since `base`, nothing is written, and the point is to be passed
/// as it is.
pub fn write_since(
    point: Message<'_>,
    kind: Kind,
    base: &Last,
    start: u64,
    out: &mut Writer<'_>,
) -> Result<Step, Invalid> {
    let read = Point::read(kind, point)?;
    if !kind.is_cumulative() {
        return Err(Invalid::Kind);
    }
    if base.is_none() || read.no_recorded_value() {
        copy(point, &[Kind::START], start, out)?;
        return Ok(Step::Added);
    }
    match &read.value {
        Value::Explicit(value) => {
            let Some((summary, bounds, counts)) = explicit_since(value, base)? else {
                return Ok(Step::Fell);
            };
            copy(point, EXPLICIT, start, out)?;
            explicit::write(out, &summary, &bounds, &counts);
        }
        Value::Exponential(value) => {
            let Some((summary, buckets)) = exponential_since(value, base)? else {
                return Ok(Step::Fell);
            };
            copy(point, EXPONENTIAL, start, out)?;
            exponential::write(out, &summary, &buckets);
        }
        value => {
            let now = Number::checked(value)?;
            let before = base.number().ok_or(Invalid::Kind)?;
            if !kind.is_level() && now.order(before) == Ordering::Less {
                return Ok(Step::Fell);
            }
            let difference = now.minus(before);
            if !difference.is_finite() {
                return Err(Invalid::Overflow);
            }
            copy(point, NUMBER, start, out)?;
            difference.write(out);
        }
    }
    Ok(Step::Added)
}

/// What is not copied, by kind.
const NUMBER: &[u32] = &[Kind::START, NumberDataPoint::AS_INT, NumberDataPoint::AS_DOUBLE];
const EXPLICIT: &[u32] = &[
    Kind::START,
    HistogramDataPoint::COUNT,
    HistogramDataPoint::SUM,
    HistogramDataPoint::BUCKET_COUNTS,
    HistogramDataPoint::EXPLICIT_BOUNDS,
    HistogramDataPoint::MIN,
    HistogramDataPoint::MAX,
];
const EXPONENTIAL: &[u32] = &[
    Kind::START,
    ExponentialHistogramDataPoint::COUNT,
    ExponentialHistogramDataPoint::SUM,
    ExponentialHistogramDataPoint::SCALE,
    ExponentialHistogramDataPoint::ZERO_COUNT,
    ExponentialHistogramDataPoint::POSITIVE,
    ExponentialHistogramDataPoint::NEGATIVE,
    ExponentialHistogramDataPoint::MIN,
    ExponentialHistogramDataPoint::MAX,
    ExponentialHistogramDataPoint::ZERO_THRESHOLD,
];

type ExplicitSince = (Summary, explicit::Bounds, Vec<u64>);

fn explicit_since(point: &Explicit<'_>, base: &Last) -> Result<Option<ExplicitSince>, Invalid> {
    point.checked()?;
    let before = base.explicit().ok_or(Invalid::Kind)?;
    let Some((bounds, counts)) = explicit::difference(point, before)? else { return Ok(None) };
    let summary = summary_since(&point.summary, &before.summary)?;
    Ok(Some((summary, bounds, counts)))
}

fn exponential_since(
    point: &Exponential<'_>,
    base: &Last,
) -> Result<Option<(Summary, Buckets)>, Invalid> {
    let mut buckets = Buckets::decoded(point)?;
    let (before, buckets_before) = base.exponential().ok_or(Invalid::Kind)?;
    if !buckets.subtract(buckets_before) {
        return Ok(None);
    }
    buckets.trim();
    Ok(Some((summary_since(&point.summary, &before)?, buckets)))
}

fn summary_since(now: &Summary, before: &Summary) -> Result<Summary, Invalid> {
    let sum = now.sum.zip(before.sum).map(|(now, before)| now - before);
    if sum.is_some_and(|sum| !sum.is_finite()) {
        return Err(Invalid::Overflow);
    }
    Ok(Summary { count: now.count.wrapping_sub(before.count), sum, min: None, max: None })
}

/// All records but those, and the start time.
fn copy(
    point: Message<'_>,
    without: &[u32],
    start: u64,
    out: &mut Writer<'_>,
) -> Result<(), Invalid> {
    let whole = point.bytes();
    let offset = point.range().start;
    let mut written = 0;
    out.fixed64(Kind::START, start);
    for field in point.fields() {
        let field = field?;
        if without.contains(&field.number()) {
            let record = field.record();
            out.records(whole.get(written..record.start - offset).unwrap_or_default());
            written = record.end - offset;
        }
    }
    out.records(whole.get(written..).unwrap_or_default());
    Ok(())
}
