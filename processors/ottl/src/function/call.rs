//! What converters answer.

use std::borrow::Cow;

use tamis_re2::Regex;
use tamis_sdk::otlp::metrics::{Data, Metric};
use tamis_sdk::wire::Error;

use super::{Function, case};
use crate::ast::Comparison;
use crate::compare::compare;
use crate::duration;
use crate::error::EvalError;
use crate::expression::Expression;
use crate::item::{Item, Own, Point};
use crate::number::{bool_like, double_like, int_like};
use crate::path::attributes;
use crate::text::text_like;
use crate::value::Value;

/// A call whose arguments fit the signature.
pub(crate) struct Call {
    pub(crate) function: Function,
    pub(crate) arguments: Vec<Argument>,
}

pub(crate) enum Argument {
    Value(Expression),
    Values(Vec<Expression>),
    Pattern(Regex),
    Text(String),
    Bool(bool),
    /// Optional, and not written.
    Absent,
}

static ABSENT: Argument = Argument::Absent;

type Answer<'v> = Result<Value<'v>, EvalError>;

impl Call {
    pub(crate) fn eval<'v>(&'v self, item: &Item<'v>) -> Answer<'v> {
        use Function as F;
        match self.function {
            F::IsMatch => self.is_match(item),
            F::IsString => self.is(item, |value| matches!(value, Value::Text(_))),
            F::IsInt => self.is(item, |value| matches!(value, Value::Int(_))),
            F::IsDouble => self.is(item, |value| matches!(value, Value::Double(_))),
            F::IsBool => self.is(item, |value| matches!(value, Value::Bool(_))),
            F::IsMap => self.is(item, |value| matches!(value, Value::Map(_))),
            F::IsList => self.is(item, |value| matches!(value, Value::List(_) | Value::Items(_))),
            F::IsEmpty => Ok(Value::Bool(is_empty(&self.value(item, 0)?)?)),
            F::IsRootSpan => is_root_span(item),
            F::Int => Ok(int_like(&self.value(item, 0)?)?.map_or(Value::Nil, Value::Int)),
            F::Double => Ok(double_like(&self.value(item, 0)?)?.map_or(Value::Nil, Value::Double)),
            F::Bool => Ok(bool_like(&self.value(item, 0)?)?.map_or(Value::Nil, Value::Bool)),
            F::String => Ok(text_like(&self.value(item, 0)?)?.map_or(Value::Nil, Value::Text)),
            F::Len => length(&self.value(item, 0)?),
            F::Concat => self.concat(item),
            F::Substring => self.substring(item),
            F::HasPrefix => {
                let (text, prefix) = (self.text(item, 0)?, self.text(item, 1)?);
                Ok(Value::Bool(text.starts_with(&prefix)))
            }
            F::HasSuffix => {
                let (text, suffix) = (self.text(item, 0)?, self.text(item, 1)?);
                Ok(Value::Bool(text.ends_with(&suffix)))
            }
            F::ToLowerCase => Ok(Value::Text(case::lower(self.text(item, 0)?))),
            F::ToUpperCase => Ok(Value::Text(case::upper(self.text(item, 0)?))),
            F::TraceId => self.id(item).map(Value::TraceId),
            F::SpanId => self.id(item).map(Value::SpanId),
            F::Duration => {
                let length = duration::parse(&self.text(item, 0)?);
                length.map(Value::Duration).ok_or(EvalError::Unreadable("a duration"))
            }
            F::Milliseconds => Ok(Value::Int(self.duration(item)? / 1_000_000)),
            F::Nanoseconds => Ok(Value::Int(self.duration(item)?)),
            F::ContainsValue => self.contains_value(item),
            F::HasAttrKeyOnDatapoint | F::HasAttrOnDatapoint => self.has_attribute(item),
        }
    }

    fn argument(&self, index: usize) -> &Argument {
        self.arguments.get(index).unwrap_or(&ABSENT)
    }

    fn value<'v>(&'v self, item: &Item<'v>, index: usize) -> Answer<'v> {
        match self.argument(index) {
            Argument::Value(expression) => expression.eval(item),
            // The compiler puts expressions where they are asked for.
            _ => Ok(Value::Nil),
        }
    }

