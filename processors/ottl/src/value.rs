//! What an expression answers, read in place.

use std::borrow::Cow;

use tamis_sdk::otlp::common::{AnyValue, ArrayValue, KeyValue, KeyValueList, Value as Wire};
use tamis_sdk::wire::{Error, Message};

/// A value while a condition is evaluated. Texts are bytes, as in Go: senders put anything there.
#[derive(Clone)]
pub(crate) enum Value<'a> {
    Nil,
    Bool(bool),
    Int(i64),
    Double(f64),
    Text(Cow<'a, [u8]>),
    Bytes(Cow<'a, [u8]>),
    Map(Map<'a>),
    List(List<'a>),
    TraceId([u8; 16]),
    SpanId([u8; 8]),
    /// Nanoseconds since the Unix epoch.
    Time(i128),
    /// Nanoseconds.
    Duration(i64),
    /// Messages that can be counted only.
    Items(Items),
}

impl<'a> Value<'a> {
    pub(crate) fn text(text: impl Into<Cow<'a, [u8]>>) -> Self {
        Self::Text(text.into())
    }

    pub(crate) fn of(any: Option<AnyValue<'a>>) -> Result<Self, Error> {
        let Some(any) = any else { return Ok(Self::Nil) };
        Ok(match any.value()? {
            None | Some(Wire::StringIndex(_)) => Self::Nil,
            Some(Wire::String(text)) => Self::text(text.as_bytes()),
            Some(Wire::Bool(value)) => Self::Bool(value),
            Some(Wire::Int(value)) => Self::Int(value),
            Some(Wire::Double(value)) => Self::Double(value),
            Some(Wire::Bytes(bytes)) => Self::Bytes(bytes.into()),
            Some(Wire::Array(list)) => Self::List(List(list.wire())),
            Some(Wire::KeyValueList(list)) => Self::Map(Map::of(list)),
            Some(_) => Self::Nil,
        })
    }

    /// The type, in the words of the Collector's messages.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Self::Nil => "nil",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int64",
            Self::Double(_) => "float64",
            Self::Text(_) => "string",
            Self::Bytes(_) => "bytes",
            Self::Map(_) => "map",
            Self::List(_) => "list",
            Self::TraceId(_) => "trace id",
            Self::SpanId(_) => "span id",
            Self::Time(_) => "time",
            Self::Duration(_) => "duration",
            Self::Items(_) => "list of messages",
        }
    }

    /// The same without a copy of its text.
    pub(crate) fn borrowed(&self) -> Value<'_> {
        match self {
            Self::Text(text) => Value::Text(Cow::Borrowed(text)),
            Self::Bytes(bytes) => Value::Bytes(Cow::Borrowed(bytes)),
            other => other.clone(),
        }
    }

    /// A value that no longer borrows; what is in a batch or in encoded literals cannot be made one.
    pub(crate) fn into_owned(self) -> Option<Value<'static>> {
        Some(match self {
            Self::Nil => Value::Nil,
            Self::Bool(value) => Value::Bool(value),
            Self::Int(value) => Value::Int(value),
            Self::Double(value) => Value::Double(value),
            Self::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
            Self::Bytes(bytes) => Value::Bytes(Cow::Owned(bytes.into_owned())),
            Self::TraceId(id) => Value::TraceId(id),
            Self::SpanId(id) => Value::SpanId(id),
            Self::Time(at) => Value::Time(at),
            Self::Duration(length) => Value::Duration(length),
            Self::Map(_) | Self::List(_) | Self::Items(_) => return None,
        })
    }
}

/// Messages of one kind within an item. They equal themselves.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Items {
    pub(crate) kind: &'static str,
    pub(crate) count: usize,
}

/// A map: the entries of one field of a message. Of keys that are there twice the first counts.
#[derive(Clone, Copy)]
pub(crate) struct Map<'a> {
    owner: Message<'a>,
    number: u32,
}

impl<'a> Map<'a> {
    /// The attributes that lie in the field `number` of `owner`.
    pub(crate) fn new(owner: Message<'a>, number: u32) -> Self {
        Self { owner, number }
    }

    pub(crate) fn of(list: KeyValueList<'a>) -> Self {
        Self::new(list.wire(), KeyValueList::VALUES)
    }

    pub(crate) fn entries(self) -> impl Iterator<Item = Result<KeyValue<'a>, Error>> {
        self.owner.fields().filter_map(move |field| match field {
            Ok(field) if field.number() != self.number => None,
            Ok(field) => Some(field.message().map(KeyValue::from)),
            Err(error) => Some(Err(error)),
        })
    }

    /// None: there is no such key.
    pub(crate) fn get(self, key: &[u8]) -> Result<Option<Value<'a>>, Error> {
        for entry in self.entries() {
            let entry = entry?;
            if entry.key()?.as_bytes() == key {
                return Value::of(entry.value()?).map(Some);
            }
        }
        Ok(None)
    }

    pub(crate) fn len(self) -> Result<usize, Error> {
        count(self.entries())
    }
}

/// A list: an `ArrayValue`.
#[derive(Clone, Copy)]
pub(crate) struct List<'a>(pub(crate) Message<'a>);

impl<'a> List<'a> {
    pub(crate) fn items(self) -> impl Iterator<Item = Result<Value<'a>, Error>> {
        ArrayValue::from(self.0).values().map(|item| Value::of(Some(item?)))
    }

    pub(crate) fn get(self, index: usize) -> Result<Option<Value<'a>>, Error> {
        ArrayValue::from(self.0).values().nth(index).map(|item| Value::of(Some(item?))).transpose()
    }

    pub(crate) fn len(self) -> Result<usize, Error> {
        count(ArrayValue::from(self.0).values())
    }
}

/// As a value, when all can be read.
pub(crate) fn counted<'a, T>(
    kind: &'static str,
    items: impl IntoIterator<Item = Result<T, Error>>,
) -> Result<Value<'a>, Error> {
    Ok(Value::Items(Items { kind, count: count(items)? }))
}

/// How many there are, when all can be read.
fn count<T>(items: impl IntoIterator<Item = Result<T, Error>>) -> Result<usize, Error> {
    items.into_iter().try_fold(0, |count, item| item.map(|_| count + 1))
}
