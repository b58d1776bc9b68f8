//! The value of a series, and what a new data point makes of it: cumulative points replace, deltas add.

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Exemplar, ExponentialHistogramDataPoint, HistogramDataPoint,
    NumberDataPoint, SummaryDataPoint,
};

use super::exponential;

/// A data point without its attributes, which are the series' labels.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Point {
    Gauge(NumberDataPoint),
    Sum { point: NumberDataPoint, monotonic: bool },
    Histogram(HistogramDataPoint),
    Exponential(ExponentialHistogramDataPoint),
    Summary(SummaryDataPoint),
}

/// A data point on its way to its series.
#[derive(Debug)]
pub(super) struct Incoming {
    pub(super) attributes: Vec<KeyValue>,
    pub(super) flags: u32,
    pub(super) point: Point,
}

/// Why a data point changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ignored {
    /// Older than what is served, or a delta that overlaps it.
    Outdated,
    /// No temporality, or deltas of what can fall.
    Temporality,
}

/// Data points that say what was before them, or only since then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Temporality {
    Cumulative,
    Delta,
}

impl Temporality {
    pub(super) fn of(value: i32) -> Option<Self> {
        match AggregationTemporality::try_from(value) {
            Ok(AggregationTemporality::Cumulative) => Some(Self::Cumulative),
            Ok(AggregationTemporality::Delta) => Some(Self::Delta),
            Ok(AggregationTemporality::Unspecified) | Err(_) => None,
        }
    }
}

/// The data points of a metric; without temporality where they cannot be served.
pub(super) fn split(data: Data) -> (Option<Temporality>, Vec<Incoming>) {
    let cumulative = Some(Temporality::Cumulative);
    match data {
        Data::Gauge(gauge) => (cumulative, each(gauge.data_points, Point::Gauge)),
        Data::Sum(sum) => {
            let monotonic = sum.is_monotonic;
            let temporality = Temporality::of(sum.aggregation_temporality)
                // Where to begin with changes of what goes up and down, nobody knows.
                .filter(|temporality| monotonic || Some(*temporality) == cumulative);
            (temporality, each(sum.data_points, |point| Point::Sum { point, monotonic }))
        }
        Data::Histogram(histogram) => {
            let temporality = Temporality::of(histogram.aggregation_temporality);
            (temporality, each(histogram.data_points, Point::Histogram))
        }
        Data::ExponentialHistogram(histogram) => {
            let temporality = Temporality::of(histogram.aggregation_temporality);
            (temporality, each(histogram.data_points, Point::Exponential))
        }
        Data::Summary(summary) => (cumulative, each(summary.data_points, Point::Summary)),
    }
}

fn each<P: Parts>(points: Vec<P>, kind: impl Fn(P) -> Point) -> Vec<Incoming> {
    let incoming = |mut point: P| {
        let (attributes, exemplars, flags) = point.parts();
        // What is not served is not kept.
        exemplars.iter_mut().for_each(|exemplar| exemplar.filtered_attributes = Vec::new());
        let attributes = std::mem::take(attributes);
        Incoming { attributes, flags, point: kind(point) }
    };
    points.into_iter().map(incoming).collect()
}

/// What the five kinds of data points have in common: attributes, exemplars, flags.
trait Parts {
    fn parts(&mut self) -> (&mut Vec<KeyValue>, &mut [Exemplar], u32);
}

impl Parts for NumberDataPoint {
    fn parts(&mut self) -> (&mut Vec<KeyValue>, &mut [Exemplar], u32) {
        (&mut self.attributes, &mut self.exemplars, self.flags)
    }
}

impl Parts for HistogramDataPoint {
    fn parts(&mut self) -> (&mut Vec<KeyValue>, &mut [Exemplar], u32) {
        (&mut self.attributes, &mut self.exemplars, self.flags)
    }
}

impl Parts for ExponentialHistogramDataPoint {
    fn parts(&mut self) -> (&mut Vec<KeyValue>, &mut [Exemplar], u32) {
        (&mut self.attributes, &mut self.exemplars, self.flags)
    }
}

