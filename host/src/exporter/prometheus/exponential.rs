//! Exponential histograms that are added to one another.

use opentelemetry_proto::tonic::metrics::v1::ExponentialHistogramDataPoint as Point;
use opentelemetry_proto::tonic::metrics::v1::exponential_histogram_data_point::Buckets;

/// Buckets of one side of a sum. Indices are chosen by the sender, and two far apart would make a
/// table of billions; above this the buckets are made wider. SDKs have 160.
const MAX_BUCKETS: i64 = 4096;

/// Two histograms of which the second follows the first, in the wider buckets of the two.
pub(super) fn joined(last: &Point, next: Point) -> Point {
    let threshold = last.zero_threshold.max(next.zero_threshold);
    let mut scale = last.scale.min(next.scale);
    let sides = [(&last.positive, &next.positive), (&last.negative, &next.negative)];
    let sides = sides.map(|(last_side, next_side)| {
        (Side::new(last_side.as_ref(), last.scale), Side::new(next_side.as_ref(), next.scale))
    });
    while sides.iter().any(|(last, next)| last.width_with(next, scale) > MAX_BUCKETS) {
        scale = scale.saturating_sub(1);
    }
    let mut zero_count = last.zero_count.wrapping_add(next.zero_count);
    let [positive, negative] = sides.map(|(last, next)| {
        let (buckets, below) = last.joined(&next, scale, threshold);
        zero_count = zero_count.wrapping_add(below);
        Some(buckets)
    });
    let least = |a: Option<f64>, b: Option<f64>| a.into_iter().chain(b).reduce(f64::min);
    let most = |a: Option<f64>, b: Option<f64>| a.into_iter().chain(b).reduce(f64::max);
    Point {
        start_time_unix_nano: last.start_time_unix_nano,
        count: last.count.wrapping_add(next.count),
        sum: last.sum.zip(next.sum).map(|(last, next)| last + next),
        scale,
        zero_count,
        zero_threshold: threshold,
        positive,
        negative,
        min: least(last.min, next.min),
        max: most(last.max, next.max),
        ..next
    }
}

/// The buckets of one sign.
struct Side<'a> {
    first: i64,
    counts: &'a [u64],
    scale: i32,
}

impl<'a> Side<'a> {
    fn new(buckets: Option<&'a Buckets>, scale: i32) -> Self {
        match buckets {
            Some(buckets) => {
                Self { first: buckets.offset.into(), counts: &buckets.bucket_counts, scale }
            }
            None => Self { first: 0, counts: &[], scale },
        }
    }

    /// Index and count of every bucket, in buckets as wide as `scale` makes them.
    fn at(&self, scale: i32) -> impl Iterator<Item = (i64, u64)> {
        let shift = shift(self.scale, scale);
        (self.first..).zip(self.counts).map(move |(index, count)| (index >> shift, *count))
    }

    fn ends(&self, scale: i32) -> Option<(i64, i64)> {
        let shift = shift(self.scale, scale);
        let last = self.first + i64::try_from(self.counts.len()).ok()? - 1;
        (!self.counts.is_empty()).then_some((self.first >> shift, last >> shift))
    }

    fn both_ends(&self, other: &Self, scale: i32) -> Option<(i64, i64)> {
        let ends = self.ends(scale).into_iter().chain(other.ends(scale));
        ends.reduce(|(first, last), (a, b)| (first.min(a), last.max(b)))
    }

    fn width_with(&self, other: &Self, scale: i32) -> i64 {
        self.both_ends(other, scale).map_or(0, |(first, last)| last - first + 1)
    }

