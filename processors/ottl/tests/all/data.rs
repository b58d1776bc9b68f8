//! The batches of the tables: one item of each context, with something of everything.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList,
};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::exponential_histogram_data_point::Buckets;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{
    ExponentialHistogram, ExponentialHistogramDataPoint, Metric, NumberDataPoint, ResourceMetrics,
    ScopeMetrics, Sum, number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use prost::Message;
use tamis_ottl::Context;

pub(crate) fn any(value: Value) -> AnyValue {
    AnyValue { value: Some(value) }
}

pub(crate) fn string(text: &str) -> Value {
    Value::StringValue(text.to_owned())
}

pub(crate) fn pair(key: &str, value: Option<Value>) -> KeyValue {
    let value = Some(AnyValue { value });
    KeyValue { key: key.to_owned(), value, ..KeyValue::default() }
}

pub(crate) fn list(values: Vec<Value>) -> Value {
    Value::ArrayValue(ArrayValue { values: values.into_iter().map(any).collect() })
}

pub(crate) fn map(values: Vec<KeyValue>) -> Value {
    Value::KvlistValue(KeyValueList { values })
}

fn attributes() -> Vec<KeyValue> {
    vec![
        pair("text", Some(string("some text"))),
        pair("empty", Some(string(""))),
        pair("number", Some(string("42"))),
        pair("int", Some(Value::IntValue(42))),
        pair("double", Some(Value::DoubleValue(1.5))),
        pair("whole", Some(Value::DoubleValue(42.0))),
        pair("true", Some(Value::BoolValue(true))),
        pair("bytes", Some(Value::BytesValue(vec![1, 2, 0xff]))),
        pair("no bytes", Some(Value::BytesValue(Vec::new()))),
        pair("nothing", None),
        pair("list", Some(list(vec![string("a"), Value::IntValue(2), Value::BoolValue(true)]))),
        pair("ints", Some(list(vec![Value::IntValue(1), Value::IntValue(2)]))),
        pair(
            "map",
            Some(map(vec![
                pair("b", Some(Value::IntValue(1))),
                pair("a", Some(string("<x>"))),
                pair("inner", Some(map(vec![pair("k", Some(list(vec![string("deep")])))]))),
            ])),
        ),
        pair("key", Some(string("text"))),
        pair("index", Some(Value::IntValue(1))),
        pair("lower", Some(string("Ünïcödé"))),
        pair("twice", Some(string("first"))),
        pair("twice", Some(string("second"))),
    ]
}

fn resource() -> Option<Resource> {
    let attributes = vec![
        pair("service.name", Some(string("checkout"))),
        pair("host", Some(map(vec![pair("id", Some(Value::IntValue(7)))]))),
    ];
    Some(Resource { attributes, dropped_attributes_count: 3, ..Resource::default() })
}

fn scope() -> Option<InstrumentationScope> {
    Some(InstrumentationScope {
        name: "io.opentelemetry.jdbc".to_owned(),
        version: "1.2.3".to_owned(),
        attributes: vec![pair("short", Some(Value::BoolValue(false)))],
        dropped_attributes_count: 1,
    })
}

fn span() -> Span {
    Span {
        trace_id: (1..=16).collect(),
        span_id: (1..=8).collect(),
        trace_state: "ot=th:8,vendor=x y".to_owned(),
        parent_span_id: Vec::new(),
        flags: 1,
        name: "GET /cart".to_owned(),
        kind: 2,
        start_time_unix_nano: 1_700_000_000_000_000_000,
        end_time_unix_nano: 1_700_000_001_500_000_000,
        attributes: attributes(),
        dropped_attributes_count: 2,
        events: vec![Event {
            time_unix_nano: 1_700_000_000_500_000_000,
            name: "exception".to_owned(),
            attributes: vec![pair("exception.type", Some(string("java.io.IOException")))],
            dropped_attributes_count: 4,
        }],
        dropped_events_count: 5,
        links: vec![Link::default(), Link::default()],
        dropped_links_count: 6,
        status: Some(Status { message: "broken pipe".to_owned(), code: 2 }),
    }
}

fn traces() -> Vec<u8> {
    let spans = vec![span()];
    let scope_spans = vec![ScopeSpans { scope: scope(), spans, schema_url: "scope/1".to_owned() }];
    let resource_spans = vec![ResourceSpans {
        resource: resource(),
        scope_spans,
        schema_url: "resource/1".to_owned(),
    }];
    ExportTraceServiceRequest { resource_spans }.encode_to_vec()
}

fn metrics(data: Data) -> Vec<u8> {
    let metrics = vec![Metric {
        name: "http.requests".to_owned(),
        description: "all of them".to_owned(),
        unit: "{request}".to_owned(),
        metadata: vec![pair("m", Some(string("n")))],
        data: Some(data),
    }];
    let scope_metrics = vec![ScopeMetrics { scope: scope(), metrics, ..ScopeMetrics::default() }];
    let resource_metrics =
        vec![ResourceMetrics { resource: resource(), scope_metrics, ..ResourceMetrics::default() }];
    ExportMetricsServiceRequest { resource_metrics }.encode_to_vec()
}

fn sum() -> Data {
    let point = NumberDataPoint {
        attributes: vec![pair("route", Some(string("/cart")))],
        value: Some(number_data_point::Value::AsInt(12)),
        ..NumberDataPoint::default()
    };
    let bare = NumberDataPoint::default();
    Data::Sum(Sum {
        data_points: vec![bare, point],
        aggregation_temporality: 2,
        is_monotonic: true,
    })
}

fn exponential() -> Data {
    let point = ExponentialHistogramDataPoint {
        attributes: attributes(),
        start_time_unix_nano: 5,
        time_unix_nano: 10,
        count: 100,
        sum: Some(12.5),
        scale: -2,
        zero_count: 9,
        positive: Some(Buckets { offset: 3, bucket_counts: vec![1, 2] }),
        flags: 1,
        ..ExponentialHistogramDataPoint::default()
    };
    let data_points = vec![point];
    Data::ExponentialHistogram(ExponentialHistogram { data_points, aggregation_temporality: 1 })
}

fn logs() -> Vec<u8> {
    let log_records = vec![LogRecord {
        time_unix_nano: 1_700_000_000_000_000_000,
        observed_time_unix_nano: 1_700_000_000_000_000_001,
        severity_number: 17,
        severity_text: "Error".to_owned(),
        body: Some(any(map(attributes()))),
        attributes: attributes(),
        dropped_attributes_count: 1,
        flags: 1,
        trace_id: (1..=16).collect(),
        span_id: Vec::new(),
        event_name: "login".to_owned(),
    }];
    let scope_logs = vec![ScopeLogs { scope: scope(), log_records, ..ScopeLogs::default() }];
    let resource_logs =
        vec![ResourceLogs { resource: resource(), scope_logs, ..ResourceLogs::default() }];
    ExportLogsServiceRequest { resource_logs }.encode_to_vec()
}

/// The batch that the table of a context is about.
pub(crate) fn batch(context: Context) -> Vec<u8> {
    match context {
        Context::Metric => metrics(sum()),
        Context::DataPoint => metrics(exponential()),
        Context::Log => logs(),
        _ => traces(),
    }
}
