//! Random OTLP requests for the tests, drawn from a string of bytes so that proptest can shrink them.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, EntityRef, InstrumentationScope, KeyValue, KeyValueList,
};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::exponential_histogram_data_point::Buckets;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::summary_data_point::ValueAtQuantile;
use opentelemetry_proto::tonic::metrics::v1::{
    Exemplar, ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Histogram,
    HistogramDataPoint, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, Summary,
    SummaryDataPoint, exemplar, number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use prost::Message;

use crate::batch::Signal;

/// A random request of the signal.
pub(crate) fn request(signal: Signal, entropy: &[u8]) -> Vec<u8> {
    let mut draw = Draw(entropy);
    match signal {
        Signal::Traces => {
            ExportTraceServiceRequest { resource_spans: draw.list(3, Draw::resource_spans) }
                .encode_to_vec()
        }
        Signal::Metrics => {
            ExportMetricsServiceRequest { resource_metrics: draw.list(3, Draw::resource_metrics) }
                .encode_to_vec()
        }
        Signal::Logs => {
            ExportLogsServiceRequest { resource_logs: draw.list(3, Draw::resource_logs) }
                .encode_to_vec()
        }
    }
}

/// Every item of the request with all that it stands in, each as a request of its own; `None` where
/// prost cannot decode.
pub(crate) fn items(signal: Signal, request: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut items = Vec::new();
    match signal {
        Signal::Traces => {
            for mut resource in ExportTraceServiceRequest::decode(request).ok()?.resource_spans {
                for mut scope in std::mem::take(&mut resource.scope_spans) {
                    for span in std::mem::take(&mut scope.spans) {
                        let scope_spans = vec![ScopeSpans { spans: vec![span], ..scope.clone() }];
                        items.push(
                            ResourceSpans { scope_spans, ..resource.clone() }.encode_to_vec(),
                        );
                    }
                }
            }
        }
        Signal::Logs => {
            for mut resource in ExportLogsServiceRequest::decode(request).ok()?.resource_logs {
                for mut scope in std::mem::take(&mut resource.scope_logs) {
                    for record in std::mem::take(&mut scope.log_records) {
                        let log_records = vec![record];
                        let scope_logs = vec![ScopeLogs { log_records, ..scope.clone() }];
                        items.push(ResourceLogs { scope_logs, ..resource.clone() }.encode_to_vec());
                    }
                }
            }
        }
        Signal::Metrics => {
            for mut resource in ExportMetricsServiceRequest::decode(request).ok()?.resource_metrics
            {
                for mut scope in std::mem::take(&mut resource.scope_metrics) {
                    for metric in std::mem::take(&mut scope.metrics).into_iter().flat_map(points) {
                        let metrics = vec![metric];
                        let scope_metrics = vec![ScopeMetrics { metrics, ..scope.clone() }];
                        items.push(
                            ResourceMetrics { scope_metrics, ..resource.clone() }.encode_to_vec(),
                        );
                    }
                }
            }
        }
    }
    Some(items)
}

/// Whether prost can decode the request.
pub(crate) fn decode(signal: Signal, request: &[u8]) -> Result<(), prost::DecodeError> {
    match signal {
        Signal::Traces => ExportTraceServiceRequest::decode(request).map(|_| ()),
        Signal::Metrics => ExportMetricsServiceRequest::decode(request).map(|_| ()),
        Signal::Logs => ExportLogsServiceRequest::decode(request).map(|_| ()),
    }
}

/// The metric once for each of its points.
fn points(mut metric: Metric) -> Vec<Metric> {
    macro_rules! each {
        ($data:ident, $variant:path) => {{
            let points = std::mem::take(&mut $data.data_points);
            let one = |point| $variant(with_points($data.clone(), |d| d.data_points = vec![point]));
            points.into_iter().map(one).collect()
        }};
    }
    let data: Vec<Data> = match metric.data.take() {
        None => Vec::new(),
        Some(Data::Gauge(mut data)) => each!(data, Data::Gauge),
        Some(Data::Sum(mut data)) => each!(data, Data::Sum),
        Some(Data::Histogram(mut data)) => each!(data, Data::Histogram),
        Some(Data::ExponentialHistogram(mut data)) => each!(data, Data::ExponentialHistogram),
        Some(Data::Summary(mut data)) => each!(data, Data::Summary),
    };
    data.into_iter().map(|data| Metric { data: Some(data), ..metric.clone() }).collect()
}

fn with_points<T>(mut data: T, set: impl FnOnce(&mut T)) -> T {
    set(&mut data);
    data
}

/// What is left to draw from; zeros after its end.
struct Draw<'a>(&'a [u8]);

