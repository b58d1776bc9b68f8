//! Paths: from dotted names to the fields of an item.

mod data_point;
mod event;
mod log;
mod metric;
mod owner;
mod span;

pub(crate) use data_point::attributes;

use tamis_sdk::wire::{Error, Text};

use crate::Context;
use crate::error::{EvalError, Fault};
use crate::expression::Expression;
use crate::item::{Item, Own};
use crate::trace_state;
use crate::value::Value;

/// A path that was found to exist.
pub(crate) struct Path {
    field: Field,
    keys: Vec<Key>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Resource(owner::Field),
    Scope(owner::Field),
    Span(span::Field),
    Event(event::Field),
    Metric(metric::Field),
    DataPoint(data_point::Field),
    Log(log::Field),
}

pub(crate) enum Key {
    Name(Vec<u8>),
    Index(i64),
    Computed(Expression),
}

/// How a path may be indexed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Index {
    None,
    /// By a string first, then by what the value needs.
    Map,
    /// By what the value needs.
    Value,
    /// By one string.
    TraceState,
}

impl Field {
    /// Looks a path up, whose names are joined by dots.
    pub(crate) fn find(context: Context, path: &str, at: usize) -> Result<Self, Fault> {
        let found = match context {
            Context::Resource => find(owner::RESOURCE, path).map(Self::Resource),
            Context::Scope => find(owner::SCOPE, path).map(Self::Scope),
            Context::Span => find(span::FIELDS, path).map(Self::Span),
            Context::SpanEvent => find(event::FIELDS, path).map(Self::Event),
            Context::Metric => find(metric::FIELDS, path).map(Self::Metric),
            Context::DataPoint => find(data_point::FIELDS, path).map(Self::DataPoint),
            Context::Log => find(log::FIELDS, path).map(Self::Log),
        };
        found.map_err(|names| {
            let context = context.name();
            let message = match path {
                "cache" => "the cache is not supported".to_owned(),
                "" => format!("`{context}` alone is not a path; `{context}.` needs one of {names}"),
                _ => format!("there is no path `{path}` in {context}; there are {names}"),
            };
            Fault::new(at, message)
        })
    }

    pub(crate) fn index(self) -> Index {
        match self {
            Self::Resource(owner::Field::Attributes)
            | Self::Scope(owner::Field::Attributes)
            | Self::Span(span::Field::Attributes)
            | Self::Event(event::Field::Attributes)
            | Self::Metric(metric::Field::Metadata)
            | Self::DataPoint(data_point::Field::Attributes)
            | Self::Log(log::Field::Attributes) => Index::Map,
            Self::Span(span::Field::TraceState) => Index::TraceState,
            Self::Log(log::Field::Body) => Index::Value,
            _ => Index::None,
        }
    }

    #[inline]
    fn read<'a>(self, item: &Item<'a>) -> Result<Value<'a>, EvalError> {
        Ok(match (self, item.own) {
            (Self::Resource(field), _) => field.read(item.resource, owner::RESOURCE_NUMBERS)?,
            (Self::Scope(field), _) => field.read(item.scope, owner::SCOPE_NUMBERS)?,
            (Self::Span(field), Own::Span(span) | Own::SpanEvent(span, _)) => field.read(span)?,
            (Self::Event(field), Own::SpanEvent(_, event)) => field.read(event)?,
            (Self::Metric(field), Own::Metric(metric) | Own::DataPoint(metric, _)) => {
                field.read(metric)?
            }
            (Self::DataPoint(field), Own::DataPoint(_, point)) => field.read(point)?,
            (Self::Log(field), Own::Log(record)) => field.read(record)?,
            // `Condition::eval` looks at the item's context before.
            _ => return Err(EvalError::Context),
        })
    }
}

/// On failure, the names that there are.
fn find<F: Copy>(fields: &[(&str, F)], path: &str) -> Result<F, String> {
    let found = fields.iter().find(|(name, _)| *name == path);
    found
        .map(|(_, field)| *field)
        .ok_or_else(|| fields.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", "))
}