    fn is<'v>(&'v self, item: &Item<'v>, test: impl Fn(&Value<'v>) -> bool) -> Answer<'v> {
        Ok(Value::Bool(test(&self.value(item, 0)?)))
    }

    fn text<'v>(&'v self, item: &Item<'v>, index: usize) -> Result<Cow<'v, [u8]>, EvalError> {
        match self.value(item, index)? {
            Value::Text(text) => Ok(text),
            other => Err(EvalError::Type { wanted: "string", got: other.type_name() }),
        }
    }

    fn int(&self, item: &Item<'_>, index: usize) -> Result<i64, EvalError> {
        match self.argument(index) {
            Argument::Value(expression) => match expression.eval(item)? {
                Value::Int(value) => Ok(value),
                other => Err(EvalError::Type { wanted: "int64", got: other.type_name() }),
            },
            _ => Ok(0),
        }
    }

    fn duration(&self, item: &Item<'_>) -> Result<i64, EvalError> {
        match self.argument(0) {
            Argument::Value(expression) => match expression.eval(item)? {
                Value::Duration(length) => Ok(length),
                other => Err(EvalError::Type { wanted: "duration", got: other.type_name() }),
            },
            _ => Ok(0),
        }
    }

    /// The pattern comes first: a bad one fails whatever the target is.
    fn is_match<'v>(&'v self, item: &Item<'v>) -> Answer<'v> {
        let computed;
        let regex = match self.argument(1) {
            Argument::Pattern(regex) => regex,
            _ => {
                let pattern = self.text(item, 1)?;
                let pattern = std::str::from_utf8(&pattern).map_err(|_| EvalError::Pattern)?;
                computed = Regex::new(pattern).map_err(|_| EvalError::Pattern)?;
                &computed
            }
        };
        let target = text_like(&self.value(item, 0)?)?;
        Ok(Value::Bool(target.is_some_and(|text| regex.is_match(&text))))
    }

    fn concat<'v>(&'v self, item: &Item<'v>) -> Answer<'v> {
        let delimiter = self.text(item, 1)?;
        let Argument::Values(values) = self.argument(0) else { return Ok(Value::Nil) };
        let mut joined = Vec::new();
        for (index, value) in values.iter().enumerate() {
            if index > 0 {
                joined.extend_from_slice(&delimiter);
            }
            match text_like(&value.eval(item)?)? {
                Some(text) => joined.extend_from_slice(&text),
                None => joined.extend_from_slice(b"<nil>"),
            }
        }
        Ok(Value::text(joined))
    }

    fn substring<'v>(&'v self, item: &Item<'v>) -> Answer<'v> {
        let start = usize::try_from(self.int(item, 1)?).map_err(|_| EvalError::Range)?;
        let length = usize::try_from(self.int(item, 2)?).map_err(|_| EvalError::Range)?;
        let text = self.text(item, 0)?;
        let end = start.checked_add(length).filter(|end| *end <= text.len());
        let (Some(mut end), true) = (end, length > 0) else { return Err(EvalError::Range) };
        let mut start = start;
        if matches!(self.argument(3), Argument::Bool(true)) {
            let is_inside = |at: usize| text.get(at).is_some_and(|byte| byte & 0xc0 == 0x80);
            while is_inside(start) {
                start += 1;
            }
            while start < end && is_inside(end) {
                end -= 1;
            }
            end = end.max(start);
        }
        Ok(Value::Text(match text {
            Cow::Borrowed(text) => text.get(start..end).unwrap_or_default().into(),
            Cow::Owned(text) => text.get(start..end).unwrap_or_default().to_vec().into(),
        }))
    }

    /// From the id's bytes or their hexadecimal digits.
    fn id<'v, const N: usize>(&'v self, item: &Item<'v>) -> Result<[u8; N], EvalError> {
        const UNFIT: EvalError = EvalError::Unreadable("an id");
        let bytes: Cow<'v, [u8]> = match self.value(item, 0)? {
            Value::Bytes(bytes) | Value::Text(bytes) => bytes,
            Value::Int(value) => value.to_be_bytes().to_vec().into(),
            Value::Double(value) => value.to_be_bytes().to_vec().into(),
            Value::Nil | Value::Bool(_) => return Err(UNFIT),
            other => return Err(EvalError::Type { wanted: "bytes", got: other.type_name() }),
        };
        if let Ok(id) = <[u8; N]>::try_from(&*bytes) {
            return Ok(id);
        }
        let mut id = [0; N];
        if bytes.len() != 2 * N {
            return Err(UNFIT);
        }
        for (byte, digits) in id.iter_mut().zip(bytes.chunks(2)) {
            let hex = |digit: &u8| char::from(*digit).to_digit(16);
            let [Some(high), Some(low)] =
                [digits.first().and_then(hex), digits.get(1).and_then(hex)]
            else {
                return Err(UNFIT);
            };
            *byte = (high << 4 | low) as u8;
        }
        Ok(id)
    }

    fn contains_value<'v>(&'v self, item: &Item<'v>) -> Answer<'v> {
        let list = match self.value(item, 0)? {
            Value::List(list) => list,
            other => return Err(EvalError::Type { wanted: "list", got: other.type_name() }),
        };
        let wanted = self.value(item, 1)?;
        for value in list.items() {
            if compare(&value?, Comparison::Equal, &wanted)? {
                return Ok(Value::Bool(true));
            }
        }
        Ok(Value::Bool(false))
    }

    /// The first data point with the key decides.
    fn has_attribute<'v>(&'v self, item: &Item<'v>) -> Answer<'v> {
        let (Own::Metric(metric), Argument::Text(key)) = (item.own, self.argument(0)) else {
            return Err(EvalError::Context);
        };
        let found = first_attribute(metric, key.as_bytes())?;
        Ok(Value::Bool(match (found, self.argument(1)) {
            (None, _) => false,
            (Some(Value::Text(text)), Argument::Text(wanted)) => *text == *wanted.as_bytes(),
            // Every other type reads as an empty text.
            (Some(_), Argument::Text(wanted)) => wanted.is_empty(),
            (Some(_), _) => true,
        }))
    }
}

