//! What left, one data point after the other.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value as Any};
use opentelemetry_proto::tonic::metrics::v1::{NumberDataPoint, metric, number_data_point};

use super::measure::Measure;
use super::plan::{Kind, Metric};
use super::source::{explicit, exponential, identity};

pub(crate) const MARK: &str = "otel.metric.overflow";
pub(crate) const REPLACEMENT: &str = "otel.cardinality_overflow";

#[derive(Debug, Clone)]
pub(crate) struct Flat {
    pub(crate) identity: String,
    pub(crate) metric: String,
    pub(crate) kind: Kind,
    pub(crate) resource: Vec<(String, String)>,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) start: u64,
    pub(crate) time: u64,
    pub(crate) measure: Measure,
    pub(crate) no_value: bool,
    /// When it left, and with which batch.
    pub(crate) received: u64,
    pub(crate) batch: usize,
}

impl Flat {
    pub(crate) fn is_overflow(&self) -> bool {
        self.labels.contains_key(MARK)
    }

    /// What a budget goes by: of the point, else of the resource.
    pub(crate) fn dimension(&self, key: &str) -> String {
        if key == "resource" {
            return format!("{:?}", self.resource);
        }
        let of_resource = || self.resource.iter().find(|(one, _)| one == key).map(|pair| &pair.1);
        self.labels.get(key).or_else(of_resource).cloned().unwrap_or_default()
    }
}

fn texts(pairs: &[KeyValue]) -> Vec<(String, String)> {
    let text = |pair: &KeyValue| match pair.value.as_ref().and_then(|value| value.value.as_ref()) {
        Some(Any::StringValue(text)) => text.clone(),
        Some(Any::BoolValue(value)) => value.to_string(),
        other => format!("{other:?}"),
    };
    pairs.iter().map(|pair| (pair.key.clone(), text(pair))).collect()
}

struct Around {
    metric: Metric,
    resource: Vec<(String, String)>,
    scope: String,
}

impl Around {
    fn flat(
        &self,
        attributes: &[KeyValue],
        times: (u64, u64),
        flags: u32,
        measure: Measure,
    ) -> Flat {
        let labels = texts(attributes);
        Flat {
            identity: identity(&self.metric, &self.resource, &self.scope, &labels),
            metric: self.metric.name.clone(),
            kind: self.metric.kind,
            resource: self.resource.clone(),
            labels: labels.into_iter().collect(),
            start: times.0,
            time: times.1,
            measure,
            no_value: flags & 1 == 1,
            received: 0,
            batch: 0,
        }
    }

    fn number(&self, point: &NumberDataPoint) -> Flat {
        let measure = match point.value {
            Some(number_data_point::Value::AsInt(value)) => Measure::int(value),
            Some(number_data_point::Value::AsDouble(value)) => Measure::double(value),
            None => Measure::default(),
        };
        let times = (point.start_time_unix_nano, point.time_unix_nano);
        self.flat(&point.attributes, times, point.flags, measure)
    }
}

/// `units`: of static life, so that identities can be made of them.
pub(crate) fn flat(request: &ExportMetricsServiceRequest) -> Vec<Flat> {
    let mut all = Vec::new();
    for group in &request.resource_metrics {
        let resource = group.resource.as_ref().map_or(&[][..], |one| &one.attributes);
        for scope in &group.scope_metrics {
            let name = scope.scope.as_ref().map_or(String::new(), |scope| scope.name.clone());
            for metric in &scope.metrics {
                let Some(data) = &metric.data else { continue };
                let unit = ["", "s", "By"].into_iter().find(|unit| **unit == metric.unit);
                let of = Metric {
                    name: metric.name.clone(),
                    unit: unit.expect("a unit of the model"),
                    kind: kind(data),
                    doubles: false,
                };
                let around = Around { metric: of, resource: texts(resource), scope: name.clone() };
                points(&around, data, &mut all);
            }
        }
    }
    all
}

fn kind(data: &metric::Data) -> Kind {
    match data {
        metric::Data::Gauge(_) => Kind::Gauge,
        metric::Data::Sum(sum) => {
            Kind::Sum { delta: sum.aggregation_temporality == 1, monotonic: sum.is_monotonic }
        }
        metric::Data::Histogram(data) => {
            Kind::Histogram { delta: data.aggregation_temporality == 1 }
        }
        metric::Data::ExponentialHistogram(data) => {
            Kind::Exponential { delta: data.aggregation_temporality == 1 }
        }
        metric::Data::Summary(_) => Kind::Summary,
    }
}

fn points(around: &Around, data: &metric::Data, all: &mut Vec<Flat>) {
    match data {
        metric::Data::Gauge(data) => all.extend(data.data_points.iter().map(|p| around.number(p))),
        metric::Data::Sum(data) => all.extend(data.data_points.iter().map(|p| around.number(p))),
        metric::Data::Histogram(data) => all.extend(data.data_points.iter().map(|point| {
            let sum = point.sum.unwrap_or_default();
            assert_eq!(point.bucket_counts.iter().sum::<u64>(), point.count);
            let measure = explicit(&point.explicit_bounds, &point.bucket_counts, sum);
            let times = (point.start_time_unix_nano, point.time_unix_nano);
            around.flat(&point.attributes, times, point.flags, measure)
        })),
        metric::Data::ExponentialHistogram(data) => {
            all.extend(data.data_points.iter().map(|point| {
                let sum = point.sum.unwrap_or_default();
                let side = point.positive.clone().unwrap_or_default();
                let counts = side.bucket_counts;
                let measure = exponential(point.scale, side.offset, &counts, point.zero_count, sum);
                let times = (point.start_time_unix_nano, point.time_unix_nano);
                around.flat(&point.attributes, times, point.flags, measure)
            }));
        }
        metric::Data::Summary(data) => all.extend(data.data_points.iter().map(|point| {
            let times = (point.start_time_unix_nano, point.time_unix_nano);
            around.flat(&point.attributes, times, point.flags, Measure::default())
        })),
    }
}
