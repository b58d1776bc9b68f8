//! What kind of stream a metric's data points are of.

use tamis_sdk::otlp::metrics::{
    AggregationTemporality, Data, ExponentialHistogram, ExponentialHistogramDataPoint, Gauge,
    Histogram, HistogramDataPoint, Metric, NumberDataPoint, Sum, Summary, SummaryDataPoint,
};
use tamis_sdk::wire::Error;

/// Decides how data points add up. Part of a stream's identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A number that is measured.
    Gauge,
    /// A number that adds up.
    Sum {
        /// Counts from the last report, not from the start.
        delta: bool,
        /// Never falls.
        monotonic: bool,
    },
    /// Counts in buckets with stated bounds.
    Histogram {
        /// Counts from the last report, not from the start.
        delta: bool,
    },
    /// Counts in buckets whose bounds grow exponentially.
    Exponential {
        /// Counts from the last report, not from the start.
        delta: bool,
    },
    /// Quantiles. They cannot be added.
    Summary,
}

impl Kind {
    /// None where no temporality, or an unknown one, is given: nobody can tell what such points mean.
    pub fn of(data: &Data<'_>) -> Result<Option<Self>, Error> {
        Ok(match data {
            Data::Gauge(_) => Some(Self::Gauge),
            Data::Sum(sum) => {
                let monotonic = sum.is_monotonic()?;
                is_delta(sum.aggregation_temporality()?).map(|delta| Self::Sum { delta, monotonic })
            }
            Data::Histogram(histogram) => {
                let delta = is_delta(histogram.aggregation_temporality()?);
                delta.map(|delta| Self::Histogram { delta })
            }
            Data::ExponentialHistogram(histogram) => {
                let delta = is_delta(histogram.aggregation_temporality()?);
                delta.map(|delta| Self::Exponential { delta })
            }
            Data::Summary(_) => Some(Self::Summary),
            _ => None,
        })
    }

    /// Whether a value counts from the last report.
    #[must_use]
    pub fn is_delta(self) -> bool {
        match self {
            Self::Sum { delta, .. } | Self::Histogram { delta } | Self::Exponential { delta } => {
                delta
            }
            Self::Gauge | Self::Summary => false,
        }
    }

    /// Whether a value counts from its start time.
    #[must_use]
    pub fn is_cumulative(self) -> bool {
        !self.is_delta() && !matches!(self, Self::Gauge | Self::Summary)
    }

    /// Whether what a source contributes is a level: replaced by its next point, taken out at its end.
    #[must_use]
    pub fn is_level(self) -> bool {
        self == Self::Sum { delta: false, monotonic: false }
    }

    /// Number of the member of `Metric` that holds the data.
    #[must_use]
    pub fn data(self) -> u32 {
        match self {
            Self::Gauge => Metric::GAUGE,
            Self::Sum { .. } => Metric::SUM,
            Self::Histogram { .. } => Metric::HISTOGRAM,
            Self::Exponential { .. } => Metric::EXPONENTIAL_HISTOGRAM,
            Self::Summary => Metric::SUMMARY,
        }
    }

    /// Number of the field that holds the data points, within the data.
    #[must_use]
    pub fn points(self) -> u32 {
        match self {
            Self::Gauge => Gauge::DATA_POINTS,
            Self::Sum { .. } => Sum::DATA_POINTS,
            Self::Histogram { .. } => Histogram::DATA_POINTS,
            Self::Exponential { .. } => ExponentialHistogram::DATA_POINTS,
            Self::Summary => Summary::DATA_POINTS,
        }
    }

    /// Number of the field that holds the attributes, within a data point.
    #[must_use]
    pub fn attributes(self) -> u32 {
        match self {
            Self::Gauge | Self::Sum { .. } => NumberDataPoint::ATTRIBUTES,
            Self::Histogram { .. } => HistogramDataPoint::ATTRIBUTES,
            Self::Exponential { .. } => ExponentialHistogramDataPoint::ATTRIBUTES,
            Self::Summary => SummaryDataPoint::ATTRIBUTES,
        }
    }

    /// Number of the field that holds the exemplars, within a data point.
    #[must_use]
    pub fn exemplars(self) -> Option<u32> {
        match self {
            Self::Gauge | Self::Sum { .. } => Some(NumberDataPoint::EXEMPLARS),
            Self::Histogram { .. } => Some(HistogramDataPoint::EXEMPLARS),
            Self::Exponential { .. } => Some(ExponentialHistogramDataPoint::EXEMPLARS),
            Self::Summary => None,
        }
    }

    /// Number of the field that holds the flags, within a data point.
    #[must_use]
    pub fn flags(self) -> u32 {
        match self {
            Self::Gauge | Self::Sum { .. } => NumberDataPoint::FLAGS,
            Self::Histogram { .. } => HistogramDataPoint::FLAGS,
            Self::Exponential { .. } => ExponentialHistogramDataPoint::FLAGS,
            Self::Summary => SummaryDataPoint::FLAGS,
        }
    }

    /// Number of the field that holds the start time, within a data point of any kind.
    pub const START: u32 = NumberDataPoint::START_TIME_UNIX_NANO;
    /// Number of the field that holds the time, within a data point of any kind.
    pub const TIME: u32 = NumberDataPoint::TIME_UNIX_NANO;
}

fn is_delta(temporality: AggregationTemporality) -> Option<bool> {
    match temporality {
        AggregationTemporality::DELTA => Some(true),
        AggregationTemporality::CUMULATIVE => Some(false),
        _ => None,
    }
}