    /// The sum, and what of it has come to lie within the zero threshold.
    fn joined(&self, other: &Self, scale: i32, threshold: f64) -> (Buckets, u64) {
        let Some((first, last)) = self.both_ends(other, scale) else {
            return (Buckets::default(), 0);
        };
        let mut counts = vec![0_u64; usize::try_from(last - first + 1).unwrap_or(0)];
        let mut below = 0_u64;
        for (index, count) in self.at(scale).chain(other.at(scale)) {
            if threshold > 0.0 && upper_bound(index, scale) <= threshold {
                below = below.wrapping_add(count);
            } else if let Ok(place) = usize::try_from(index - first)
                && let Some(sum) = counts.get_mut(place)
            {
                *sum = sum.wrapping_add(count);
            }
        }
        let offset = i32::try_from(first).unwrap_or(if first < 0 { i32::MIN } else { i32::MAX });
        (Buckets { offset, bucket_counts: counts }, below)
    }
}

/// How many times two buckets become one; more than 62 leaves one on either side of 1.
fn shift(from: i32, to: i32) -> u32 {
    from.saturating_sub(to).clamp(0, 62).unsigned_abs()
}

/// 2 to the power of 2^-scale, once for each bucket up to this.
fn upper_bound(index: i64, scale: i32) -> f64 {
    ((index + 1) as f64 * f64::from(scale).exp2().recip()).exp2()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(scale: i32, offset: i32, counts: &[u64]) -> Point {
        Point {
            count: counts.iter().sum(),
            sum: Some(1.5),
            scale,
            positive: Some(Buckets { offset, bucket_counts: counts.to_vec() }),
            ..Point::default()
        }
    }

    fn positive(point: &Point) -> (i32, &[u64]) {
        let buckets = point.positive.as_ref().unwrap();
        (buckets.offset, &buckets.bucket_counts)
    }

    #[test]
    fn buckets_of_the_same_width_add_up() {
        let both = joined(&point(2, -1, &[1, 2]), point(2, 1, &[4, 8]));
        assert_eq!((both.scale, both.count, both.sum), (2, 15, Some(3.0)));
        assert_eq!(positive(&both), (-1, &[1, 2, 4, 8][..]));
        let with_nothing = joined(&point(2, 0, &[]), point(2, 5, &[3]));
        assert_eq!(positive(&with_nothing), (5, &[3][..]));
    }

    #[test]
    fn the_wider_buckets_are_kept() {
        let both = joined(&point(1, -3, &[1, 1, 1, 1]), point(0, -1, &[5]));
        assert_eq!((both.scale, both.count), (0, 9));
        assert_eq!(positive(&both), (-2, &[1, 7, 1][..]));
    }

    #[test]
    fn what_lies_below_the_wider_zero_threshold_is_zero() {
        // Buckets up to 1, 2, 4.
        let wide = Point { zero_threshold: 2.0, zero_count: 1, ..point(0, 0, &[]) };
        let both = joined(&point(0, -1, &[3, 5, 7]), wide);
        assert_eq!((both.zero_count, both.zero_threshold), (9, 2.0));
        assert_eq!(positive(&both), (-1, &[0, 0, 7][..]));
    }

    #[test]
    fn indices_far_apart_make_wider_buckets_and_no_large_table() {
        let both = joined(&point(20, i32::MIN, &[1]), point(20, i32::MAX, &[1]));
        let (_, counts) = positive(&both);
        assert_eq!(counts.iter().sum::<u64>(), 2);
        assert_eq!(counts.len(), 4096);
        assert_eq!(both.scale, 0);
        let almost = joined(&point(3, 0, &[1]), point(3, 4095, &[1]));
        assert_eq!((almost.scale, positive(&almost).1.len()), (3, 4096));
        let past = joined(&point(3, 0, &[1]), point(3, 4096, &[1]));
        assert_eq!((past.scale, positive(&past).1.len()), (2, 2049));
    }

    #[test]
    fn least_and_most_are_those_of_both() {
        let with = |min, max| Point { min, max, ..point(0, 0, &[1]) };
        let both = joined(&with(Some(1.0), None), with(Some(-1.0), Some(3.0)));
        assert_eq!((both.min, both.max), (Some(-1.0), Some(3.0)));
    }
}
