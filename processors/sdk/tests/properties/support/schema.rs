//! Which fields of which message are messages; written by hand from the .proto files, apart from the
//! SDK's own declarations.

use tamis_sdk::Signal;

/// A kind of message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Message {
    Traces,
    ResourceSpans,
    ScopeSpans,
    Span,
    /// Event, Link, EntityRef, Status and other messages whose children do not differ: none but
    /// attributes under the given number (0: none).
    Leaf(u32),
    Logs,
    ResourceLogs,
    ScopeLogs,
    LogRecord,
    Metrics,
    ResourceMetrics,
    ScopeMetrics,
    Metric,
    /// Gauge, Sum, Histogram, ExponentialHistogram, Summary by their field number in Metric.
    Data(u32),
    NumberPoint,
    HistogramPoint,
    ExponentialPoint,
    SummaryPoint,
    Resource,
    KeyValue,
    Value,
    Array,
    Map,
}

pub(crate) fn request(signal: Signal) -> Message {
    match signal {
        Signal::Traces => Message::Traces,
        Signal::Metrics => Message::Metrics,
        Signal::Logs => Message::Logs,
    }
}

/// The kind of message in a field; none: not a message.
pub(crate) fn child(parent: Message, number: u32) -> Option<Message> {
    use Message::*;
    Some(match (parent, number) {
        (Traces, 1) => ResourceSpans,
        (Logs, 1) => ResourceLogs,
        (Metrics, 1) => ResourceMetrics,
        (ResourceSpans | ResourceLogs | ResourceMetrics, 1) => Resource,
        (ResourceSpans, 2) => ScopeSpans,
        (ResourceLogs, 2) => ScopeLogs,
        (ResourceMetrics, 2) => ScopeMetrics,
        (ScopeSpans | ScopeLogs | ScopeMetrics, 1) => Leaf(3),
        (ScopeSpans, 2) => Span,
        (ScopeLogs, 2) => LogRecord,
        (ScopeMetrics, 2) => Metric,
        (Span, 9) | (LogRecord, 6) | (Metric, 12) | (Resource, 1) => KeyValue,
        (Span, 11) => Leaf(3),
        (Span, 13) => Leaf(4),
        (Span, 15) | (Resource, 3) => Leaf(0),
        (LogRecord, 5) | (KeyValue, 2) => Value,
        (Metric, 5 | 7 | 9 | 10 | 11) => Data(number),
        (Data(5 | 7), 1) => NumberPoint,
        (Data(9), 1) => HistogramPoint,
        (Data(10), 1) => ExponentialPoint,
        (Data(11), 1) => SummaryPoint,
        (NumberPoint, 5) | (HistogramPoint, 8) | (ExponentialPoint, 11) => Leaf(7),
        (NumberPoint | SummaryPoint, 7) | (HistogramPoint, 9) | (ExponentialPoint, 1) => KeyValue,
        (ExponentialPoint, 8 | 9) | (SummaryPoint, 6) => Leaf(0),
        (Leaf(attributes), number) if number == attributes => KeyValue,
        (Value, 5) => Array,
        (Value, 6) => Map,
        (Array, 1) => Value,
        (Map, 1) => KeyValue,
        _ => return None,
    })
}
