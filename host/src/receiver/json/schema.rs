//! The OTLP messages by the names of their fields in JSON.

use crate::batch::Signal;

/// A message type.
pub(super) struct Message(&'static [Field]);

pub(super) struct Field {
    /// In lowerCamelCase.
    name: &'static str,
    pub(super) number: u32,
    pub(super) kind: Kind,
}

/// What a field holds. Numbers may stand in JSON as text.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Text,
    /// Ids, which OTLP writes in hexadecimal.
    Hex,
    Base64,
    Bool,
    Uint32,
    Uint64,
    /// Enumerations too: OTLP writes them as numbers.
    Int32,
    Int64,
    Sint32,
    Fixed32,
    Fixed64,
    Sfixed64,
    Double,
    Message(&'static Message),
    /// Of messages.
    List(&'static Kind),
    /// Of numbers.
    Packed(&'static Kind),
}

impl Message {
    /// The field of a key, which may be spelt as in the definition (`trace_id`) too.
    pub(super) fn field(&'static self, key: &str) -> Option<&'static Field> {
        self.0.iter().find(|field| field.name == key || is_snake_case_of(key, field.name))
    }
}

fn is_snake_case_of(snake: &str, camel: &str) -> bool {
    let mut snake = snake.bytes();
    let same = camel.bytes().all(|letter| {
        if letter.is_ascii_uppercase() {
            snake.next() == Some(b'_') && snake.next() == Some(letter.to_ascii_lowercase())
        } else {
            snake.next() == Some(letter)
        }
    });
    same && snake.next().is_none()
}

/// The Export request of a signal.
pub(super) fn request(signal: Signal) -> &'static Message {
    match signal {
        Signal::Traces => &TRACES,
        Signal::Metrics => &METRICS,
        Signal::Logs => &LOGS,
    }
}

const fn f(name: &'static str, number: u32, kind: Kind) -> Field {
    Field { name, number, kind }
}

use Kind::{
    Base64, Bool, Double, Fixed32, Fixed64, Hex, Int32, Int64, List, Message as M, Packed,
    Sfixed64, Sint32, Text, Uint32, Uint64,
};

static PAIR: Kind = M(&KEY_VALUE);

static TRACES: Message = Message(&[f("resourceSpans", 1, List(&M(&RESOURCE_SPANS)))]);
static METRICS: Message = Message(&[f("resourceMetrics", 1, List(&M(&RESOURCE_METRICS)))]);
static LOGS: Message = Message(&[f("resourceLogs", 1, List(&M(&RESOURCE_LOGS)))]);

// common/v1, resource/v1

static KEY_VALUE: Message =
    Message(&[f("key", 1, Text), f("value", 2, M(&ANY_VALUE)), f("keyStrindex", 3, Int32)]);
static ANY_VALUE: Message = Message(&[
    f("stringValue", 1, Text),
    f("boolValue", 2, Bool),
    f("intValue", 3, Int64),
    f("doubleValue", 4, Double),
    f("arrayValue", 5, M(&ARRAY_VALUE)),
    f("kvlistValue", 6, M(&KEY_VALUE_LIST)),
    f("bytesValue", 7, Base64),
    f("stringValueStrindex", 8, Int32),
]);
static ARRAY_VALUE: Message = Message(&[f("values", 1, List(&M(&ANY_VALUE)))]);
static KEY_VALUE_LIST: Message = Message(&[f("values", 1, List(&PAIR))]);
static SCOPE: Message = Message(&[
    f("name", 1, Text),
    f("version", 2, Text),
    f("attributes", 3, List(&PAIR)),
    f("droppedAttributesCount", 4, Uint32),
]);
static RESOURCE: Message = Message(&[
    f("attributes", 1, List(&PAIR)),
    f("droppedAttributesCount", 2, Uint32),
    f("entityRefs", 3, List(&M(&ENTITY_REF))),
]);
static ENTITY_REF: Message = Message(&[
    f("schemaUrl", 1, Text),
    f("type", 2, Text),
    f("idKeys", 3, List(&Text)),
    f("descriptionKeys", 4, List(&Text)),
]);

// trace/v1

static RESOURCE_SPANS: Message = Message(&[
    f("resource", 1, M(&RESOURCE)),
    f("scopeSpans", 2, List(&M(&SCOPE_SPANS))),
    f("schemaUrl", 3, Text),
]);
static SCOPE_SPANS: Message =
    Message(&[f("scope", 1, M(&SCOPE)), f("spans", 2, List(&M(&SPAN))), f("schemaUrl", 3, Text)]);
static SPAN: Message = Message(&[
    f("traceId", 1, Hex),
    f("spanId", 2, Hex),
    f("traceState", 3, Text),
    f("parentSpanId", 4, Hex),
    f("name", 5, Text),
    f("kind", 6, Int32),
    f("startTimeUnixNano", 7, Fixed64),
    f("endTimeUnixNano", 8, Fixed64),
    f("attributes", 9, List(&PAIR)),
    f("droppedAttributesCount", 10, Uint32),
    f("events", 11, List(&M(&EVENT))),
    f("droppedEventsCount", 12, Uint32),
    f("links", 13, List(&M(&LINK))),
    f("droppedLinksCount", 14, Uint32),
    f("status", 15, M(&STATUS)),
    f("flags", 16, Fixed32),
]);
static EVENT: Message = Message(&[
    f("timeUnixNano", 1, Fixed64),
    f("name", 2, Text),
    f("attributes", 3, List(&PAIR)),
    f("droppedAttributesCount", 4, Uint32),
]);
static LINK: Message = Message(&[
    f("traceId", 1, Hex),
    f("spanId", 2, Hex),
    f("traceState", 3, Text),
    f("attributes", 4, List(&PAIR)),
    f("droppedAttributesCount", 5, Uint32),
    f("flags", 6, Fixed32),
]);
static STATUS: Message = Message(&[f("message", 2, Text), f("code", 3, Int32)]);

// logs/v1

static RESOURCE_LOGS: Message = Message(&[
    f("resource", 1, M(&RESOURCE)),
    f("scopeLogs", 2, List(&M(&SCOPE_LOGS))),
    f("schemaUrl", 3, Text),
]);
static SCOPE_LOGS: Message = Message(&[
    f("scope", 1, M(&SCOPE)),
    f("logRecords", 2, List(&M(&LOG_RECORD))),
    f("schemaUrl", 3, Text),
]);
static LOG_RECORD: Message = Message(&[
    f("timeUnixNano", 1, Fixed64),
    f("severityNumber", 2, Int32),
    f("severityText", 3, Text),
    f("body", 5, M(&ANY_VALUE)),
    f("attributes", 6, List(&PAIR)),
    f("droppedAttributesCount", 7, Uint32),
    f("flags", 8, Fixed32),
    f("traceId", 9, Hex),
    f("spanId", 10, Hex),
    f("observedTimeUnixNano", 11, Fixed64),
    f("eventName", 12, Text),
]);

// metrics/v1

static RESOURCE_METRICS: Message = Message(&[
    f("resource", 1, M(&RESOURCE)),
    f("scopeMetrics", 2, List(&M(&SCOPE_METRICS))),
    f("schemaUrl", 3, Text),
]);
static SCOPE_METRICS: Message = Message(&[
    f("scope", 1, M(&SCOPE)),
    f("metrics", 2, List(&M(&METRIC))),
    f("schemaUrl", 3, Text),
]);
static METRIC: Message = Message(&[
    f("name", 1, Text),
    f("description", 2, Text),
    f("unit", 3, Text),
    f("gauge", 5, M(&GAUGE)),
    f("sum", 7, M(&SUM)),
    f("histogram", 9, M(&HISTOGRAM)),
    f("exponentialHistogram", 10, M(&EXPONENTIAL_HISTOGRAM)),
    f("summary", 11, M(&SUMMARY)),
    f("metadata", 12, List(&PAIR)),
]);
static GAUGE: Message = Message(&[f("dataPoints", 1, List(&M(&NUMBER_POINT)))]);
static SUM: Message = Message(&[
    f("dataPoints", 1, List(&M(&NUMBER_POINT))),
    f("aggregationTemporality", 2, Int32),
    f("isMonotonic", 3, Bool),
]);
static HISTOGRAM: Message = Message(&[
    f("dataPoints", 1, List(&M(&HISTOGRAM_POINT))),
    f("aggregationTemporality", 2, Int32),
]);
static EXPONENTIAL_HISTOGRAM: Message = Message(&[
    f("dataPoints", 1, List(&M(&EXPONENTIAL_POINT))),
    f("aggregationTemporality", 2, Int32),
]);
static SUMMARY: Message = Message(&[f("dataPoints", 1, List(&M(&SUMMARY_POINT)))]);
static NUMBER_POINT: Message = Message(&[
    f("startTimeUnixNano", 2, Fixed64),
    f("timeUnixNano", 3, Fixed64),
    f("asDouble", 4, Double),
    f("exemplars", 5, List(&M(&EXEMPLAR))),
    f("asInt", 6, Sfixed64),
    f("attributes", 7, List(&PAIR)),
    f("flags", 8, Uint32),
]);
static HISTOGRAM_POINT: Message = Message(&[
    f("startTimeUnixNano", 2, Fixed64),
    f("timeUnixNano", 3, Fixed64),
    f("count", 4, Fixed64),
    f("sum", 5, Double),
    f("bucketCounts", 6, Packed(&Fixed64)),
    f("explicitBounds", 7, Packed(&Double)),
    f("exemplars", 8, List(&M(&EXEMPLAR))),
    f("attributes", 9, List(&PAIR)),
    f("flags", 10, Uint32),
    f("min", 11, Double),
    f("max", 12, Double),
]);
static EXPONENTIAL_POINT: Message = Message(&[
    f("attributes", 1, List(&PAIR)),
    f("startTimeUnixNano", 2, Fixed64),
    f("timeUnixNano", 3, Fixed64),
    f("count", 4, Fixed64),
    f("sum", 5, Double),
    f("scale", 6, Sint32),
    f("zeroCount", 7, Fixed64),
    f("positive", 8, M(&BUCKETS)),
    f("negative", 9, M(&BUCKETS)),
    f("flags", 10, Uint32),
    f("exemplars", 11, List(&M(&EXEMPLAR))),
    f("min", 12, Double),
    f("max", 13, Double),
    f("zeroThreshold", 14, Double),
]);
static BUCKETS: Message = Message(&[f("offset", 1, Sint32), f("bucketCounts", 2, Packed(&Uint64))]);
static SUMMARY_POINT: Message = Message(&[
    f("startTimeUnixNano", 2, Fixed64),
    f("timeUnixNano", 3, Fixed64),
    f("count", 4, Fixed64),
    f("sum", 5, Double),
    f("quantileValues", 6, List(&M(&QUANTILE))),
    f("attributes", 7, List(&PAIR)),
    f("flags", 8, Uint32),
]);
static QUANTILE: Message = Message(&[f("quantile", 1, Double), f("value", 2, Double)]);
static EXEMPLAR: Message = Message(&[
    f("timeUnixNano", 2, Fixed64),
    f("asDouble", 3, Double),
    f("spanId", 4, Hex),
    f("traceId", 5, Hex),
    f("asInt", 6, Sfixed64),
    f("filteredAttributes", 7, List(&PAIR)),
]);