impl Draw<'_> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    fn flag(&mut self) -> bool {
        self.byte() & 1 == 1
    }

    /// Small and large numbers alike, so that varints of every length occur.
    fn number(&mut self) -> u64 {
        let shift = u32::from(self.byte() % 64);
        u64::from_le_bytes([(); 8].map(|()| self.byte())) >> shift
    }

    fn double(&mut self) -> f64 {
        self.number() as f64 / 3.0
    }

    fn list<T>(&mut self, max: u8, mut one: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let len = self.byte() % (max + 1);
        (0..len).map(|_| one(self)).collect()
    }

    fn option<T>(&mut self, one: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.flag().then(|| one(self))
    }

    /// Short and long texts, so that lengths of one and of two bytes occur.
    fn text(&mut self) -> String {
        let len = usize::from(self.byte()) * if self.byte() % 8 == 0 { 2 } else { 1 } / 4;
        let letter = char::from(b'a' + self.byte() % 26);
        std::iter::repeat_n(letter, len).collect()
    }

    fn id(&mut self, len: usize) -> Vec<u8> {
        if self.flag() { vec![self.byte(); len] } else { Vec::new() }
    }

    fn value(&mut self, depth: u8) -> AnyValue {
        let value = match self.byte() % if depth == 0 { 6 } else { 9 } {
            0..=2 => Value::StringValue(self.text()),
            3 => Value::BoolValue(self.flag()),
            4 => Value::IntValue(self.number() as i64),
            5 => Value::DoubleValue(self.double()),
            6 => Value::BytesValue(self.text().into_bytes()),
            7 => Value::ArrayValue(ArrayValue { values: self.list(3, |d| d.value(depth - 1)) }),
            _ => Value::KvlistValue(KeyValueList {
                values: self.list(3, |d| d.attribute_of_depth(depth - 1)),
            }),
        };
        AnyValue { value: Some(value) }
    }

    fn attribute_of_depth(&mut self, depth: u8) -> KeyValue {
        KeyValue {
            key: self.text(),
            value: self.option(|draw| draw.value(depth)),
            ..Default::default()
        }
    }

    fn attributes(&mut self) -> Vec<KeyValue> {
        self.list(4, |draw| draw.attribute_of_depth(3))
    }

    fn resource(&mut self) -> Resource {
        Resource {
            attributes: self.attributes(),
            dropped_attributes_count: self.number() as u32,
            entity_refs: self.list(1, |draw| EntityRef {
                r#type: draw.text(),
                id_keys: draw.list(2, Self::text),
                ..Default::default()
            }),
        }
    }

    fn scope(&mut self) -> InstrumentationScope {
        InstrumentationScope {
            name: self.text(),
            version: self.text(),
            attributes: self.attributes(),
            dropped_attributes_count: self.number() as u32,
        }
    }

    fn resource_spans(&mut self) -> ResourceSpans {
        ResourceSpans {
            resource: self.option(Self::resource),
            scope_spans: self.list(3, |draw| ScopeSpans {
                scope: draw.option(Self::scope),
                spans: draw.list(4, Self::span),
                schema_url: draw.text(),
            }),
            schema_url: self.text(),
        }
    }

    fn span(&mut self) -> Span {
        Span {
            trace_id: self.id(16),
            span_id: self.id(8),
            trace_state: self.text(),
            parent_span_id: self.id(8),
            flags: self.number() as u32,
            name: self.text(),
            kind: i32::from(self.byte()),
            start_time_unix_nano: self.number(),
            end_time_unix_nano: self.number(),
            attributes: self.attributes(),
            dropped_attributes_count: self.number() as u32,
            events: self.list(2, |draw| Event {
                time_unix_nano: draw.number(),
                name: draw.text(),
                attributes: draw.attributes(),
                dropped_attributes_count: draw.number() as u32,
            }),
            dropped_events_count: self.number() as u32,
            links: self.list(2, |draw| Link {
                trace_id: draw.id(16),
                span_id: draw.id(8),
                trace_state: draw.text(),
                attributes: draw.attributes(),
                dropped_attributes_count: draw.number() as u32,
                flags: draw.number() as u32,
            }),
            dropped_links_count: self.number() as u32,
            status: self.option(|draw| Status { message: draw.text(), code: draw.number() as i32 }),
        }
    }

    fn resource_logs(&mut self) -> ResourceLogs {
        ResourceLogs {
            resource: self.option(Self::resource),
            scope_logs: self.list(3, |draw| ScopeLogs {
                scope: draw.option(Self::scope),
                log_records: draw.list(4, Self::log_record),
                schema_url: draw.text(),
            }),
            schema_url: self.text(),
        }
    }

    fn log_record(&mut self) -> LogRecord {
        LogRecord {
            time_unix_nano: self.number(),
            observed_time_unix_nano: self.number(),
            severity_number: self.number() as i32,
            severity_text: self.text(),
            body: self.option(|draw| draw.value(3)),
            attributes: self.attributes(),
            dropped_attributes_count: self.number() as u32,
            flags: self.number() as u32,
            trace_id: self.id(16),
            span_id: self.id(8),
            event_name: self.text(),
        }
    }

    fn resource_metrics(&mut self) -> ResourceMetrics {
        ResourceMetrics {
            resource: self.option(Self::resource),
            scope_metrics: self.list(3, |draw| ScopeMetrics {
                scope: draw.option(Self::scope),
                metrics: draw.list(4, Self::metric),
                schema_url: draw.text(),
            }),
            schema_url: self.text(),
        }
    }

    fn metric(&mut self) -> Metric {
        Metric {
            name: self.text(),
            description: self.text(),
            unit: self.text(),
            metadata: self.attributes(),
            data: self.option(Self::data),
        }
    }

    fn data(&mut self) -> Data {
        let aggregation_temporality = i32::from(self.byte() % 3);
        match self.byte() % 5 {
            0 => Data::Gauge(Gauge { data_points: self.list(5, Self::number_point) }),
            1 => Data::Sum(Sum {
                data_points: self.list(5, Self::number_point),
                aggregation_temporality,
                is_monotonic: self.flag(),
            }),
            2 => Data::Histogram(Histogram {
                data_points: self.list(5, Self::histogram_point),
                aggregation_temporality,
            }),
            3 => Data::ExponentialHistogram(ExponentialHistogram {
                data_points: self.list(5, Self::exponential_point),
                aggregation_temporality,
            }),
            _ => Data::Summary(Summary { data_points: self.list(5, Self::summary_point) }),
        }
    }

    fn number_point(&mut self) -> NumberDataPoint {
        NumberDataPoint {
            attributes: self.attributes(),
            start_time_unix_nano: self.number(),
            time_unix_nano: self.number(),
            exemplars: self.list(2, Self::exemplar),
            flags: self.number() as u32,
            value: self.option(|draw| {
                if draw.flag() {
                    number_data_point::Value::AsDouble(draw.double())
                } else {
                    number_data_point::Value::AsInt(draw.number() as i64)
                }
            }),
        }
    }

    fn histogram_point(&mut self) -> HistogramDataPoint {
        HistogramDataPoint {
            attributes: self.attributes(),
            start_time_unix_nano: self.number(),
            time_unix_nano: self.number(),
            count: self.number(),
            sum: self.option(Self::double),
            bucket_counts: self.list(5, Self::number),
            explicit_bounds: self.list(4, Self::double),
            exemplars: self.list(2, Self::exemplar),
            flags: self.number() as u32,
            min: self.option(Self::double),
            max: self.option(Self::double),
        }
    }

    fn exponential_point(&mut self) -> ExponentialHistogramDataPoint {
        let buckets =
            |draw: &mut Self| Buckets { offset: -3, bucket_counts: draw.list(5, Self::number) };
        ExponentialHistogramDataPoint {
            attributes: self.attributes(),
            start_time_unix_nano: self.number(),
            time_unix_nano: self.number(),
            count: self.number(),
            sum: self.option(Self::double),
            scale: self.number() as i32,
            zero_count: self.number(),
            positive: self.option(buckets),
            negative: self.option(buckets),
            flags: self.number() as u32,
            exemplars: self.list(2, Self::exemplar),
            min: self.option(Self::double),
            max: self.option(Self::double),
            zero_threshold: self.double(),
        }
    }

    fn summary_point(&mut self) -> SummaryDataPoint {
        SummaryDataPoint {
            attributes: self.attributes(),
            start_time_unix_nano: self.number(),
            time_unix_nano: self.number(),
            count: self.number(),
            sum: self.double(),
            quantile_values: self
                .list(3, |draw| ValueAtQuantile { quantile: draw.double(), value: draw.double() }),
            flags: self.number() as u32,
        }
    }

    fn exemplar(&mut self) -> Exemplar {
        Exemplar {
            filtered_attributes: self.attributes(),
            time_unix_nano: self.number(),
            span_id: self.id(8),
            trace_id: self.id(16),
            value: self.option(|draw| exemplar::Value::AsInt(draw.number() as i64)),
        }
    }
}
