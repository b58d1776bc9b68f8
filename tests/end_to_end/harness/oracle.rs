//! Random telemetry for both gateways, and an order in which what they made of it can be compared.

use bytes::Bytes;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue, KeyValueList};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{
    Exemplar, Histogram, HistogramDataPoint, Metric, NumberDataPoint, Sum, exemplar,
    number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{Span, Status};

use super::received::Received;
use super::seed::Seed;
use super::{Signal, sample};

/// Texts with and without something to redact, in such a way that no text matches two patterns.
const TEXTS: &[&str] = &[
    "",
    "plain",
    "card 4111111111111111 on file",
    "4111111111111",
    "someone@example.com",
    "from a@b.org to c.d@mycompany.com",
    "me@mycompany.com",
    "ssn 123-45-6789.",
    "x123-45-67890",
    "Bearer abcdef",
    "literally a.b*c and axb*c",
    "whole",
    "not whole",
    "ABCD and EF",
    "un été à la plage",
    "fine",
    "日本語 4111111111111111",
];

/// A source of random requests.
pub(crate) struct Telemetry<'s> {
    seed: &'s mut Seed,
    items: u64,
}

impl<'s> Telemetry<'s> {
    pub(crate) const KEYS: &'static [&'static str] = &[
        "k1",
        "k2",
        "user.name",
        "user.email",
        "http.route",
        "auth_token",
        "client_secret",
        "description",
        "nested",
        "list",
    ];

    pub(crate) fn new(seed: &'s mut Seed) -> Self {
        Self { seed, items: 0 }
    }

    pub(crate) fn request(&mut self, signal: Signal) -> Bytes {
        let items = 1 + self.seed.below(4);
        match signal {
            Signal::Traces => {
                let spans = (0..items).map(|_| self.span()).collect();
                let mut request = sample::traces(spans);
                request.resource_spans[0].resource = self.resource();
                let scope = &mut request.resource_spans[0].scope_spans[0].scope;
                scope.as_mut().unwrap().attributes = self.attributes();
                sample::bytes(&request)
            }
            Signal::Metrics => {
                let metrics = (0..items).map(|_| self.metric()).collect();
                let mut request = sample::metrics(metrics);
                request.resource_metrics[0].resource = self.resource();
                sample::bytes(&request)
            }
            Signal::Logs => {
                let records = (0..items)
                    .map(|_| {
                        let body = self.value(2);
                        sample::log_record(body, self.attributes())
                    })
                    .collect();
                let mut request = sample::logs(records);
                request.resource_logs[0].resource = self.resource();
                sample::bytes(&request)
            }
        }
    }

    fn resource(&mut self) -> Option<Resource> {
        Some(Resource { attributes: self.attributes(), ..Resource::default() })
    }

    fn span(&mut self) -> Span {
        self.items += 1;
        let event = |attributes| Event {
            name: "event someone@example.com".to_owned(),
            attributes,
            ..Event::default()
        };
        let link = |attributes| Link { trace_id: vec![3; 16], attributes, ..Link::default() };
        let attributes = self.attributes();
        Span {
            events: vec![event(self.attributes()), event(Vec::new())],
            links: vec![link(self.attributes())],
            status: Some(Status { message: "card 4111111111111111".to_owned(), code: 2 }),
            trace_state: "vendor=4111111111111111".to_owned(),
            ..sample::span(self.items, "GET /someone@example.com", attributes)
        }
    }

    fn metric(&mut self) -> Metric {
        self.items += 1;
        let name = format!("metric.{}", self.items);
        if self.seed.once_in(2) {
            return sample::gauge(&name, self.attributes());
        }
        let data = if self.seed.once_in(2) { self.histogram() } else { self.sum() };
        Metric { name, description: "of 4111111111111111".to_owned(), data, ..Metric::default() }
    }

    fn sum(&mut self) -> Option<Data> {
        let exemplar = Exemplar {
            filtered_attributes: self.attributes(),
            value: Some(exemplar::Value::AsInt(1)),
            ..Exemplar::default()
        };
        let point = NumberDataPoint {
            attributes: self.attributes(),
            value: Some(number_data_point::Value::AsDouble(1.5)),
            exemplars: vec![exemplar],
            ..NumberDataPoint::default()
        };
        Some(Data::Sum(Sum {
            data_points: vec![point],
            aggregation_temporality: 2,
            is_monotonic: true,
        }))
    }

    fn histogram(&mut self) -> Option<Data> {
        let point = HistogramDataPoint {
            attributes: self.attributes(),
            count: 3,
            sum: Some(4.5),
            bucket_counts: vec![1, 2],
            explicit_bounds: vec![1.0],
            ..HistogramDataPoint::default()
        };
        Some(Data::Histogram(Histogram { data_points: vec![point], aggregation_temporality: 1 }))
    }

    /// Distinct keys, each with any kind of value.
    fn attributes(&mut self) -> Vec<KeyValue> {
        let keys = self.seed.some(Self::KEYS);
        keys.into_iter().map(|key| sample::attribute(key, self.value(2))).collect()
    }

    fn text(&mut self) -> String {
        self.seed.pick(TEXTS).to_owned()
    }

    /// A value, nested at most so deep.
    fn value(&mut self, depth: usize) -> Option<AnyValue> {
        let value = match self.seed.below(if depth > 0 { 12 } else { 9 }) {
            0 => Value::BoolValue(self.seed.once_in(2)),
            1 => Value::IntValue(4_111_111_111_111_111),
            2 => Value::IntValue(-7),
            // Fractions that print alike everywhere.
            3 => Value::DoubleValue(0.5),
            4 => Value::BytesValue(b"4111111111111111".to_vec()),
            9 => {
                let count = self.seed.below(3);
                let values = (0..count).filter_map(|_| self.value(depth - 1)).collect();
                Value::ArrayValue(ArrayValue { values })
            }
            10 | 11 => {
                let keys = self.seed.some(&Self::KEYS[..5]);
                let value = |key| sample::attribute(key, self.value(depth - 1));
                Value::KvlistValue(KeyValueList { values: keys.into_iter().map(value).collect() })
            }
            _ => Value::StringValue(self.text()),
        };
        sample::value(value)
    }
}

