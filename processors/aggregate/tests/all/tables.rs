//! Single cases: what went wrong elsewhere, and what is refused.

use opentelemetry_proto::tonic::metrics::v1::exponential_histogram_data_point::Buckets;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value;
use opentelemetry_proto::tonic::metrics::v1::{
    ExponentialHistogramDataPoint, HistogramDataPoint, NumberDataPoint, SummaryDataPoint,
};
use tamis_aggregate::{GaugeRule, Invalid, Kind, Last, POINT_BUCKETS_MAX, Step, Total};

use crate::support::{since, with, written};

const SUM: Kind = Kind::Sum { delta: true, monotonic: true };
const COUNTER: Kind = Kind::Sum { delta: false, monotonic: true };
const HISTOGRAM: Kind = Kind::Histogram { delta: true };
const EXPONENTIAL: Kind = Kind::Exponential { delta: true };

fn number(value: Value) -> NumberDataPoint {
    NumberDataPoint { value: Some(value), ..NumberDataPoint::default() }
}

fn histogram(bounds: &[f64], counts: &[u64]) -> HistogramDataPoint {
    HistogramDataPoint {
        count: counts.iter().sum(),
        sum: Some(1.5),
        bucket_counts: counts.to_vec(),
        explicit_bounds: bounds.to_vec(),
        ..HistogramDataPoint::default()
    }
}

fn exponential(scale: i32, offset: i32, counts: &[u64]) -> ExponentialHistogramDataPoint {
    ExponentialHistogramDataPoint {
        count: counts.iter().sum(),
        sum: Some(1.5),
        scale,
        positive: Some(Buckets { offset, bucket_counts: counts.to_vec() }),
        ..ExponentialHistogramDataPoint::default()
    }
}

fn added<P: prost::Message + Default>(kind: Kind, points: &[P]) -> P {
    let mut total = Total::new(kind);
    for point in points {
        with(kind, point, |point| total.add(point)).unwrap();
    }
    written(&mut total)
}

fn refused<P: prost::Message + Default>(kind: Kind, point: &P) -> Invalid {
    let mut total = Total::new(kind);
    let mut last = Last::default();
    let error = with(kind, point, |point| total.add(point)).unwrap_err();
    assert!(total.is_empty());
    let of_last = with(kind, point, |point| last.set(point));
    assert!(last.is_none() || error == Invalid::Negative);
    assert!(of_last.is_err() || error == Invalid::Negative);
    error
}

#[test]
fn the_lower_offset_may_come_second() {
    let both = added(EXPONENTIAL, &[exponential(0, 2, &[1]), exponential(0, 0, &[5])]);
    let expected = Buckets { offset: 0, bucket_counts: vec![5, 0, 1] };
    assert_eq!((both.scale, both.count, both.positive), (0, 6, Some(expected)));
}

#[test]
fn scales_go_down_on_either_side_of_one() {
    let both = added(EXPONENTIAL, &[exponential(1, -3, &[1, 1, 1, 1]), exponential(0, -1, &[5])]);
    let expected = Buckets { offset: -2, bucket_counts: vec![1, 7, 1] };
    assert_eq!((both.scale, both.positive), (0, Some(expected)));
    let both = added(EXPONENTIAL, &[exponential(20, 0, &[1]), exponential(-11, -1, &[1, 1])]);
    let expected = Buckets { offset: -1, bucket_counts: vec![1, 2] };
    assert_eq!((both.scale, both.positive), (-11, Some(expected)));
}

#[test]
fn too_many_buckets_become_wider_ones() {
    let both = added(EXPONENTIAL, &[exponential(3, 0, &[1]), exponential(3, 320, &[1])]);
    assert_eq!((both.scale, both.positive.unwrap().bucket_counts.len()), (2, 161));
    let both = added(EXPONENTIAL, &[exponential(3, 0, &[1]), exponential(3, 319, &[1])]);
    assert_eq!((both.scale, both.positive.unwrap().bucket_counts.len()), (3, 320));
}

#[test]
fn a_zero_threshold_takes_whole_buckets() {
    // (0.5, 1], (1, 2], (2, 4], on either side.
    let mut fine = exponential(0, -1, &[1, 2, 4]);
    fine.negative = Some(Buckets { offset: -1, bucket_counts: vec![8, 16, 32] });
    fine.count = 63;
    let zero = |zero_threshold, zero_count| ExponentialHistogramDataPoint {
        count: zero_count,
        zero_count,
        zero_threshold,
        ..exponential(0, 0, &[])
    };
    for (threshold, expected, zeros) in [(1.0, 1.0, 9), (1.5, 2.0, 27), (0.4, 0.4, 0)] {
        for points in [[fine.clone(), zero(threshold, 100)], [zero(threshold, 100), fine.clone()]] {
            let both = added(EXPONENTIAL, &points);
            assert_eq!((both.zero_threshold, both.zero_count), (expected, 100 + zeros));
            assert_eq!(both.count, 163);
        }
    }
    // Not where the bucket is empty.
    let both = added(EXPONENTIAL, &[exponential(0, 1, &[1]), zero(1.5, 1)]);
    assert_eq!((both.zero_threshold, both.zero_count), (1.5, 1));
}

