//! `opentelemetry/proto/trace/v1/trace.proto` and `collector/trace/v1/trace_service.proto`.

use super::common::{InstrumentationScope, KeyValue};
use super::resource::Resource;

message! {
    /// A batch of spans.
    ExportTraceServiceRequest {
        /// The spans by resource. A resource may be there more than once.
        1 RESOURCE_SPANS resource_spans: repeated message ResourceSpans,
    }
}

message! {
    /// The spans of one resource.
    ResourceSpans {
        /// Absent: unknown.
        1 RESOURCE resource: message Resource,
        /// The spans by scope.
        2 SCOPE_SPANS scope_spans: repeated message ScopeSpans,
        /// Schema of the resource.
        3 SCHEMA_URL schema_url: string,
    }
}

message! {
    /// The spans of one scope.
    ScopeSpans {
        /// Absent: unknown.
        1 SCOPE scope: message InstrumentationScope,
        /// The spans.
        2 SPANS spans: repeated message Span,
        /// Schema of the spans.
        3 SCHEMA_URL schema_url: string,
    }
}

message! {
    /// One operation in a trace.
    Span {
        /// 16 bytes.
        1 TRACE_ID trace_id: bytes,
        /// 8 bytes.
        2 SPAN_ID span_id: bytes,
        /// W3C tracestate.
        3 TRACE_STATE trace_state: string,
        /// 8 bytes; empty: a root span.
        4 PARENT_SPAN_ID parent_span_id: bytes,
        /// Bits 0 to 7 are the W3C trace flags; bit 8: it is known whether the parent is remote;
        /// bit 9: it is.
        16 FLAGS flags: fixed32,
        /// What the operation is called.
        5 NAME name: string,
        /// How the span relates to its parent and children.
        6 KIND kind: enumeration SpanKind,
        /// Nanoseconds since the Unix epoch.
        7 START_TIME_UNIX_NANO start_time_unix_nano: fixed64,
        /// Nanoseconds since the Unix epoch.
        8 END_TIME_UNIX_NANO end_time_unix_nano: fixed64,
        /// Keys are unique by specification.
        9 ATTRIBUTES attributes: repeated message KeyValue,
        /// How many attributes the sender left out.
        10 DROPPED_ATTRIBUTES_COUNT dropped_attributes_count: uint32,
        /// What happened meanwhile.
        11 EVENTS events: repeated message Event,
        /// How many events the sender left out.
        12 DROPPED_EVENTS_COUNT dropped_events_count: uint32,
        /// Other spans that this one has to do with.
        13 LINKS links: repeated message Link,
        /// How many links the sender left out.
        14 DROPPED_LINKS_COUNT dropped_links_count: uint32,
        /// How it ended; absent: unset.
        15 STATUS status: message Status,
    }
}

message! {
    /// Something that happened during a span.
    Event {
        /// Nanoseconds since the Unix epoch.
        1 TIME_UNIX_NANO time_unix_nano: fixed64,
        /// What the event is called.
        2 NAME name: string,
        /// Keys are unique by specification.
        3 ATTRIBUTES attributes: repeated message KeyValue,
        /// How many attributes the sender left out.
        4 DROPPED_ATTRIBUTES_COUNT dropped_attributes_count: uint32,
    }
}

message! {
    /// A pointer to a span of the same or another trace.
    Link {
        /// 16 bytes.
        1 TRACE_ID trace_id: bytes,
        /// 8 bytes.
        2 SPAN_ID span_id: bytes,
        /// W3C tracestate.
        3 TRACE_STATE trace_state: string,
        /// Keys are unique by specification.
        4 ATTRIBUTES attributes: repeated message KeyValue,
        /// How many attributes the sender left out.
        5 DROPPED_ATTRIBUTES_COUNT dropped_attributes_count: uint32,
        /// As [`Span::flags`], of the linked span.
        6 FLAGS flags: fixed32,
    }
}

message! {
    /// How a span ended.
    Status {
        /// For people.
        2 MESSAGE message: string,
        /// Success or failure.
        3 CODE code: enumeration StatusCode,
    }
}

enumeration! {
    /// How a span relates to its parent and children.
    SpanKind {
        /// Not said; read it as internal.
        0 UNSPECIFIED,
        /// Within an application.
        1 INTERNAL,
        /// Answers a remote request.
        2 SERVER,
        /// Makes a remote request.
        3 CLIENT,
        /// Gives a message to a broker.
        4 PRODUCER,
        /// Takes a message from a broker.
        5 CONSUMER,
    }
}

enumeration! {
    /// Success or failure of a span.
    StatusCode {
        /// Not said.
        0 UNSET,
        /// Said to be a success.
        1 OK,
        /// A failure.
        2 ERROR,
    }
}
