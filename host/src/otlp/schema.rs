//! The OTLP messages as tables: which field has which wire type, and what lies in it.

use crate::batch::Signal;

/// Highest field number that any message of OTLP uses; higher ones are unknown fields.
const MAX_FIELD: usize = 16;

/// Where groups of scopes stood for a while before OTLP 0.20. The Collector still reads them there where
/// field 2 is empty, so they cannot pass as an unknown field: nothing would count or examine them.
const OLD_SCOPES: u32 = 1000;

/// A message type: what is known of each field, by field number.
pub(super) struct Message {
    pub(super) name: &'static str,
    fields: [Field; MAX_FIELD + 1],
    /// Whether the message is one that had [`OLD_SCOPES`].
    had_old_scopes: bool,
}

/// What a field holds.
#[derive(Clone, Copy)]
pub(super) enum Field {
    Unknown,
    Varint,
    Fixed64,
    Fixed32,
    /// A string or bytes. UTF-8 is not checked: the Collector does not either.
    Bytes,
    /// Bytes of exactly this length, or none at all: a trace id or a span id.
    Id(usize),
    /// Repeated numbers, packed or one by one.
    Varints,
    Fixed64s,
    /// A `KeyValue`: a message like others, but so frequent that the walk knows it by heart.
    KeyValue,
    Message(&'static Message),
    /// A message that is an item: a span, data point or log record.
    Item(&'static Message),
    /// What once was there, and is refused.
    OldScopes,
}

impl Message {
    #[inline(always)]
    pub(super) fn field(&self, number: u32) -> Field {
        match self.fields.get(number as usize) {
            Some(field) => *field,
            None if self.had_old_scopes && number == OLD_SCOPES => Field::OldScopes,
            None => Field::Unknown,
        }
    }
}

/// The Export request of a signal.
pub(super) fn request(signal: Signal) -> &'static Message {
    match signal {
        Signal::Traces => &TRACES,
        Signal::Metrics => &METRICS,
        Signal::Logs => &LOGS,
    }
}

const fn message<const N: usize>(name: &'static str, known: [(usize, Field); N]) -> Message {
    let mut fields = [Field::Unknown; MAX_FIELD + 1];
    let mut index = 0;
    while index < N {
        fields[known[index].0] = known[index].1;
        index += 1;
    }
    Message { name, fields, had_old_scopes: false }
}

/// The scopes of a resource.
const fn group<const N: usize>(name: &'static str, known: [(usize, Field); N]) -> Message {
    Message { had_old_scopes: true, ..message(name, known) }
}

use Field::{Bytes, Fixed32, Fixed64, Fixed64s, Id, Item, Message as M, Varint, Varints};

const TRACE_ID: Field = Id(16);
const SPAN_ID: Field = Id(8);

static TRACES: Message = message("ExportTraceServiceRequest", [(1, M(&RESOURCE_SPANS))]);
static METRICS: Message = message("ExportMetricsServiceRequest", [(1, M(&RESOURCE_METRICS))]);
static LOGS: Message = message("ExportLogsServiceRequest", [(1, M(&RESOURCE_LOGS))]);

// common/v1, resource/v1

pub(super) static KEY_VALUE: Message =
    message("KeyValue", [(1, Bytes), (2, M(&ANY_VALUE)), (3, Varint)]);
static ANY_VALUE: Message = message(
    "AnyValue",
    [
        (1, Bytes),
        (2, Varint),
        (3, Varint),
        (4, Fixed64),
        (5, M(&ARRAY_VALUE)),
        (6, M(&KEY_VALUE_LIST)),
        (7, Bytes),
        (8, Varint),
    ],
);
static ARRAY_VALUE: Message = message("ArrayValue", [(1, M(&ANY_VALUE))]);
static KEY_VALUE_LIST: Message = message("KeyValueList", [(1, Field::KeyValue)]);
static SCOPE: Message =
    message("InstrumentationScope", [(1, Bytes), (2, Bytes), (3, Field::KeyValue), (4, Varint)]);
static RESOURCE: Message =
    message("Resource", [(1, Field::KeyValue), (2, Varint), (3, M(&ENTITY_REF))]);
static ENTITY_REF: Message = message("EntityRef", [(1, Bytes), (2, Bytes), (3, Bytes), (4, Bytes)]);

// trace/v1

static RESOURCE_SPANS: Message =
    group("ResourceSpans", [(1, M(&RESOURCE)), (2, M(&SCOPE_SPANS)), (3, Bytes)]);
static SCOPE_SPANS: Message = message("ScopeSpans", [(1, M(&SCOPE)), (2, Item(&SPAN)), (3, Bytes)]);
static SPAN: Message = message(
    "Span",
    [
        (1, TRACE_ID),
        (2, SPAN_ID),
        (3, Bytes),
        (4, SPAN_ID),
        (5, Bytes),
        (6, Varint),
        (7, Fixed64),
        (8, Fixed64),
        (9, Field::KeyValue),
        (10, Varint),
        (11, M(&EVENT)),
        (12, Varint),
        (13, M(&LINK)),
        (14, Varint),
        (15, M(&STATUS)),
        (16, Fixed32),
    ],
);
static EVENT: Message =
    message("Event", [(1, Fixed64), (2, Bytes), (3, Field::KeyValue), (4, Varint)]);
static LINK: Message = message(
    "Link",
    [(1, TRACE_ID), (2, SPAN_ID), (3, Bytes), (4, Field::KeyValue), (5, Varint), (6, Fixed32)],
);
static STATUS: Message = message("Status", [(2, Bytes), (3, Varint)]);

// logs/v1

static RESOURCE_LOGS: Message =
    group("ResourceLogs", [(1, M(&RESOURCE)), (2, M(&SCOPE_LOGS)), (3, Bytes)]);
static SCOPE_LOGS: Message =
    message("ScopeLogs", [(1, M(&SCOPE)), (2, Item(&LOG_RECORD)), (3, Bytes)]);
static LOG_RECORD: Message = message(
    "LogRecord",
    [
        (1, Fixed64),
        (2, Varint),
        (3, Bytes),
        (5, M(&ANY_VALUE)),
        (6, Field::KeyValue),
        (7, Varint),
        (8, Fixed32),
        (9, TRACE_ID),
        (10, SPAN_ID),
        (11, Fixed64),
        (12, Bytes),
    ],
);

// metrics/v1

static RESOURCE_METRICS: Message =
    group("ResourceMetrics", [(1, M(&RESOURCE)), (2, M(&SCOPE_METRICS)), (3, Bytes)]);
static SCOPE_METRICS: Message =
    message("ScopeMetrics", [(1, M(&SCOPE)), (2, M(&METRIC)), (3, Bytes)]);
static METRIC: Message = message(
    "Metric",
    [
        (1, Bytes),
        (2, Bytes),
        (3, Bytes),
        (5, M(&GAUGE)),
        (7, M(&SUM)),
        (9, M(&HISTOGRAM)),
        (10, M(&EXPONENTIAL_HISTOGRAM)),
        (11, M(&SUMMARY)),
        (12, Field::KeyValue),
    ],
);
static GAUGE: Message = message("Gauge", [(1, Item(&NUMBER_POINT))]);
static SUM: Message = message("Sum", [(1, Item(&NUMBER_POINT)), (2, Varint), (3, Varint)]);
static HISTOGRAM: Message = message("Histogram", [(1, Item(&HISTOGRAM_POINT)), (2, Varint)]);
static EXPONENTIAL_HISTOGRAM: Message =
    message("ExponentialHistogram", [(1, Item(&EXPONENTIAL_POINT)), (2, Varint)]);
static SUMMARY: Message = message("Summary", [(1, Item(&SUMMARY_POINT))]);
static NUMBER_POINT: Message = message(
    "NumberDataPoint",
    [
        (2, Fixed64),
        (3, Fixed64),
        (4, Fixed64),
        (5, M(&EXEMPLAR)),
        (6, Fixed64),
        (7, Field::KeyValue),
        (8, Varint),
    ],
);
static HISTOGRAM_POINT: Message = message(
    "HistogramDataPoint",
    [
        (2, Fixed64),
        (3, Fixed64),
        (4, Fixed64),
        (5, Fixed64),
        (6, Fixed64s),
        (7, Fixed64s),
        (8, M(&EXEMPLAR)),
        (9, Field::KeyValue),
        (10, Varint),
        (11, Fixed64),
        (12, Fixed64),
    ],
);
static EXPONENTIAL_POINT: Message = message(
    "ExponentialHistogramDataPoint",
    [
        (1, Field::KeyValue),
        (2, Fixed64),
        (3, Fixed64),
        (4, Fixed64),
        (5, Fixed64),
        (6, Varint),
        (7, Fixed64),
        (8, M(&BUCKETS)),
        (9, M(&BUCKETS)),
        (10, Varint),
        (11, M(&EXEMPLAR)),
        (12, Fixed64),
        (13, Fixed64),
        (14, Fixed64),
    ],
);
static BUCKETS: Message = message("Buckets", [(1, Varint), (2, Varints)]);
static SUMMARY_POINT: Message = message(
    "SummaryDataPoint",
    [
        (2, Fixed64),
        (3, Fixed64),
        (4, Fixed64),
        (5, Fixed64),
        (6, M(&QUANTILE)),
        (7, Field::KeyValue),
        (8, Varint),
    ],
);
static QUANTILE: Message = message("ValueAtQuantile", [(1, Fixed64), (2, Fixed64)]);
static EXEMPLAR: Message = message(
    "Exemplar",
    [(2, Fixed64), (3, Fixed64), (4, SPAN_ID), (5, TRACE_ID), (6, Fixed64), (7, Field::KeyValue)],
);