#[test]
fn bounds_that_differ_are_cut_down_to_common_ones() {
    let points = [histogram(&[1.0, 2.0, 5.0], &[1, 2, 4, 8]), histogram(&[2.0, 4.0], &[1, 1, 1])];
    let both = added(HISTOGRAM, &points);
    assert_eq!((both.explicit_bounds, both.bucket_counts), (vec![2.0], vec![4, 14]));
    assert_eq!((both.count, both.sum), (18, Some(3.0)));
    let none = added(HISTOGRAM, &[histogram(&[1.0], &[1, 2]), histogram(&[7.0], &[4, 8])]);
    assert_eq!((none.explicit_bounds, none.bucket_counts, none.count), (vec![], vec![], 15));
}

#[test]
fn integers_and_doubles_of_one_stream_add_up() {
    let both = added(SUM, &[number(Value::AsInt(5)), number(Value::AsDouble(2.5))]);
    assert_eq!(both.value, Some(Value::AsDouble(7.5)));
}

#[test]
fn what_is_not_a_number_is_refused() {
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        for kind in [SUM, COUNTER, Kind::Gauge] {
            assert_eq!(refused(kind, &number(Value::AsDouble(value))), Invalid::NotFinite);
        }
        let point = HistogramDataPoint { sum: Some(value), ..histogram(&[], &[1]) };
        assert_eq!(refused(HISTOGRAM, &point), Invalid::NotFinite);
        let point = ExponentialHistogramDataPoint { min: Some(value), ..exponential(0, 0, &[1]) };
        assert_eq!(refused(EXPONENTIAL, &point), Invalid::NotFinite);
        let point =
            ExponentialHistogramDataPoint { zero_threshold: value, ..exponential(0, 0, &[1]) };
        assert_eq!(refused(EXPONENTIAL, &point), Invalid::ZeroThreshold);
    }
    assert_eq!(refused(SUM, &number(Value::AsInt(-1))), Invalid::Negative);
    assert_eq!(refused(SUM, &NumberDataPoint::default()), Invalid::NoValue);
    let flagged = NumberDataPoint { flags: 1, ..number(Value::AsInt(1)) };
    assert_eq!(refused(SUM, &flagged), Invalid::NoValue);
    let summary = SummaryDataPoint::default();
    assert!(with(Kind::Summary, &summary, |point| Total::new(Kind::Summary).add(point)).is_err());
}

#[test]
fn histograms_that_contradict_themselves_are_refused() {
    let wrong = |bounds: &[f64], counts: &[u64]| refused(HISTOGRAM, &histogram(bounds, counts));
    assert_eq!(wrong(&[1.0], &[1]), Invalid::BucketCount);
    assert_eq!(wrong(&[1.0], &[]), Invalid::BucketCount);
    assert_eq!(wrong(&[2.0, 1.0], &[1, 1, 1]), Invalid::Bounds);
    assert_eq!(wrong(&[1.0, 1.0], &[1, 1, 1]), Invalid::Bounds);
    assert_eq!(wrong(&[f64::NAN], &[1, 1]), Invalid::Bounds);
    let many: Vec<f64> = (0..POINT_BUCKETS_MAX).map(|bound| bound as f64).collect();
    assert_eq!(wrong(&many, &vec![0; POINT_BUCKETS_MAX + 1]), Invalid::TooManyBuckets);
    let point = HistogramDataPoint { count: 3, ..histogram(&[1.0], &[1, 1]) };
    assert_eq!(refused(HISTOGRAM, &point), Invalid::Count);
    let point = HistogramDataPoint { count: 0, ..histogram(&[1.0], &[u64::MAX / 2 + 1, 1]) };
    let point = HistogramDataPoint { bucket_counts: vec![u64::MAX, 1], ..point };
    assert_eq!(refused(HISTOGRAM, &point), Invalid::Count);

    let point = ExponentialHistogramDataPoint { count: 3, ..exponential(0, 0, &[1]) };
    assert_eq!(refused(EXPONENTIAL, &point), Invalid::Count);
    for scale in [i32::MIN, -12, 21, i32::MAX] {
        assert_eq!(refused(EXPONENTIAL, &exponential(scale, 0, &[1])), Invalid::Scale);
    }
    for (scale, offset) in [(0, i32::MIN), (0, i32::MAX), (20, i32::MAX), (-11, 3), (0, 1025)] {
        assert_eq!(refused(EXPONENTIAL, &exponential(scale, offset, &[1])), Invalid::Index);
    }
    let wide = exponential(20, 0, &vec![1; POINT_BUCKETS_MAX + 1]);
    assert_eq!(refused(EXPONENTIAL, &wide), Invalid::TooManyBuckets);
    // Empty ones do not count, wherever they are.
    let empty = added(EXPONENTIAL, &[exponential(0, i32::MAX, &[0; 9]), exponential(0, 0, &[1])]);
    assert_eq!(empty.positive, Some(Buckets { offset: 0, bucket_counts: vec![1] }));
}

