//! From a data point to what is served of it.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::metrics::v1::exponential_histogram_data_point::Buckets;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
use opentelemetry_proto::tonic::metrics::v1::{
    Exemplar as OtlpExemplar, ExponentialHistogramDataPoint, HistogramDataPoint, NumberDataPoint,
    SummaryDataPoint, exemplar,
};

use super::model::{
    Bucket, Counter, Exemplar, Histogram, Kind, Label, Nanos, Native, NativeBuckets, Summary, Value,
};
use super::point::Point;

/// Scales of native histograms.
pub(super) const MIN_SCHEMA: i32 = -4;
const MAX_SCHEMA: i32 = 8;

/// Where a data point does not say what counts as zero.
const DEFAULT_ZERO_THRESHOLD: f64 = 1e-128;

pub(super) fn kind(point: &Point) -> Kind {
    match point {
        Point::Sum { monotonic: true, .. } => Kind::Counter,
        Point::Gauge(_) | Point::Sum { .. } => Kind::Gauge,
        Point::Histogram(_) | Point::Exponential(_) => Kind::Histogram,
        Point::Summary(_) => Kind::Summary,
    }
}

/// None for a histogram that Prometheus cannot have.
pub(super) fn value(point: &Point) -> Option<Value> {
    Some(match point {
        Point::Sum { point, monotonic: true } => Value::Counter(Counter {
            value: number(point),
            exemplar: point.exemplars.last().map(exemplar),
            created: Nanos::known(point.start_time_unix_nano),
        }),
        Point::Gauge(point) | Point::Sum { point, .. } => Value::Gauge(number(point)),
        Point::Histogram(point) => Value::Histogram(histogram(point)),
        Point::Exponential(point) => Value::Histogram(native(point)?),
        Point::Summary(point) => Value::Summary(summary(point)),
    })
}

fn number(point: &NumberDataPoint) -> f64 {
    match point.value {
        Some(Number::AsInt(value)) => value as f64,
        Some(Number::AsDouble(value)) => value,
        None => 0.0,
    }
}

fn summary(point: &SummaryDataPoint) -> Summary {
    let mut quantiles: Vec<(f64, f64)> =
        point.quantile_values.iter().map(|each| (each.quantile, each.value)).collect();
    quantiles.sort_by(|a, b| a.0.total_cmp(&b.0));
    // Of equal ones the last: the sort keeps their order.
    quantiles.reverse();
    quantiles.dedup_by_key(|quantile| quantile.0);
    quantiles.reverse();
    Summary {
        count: point.count,
        sum: point.sum,
        quantiles,
        created: Nanos::known(point.start_time_unix_nano),
    }
}

fn histogram(point: &HistogramDataPoint) -> Histogram {
    // Of bounds that stand twice, the first.
    let mut bounds: Vec<(f64, u64)> = point
        .explicit_bounds
        .iter()
        .enumerate()
        .map(|(index, bound)| (*bound, point.bucket_counts.get(index).copied().unwrap_or(0)))
        .collect();
    bounds.sort_by(|a, b| a.0.total_cmp(&b.0));
    bounds.dedup_by_key(|bound| bound.0);
    let mut cumulative_count = 0_u64;
    let mut buckets = Vec::with_capacity(bounds.len() + 1);
    for (upper_bound, count) in bounds {
        cumulative_count = cumulative_count.wrapping_add(count);
        buckets.push(Bucket { upper_bound, cumulative_count, exemplar: None });
    }
    for each in &point.exemplars {
        place(exemplar(each), point.count, &mut buckets);
    }
    Histogram {
        count: point.count,
        sum: point.sum.unwrap_or(0.0),
        buckets,
        native: None,
        created: Nanos::known(point.start_time_unix_nano),
    }
}

/// Into the first bucket that it fits; the last exemplar of each stays.
fn place(exemplar: Exemplar, count: u64, buckets: &mut Vec<Bucket>) {
    if exemplar.value.is_nan() {
        return;
    }
    let index = buckets.partition_point(|bucket| bucket.upper_bound < exemplar.value);
    match buckets.get_mut(index) {
        Some(bucket) => bucket.exemplar = Some(exemplar),
        None => buckets.push(Bucket {
            upper_bound: f64::INFINITY,
            cumulative_count: count,
            exemplar: Some(exemplar),
        }),
    }
}

fn native(point: &ExponentialHistogramDataPoint) -> Option<Histogram> {
    if point.scale < MIN_SCHEMA {
        return None;
    }
    let schema = point.scale.min(MAX_SCHEMA);
    let narrower = point.scale.saturating_sub(MAX_SCHEMA).clamp(0, 31).unsigned_abs();
    let positive = native_buckets(point.positive.as_ref(), narrower);
    let negative = native_buckets(point.negative.as_ref(), narrower);
    let sum = point.sum.unwrap_or(0.0);
    let counts = positive.counts.iter().chain(&negative.counts).chain([&point.zero_count]);
    let counted = counts.fold(0_u64, |sum, count| sum.wrapping_add(*count));
    // What was not a number is counted but is in no bucket.
    let adds_up = if sum.is_nan() { counted <= point.count } else { counted == point.count };
    if !adds_up {
        return None;
    }
    let threshold = point.zero_threshold;
    Some(Histogram {
        count: point.count,
        sum,
        buckets: Vec::new(),
        native: Some(Native {
            schema,
            zero_threshold: if threshold == 0.0 { DEFAULT_ZERO_THRESHOLD } else { threshold },
            zero_count: point.zero_count,
            positive,
            negative,
            // There they must have a time.
            exemplars: point.exemplars.iter().map(exemplar).filter(|e| e.time.is_some()).collect(),
        }),
        created: Nanos::known(point.start_time_unix_nano),
    })
}

/// With indices of Prometheus, which are those of the upper bounds, and `narrower` times two buckets
/// made one.
fn native_buckets(buckets: Option<&Buckets>, narrower: u32) -> NativeBuckets {
    let Some(buckets) = buckets else { return NativeBuckets::default() };
    let mut counts: BTreeMap<i64, u64> = BTreeMap::new();
    for (index, count) in (i64::from(buckets.offset)..).zip(&buckets.bucket_counts) {
        let sum = counts.entry((index >> narrower) + 1).or_default();
        *sum = sum.wrapping_add(*count);
    }
    let first = counts.keys().next().map_or(0, |first| *first);
    NativeBuckets {
        first: i32::try_from(first).unwrap_or(i32::MAX),
        counts: counts.into_values().collect(),
    }
}

fn exemplar(exemplar: &OtlpExemplar) -> Exemplar {
    let mut labels = Vec::new();
    for (name, id) in [("trace_id", &exemplar.trace_id), ("span_id", &exemplar.span_id)] {
        if id.iter().any(|byte| *byte != 0) {
            let hex: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
            labels.push(Label::new(name, &hex));
        }
    }
    let value = match exemplar.value {
        Some(exemplar::Value::AsDouble(value)) => value,
        Some(exemplar::Value::AsInt(value)) => value as f64,
        None => 0.0,
    };
    Exemplar { labels, value, time: Nanos::known(exemplar.time_unix_nano) }
}
