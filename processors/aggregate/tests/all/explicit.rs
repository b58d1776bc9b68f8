//! Histograms with stated bounds against measurements counted directly.

use opentelemetry_proto::tonic::metrics::v1::HistogramDataPoint;
use tamis_aggregate::Kind;

use crate::measured::{Has, Histogram, Stream, continued, cumulatives, deltas};
use crate::support::{Random, each_stream};

#[test]
fn deltas_add_up() {
    each_stream(deltas::<HistogramDataPoint>);
}

#[test]
fn cumulatives_add_up() {
    each_stream(cumulatives::<HistogramDataPoint>);
}

#[test]
fn cumulatives_continue_elsewhere() {
    each_stream(continued::<HistogramDataPoint>);
}

impl Histogram for HistogramDataPoint {
    /// None: no buckets, count and sum only.
    type Shape = Option<Vec<f64>>;

    fn kind(delta: bool) -> Kind {
        Kind::Histogram { delta }
    }

    fn measurement(random: &mut Random, _: &Stream) -> f64 {
        // On bounds, between them, beyond them.
        random.between(-8, 28) as f64 * 0.5
    }

    fn shape(random: &mut Random, stream: &Stream, _: &[f64]) -> Self::Shape {
        let rarely = 30;
        if stream.shapes > 1 && random.one_in(rarely) {
            return None;
        }
        // A few sets a stream, half of which share most of their bounds.
        let set = random.below(stream.shapes) as i64;
        let bounds = (0..10).filter(|bound| stream.shapes == 1 || (bound * 7 + set) % 4 != 0);
        Some(bounds.map(|bound| bound as f64).collect())
    }

    fn of(shape: &Self::Shape, values: &[f64], has: Has) -> Self {
        let bounds = shape.clone().unwrap_or_default();
        let mut bucket_counts = vec![0; if shape.is_some() { bounds.len() + 1 } else { 0 }];
        for value in values {
            let index = bounds.iter().take_while(|bound| *bound < value).count();
            if let Some(count) = bucket_counts.get_mut(index) {
                *count += 1;
            }
        }
        let extremes = values.iter().copied().filter(|_| has.extremes);
        Self {
            count: values.len() as u64,
            sum: has.sum.then(|| values.iter().sum()),
            min: extremes.clone().reduce(f64::min),
            max: extremes.reduce(f64::max),
            bucket_counts,
            explicit_bounds: bounds,
            ..Self::default()
        }
    }

    fn shape_of(&self) -> Self::Shape {
        (!self.bucket_counts.is_empty()).then(|| self.explicit_bounds.clone())
    }

    fn check_shape(&self, added: &[Self::Shape], _: &[f64]) {
        let common = added.iter().cloned().reduce(|a, b| Self::common(&a, &b));
        assert_eq!(self.explicit_bounds, common.flatten().unwrap_or_default());
    }

    fn summary(&self) -> (u64, Option<f64>, Option<f64>, Option<f64>) {
        (self.count, self.sum, self.min, self.max)
    }

    fn buckets(&self) -> Self {
        Self {
            bucket_counts: self.bucket_counts.clone(),
            explicit_bounds: self.explicit_bounds.clone(),
            ..Self::default()
        }
    }

    fn common(a: &Self::Shape, b: &Self::Shape) -> Self::Shape {
        let (a, b) = (a.as_ref()?, b.as_ref()?);
        Some(a.iter().copied().filter(|bound| b.contains(bound)).collect())
    }
}
