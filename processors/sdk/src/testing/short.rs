//! Spans written in short, so that a scenario can be read.
//!
//! `"a:1"` is span `1` of trace `a`: its name is `a:1`, its ids are made of that, it has a parent, and
//! it takes a millisecond. An object says more:
//!
//! ```json
//! {"span": "a:1", "root": true, "status": "ERROR", "start_ms": 0, "ms": 150, "kind": 2, "flags": 1,
//!  "trace_state": "k=v", "attributes": {"http.status": 200}, "events": [{"name": "e"}],
//!  "resource": {"service.name": "shop"}, "scope": "http"}
//! ```
//!
//! A trace that is called by 32 hex digits has that id. Spans with an equal resource and scope that
//! follow one another share them.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::Event;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use serde::Deserialize;
use serde_json::{Map, Value};

/// A span and what it stands in.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Flat {
    pub(super) resource: Option<Resource>,
    pub(super) scope: Option<InstrumentationScope>,
    pub(super) span: Span,
}

/// The start of all spans, in nanoseconds since the Unix epoch.
const START: u64 = 1_700_000_000_000_000_000;
const MILLISECOND: u64 = 1_000_000;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Long {
    span: String,
    root: bool,
    status: Option<String>,
    start_ms: u64,
    ms: Option<u64>,
    /// In place of `START` and what follows from it: nanoseconds.
    start: Option<u64>,
    end: Option<u64>,
    kind: i32,
    flags: u32,
    trace_state: String,
    attributes: Map<String, Value>,
    events: Vec<LongEvent>,
    resource: Map<String, Value>,
    scope: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct LongEvent {
    name: String,
    attributes: Map<String, Value>,
}

/// Reads one span.
pub(super) fn span(value: &Value) -> Result<Flat, serde_json::Error> {
    let long = match value {
        Value::String(name) => Long { span: name.clone(), ..Long::default() },
        value => Long::deserialize(value)?,
    };
    let start = long.start.unwrap_or(START + long.start_ms * MILLISECOND);
    let end = long.end.unwrap_or(start + long.ms.unwrap_or(1) * MILLISECOND);
    let trace = long.span.split(':').next().unwrap_or_default();
    let event = |event: &LongEvent| Event {
        name: event.name.clone(),
        attributes: attributes(&event.attributes),
        ..Event::default()
    };
    let span = Span {
        trace_id: trace_id(trace),
        span_id: hash(&long.span).to_be_bytes().to_vec(),
        parent_span_id: if long.root { Vec::new() } else { hash(trace).to_be_bytes().to_vec() },
        name: long.span,
        kind: long.kind,
        flags: long.flags,
        trace_state: long.trace_state,
        start_time_unix_nano: start,
        end_time_unix_nano: end,
        attributes: attributes(&long.attributes),
        events: long.events.iter().map(event).collect(),
        status: long.status.as_deref().map(status),
        ..Span::default()
    };
    let resource = Resource { attributes: attributes(&long.resource), ..Resource::default() };
    let scope = InstrumentationScope { name: long.scope, ..InstrumentationScope::default() };
    Ok(Flat { resource: Some(resource), scope: Some(scope), span })
}

fn status(code: &str) -> Status {
    let code = ["UNSET", "OK", "ERROR"].iter().position(|known| *known == code);
    // Anything else is a code that nobody knows.
    Status { code: code.map_or(9, |code| code as i32), ..Status::default() }
}

fn trace_id(name: &str) -> Vec<u8> {
    if let (32, Ok(id)) = (name.len(), u128::from_str_radix(name, 16)) {
        return id.to_be_bytes().to_vec();
    }
    let mut id = name.as_bytes().to_vec();
    id.resize(16, 0);
    id
}

/// FNV-1a; never 0.
fn hash(text: &str) -> u64 {
    let add = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    text.bytes().fold(0xcbf2_9ce4_8422_2325, add) | 1
}

pub(super) fn attributes(map: &Map<String, Value>) -> Vec<KeyValue> {
    let attribute = |(key, value): (&String, &Value)| KeyValue {
        key: key.clone(),
        value: Some(any(value)),
        ..KeyValue::default()
    };
    map.iter().map(attribute).collect()
}

fn any(value: &Value) -> AnyValue {
    let value = match value {
        Value::Null => None,
        Value::Bool(value) => Some(Any::BoolValue(*value)),
        Value::Number(number) => Some(match number.as_i64() {
            Some(integer) => Any::IntValue(integer),
            None => Any::DoubleValue(number.as_f64().unwrap_or_default()),
        }),
        Value::String(text) => Some(Any::StringValue(text.clone())),
        Value::Array(values) => {
            Some(Any::ArrayValue(ArrayValue { values: values.iter().map(any).collect() }))
        }
        Value::Object(map) => Some(Any::KvlistValue(KeyValueList { values: attributes(map) })),
    };
    AnyValue { value }
}

/// One request of these spans.
pub(super) fn request(spans: &[Flat]) -> ExportTraceServiceRequest {
    let mut resources: Vec<ResourceSpans> = Vec::new();
    for Flat { resource, scope, span } in spans {
        if resources.last().is_none_or(|last| last.resource != *resource) {
            resources.push(ResourceSpans { resource: resource.clone(), ..Default::default() });
        }
        let scopes = resources.last_mut().map(|last| &mut last.scope_spans);
        let Some(scopes) = scopes else { continue };
        if scopes.last().is_none_or(|last| last.scope != *scope) {
            scopes.push(ScopeSpans { scope: scope.clone(), ..Default::default() });
        }
        if let Some(last) = scopes.last_mut() {
            last.spans.push(span.clone());
        }
    }
    ExportTraceServiceRequest { resource_spans: resources }
}

/// The spans of a request.
pub(super) fn flat(request: ExportTraceServiceRequest) -> Vec<Flat> {
    let mut spans = Vec::new();
    for ResourceSpans { resource, scope_spans, .. } in request.resource_spans {
        for scope in scope_spans {
            let flat = |span| Flat { resource: resource.clone(), scope: scope.scope.clone(), span };
            spans.extend(scope.spans.into_iter().map(flat));
        }
    }
    spans
}
