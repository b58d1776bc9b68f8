//! Paths of span events.

use tamis_sdk::otlp::trace::Event;
use tamis_sdk::wire::Error;

use super::{nanos, text, time, unsigned};
use crate::value::{Map, Value};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Name,
    Attributes,
    TimeUnixNano,
    Time,
    DroppedAttributesCount,
}

pub(super) const FIELDS: &[(&str, Field)] = &[
    ("name", Field::Name),
    ("attributes", Field::Attributes),
    ("time_unix_nano", Field::TimeUnixNano),
    ("time", Field::Time),
    ("dropped_attributes_count", Field::DroppedAttributesCount),
];

impl Field {
    #[inline]
    pub(super) fn read<'a>(self, event: Event<'a>) -> Result<Value<'a>, Error> {
        match self {
            Self::Name => text(event.name()),
            Self::Attributes => Ok(Value::Map(Map::new(event.wire(), Event::ATTRIBUTES))),
            Self::TimeUnixNano => nanos(event.time_unix_nano()),
            Self::Time => time(event.time_unix_nano()),
            Self::DroppedAttributesCount => unsigned(event.dropped_attributes_count()),
        }
    }
}