impl Parts for SummaryDataPoint {
    fn parts(&mut self) -> (&mut Vec<KeyValue>, &mut [Exemplar], u32) {
        (&mut self.attributes, &mut [], self.flags)
    }
}

impl Point {
    /// The value after `next`, which came for the same series.
    pub(super) fn then(&self, next: Self, temporality: Temporality) -> Result<Self, Ignored> {
        let delta = temporality == Temporality::Delta;
        match (self, next) {
            (Self::Sum { point: last, .. }, Self::Sum { mut point, monotonic }) => {
                in_order(last.time_unix_nano, point.time_unix_nano)?;
                // A delta that does not follow what is served starts anew.
                if delta && point.start_time_unix_nano == last.time_unix_nano {
                    point.start_time_unix_nano = last.start_time_unix_nano;
                    point.value = added(last.value, point.value);
                }
                Ok(Self::Sum { point, monotonic })
            }
            (Self::Histogram(last), Self::Histogram(next)) if delta => {
                follows(last.time_unix_nano, next.start_time_unix_nano)?;
                let starts_anew = next.start_time_unix_nano != last.time_unix_nano;
                Ok(Self::Histogram(if starts_anew { next } else { joined(last, next) }))
            }
            (Self::Exponential(last), Self::Exponential(next)) if delta => {
                follows(last.time_unix_nano, next.start_time_unix_nano)?;
                let starts_anew = next.start_time_unix_nano != last.time_unix_nano;
                let joined = if starts_anew { next } else { exponential::joined(last, next) };
                Ok(Self::Exponential(joined))
            }
            (last, next) => {
                in_order(last.time(), next.time())?;
                Ok(next)
            }
        }
    }

    /// Nanoseconds since the epoch.
    pub(super) fn time(&self) -> u64 {
        match self {
            Self::Gauge(point) | Self::Sum { point, .. } => point.time_unix_nano,
            Self::Histogram(point) => point.time_unix_nano,
            Self::Exponential(point) => point.time_unix_nano,
            Self::Summary(point) => point.time_unix_nano,
        }
    }

    /// How many lines of text it makes, each with all labels.
    pub(super) fn lines(&self) -> usize {
        match self {
            Self::Gauge(_) | Self::Sum { .. } => 1,
            Self::Histogram(point) => 3 + point.explicit_bounds.len(),
            Self::Exponential(_) => 3,
            Self::Summary(point) => 2 + point.quantile_values.len(),
        }
    }

    /// Bytes on the heap, roughly.
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::Gauge(point) | Self::Sum { point, .. } => exemplars(&point.exemplars),
            Self::Histogram(point) => {
                let buckets = point.bucket_counts.capacity() + point.explicit_bounds.capacity();
                8 * buckets + exemplars(&point.exemplars)
            }
            Self::Exponential(point) => {
                let sides = point.positive.iter().chain(&point.negative);
                let buckets: usize = sides.map(|side| side.bucket_counts.capacity()).sum();
                8 * buckets + exemplars(&point.exemplars)
            }
            Self::Summary(point) => 16 * point.quantile_values.capacity(),
        }
    }
}

fn exemplars(exemplars: &[Exemplar]) -> usize {
    let each = |exemplar: &Exemplar| {
        size_of::<Exemplar>() + exemplar.trace_id.capacity() + exemplar.span_id.capacity()
    };
    exemplars.iter().map(each).sum()
}

fn in_order(last: u64, next: u64) -> Result<(), Ignored> {
    if next < last { Err(Ignored::Outdated) } else { Ok(()) }
}

/// A delta that starts before the end of what is served would count something twice.
fn follows(last_end: u64, start: u64) -> Result<(), Ignored> {
    in_order(last_end, start)
}

fn added(last: Option<Number>, next: Option<Number>) -> Option<Number> {
    let float = |number| match number {
        Number::AsInt(value) => value as f64,
        Number::AsDouble(value) => value,
    };
    match (last, next) {
        (Some(Number::AsInt(last)), Some(Number::AsInt(next))) => {
            Some(Number::AsInt(last.wrapping_add(next)))
        }
        (Some(last), Some(next)) => Some(Number::AsDouble(float(last) + float(next))),
        (last, None) => last,
        (None, next) => next,
    }
}