#[test]
fn what_does_not_fit_is_refused_and_changes_nothing() {
    let mut total = Total::new(HISTOGRAM);
    with(HISTOGRAM, &histogram(&[1.0], &[u64::MAX, 0]), |point| total.add(point)).unwrap();
    let before: HistogramDataPoint = written(&mut total);
    let more = with(HISTOGRAM, &histogram(&[1.0], &[0, 1]), |point| total.add(point));
    assert_eq!((more, written(&mut total)), (Err(Invalid::Overflow), before));
    let mut total = Total::new(SUM);
    let much = number(Value::AsDouble(f64::MAX));
    with(SUM, &much, |point| total.add(point)).unwrap();
    assert_eq!(with(SUM, &much, |point| total.add(point)), Err(Invalid::Overflow));
    assert_eq!(written::<NumberDataPoint>(&mut total).value, much.value);
}

#[test]
fn a_sum_or_an_extreme_is_there_while_all_have_it() {
    let with_all = HistogramDataPoint { min: Some(1.0), max: Some(2.0), ..histogram(&[], &[1]) };
    let without = HistogramDataPoint { sum: None, ..histogram(&[], &[1]) };
    let empty = HistogramDataPoint::default();
    let both = added(HISTOGRAM, &[with_all.clone(), empty]);
    assert_eq!((both.sum, both.min, both.max), (Some(1.5), Some(1.0), Some(2.0)));
    let both = added(HISTOGRAM, &[with_all, without]);
    assert_eq!((both.count, both.sum, both.min, both.max), (2, None, None, None));
}

#[test]
fn a_counter_that_falls_was_reset() {
    let mut total = Total::new(COUNTER);
    let mut last = Last::default();
    let steps = [(5, Step::Added), (9, Step::Added), (4, Step::Fell), (4, Step::Added)];
    for (value, expected) in steps {
        with(COUNTER, &number(Value::AsInt(value)), |point| {
            let step = total.add_since(point, &last).unwrap();
            assert_eq!(step, expected, "{value}");
            if step == Step::Fell {
                total.add(point).unwrap();
            }
            last.set(point).unwrap();
        });
    }
    assert_eq!(written::<NumberDataPoint>(&mut total).value, Some(Value::AsInt(13)));
}

#[test]
fn one_bucket_that_falls_is_a_reset() {
    let kind = Kind::Histogram { delta: false };
    let mut last = Last::default();
    with(kind, &histogram(&[1.0, 2.0], &[1, 2, 3]), |point| last.set(point)).unwrap();
    let mut total = Total::new(kind);
    let grown = histogram(&[1.0, 2.0], &[9, 1, 3]);
    let step = with(kind, &grown, |point| total.add_since(point, &last)).unwrap();
    assert_eq!((step, total.is_empty()), (Step::Fell, true));
    assert!(since(kind, &grown, &last, 1).is_none());
    let kind = Kind::Exponential { delta: false };
    let mut last = Last::default();
    with(kind, &exponential(0, 0, &[1, 2]), |point| last.set(point)).unwrap();
    for point in [exponential(0, 0, &[9, 1]), exponential(0, 1, &[9]), exponential(-1, 5, &[9])] {
        let mut total = Total::new(kind);
        let step = with(kind, &point, |point| total.add_since(point, &last)).unwrap();
        assert_eq!((step, total.is_empty()), (Step::Fell, true));
    }
}

#[test]
fn memory_is_what_it_is_said_to_be() {
    let bounds: Vec<f64> = (0..15).map(f64::from).collect();
    let mut point = histogram(&bounds, &[1; 16]);
    let mut last = Last::default();
    with(HISTOGRAM, &point, |point| last.set(point)).unwrap();
    assert_eq!(last.memory(), 16 * 8 + 8);
    point.min = Some(0.0);
    with(HISTOGRAM, &point, |point| last.set(point)).unwrap();
    assert_eq!(last.memory(), 16 * 8 + 24);
    let empty_around = [&[0; 50][..], &[1; 20], &[0; 50]].concat();
    with(EXPONENTIAL, &exponential(3, 0, &empty_around), |point| last.set(point)).unwrap();
    assert_eq!(last.memory(), 20 * 8 + 40);
    with(SUM, &number(Value::AsInt(1)), |point| last.set(point)).unwrap();
    assert_eq!(last.memory(), 0);
    let most = if cfg!(target_pointer_width = "32") { 16 } else { 32 };
    assert!(size_of::<Last>() <= most);
    assert!(Total::gauge(GaugeRule::Last).memory() == 0);
}
