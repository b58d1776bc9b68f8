//! Batches made and read with the generated types.

use cardinality_limiter::CardinalityLimiter;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::metrics::v1::{
    Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, metric, number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use prost::Message;
use tamis_sdk::edit::apply;
use tamis_sdk::{Configuration, Context, Outcome, Processor, Signal};

pub(crate) const SECOND: u64 = 1_000_000_000;

pub(crate) fn start(json: &str) -> CardinalityLimiter {
    CardinalityLimiter::configure(Configuration::from_json(json)).expect("a valid config").0
}

pub(crate) fn labels(labels: &[(&str, &str)]) -> Vec<KeyValue> {
    let label = |(key, value): &(&str, &str)| KeyValue {
        key: (*key).to_owned(),
        value: Some(AnyValue { value: Some(Value::StringValue((*value).to_owned())) }),
        ..KeyValue::default()
    };
    labels.iter().map(label).collect()
}

pub(crate) fn point(
    attributes: &[(&str, &str)],
    start: u64,
    time: u64,
    value: i64,
) -> NumberDataPoint {
    NumberDataPoint {
        attributes: labels(attributes),
        start_time_unix_nano: start,
        time_unix_nano: time,
        value: Some(number_data_point::Value::AsInt(value)),
        ..NumberDataPoint::default()
    }
}

/// A batch with one monotonic sum.
pub(crate) fn sum(name: &str, temporality: i32, points: Vec<NumberDataPoint>) -> Vec<u8> {
    let sum = Sum { data_points: points, aggregation_temporality: temporality, is_monotonic: true };
    let metric =
        Metric { name: name.to_owned(), data: Some(metric::Data::Sum(sum)), ..Metric::default() };
    let scope = ScopeMetrics { metrics: vec![metric], ..ScopeMetrics::default() };
    let resource =
        Resource { attributes: labels(&[("service.name", "shop")]), ..Resource::default() };
    let resource = ResourceMetrics {
        resource: Some(resource),
        scope_metrics: vec![scope],
        ..ResourceMetrics::default()
    };
    ExportMetricsServiceRequest { resource_metrics: vec![resource] }.encode_to_vec()
}

pub(crate) fn process(
    limiter: &mut CardinalityLimiter,
    now: u64,
    batch: &[u8],
) -> ExportMetricsServiceRequest {
    let mut context = Context::new(Signal::Metrics);
    context.received = now;
    let bytes = match limiter.process(&context, batch).expect("processed") {
        Outcome::Unchanged => batch.to_vec(),
        Outcome::Edited(edits) => apply(batch, &edits).expect("edits fit"),
        Outcome::Replaced(bytes) => bytes,
        Outcome::Dropped => Vec::new(),
    };
    ExportMetricsServiceRequest::decode(bytes.as_slice()).expect("an Export request")
}

/// All numbers that left, with the labels of resource and point as text.
pub(crate) fn numbers(request: &ExportMetricsServiceRequest) -> Vec<(String, NumberDataPoint)> {
    let mut all = Vec::new();
    for resource in &request.resource_metrics {
        let of_resource = resource.resource.as_ref().map_or(&[][..], |one| &one.attributes);
        for metric in resource.scope_metrics.iter().flat_map(|scope| &scope.metrics) {
            let points = match &metric.data {
                Some(metric::Data::Sum(sum)) => &sum.data_points,
                Some(metric::Data::Gauge(gauge)) => &gauge.data_points,
                _ => continue,
            };
            for point in points {
                let mut text: Vec<String> = of_resource
                    .iter()
                    .chain(&point.attributes)
                    .map(|label| format!("{}={:?}", label.key, label.value))
                    .collect();
                text.sort();
                all.push((format!("{} {}", metric.name, text.join(",")), point.clone()));
            }
        }
    }
    all
}

pub(crate) fn int(point: &NumberDataPoint) -> i64 {
    match point.value {
        Some(number_data_point::Value::AsInt(value)) => value,
        _ => panic!("not an integer"),
    }
}
