//! Exponential histograms against measurements counted directly.

use opentelemetry_proto::tonic::metrics::v1::ExponentialHistogramDataPoint;
use opentelemetry_proto::tonic::metrics::v1::exponential_histogram_data_point::Buckets;
use tamis_aggregate::{EXPONENTIAL_BUCKETS_MAX, Kind, SCALES};

use crate::measured::{Has, Histogram, Stream, continued, cumulatives, deltas};
use crate::support::{Random, each_stream};

#[test]
fn deltas_add_up() {
    each_stream(deltas::<ExponentialHistogramDataPoint>);
}

#[test]
fn cumulatives_add_up() {
    each_stream(cumulatives::<ExponentialHistogramDataPoint>);
}

#[test]
fn cumulatives_continue_elsewhere() {
    each_stream(continued::<ExponentialHistogramDataPoint>);
}

/// Buckets that a source has on either side.
const SOURCE_BUCKETS_MAX: i64 = 160;

fn index(magnitude: f64, scale: i32) -> i64 {
    (magnitude.log2() * f64::from(scale).exp2()).ceil() as i64 - 1
}

fn ends(values: &[f64], scale: i32, sign: f64, threshold: f64) -> Option<(i64, i64)> {
    let magnitudes = values.iter().map(|value| value * sign).filter(|value| *value > threshold);
    let indices = magnitudes.map(|value| (index(value, scale), index(value, scale)));
    indices.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
}

fn width(values: &[f64], scale: i32, threshold: f64) -> i64 {
    let sides = [1.0, -1.0].map(|sign| ends(values, scale, sign, threshold));
    sides.into_iter().flatten().map(|(first, last)| last - first + 1).max().unwrap_or(0)
}

fn side(values: &[f64], scale: i32, sign: f64, threshold: f64) -> Option<Buckets> {
    let (first, last) = ends(values, scale, sign, threshold)?;
    let mut bucket_counts = vec![0; (last - first + 1) as usize];
    for value in values.iter().map(|value| value * sign).filter(|value| *value > threshold) {
        bucket_counts[(index(value, scale) - first) as usize] += 1;
    }
    Some(Buckets { offset: first as i32, bucket_counts })
}

impl Histogram for ExponentialHistogramDataPoint {
    /// Scale and zero threshold.
    type Shape = (i32, f64);

    fn kind(delta: bool) -> Kind {
        Kind::Exponential { delta }
    }

    fn measurement(random: &mut Random, stream: &Stream) -> f64 {
        let sign = if random.one_in(4) { -1.0 } else { 1.0 };
        match random.below(12) {
            0 => 0.0,
            // On a bound of every scale.
            1 => sign * (random.between(-4, 4) as f64).exp2(),
            _ => sign * ((random.unit() - 0.5) * stream.spread).exp2(),
        }
    }

    fn shape(random: &mut Random, stream: &Stream, values: &[f64]) -> Self::Shape {
        let threshold = match random.below(6) {
            0 if stream.shapes > 1 => ((random.unit() - 0.9) * stream.spread).exp2(),
            1 if stream.shapes > 2 => 0.25,
            _ => 0.0,
        };
        let highest = if stream.shapes == 1 { 20 } else { random.between(-3, 20) as i32 };
        let fits = |scale: &i32| width(values, *scale, threshold) <= SOURCE_BUCKETS_MAX;
        let scale = (*SCALES.start()..=highest).rev().find(fits).unwrap();
        (scale, threshold)
    }

    fn of(&(scale, threshold): &Self::Shape, values: &[f64], has: Has) -> Self {
        let extremes = values.iter().copied().filter(|_| has.extremes);
        Self {
            count: values.len() as u64,
            sum: has.sum.then(|| values.iter().sum()),
            min: extremes.clone().reduce(f64::min),
            max: extremes.reduce(f64::max),
            scale,
            zero_count: values.iter().filter(|value| value.abs() <= threshold).count() as u64,
            zero_threshold: threshold,
            positive: side(values, scale, 1.0, threshold),
            negative: side(values, scale, -1.0, threshold),
            ..Self::default()
        }
    }

    fn shape_of(&self) -> Self::Shape {
        (self.scale, self.zero_threshold)
    }

    fn check_shape(&self, added: &[Self::Shape], values: &[f64]) {
        let scale = added.iter().map(|shape| shape.0).min().unwrap_or(*SCALES.end());
        let threshold = added.iter().map(|shape| shape.1).fold(0.0, f64::max);
        let max = EXPONENTIAL_BUCKETS_MAX as i64;
        let sides = [&self.positive, &self.negative].into_iter().flatten();
        assert!(sides.map(|side| side.bucket_counts.len() as i64).all(|width| width <= max));
        assert!(self.scale <= scale && self.zero_threshold >= threshold);
        if threshold == 0.0 {
            assert_eq!(self.zero_threshold, 0.0);
            // No wider than it must be.
            assert!(self.scale == scale || width(values, self.scale + 1, 0.0) > max);
        }
    }

    fn summary(&self) -> (u64, Option<f64>, Option<f64>, Option<f64>) {
        (self.count, self.sum, self.min, self.max)
    }

    fn buckets(&self) -> Self {
        let trimmed = |buckets: &Buckets| {
            let counts = &buckets.bucket_counts;
            let first = counts.iter().position(|count| *count > 0)?;
            let last = counts.iter().rposition(|count| *count > 0)?;
            let offset = buckets.offset + first as i32;
            Some(Buckets { offset, bucket_counts: counts[first..=last].to_vec() })
        };
        Self {
            scale: self.scale,
            zero_count: self.zero_count,
            zero_threshold: self.zero_threshold,
            positive: self.positive.as_ref().and_then(trimmed),
            negative: self.negative.as_ref().and_then(trimmed),
            ..Self::default()
        }
    }

    fn common(a: &Self::Shape, b: &Self::Shape) -> Self::Shape {
        (a.0.min(b.0), a.1.max(b.1))
    }
}