/// The same with all attributes in the order of their keys: their order means nothing, and what a
/// redactor appends comes in any.
pub(crate) fn sorted(mut received: Received) -> Received {
    for resource in received.traces.iter_mut().flat_map(|request| &mut request.resource_spans) {
        sort_resource(&mut resource.resource);
        for scope in &mut resource.scope_spans {
            scope.scope.iter_mut().for_each(|scope| sort(&mut scope.attributes));
            for span in &mut scope.spans {
                sort(&mut span.attributes);
                span.events.iter_mut().for_each(|event| sort(&mut event.attributes));
            }
        }
    }
    for resource in received.metrics.iter_mut().flat_map(|request| &mut request.resource_metrics) {
        sort_resource(&mut resource.resource);
        for scope in &mut resource.scope_metrics {
            scope.scope.iter_mut().for_each(|scope| sort(&mut scope.attributes));
            scope.metrics.iter_mut().for_each(sort_metric);
        }
    }
    for resource in received.logs.iter_mut().flat_map(|request| &mut request.resource_logs) {
        sort_resource(&mut resource.resource);
        for scope in &mut resource.scope_logs {
            scope.scope.iter_mut().for_each(|scope| sort(&mut scope.attributes));
            for record in &mut scope.log_records {
                sort(&mut record.attributes);
                record.body.iter_mut().for_each(sort_value);
            }
        }
    }
    received
}

fn sort_metric(metric: &mut Metric) {
    match &mut metric.data {
        Some(Data::Gauge(gauge)) => sort_points(&mut gauge.data_points),
        Some(Data::Sum(sum)) => sort_points(&mut sum.data_points),
        Some(Data::Histogram(histogram)) => {
            histogram.data_points.iter_mut().for_each(|point| sort(&mut point.attributes));
        }
        other => panic!("Telemetry makes no {other:?}"),
    }
}

fn sort_points(points: &mut [NumberDataPoint]) {
    points.iter_mut().for_each(|point| sort(&mut point.attributes));
}

fn sort_resource(resource: &mut Option<Resource>) {
    resource.iter_mut().for_each(|resource| sort(&mut resource.attributes));
}

fn sort(attributes: &mut [KeyValue]) {
    attributes.sort_by(|a, b| a.key.cmp(&b.key));
    attributes.iter_mut().filter_map(|attribute| attribute.value.as_mut()).for_each(sort_value);
}

fn sort_value(value: &mut AnyValue) {
    match &mut value.value {
        Some(Value::KvlistValue(list)) => sort(&mut list.values),
        Some(Value::ArrayValue(list)) => list.values.iter_mut().for_each(sort_value),
        _ => {}
    }
}
