//! Paths of log records.

use tamis_sdk::otlp::logs::LogRecord;

use super::{id_text, nanos, span_id, text, time, trace_id, unsigned};
use crate::error::EvalError;
use crate::text::as_string;
use crate::value::{Map, Value};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Body,
    BodyString,
    SeverityNumber,
    SeverityText,
    Attributes,
    TimeUnixNano,
    ObservedTimeUnixNano,
    Time,
    ObservedTime,
    TraceId,
    TraceIdString,
    SpanId,
    SpanIdString,
    Flags,
    EventName,
    DroppedAttributesCount,
}

pub(super) const FIELDS: &[(&str, Field)] = &[
    ("body", Field::Body),
    ("body.string", Field::BodyString),
    ("severity_number", Field::SeverityNumber),
    ("severity_text", Field::SeverityText),
    ("attributes", Field::Attributes),
    ("time_unix_nano", Field::TimeUnixNano),
    ("observed_time_unix_nano", Field::ObservedTimeUnixNano),
    ("time", Field::Time),
    ("observed_time", Field::ObservedTime),
    ("trace_id", Field::TraceId),
    ("trace_id.string", Field::TraceIdString),
    ("span_id", Field::SpanId),
    ("span_id.string", Field::SpanIdString),
    ("flags", Field::Flags),
    ("event_name", Field::EventName),
    ("dropped_attributes_count", Field::DroppedAttributesCount),
];

impl Field {
    #[inline]
    pub(super) fn read<'a>(self, record: LogRecord<'a>) -> Result<Value<'a>, EvalError> {
        Ok(match self {
            Self::Body => Value::of(record.body()?)?,
            Self::BodyString => Value::Text(as_string(&Value::of(record.body()?)?)?),
            Self::SeverityNumber => Value::Int(record.severity_number()?.0.into()),
            Self::SeverityText => text(record.severity_text())?,
            Self::Attributes => Value::Map(Map::new(record.wire(), LogRecord::ATTRIBUTES)),
            Self::TimeUnixNano => nanos(record.time_unix_nano())?,
            Self::ObservedTimeUnixNano => nanos(record.observed_time_unix_nano())?,
            Self::Time => time(record.time_unix_nano())?,
            Self::ObservedTime => time(record.observed_time_unix_nano())?,
            Self::TraceId => trace_id(record.trace_id())?,
            Self::TraceIdString => id_text::<16>(record.trace_id())?,
            Self::SpanId => span_id(record.span_id())?,
            Self::SpanIdString => id_text::<8>(record.span_id())?,
            Self::Flags => unsigned(record.flags())?,
            Self::EventName => text(record.event_name())?,
            Self::DroppedAttributesCount => unsigned(record.dropped_attributes_count())?,
        })
    }
}