fn first_attribute<'v>(metric: Metric<'v>, key: &[u8]) -> Result<Option<Value<'v>>, EvalError> {
    fn first<'v>(
        points: impl Iterator<Item = Result<Point<'v>, Error>>,
        key: &[u8],
    ) -> Result<Option<Value<'v>>, EvalError> {
        for point in points {
            if let Some(value) = attributes(point?).get(key)? {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }
    match metric.data()? {
        Some(Data::Gauge(data)) => first(data.data_points().map(|p| p.map(Point::Number)), key),
        Some(Data::Sum(data)) => first(data.data_points().map(|p| p.map(Point::Number)), key),
        Some(Data::Histogram(data)) => {
            first(data.data_points().map(|p| p.map(Point::Histogram)), key)
        }
        Some(Data::ExponentialHistogram(data)) => {
            first(data.data_points().map(|p| p.map(Point::Exponential)), key)
        }
        Some(Data::Summary(data)) => first(data.data_points().map(|p| p.map(Point::Summary)), key),
        _ => Err(EvalError::UnknownMetricType),
    }
}

fn is_root_span<'v>(item: &Item<'v>) -> Answer<'v> {
    match item.own {
        Own::Span(span) => Ok(Value::Bool(span.parent_span_id()?.iter().all(|byte| *byte == 0))),
        _ => Err(EvalError::Context),
    }
}

fn is_empty(value: &Value<'_>) -> Result<bool, EvalError> {
    Ok(match value {
        Value::Nil => true,
        Value::Bool(value) => !value,
        Value::Int(value) | Value::Duration(value) => *value == 0,
        // Minus zero is not zero to Go's reflection.
        Value::Double(value) => value.to_bits() == 0,
        Value::Text(bytes) | Value::Bytes(bytes) => bytes.is_empty(),
        Value::Map(map) => map.len()? == 0,
        Value::List(list) => list.len()? == 0,
        Value::TraceId(id) => id.iter().all(|byte| *byte == 0),
        Value::SpanId(id) => id.iter().all(|byte| *byte == 0),
        // The zero of Go's time is the year 1, that of a slice of messages a nil pointer.
        Value::Time(_) | Value::Items(_) => false,
    })
}

/// In bytes of a text, in entries of the rest.
fn length<'v>(value: &Value<'_>) -> Answer<'v> {
    let length = match value {
        Value::Text(bytes) | Value::Bytes(bytes) => bytes.len(),
        Value::Map(map) => map.len()?,
        Value::List(list) => list.len()?,
        Value::Items(items) => items.count,
        other => {
            let got = other.type_name();
            return Err(EvalError::Type { wanted: "string, bytes, list or map", got });
        }
    };
    Ok(Value::Int(i64::try_from(length).unwrap_or(i64::MAX)))
}