/// Two histograms of which the second follows the first. With other bounds the sums start anew.
fn joined(last: &HistogramDataPoint, mut next: HistogramDataPoint) -> HistogramDataPoint {
    next.start_time_unix_nano = last.start_time_unix_nano;
    if last.explicit_bounds == next.explicit_bounds {
        next.count = next.count.wrapping_add(last.count);
        next.sum = next.sum.map(|sum| sum + last.sum.unwrap_or(0.0)).or(last.sum);
        for (count, last) in next.bucket_counts.iter_mut().zip(&last.bucket_counts) {
            *count = count.wrapping_add(*last);
        }
    }
    next
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(start: u64, time: u64, value: i64) -> Point {
        let point = NumberDataPoint {
            start_time_unix_nano: start,
            time_unix_nano: time,
            value: Some(Number::AsInt(value)),
            ..NumberDataPoint::default()
        };
        Point::Sum { point, monotonic: true }
    }

    fn histogram(start: u64, time: u64, bound: f64, counts: [u64; 2]) -> Point {
        Point::Histogram(HistogramDataPoint {
            start_time_unix_nano: start,
            time_unix_nano: time,
            count: counts.iter().sum(),
            sum: Some(10.0),
            bucket_counts: counts.to_vec(),
            explicit_bounds: vec![bound],
            ..HistogramDataPoint::default()
        })
    }

    #[test]
    fn of_cumulative_points_the_newest_counts() {
        use Temporality::Cumulative;
        let last = sum(1, 10, 5);
        assert_eq!(last.then(sum(1, 11, 7), Cumulative), Ok(sum(1, 11, 7)));
        assert_eq!(last.then(sum(1, 10, 6), Cumulative), Ok(sum(1, 10, 6)));
        assert_eq!(last.then(sum(1, 9, 6), Cumulative), Err(Ignored::Outdated));
        // A reset: it started anew.
        assert_eq!(last.then(sum(10, 12, 1), Cumulative), Ok(sum(10, 12, 1)));
    }

    #[test]
    fn deltas_that_follow_one_another_add_up() {
        use Temporality::Delta;
        let last = sum(1, 10, 5);
        assert_eq!(last.then(sum(10, 20, 7), Delta), Ok(sum(1, 20, 12)));
        assert_eq!(last.then(sum(11, 20, 7), Delta), Ok(sum(11, 20, 7)));
        assert_eq!(last.then(sum(1, 9, 7), Delta), Err(Ignored::Outdated));
    }

    #[test]
    fn delta_histograms_add_up_bucket_by_bucket_where_the_bounds_are_the_same() {
        use Temporality::Delta;
        let last = histogram(1, 10, 1.0, [1, 2]);
        let Ok(Point::Histogram(both)) = last.then(histogram(10, 20, 1.0, [3, 4]), Delta) else {
            panic!("no histogram");
        };
        assert_eq!((both.count, both.sum, both.start_time_unix_nano), (10, Some(20.0), 1));
        assert_eq!(both.bucket_counts, [4, 6]);
        let other_bounds = last.then(histogram(10, 20, 2.0, [3, 4]), Delta);
        assert_eq!(other_bounds, Ok(histogram(1, 20, 2.0, [3, 4])));
        let anew = histogram(11, 20, 1.0, [3, 4]);
        assert_eq!(last.then(anew.clone(), Delta), Ok(anew));
        assert_eq!(last.then(histogram(9, 20, 1.0, [3, 4]), Delta), Err(Ignored::Outdated));
    }

    #[test]
    fn only_cumulative_and_delta_are_temporalities() {
        assert_eq!(Temporality::of(0), None);
        assert_eq!(Temporality::of(1), Some(Temporality::Delta));
        assert_eq!(Temporality::of(2), Some(Temporality::Cumulative));
        assert_eq!(Temporality::of(3), None);
    }
}
