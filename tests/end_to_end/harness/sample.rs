//! Small pieces of telemetry.

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::{
    Gauge, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, metric, number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;

use super::Signal;

pub(crate) fn value(value: Value) -> Option<AnyValue> {
    Some(AnyValue { value: Some(value) })
}

pub(crate) fn text(text: &str) -> Option<AnyValue> {
    value(Value::StringValue(text.to_owned()))
}

pub(crate) fn attribute(key: &str, value: Option<AnyValue>) -> KeyValue {
    KeyValue { key: key.to_owned(), value, ..KeyValue::default() }
}

pub(crate) fn resource() -> Option<Resource> {
    let attributes = vec![attribute("service.name", text("shop"))];
    Some(Resource { attributes, ..Resource::default() })
}

pub(crate) fn scope() -> Option<InstrumentationScope> {
    Some(InstrumentationScope { name: "tests".to_owned(), ..InstrumentationScope::default() })
}

/// A span whose trace id holds the number.
pub(crate) fn span(trace: u64, name: &str, attributes: Vec<KeyValue>) -> Span {
    Span {
        trace_id: [[0x7a; 8], trace.to_be_bytes()].concat(),
        span_id: [0x5b; 8].to_vec(),
        name: name.to_owned(),
        attributes,
        start_time_unix_nano: 1_700_000_000_000_000_000,
        end_time_unix_nano: 1_700_000_000_001_000_000,
        ..Span::default()
    }
}

pub(crate) fn traces(spans: Vec<Span>) -> ExportTraceServiceRequest {
    let scope_spans = vec![ScopeSpans { scope: scope(), spans, ..ScopeSpans::default() }];
    let spans = ResourceSpans { resource: resource(), scope_spans, ..ResourceSpans::default() };
    ExportTraceServiceRequest { resource_spans: vec![spans] }
}

pub(crate) fn gauge(name: &str, attributes: Vec<KeyValue>) -> Metric {
    let point = NumberDataPoint {
        attributes,
        time_unix_nano: 1_700_000_000_000_000_000,
        value: Some(number_data_point::Value::AsInt(7)),
        ..NumberDataPoint::default()
    };
    let data = Some(metric::Data::Gauge(Gauge { data_points: vec![point] }));
    Metric { name: name.to_owned(), data, ..Metric::default() }
}

pub(crate) fn metrics(metrics: Vec<Metric>) -> ExportMetricsServiceRequest {
    let scope_metrics = vec![ScopeMetrics { scope: scope(), metrics, ..ScopeMetrics::default() }];
    let resource = resource();
    let metrics = ResourceMetrics { resource, scope_metrics, ..ResourceMetrics::default() };
    ExportMetricsServiceRequest { resource_metrics: vec![metrics] }
}

pub(crate) fn log_record(body: Option<AnyValue>, attributes: Vec<KeyValue>) -> LogRecord {
    let time_unix_nano = 1_700_000_000_000_000_000;
    LogRecord { time_unix_nano, body, attributes, ..LogRecord::default() }
}

pub(crate) fn logs(log_records: Vec<LogRecord>) -> ExportLogsServiceRequest {
    let scope_logs = vec![ScopeLogs { scope: scope(), log_records, ..ScopeLogs::default() }];
    let logs = ResourceLogs { resource: resource(), scope_logs, ..ResourceLogs::default() };
    ExportLogsServiceRequest { resource_logs: vec![logs] }
}

pub(crate) fn bytes(request: &impl Message) -> Bytes {
    request.encode_to_vec().into()
}

/// One request with one span of this name.
pub(crate) fn one_span(name: &str) -> Bytes {
    bytes(&traces(vec![span(1, name, Vec::new())]))
}

/// One request with one item of the signal, which carries the attributes.
pub(crate) fn one_item(signal: Signal, attributes: Vec<KeyValue>) -> Bytes {
    match signal {
        Signal::Traces => bytes(&traces(vec![span(1, "item", attributes)])),
        Signal::Metrics => bytes(&metrics(vec![gauge("item", attributes)])),
        Signal::Logs => bytes(&logs(vec![log_record(text("item"), attributes)])),
    }
}

/// A valid request of exactly so many bytes, at least 300.
pub(crate) fn one_span_of_size(size: usize) -> Bytes {
    let padded = |padding: usize| {
        let padding = text(&"x".repeat(padding));
        bytes(&traces(vec![span(1, "padded", vec![attribute("padding", padding)])]))
    };
    // Length prefixes grow with what they measure: approach the size from below.
    let mut padding = size - 200;
    loop {
        let request = padded(padding);
        match request.len() {
            len if len < size => padding += size - len,
            len if len == size => return request,
            len => panic!("no request of {size} bytes, only of {len}"),
        }
    }
}