impl Path {
    pub(crate) fn new(field: Field, keys: Vec<Key>) -> Self {
        Self { field, keys }
    }

    #[inline]
    pub(crate) fn eval<'v>(&'v self, item: &Item<'v>) -> Result<Value<'v>, EvalError> {
        let mut value = self.field.read(item)?;
        if self.field.index() == Index::TraceState {
            return Ok(self.trace_state_member(value));
        }
        for key in &self.keys {
            match key.of(&value, item)? {
                Some(inner) => value = inner,
                None => return Ok(Value::Nil),
            }
        }
        Ok(value)
    }

    fn trace_state_member<'v>(&'v self, header: Value<'v>) -> Value<'v> {
        let ([Key::Name(name)], Value::Text(std::borrow::Cow::Borrowed(text))) =
            (&self.keys[..], &header)
        else {
            return header;
        };
        trace_state::get(text, name).map_or(Value::Nil, Value::text)
    }
}

impl Key {
    /// What is found under the key. None: a map does not have it.
    fn of<'v>(
        &'v self,
        value: &Value<'v>,
        item: &Item<'v>,
    ) -> Result<Option<Value<'v>>, EvalError> {
        match value {
            Value::Map(map) => match self {
                Self::Name(name) => Ok(map.get(name)?),
                Self::Index(_) => Err(EvalError::Type { wanted: "a string as key", got: "int64" }),
                Self::Computed(expression) => match expression.eval(item)? {
                    Value::Text(name) => Ok(map.get(&name)?),
                    other => {
                        Err(EvalError::Type { wanted: "a string as key", got: other.type_name() })
                    }
                },
            },
            Value::List(list) => {
                let index = match self {
                    Self::Name(_) => {
                        return Err(EvalError::Type { wanted: "an index", got: "string" });
                    }
                    Self::Index(index) => *index,
                    Self::Computed(expression) => match expression.eval(item)? {
                        Value::Int(index) => index,
                        other => {
                            let got = other.type_name();
                            return Err(EvalError::Type { wanted: "an index", got });
                        }
                    },
                };
                let index = usize::try_from(index).map_err(|_| EvalError::OutOfBounds)?;
                list.get(index)?.map(Some).ok_or(EvalError::OutOfBounds)
            }
            other => Err(EvalError::NotIndexable(other.type_name())),
        }
    }
}

fn text<'a>(text: Result<Text<'a>, Error>) -> Result<Value<'a>, Error> {
    text.map(|text| Value::text(text.as_bytes()))
}

/// Nanoseconds since the Unix epoch, as Go holds them.
fn nanos<'a>(time: Result<u64, Error>) -> Result<Value<'a>, Error> {
    time.map(|time| Value::Int(time as i64))
}

fn time<'a>(time: Result<u64, Error>) -> Result<Value<'a>, Error> {
    time.map(|time| Value::Time(i128::from(time as i64)))
}

fn unsigned<'a>(number: Result<impl Into<u64>, Error>) -> Result<Value<'a>, Error> {
    number.map(|number| Value::Int(number.into() as i64))
}

fn trace_id<'a>(id: Result<&[u8], Error>) -> Result<Value<'a>, Error> {
    id.map(|id| Value::TraceId(fixed(id)))
}

fn span_id<'a>(id: Result<&[u8], Error>) -> Result<Value<'a>, Error> {
    id.map(|id| Value::SpanId(fixed(id)))
}

/// In hexadecimal digits.
fn id_text<'a, const N: usize>(id: Result<&[u8], Error>) -> Result<Value<'a>, Error> {
    id.map(|id| Value::text(crate::text::hex(&fixed::<N>(id)).into_bytes()))
}

/// An id that is left out is all zeros.
fn fixed<const N: usize>(id: &[u8]) -> [u8; N] {
    id.try_into().unwrap_or([0; N])
}
