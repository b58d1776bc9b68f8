//! Data points into batches.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::metrics::v1::{
    ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Histogram, HistogramDataPoint,
    Metric as WireMetric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, Summary,
    SummaryDataPoint, exponential_histogram_data_point::Buckets, metric, number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource;

use super::plan::{Kind, Metric};
use super::source::{Sent, Source, Value};
use crate::support::labels;

fn pairs(pairs: &[(String, String)]) -> Vec<opentelemetry_proto::tonic::common::v1::KeyValue> {
    let pairs: Vec<(&str, &str)> =
        pairs.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    labels(&pairs)
}

/// Points of one resource, scope and metric stand together, in the order given.
pub(crate) fn batch(
    metrics: &[Metric],
    sources: &[Source],
    sent: &[Sent],
) -> ExportMetricsServiceRequest {
    type Key = (Vec<(String, String)>, String, usize);
    let mut groups: BTreeMap<Key, Vec<&Sent>> = BTreeMap::new();
    for point in sent {
        let source = &sources[point.source];
        let key = (source.resource.clone(), source.scope.clone(), source.metric);
        groups.entry(key).or_default().push(point);
    }
    let resource_metrics = groups.into_iter().map(|((resource, scope, metric), points)| {
        let scope = (!scope.is_empty())
            .then(|| InstrumentationScope { name: scope, ..InstrumentationScope::default() });
        let of = &metrics[metric];
        let metric = WireMetric {
            name: of.name.clone(),
            unit: of.unit.to_owned(),
            data: Some(data(of.kind, sources, &points)),
            ..WireMetric::default()
        };
        let scope = ScopeMetrics { scope, metrics: vec![metric], ..ScopeMetrics::default() };
        let resource = Resource { attributes: pairs(&resource), ..Resource::default() };
        ResourceMetrics {
            resource: Some(resource),
            scope_metrics: vec![scope],
            ..ResourceMetrics::default()
        }
    });
    ExportMetricsServiceRequest { resource_metrics: resource_metrics.collect() }
}

fn data(kind: Kind, sources: &[Source], points: &[&Sent]) -> metric::Data {
    let temporality = if kind.is_delta() { 1 } else { 2 };
    let numbers = || points.iter().map(|point| number(sources, point)).collect();
    match kind {
        Kind::Gauge => metric::Data::Gauge(Gauge { data_points: numbers() }),
        Kind::Sum { monotonic, .. } => metric::Data::Sum(Sum {
            data_points: numbers(),
            aggregation_temporality: temporality,
            is_monotonic: monotonic,
        }),
        Kind::Histogram { .. } => metric::Data::Histogram(Histogram {
            data_points: points.iter().map(|point| explicit(sources, point)).collect(),
            aggregation_temporality: temporality,
        }),
        Kind::Exponential { .. } => metric::Data::ExponentialHistogram(ExponentialHistogram {
            data_points: points.iter().map(|point| exponential(sources, point)).collect(),
            aggregation_temporality: temporality,
        }),
        Kind::Summary => metric::Data::Summary(Summary {
            data_points: points
                .iter()
                .map(|point| SummaryDataPoint {
                    attributes: pairs(&sources[point.source].labels),
                    start_time_unix_nano: point.start,
                    time_unix_nano: point.time,
                    flags: point.no_value.into(),
                    count: 3,
                    ..SummaryDataPoint::default()
                })
                .collect(),
        }),
    }
}

fn number(sources: &[Source], point: &Sent) -> NumberDataPoint {
    NumberDataPoint {
        attributes: pairs(&sources[point.source].labels),
        start_time_unix_nano: point.start,
        time_unix_nano: point.time,
        flags: point.no_value.into(),
        value: match point.value {
            _ if point.no_value => None,
            Value::Int(value) => Some(number_data_point::Value::AsInt(value)),
            Value::Double(value) => Some(number_data_point::Value::AsDouble(value)),
            _ => None,
        },
        ..NumberDataPoint::default()
    }
}

fn explicit(sources: &[Source], point: &Sent) -> HistogramDataPoint {
    let mut made = HistogramDataPoint {
        attributes: pairs(&sources[point.source].labels),
        start_time_unix_nano: point.start,
        time_unix_nano: point.time,
        flags: point.no_value.into(),
        ..HistogramDataPoint::default()
    };
    if let (false, Value::Explicit { bounds, counts, sum }) = (point.no_value, &point.value) {
        made.count = counts.iter().sum();
        made.sum = Some(*sum);
        made.bucket_counts.clone_from(counts);
        made.explicit_bounds = bounds.to_vec();
    }
    made
}

fn exponential(sources: &[Source], point: &Sent) -> ExponentialHistogramDataPoint {
    let mut made = ExponentialHistogramDataPoint {
        attributes: pairs(&sources[point.source].labels),
        start_time_unix_nano: point.start,
        time_unix_nano: point.time,
        flags: point.no_value.into(),
        ..ExponentialHistogramDataPoint::default()
    };
    if let (false, Value::Exponential { scale, offset, counts, zero, sum }) =
        (point.no_value, &point.value)
    {
        made.count = counts.iter().sum::<u64>() + zero;
        made.sum = Some(*sum);
        (made.scale, made.zero_count) = (*scale, *zero);
        made.positive = Some(Buckets { offset: *offset, bucket_counts: counts.clone() });
    }
    made
}
