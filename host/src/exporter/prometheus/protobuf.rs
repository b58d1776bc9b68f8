//! The protobuf format, the only one that has native histograms: a `MetricFamily` after the other, each
//! with its length before it.

use prost::Message;

use super::escape::Escaping;
use super::model::{self, Family, Label, NativeBuckets, Value};

pub(super) fn write(families: &[Family], escaping: Escaping) -> Vec<u8> {
    let mut out = Vec::new();
    for family in families {
        out.extend(metric_family(family, escaping).encode_length_delimited_to_vec());
    }
    out
}

/// `io.prometheus.client` of the Prometheus client model, as far as it is written.
#[derive(Clone, PartialEq, Message)]
pub(super) struct MetricFamily {
    #[prost(string, optional, tag = "1")]
    pub(super) name: Option<String>,
    #[prost(string, optional, tag = "2")]
    help: Option<String>,
    #[prost(enumeration = "MetricType", optional, tag = "3")]
    kind: Option<i32>,
    #[prost(message, repeated, tag = "4")]
    pub(super) metric: Vec<Metric>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
enum MetricType {
    Counter = 0,
    Gauge = 1,
    Summary = 2,
    Untyped = 3,
    Histogram = 4,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Metric {
    #[prost(message, repeated, tag = "1")]
    label: Vec<LabelPair>,
    #[prost(message, optional, tag = "2")]
    gauge: Option<Gauge>,
    #[prost(message, optional, tag = "3")]
    counter: Option<Counter>,
    #[prost(message, optional, tag = "4")]
    summary: Option<Summary>,
    #[prost(int64, optional, tag = "6")]
    timestamp_ms: Option<i64>,
    #[prost(message, optional, tag = "7")]
    pub(super) histogram: Option<Histogram>,
}

#[derive(Clone, PartialEq, Message)]
struct LabelPair {
    #[prost(string, optional, tag = "1")]
    name: Option<String>,
    #[prost(string, optional, tag = "2")]
    value: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
struct Gauge {
    #[prost(double, optional, tag = "1")]
    value: Option<f64>,
}

#[derive(Clone, PartialEq, Message)]
struct Counter {
    #[prost(double, optional, tag = "1")]
    value: Option<f64>,
    #[prost(message, optional, tag = "2")]
    exemplar: Option<Exemplar>,
    #[prost(message, optional, tag = "3")]
    created_timestamp: Option<Timestamp>,
}

#[derive(Clone, PartialEq, Message)]
struct Summary {
    #[prost(uint64, optional, tag = "1")]
    sample_count: Option<u64>,
    #[prost(double, optional, tag = "2")]
    sample_sum: Option<f64>,
    #[prost(message, repeated, tag = "3")]
    quantile: Vec<Quantile>,
    #[prost(message, optional, tag = "4")]
    created_timestamp: Option<Timestamp>,
}

#[derive(Clone, PartialEq, Message)]
struct Quantile {
    #[prost(double, optional, tag = "1")]
    quantile: Option<f64>,
    #[prost(double, optional, tag = "2")]
    value: Option<f64>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Histogram {
    #[prost(uint64, optional, tag = "1")]
    sample_count: Option<u64>,
    #[prost(double, optional, tag = "2")]
    sample_sum: Option<f64>,
    #[prost(message, repeated, tag = "3")]
    bucket: Vec<Bucket>,
    #[prost(sint32, optional, tag = "5")]
    pub(super) schema: Option<i32>,
    #[prost(double, optional, tag = "6")]
    zero_threshold: Option<f64>,
    #[prost(uint64, optional, tag = "7")]
    zero_count: Option<u64>,
    #[prost(message, repeated, tag = "9")]
    negative_span: Vec<BucketSpan>,
    /// Each count less the one before it; the same below.
    #[prost(sint64, repeated, packed = "false", tag = "10")]
    negative_delta: Vec<i64>,
    #[prost(message, repeated, tag = "12")]
    positive_span: Vec<BucketSpan>,
    #[prost(sint64, repeated, packed = "false", tag = "13")]
    positive_delta: Vec<i64>,
    #[prost(message, optional, tag = "15")]
    created_timestamp: Option<Timestamp>,
    #[prost(message, repeated, tag = "16")]
    exemplars: Vec<Exemplar>,
}

#[derive(Clone, PartialEq, Message)]
struct Bucket {
    #[prost(uint64, optional, tag = "1")]
    cumulative_count: Option<u64>,
    #[prost(double, optional, tag = "2")]
    upper_bound: Option<f64>,
    #[prost(message, optional, tag = "3")]
    exemplar: Option<Exemplar>,
}

#[derive(Clone, PartialEq, Message)]
struct BucketSpan {
    #[prost(sint32, optional, tag = "1")]
    offset: Option<i32>,
    #[prost(uint32, optional, tag = "2")]
    length: Option<u32>,
}

#[derive(Clone, PartialEq, Message)]
struct Exemplar {
    #[prost(message, repeated, tag = "1")]
    label: Vec<LabelPair>,
    #[prost(double, optional, tag = "2")]
    value: Option<f64>,
    #[prost(message, optional, tag = "3")]
    timestamp: Option<Timestamp>,
}

#[derive(Clone, PartialEq, Message)]
struct Timestamp {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}

fn metric_family(family: &Family, escaping: Escaping) -> MetricFamily {
    let kind = match family.kind {
        model::Kind::Counter => MetricType::Counter,
        model::Kind::Gauge => MetricType::Gauge,
        model::Kind::Summary => MetricType::Summary,
        model::Kind::Histogram => MetricType::Histogram,
    };
    MetricFamily {
        name: Some(escaping.escape(&family.name).into_owned()),
        help: Some(family.help.to_string()),
        kind: Some(kind as i32),
        metric: family.samples.iter().map(|sample| metric(sample, escaping)).collect(),
    }
}

fn metric(sample: &model::Sample, escaping: Escaping) -> Metric {
    let mut metric = Metric {
        label: labels(&sample.labels, escaping),
        timestamp_ms: sample.time,
        ..Metric::default()
    };
    match &sample.value {
        Value::Gauge(value) => metric.gauge = Some(Gauge { value: Some(*value) }),
        Value::Counter(counter) => {
            metric.counter = Some(Counter {
                value: Some(counter.value),
                exemplar: counter.exemplar.as_ref().map(exemplar),
                created_timestamp: counter.created.map(timestamp),
            });
        }
        Value::Summary(summary) => {
            let quantile = |&(quantile, value): &(f64, f64)| Quantile {
                quantile: Some(quantile),
                value: Some(value),
            };
            metric.summary = Some(Summary {
                sample_count: Some(summary.count),
                sample_sum: Some(summary.sum),
                quantile: summary.quantiles.iter().map(quantile).collect(),
                created_timestamp: summary.created.map(timestamp),
            });
        }
        Value::Histogram(histogram) => metric.histogram = Some(self::histogram(histogram)),
    }
    metric
}

fn histogram(histogram: &model::Histogram) -> Histogram {
    let bucket = |bucket: &model::Bucket| Bucket {
        cumulative_count: Some(bucket.cumulative_count),
        upper_bound: Some(bucket.upper_bound),
        exemplar: bucket.exemplar.as_ref().map(exemplar),
    };
    let mut message = Histogram {
        sample_count: Some(histogram.count),
        sample_sum: Some(histogram.sum),
        bucket: histogram.buckets.iter().map(bucket).collect(),
        created_timestamp: histogram.created.map(timestamp),
        ..Histogram::default()
    };
    if let Some(native) = &histogram.native {
        message.schema = Some(native.schema);
        message.zero_threshold = Some(native.zero_threshold);
        message.zero_count = Some(native.zero_count);
        (message.positive_span, message.positive_delta) = spans(&native.positive);
        (message.negative_span, message.negative_delta) = spans(&native.negative);
        message.exemplars = native.exemplars.iter().map(exemplar).collect();
    }
    message
}

fn spans(buckets: &NativeBuckets) -> (Vec<BucketSpan>, Vec<i64>) {
    if buckets.counts.is_empty() {
        return (Vec::new(), Vec::new());
    }
    let length = u32::try_from(buckets.counts.len()).unwrap_or(u32::MAX);
    let span = BucketSpan { offset: Some(buckets.first), length: Some(length) };
    let before = std::iter::once(0).chain(buckets.counts.iter().copied());
    let deltas = buckets.counts.iter().zip(before);
    let deltas = deltas.map(|(count, before)| count.wrapping_sub(before).cast_signed());
    (vec![span], deltas.collect())
}

fn exemplar(exemplar: &model::Exemplar) -> Exemplar {
    Exemplar {
        label: labels(&exemplar.labels, Escaping::None),
        value: Some(exemplar.value),
        timestamp: exemplar.time.map(timestamp),
    }
}

fn labels(labels: &[Label], escaping: Escaping) -> Vec<LabelPair> {
    let pair = |label: &Label| LabelPair {
        name: Some(escaping.escape(&label.name).into_owned()),
        value: Some(label.value.to_string()),
    };
    labels.iter().map(pair).collect()
}

fn timestamp(time: model::Nanos) -> Timestamp {
    Timestamp {
        seconds: i64::try_from(time.0 / 1_000_000_000).unwrap_or(i64::MAX),
        nanos: i32::try_from(time.0 % 1_000_000_000).unwrap_or(0),
    }
}
