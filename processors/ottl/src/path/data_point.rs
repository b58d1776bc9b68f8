//! Paths of data points. What a kind of data point does not have is nil.

use tamis_sdk::otlp::metrics::{
    ExponentialHistogramDataPoint, HistogramDataPoint, NumberDataPoint, NumberValue,
    SummaryDataPoint,
};
use tamis_sdk::wire::Error;

use super::{nanos, time, unsigned};
use crate::item::Point;
use crate::value::{Map, Value, counted};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Attributes,
    StartTimeUnixNano,
    TimeUnixNano,
    StartTime,
    Time,
    ValueDouble,
    ValueInt,
    Flags,
    Count,
    Sum,
    Scale,
    ZeroCount,
    PositiveOffset,
    NegativeOffset,
    Exemplars,
    QuantileValues,
}

pub(super) const FIELDS: &[(&str, Field)] = &[
    ("attributes", Field::Attributes),
    ("start_time_unix_nano", Field::StartTimeUnixNano),
    ("time_unix_nano", Field::TimeUnixNano),
    ("start_time", Field::StartTime),
    ("time", Field::Time),
    ("value_double", Field::ValueDouble),
    ("value_int", Field::ValueInt),
    ("flags", Field::Flags),
    ("count", Field::Count),
    ("sum", Field::Sum),
    ("scale", Field::Scale),
    ("zero_count", Field::ZeroCount),
    ("positive.offset", Field::PositiveOffset),
    ("negative.offset", Field::NegativeOffset),
    ("exemplars", Field::Exemplars),
    ("quantile_values", Field::QuantileValues),
];

const EXEMPLARS: &str = "exemplars";

/// The same accessor of whichever kind it is.
macro_rules! any {
    ($point:expr, $view:ident => $read:expr) => {
        match $point {
            Point::Number($view) => $read,
            Point::Histogram($view) => $read,
            Point::Exponential($view) => $read,
            Point::Summary($view) => $read,
        }
    };
}

impl Field {
    pub(super) fn read<'a>(self, point: Point<'a>) -> Result<Value<'a>, Error> {
        match self {
            Self::Attributes => Ok(Value::Map(attributes(point))),
            Self::StartTimeUnixNano => nanos(any!(point, view => view.start_time_unix_nano())),
            Self::TimeUnixNano => nanos(any!(point, view => view.time_unix_nano())),
            Self::StartTime => time(any!(point, view => view.start_time_unix_nano())),
            Self::Time => time(any!(point, view => view.time_unix_nano())),
            Self::Flags => unsigned(any!(point, view => view.flags())),
            Self::ValueDouble | Self::ValueInt => match point {
                Point::Number(point) => self.number(point),
                _ => Ok(Value::Nil),
            },
            Self::Count => match point {
                Point::Number(_) => Ok(Value::Nil),
                Point::Histogram(point) => unsigned(point.count()),
                Point::Exponential(point) => unsigned(point.count()),
                Point::Summary(point) => unsigned(point.count()),
            },
            Self::Sum => match point {
                Point::Number(_) => return Ok(Value::Nil),
                Point::Histogram(point) => point.sum().map(Option::unwrap_or_default),
                Point::Exponential(point) => point.sum().map(Option::unwrap_or_default),
                Point::Summary(point) => point.sum(),
            }
            .map(Value::Double),
            Self::Scale | Self::ZeroCount | Self::PositiveOffset | Self::NegativeOffset => {
                match point {
                    Point::Exponential(point) => self.exponential(point),
                    _ => Ok(Value::Nil),
                }
            }
            Self::Exemplars => match point {
                Point::Number(point) => counted(EXEMPLARS, point.exemplars()),
                Point::Histogram(point) => counted(EXEMPLARS, point.exemplars()),
                Point::Exponential(point) => counted(EXEMPLARS, point.exemplars()),
                Point::Summary(_) => Ok(Value::Nil),
            },
            Self::QuantileValues => match point {
                Point::Summary(point) => counted("quantile values", point.quantile_values()),
                _ => Ok(Value::Nil),
            },
        }
    }

    /// Of a value of the other type, 0.
    fn number<'a>(self, point: NumberDataPoint<'a>) -> Result<Value<'a>, Error> {
        Ok(match (self, point.value()?) {
            (Self::ValueDouble, Some(NumberValue::Double(value))) => Value::Double(value),
            (Self::ValueDouble, _) => Value::Double(0.0),
            (_, Some(NumberValue::Int(value))) => Value::Int(value),
            _ => Value::Int(0),
        })
    }

    fn exponential<'a>(self, point: ExponentialHistogramDataPoint<'a>) -> Result<Value<'a>, Error> {
        let buckets = match self {
            Self::Scale => return point.scale().map(|scale| Value::Int(scale.into())),
            Self::ZeroCount => return unsigned(point.zero_count()),
            Self::PositiveOffset => point.positive()?,
            _ => point.negative()?,
        };
        let offset = buckets.map(|buckets| buckets.offset()).transpose()?;
        Ok(Value::Int(offset.unwrap_or_default().into()))
    }
}

pub(crate) fn attributes<'a>(point: Point<'a>) -> Map<'a> {
    match point {
        Point::Number(point) => Map::new(point.wire(), NumberDataPoint::ATTRIBUTES),
        Point::Histogram(point) => Map::new(point.wire(), HistogramDataPoint::ATTRIBUTES),
        Point::Exponential(point) => {
            Map::new(point.wire(), ExponentialHistogramDataPoint::ATTRIBUTES)
        }
        Point::Summary(point) => Map::new(point.wire(), SummaryDataPoint::ATTRIBUTES),
    }
}
