//! Paths of metrics.

use tamis_sdk::otlp::metrics::{Data, Metric};
use tamis_sdk::wire::Error;

use super::text;
use crate::value::{Map, Value, counted};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Name,
    Description,
    Unit,
    Type,
    AggregationTemporality,
    IsMonotonic,
    DataPoints,
    Metadata,
}

pub(super) const FIELDS: &[(&str, Field)] = &[
    ("name", Field::Name),
    ("description", Field::Description),
    ("unit", Field::Unit),
    ("type", Field::Type),
    ("aggregation_temporality", Field::AggregationTemporality),
    ("is_monotonic", Field::IsMonotonic),
    ("data_points", Field::DataPoints),
    ("metadata", Field::Metadata),
];

const POINTS: &str = "data points";

impl Field {
    pub(super) fn read<'a>(self, metric: Metric<'a>) -> Result<Value<'a>, Error> {
        match self {
            Self::Name => text(metric.name()),
            Self::Description => text(metric.description()),
            Self::Unit => text(metric.unit()),
            Self::Type => metric.data().map(|data| Value::Int(type_number(data))),
            Self::AggregationTemporality => Ok(match metric.data()? {
                Some(Data::Sum(sum)) => Value::Int(sum.aggregation_temporality()?.0.into()),
                Some(Data::Histogram(histogram)) => {
                    Value::Int(histogram.aggregation_temporality()?.0.into())
                }
                Some(Data::ExponentialHistogram(histogram)) => {
                    Value::Int(histogram.aggregation_temporality()?.0.into())
                }
                _ => Value::Nil,
            }),
            Self::IsMonotonic => match metric.data()? {
                Some(Data::Sum(sum)) => sum.is_monotonic().map(Value::Bool),
                _ => Ok(Value::Nil),
            },
            Self::DataPoints => match metric.data()? {
                Some(Data::Gauge(data)) => counted(POINTS, data.data_points()),
                Some(Data::Sum(data)) => counted(POINTS, data.data_points()),
                Some(Data::Histogram(data)) => counted(POINTS, data.data_points()),
                Some(Data::ExponentialHistogram(data)) => counted(POINTS, data.data_points()),
                Some(Data::Summary(data)) => counted(POINTS, data.data_points()),
                _ => Ok(Value::Nil),
            },
            Self::Metadata => Ok(Value::Map(Map::new(metric.wire(), Metric::METADATA))),
        }
    }
}

/// The enums `METRIC_DATA_TYPE_*`; 0: no data.
fn type_number(data: Option<Data<'_>>) -> i64 {
    match data {
        Some(Data::Gauge(_)) => 1,
        Some(Data::Sum(_)) => 2,
        Some(Data::Histogram(_)) => 3,
        Some(Data::ExponentialHistogram(_)) => 4,
        Some(Data::Summary(_)) => 5,
        _ => 0,
    }
}
