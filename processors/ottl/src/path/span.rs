//! Paths of spans.

use tamis_sdk::otlp::trace::{Span, SpanKind};
use tamis_sdk::wire::Error;

use super::{id_text, nanos, span_id, text, time, trace_id, unsigned};
use crate::value::{Map, Value, counted};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Name,
    Kind,
    KindString,
    KindDeprecatedString,
    StatusCode,
    StatusMessage,
    Attributes,
    TraceState,
    TraceId,
    TraceIdString,
    SpanId,
    SpanIdString,
    ParentSpanId,
    ParentSpanIdString,
    StartTimeUnixNano,
    EndTimeUnixNano,
    StartTime,
    EndTime,
    Flags,
    DroppedAttributesCount,
    Events,
    DroppedEventsCount,
    Links,
    DroppedLinksCount,
}

pub(super) const FIELDS: &[(&str, Field)] = &[
    ("name", Field::Name),
    ("kind", Field::Kind),
    ("kind.string", Field::KindString),
    ("kind.deprecated_string", Field::KindDeprecatedString),
    ("status.code", Field::StatusCode),
    ("status.message", Field::StatusMessage),
    ("attributes", Field::Attributes),
    ("trace_state", Field::TraceState),
    ("trace_id", Field::TraceId),
    ("trace_id.string", Field::TraceIdString),
    ("span_id", Field::SpanId),
    ("span_id.string", Field::SpanIdString),
    ("parent_span_id", Field::ParentSpanId),
    ("parent_span_id.string", Field::ParentSpanIdString),
    ("start_time_unix_nano", Field::StartTimeUnixNano),
    ("end_time_unix_nano", Field::EndTimeUnixNano),
    ("start_time", Field::StartTime),
    ("end_time", Field::EndTime),
    ("flags", Field::Flags),
    ("dropped_attributes_count", Field::DroppedAttributesCount),
    ("events", Field::Events),
    ("dropped_events_count", Field::DroppedEventsCount),
    ("links", Field::Links),
    ("dropped_links_count", Field::DroppedLinksCount),
];

const KINDS: &[(SpanKind, &str, &str)] = &[
    (SpanKind::UNSPECIFIED, "Unspecified", "SPAN_KIND_UNSPECIFIED"),
    (SpanKind::INTERNAL, "Internal", "SPAN_KIND_INTERNAL"),
    (SpanKind::SERVER, "Server", "SPAN_KIND_SERVER"),
    (SpanKind::CLIENT, "Client", "SPAN_KIND_CLIENT"),
    (SpanKind::PRODUCER, "Producer", "SPAN_KIND_PRODUCER"),
    (SpanKind::CONSUMER, "Consumer", "SPAN_KIND_CONSUMER"),
];

impl Field {
    #[inline]
    pub(super) fn read<'a>(self, span: Span<'a>) -> Result<Value<'a>, Error> {
        match self {
            Self::Name => text(span.name()),
            Self::Kind => Ok(Value::Int(span.kind()?.0.into())),
            Self::KindString => Ok(Value::text(kind(span.kind()?).0.as_bytes())),
            Self::KindDeprecatedString => Ok(Value::text(kind(span.kind()?).1.as_bytes())),
            Self::StatusCode => Ok(Value::Int(match span.status()? {
                Some(status) => status.code()?.0.into(),
                None => 0,
            })),
            Self::StatusMessage => match span.status()? {
                Some(status) => text(status.message()),
                None => Ok(Value::text(&b""[..])),
            },
            Self::Attributes => Ok(Value::Map(Map::new(span.wire(), Span::ATTRIBUTES))),
            Self::TraceState => text(span.trace_state()),
            Self::TraceId => trace_id(span.trace_id()),
            Self::TraceIdString => id_text::<16>(span.trace_id()),
            Self::SpanId => span_id(span.span_id()),
            Self::SpanIdString => id_text::<8>(span.span_id()),
            Self::ParentSpanId => span_id(span.parent_span_id()),
            Self::ParentSpanIdString => id_text::<8>(span.parent_span_id()),
            Self::StartTimeUnixNano => nanos(span.start_time_unix_nano()),
            Self::EndTimeUnixNano => nanos(span.end_time_unix_nano()),
            Self::StartTime => time(span.start_time_unix_nano()),
            Self::EndTime => time(span.end_time_unix_nano()),
            Self::Flags => unsigned(span.flags()),
            Self::DroppedAttributesCount => unsigned(span.dropped_attributes_count()),
            Self::Events => counted("events", span.events()),
            Self::DroppedEventsCount => unsigned(span.dropped_events_count()),
            Self::Links => counted("links", span.links()),
            Self::DroppedLinksCount => unsigned(span.dropped_links_count()),
        }
    }
}

/// Both names of a kind; empty for one that is not known.
fn kind(kind: SpanKind) -> (&'static str, &'static str) {
    let known = KINDS.iter().find(|(known, ..)| *known == kind);
    known.map_or(("", ""), |(_, name, deprecated)| (name, deprecated))
}
