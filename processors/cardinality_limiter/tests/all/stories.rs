//! Single defects, each as a story. What goes wrong elsewhere and what went wrong here.

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::exponential_histogram_data_point::Buckets;
use opentelemetry_proto::tonic::metrics::v1::{
    ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Histogram, HistogramDataPoint,
    Metric, NumberDataPoint, Sum, Summary, SummaryDataPoint, metric, number_data_point,
};
use prost::Message;
use tamis_sdk::testing;

use crate::support::*;

const DELTA: i32 = 1;
const CUMULATIVE: i32 = 2;
const T: u64 = 1_700_000_000;

/// A time in seconds of the tests.
fn at(seconds: u64) -> u64 {
    (T + seconds) * SECOND
}

fn begin(json: &str) -> cardinality_limiter::CardinalityLimiter {
    testing::reset();
    testing::set_clock(at(0));
    start(json)
}

fn batch(data: metric::Data) -> Vec<u8> {
    let metric = Metric { name: "m".to_owned(), data: Some(data), ..Metric::default() };
    let scope = opentelemetry_proto::tonic::metrics::v1::ScopeMetrics {
        metrics: vec![metric],
        ..Default::default()
    };
    let resource = opentelemetry_proto::tonic::metrics::v1::ResourceMetrics {
        scope_metrics: vec![scope],
        ..Default::default()
    };
    ExportMetricsServiceRequest { resource_metrics: vec![resource] }.encode_to_vec()
}

fn gauge(points: Vec<NumberDataPoint>) -> Vec<u8> {
    batch(metric::Data::Gauge(Gauge { data_points: points }))
}

fn level(points: Vec<NumberDataPoint>) -> Vec<u8> {
    let sum = Sum { data_points: points, aggregation_temporality: CUMULATIVE, is_monotonic: false };
    batch(metric::Data::Sum(sum))
}

fn total(points: Vec<NumberDataPoint>) -> Vec<u8> {
    let sum = Sum { data_points: points, aggregation_temporality: CUMULATIVE, is_monotonic: true };
    batch(metric::Data::Sum(sum))
}

fn user(name: &str, begun: u64, time: u64, value: i64) -> NumberDataPoint {
    point(&[("user", name)], at(begun), at(time), value)
}

fn data(request: &ExportMetricsServiceRequest) -> Vec<metric::Data> {
    let scopes = request.resource_metrics.iter().flat_map(|group| &group.scope_metrics);
    scopes.flat_map(|scope| &scope.metrics).filter_map(|metric| metric.data.clone()).collect()
}

fn overflow(request: &ExportMetricsServiceRequest) -> Vec<NumberDataPoint> {
    let all = numbers(request).into_iter();
    all.filter(|(text, _)| text.contains("otel.metric.overflow")).map(|(_, point)| point).collect()
}

/// Contrib's shared aggregation code gives `[5 1]`.
#[test]
fn exponential_histograms_whose_lower_offset_comes_second_merge() {
    let mut limiter = begin(r#"{"limit": 1}"#);
    let one = |user: &str, offset, count: u64| ExponentialHistogramDataPoint {
        attributes: labels(&[("user", user)]),
        start_time_unix_nano: at(1),
        time_unix_nano: at(2),
        count,
        positive: Some(Buckets { offset, bucket_counts: vec![count] }),
        ..Default::default()
    };
    let points = vec![one("a", 0, 1), one("b", 2, 1), one("c", 0, 5)];
    let out = batch(metric::Data::ExponentialHistogram(ExponentialHistogram {
        data_points: points,
        aggregation_temporality: DELTA,
    }));
    let out = process(&mut limiter, at(2), &out);
    let Some(metric::Data::ExponentialHistogram(merged)) = data(&out).pop() else { panic!() };
    let buckets = merged.data_points[0].positive.clone().unwrap_or_default();
    assert_eq!((buckets.offset, buckets.bucket_counts), (0, vec![5, 0, 1]));
    assert_eq!(merged.data_points.len(), 1);
}

/// Contrib's gives two points with one identity.
#[test]
fn histograms_of_differing_bounds_have_the_bounds_that_both_have() {
    let mut limiter = begin(r#"{"limit": 1}"#);
    let one = |user: &str, bounds: &[f64], counts: &[u64]| HistogramDataPoint {
        attributes: labels(&[("user", user)]),
        start_time_unix_nano: at(1),
        time_unix_nano: at(2),
        count: counts.iter().sum(),
        sum: Some(1.0),
        explicit_bounds: bounds.to_vec(),
        bucket_counts: counts.to_vec(),
        ..Default::default()
    };
    let points = vec![
        one("a", &[1.0], &[1, 1]),
        one("b", &[1.0, 2.0, 5.0], &[1, 2, 3, 4]),
        one("c", &[2.0, 3.0, 5.0], &[10, 20, 30, 40]),
    ];
    let histogram = Histogram { data_points: points, aggregation_temporality: CUMULATIVE };
    let out = process(&mut limiter, at(2), &batch(metric::Data::Histogram(histogram)));
    let Some(metric::Data::Histogram(merged)) = data(&out).pop() else { panic!() };
    let [merged] = &merged.data_points[..] else { panic!("{merged:?}") };
    assert_eq!(merged.explicit_bounds, [2.0, 5.0]);
    assert_eq!(merged.bucket_counts, [13, 53, 44]);
}

/// Contrib's gives 5.
#[test]
fn an_integer_and_a_double_add_up_whatever_their_times_are() {
    let mut limiter = begin(r#"{"limit": 1}"#);
    let mut points =
        vec![user("a", 1, 2, 1), user("b", 1, 2, 5), point(&[("user", "c")], at(1), at(2) + 1, 0)];
    points[2].value = Some(number_data_point::Value::AsDouble(2.5));
    let sum = Sum { data_points: points, aggregation_temporality: DELTA, is_monotonic: true };
    let out = overflow(&process(&mut limiter, at(2), &batch(metric::Data::Sum(sum))));
    let [out] = &out[..] else { panic!("{out:?}") };
    assert_eq!(out.value, Some(number_data_point::Value::AsDouble(7.5)));
    assert_eq!(out.time_unix_nano, at(2) + 1);
}

/// Contrib's falls.
#[test]
fn a_sum_does_not_fall_when_a_source_is_missing_or_begins_again_or_is_forgotten() {
    let mut limiter = begin(r#"{"limit": 1, "idle": "10s"}"#);
    let mut send = |time, points: Vec<NumberDataPoint>| {
        let out = overflow(&process(&mut limiter, at(time), &total(points)));
        out.first().map(|out| (int(out), out.start_time_unix_nano, out.time_unix_nano))
    };
    let a = |time| user("a", 1, time, 100);
    let first = send(2, vec![a(2), user("b", 1, 2, 10), user("c", 1, 2, 20)]);
    assert_eq!(first, Some((30, at(1), at(2))));
    assert_eq!(send(3, vec![a(3), user("b", 1, 3, 11)]).map(|out| out.0), Some(31));
    // Begun again, by start and by value.
    assert_eq!(send(4, vec![a(4), user("b", 3, 4, 5)]).map(|out| out.0), Some(36));
    assert_eq!(send(5, vec![a(5), user("c", 1, 5, 4)]).map(|out| out.0), Some(40));
    // What comes late, or again, says nothing new.
    assert_eq!(send(6, vec![a(6), user("c", 1, 5, 4)]).map(|out| out.0), Some(40));
    assert_eq!(send(7, vec![a(7), user("c", 1, 3, 21)]), None);
    for time in 8..60 {
        let out = send(time, vec![a(time), user("b", 3, time, 5)]);
        assert_eq!(out.map(|out| out.0), Some(40));
    }
    // Forgotten for long: nobody knows what it added meanwhile, so it counts from here.
    assert_eq!(send(60, vec![a(60), user("c", 1, 60, 1000)]).map(|out| out.0), Some(40));
    assert_eq!(send(61, vec![a(61), user("c", 1, 61, 1001)]).map(|out| out.0), Some(41));
}

/// A point of before a reset that comes after it was counted again where its stream had a slot then.
#[test]
fn a_late_point_of_before_a_reset_is_not_counted_again() {
    let mut limiter = begin(r#"{"limit": 1, "idle": "10s"}"#);
    process(&mut limiter, at(2), &total(vec![user("a", 1, 2, 100)]));
    process(&mut limiter, at(15), &total(vec![user("b", 14, 15, 1)]));
    // `a` has no slot any more, and begins again.
    let out = process(&mut limiter, at(16), &total(vec![user("a", 15, 16, 7)]));
    assert_eq!(overflow(&out).iter().map(int).collect::<Vec<_>>(), [7]);
    // It had 100 when it had a slot: three more.
    let out = process(&mut limiter, at(17), &total(vec![user("a", 1, 14, 103)]));
    assert_eq!(overflow(&out).iter().map(int).collect::<Vec<_>>(), [10]);
}

/// Two replicas that cannot be told apart but by their start times. When the younger one was forgotten, all
/// that the older one had was counted again.
#[test]
fn two_sources_of_one_identity_add_up_also_after_one_has_gone() {
    let mut limiter = begin(r#"{"limit": 1, "idle": "10s"}"#);
    let mut send = |time, points: Vec<NumberDataPoint>| {
        let mut all = vec![user("a", 1, time, 100)];
        all.extend(points);
        let out = overflow(&process(&mut limiter, at(time), &total(all)));
        out.iter().map(int).collect::<Vec<_>>()
    };
    assert_eq!(send(2, vec![user("b", 1, 2, 10)]), [10]);
    assert_eq!(send(6, vec![user("b", 5, 6, 3), user("b", 1, 6, 12)]), [15]);
    assert_eq!(send(7, vec![user("b", 1, 7, 13), user("b", 5, 7, 4)]), [17]);
    for time in 8..60 {
        assert_eq!(send(time, vec![user("b", 1, time, 13 + time as i64 - 7)]), [10 + time as i64]);
    }
}

/// Gauges were added up from what was known of their sources, and of those with a slot nothing was.
#[test]
fn a_series_that_others_are_stripped_to_goes_on_in_their_sum_and_leaves_once() {
    for (rule, both) in [("sum", 7), ("max", 4), ("min", 3), ("last", 3)] {
        let json = format!(r#"{{"limit": 2, "mode": "strip", "gauge": "{rule}"}}"#);
        let mut limiter = begin(&json);
        let bare = |time, value| point(&[], 0, at(time), value);
        let points = vec![bare(2, 4), user("a", 0, 2, 3)];
        // One slot is for what is stripped, so `a` is stripped to what has left in this very batch.
        let out = numbers(&process(&mut limiter, at(2), &gauge(points)));
        let [own, sum] = &out[..] else { panic!("{out:?}") };
        assert_eq!(own.0, sum.0);
        assert_eq!((int(&own.1), int(&sum.1)), (4, both), "{rule}");
        assert!(own.1.time_unix_nano < sum.1.time_unix_nano);
        // The slot of what is a sum now is free again.
        let points = vec![bare(3, 4), user("a", 0, 4, 8)];
        let out = numbers(&process(&mut limiter, at(3), &gauge(points)));
        assert_eq!(out.iter().map(|(_, point)| int(point)).collect::<Vec<_>>(), [8, 4], "{rule}");
    }
}

/// It was stripped of more, or went into the overflow, although it leaves as that series already.
#[test]
fn what_already_is_as_others_became_is_added_to_them() {
    let json = r#"{"limit": 10, "normalize": {"paths": ["route"]}, "mode": "drop"}"#;
    let mut limiter = begin(json);
    let route = |route: &str, time| point(&[("route", route)], at(1), at(time), 5);
    let out = numbers(&process(&mut limiter, at(2), &total(vec![route("/users/4711", 2)])));
    let [(text, _)] = &out[..] else { panic!("{out:?}") };
    let template = text.split("\\\"").nth(1).or_else(|| text.split('"').nth(1));
    let template = template.expect("a template").to_owned();
    let out = numbers(&process(&mut limiter, at(3), &total(vec![route(&template, 3)])));
    assert_eq!(out.iter().map(|(_, point)| int(point)).collect::<Vec<_>>(), [10], "{template}");
}

/// A full budget dropped what only had to be added to a series that leaves.
#[test]
fn a_full_budget_that_drops_still_adds_to_what_leaves() {
    let json = r#"{"limit": 1, "normalize": {"paths": ["route"]}, "mode": "drop"}"#;
    let mut limiter = begin(json);
    let route = |id: u32| point(&[("route", &format!("/users/{id}"))], at(1), at(2), 5);
    let points = vec![route(4711), route(4712), route(4713)];
    let out = numbers(&process(&mut limiter, at(2), &total(points)));
    assert_eq!(out.iter().map(|(_, point)| int(point)).collect::<Vec<_>>(), [15]);
}

/// Quantiles cannot be added, so a template of their labels lost them.
#[test]
fn a_summary_keeps_its_labels_where_templates_are_made() {
    let mut limiter = begin(r#"{"limit": 10, "normalize": {"paths": ["route"]}}"#);
    let summary = SummaryDataPoint {
        attributes: labels(&[("route", "/users/4711")]),
        time_unix_nano: at(2),
        count: 3,
        ..Default::default()
    };
    let summary = batch(metric::Data::Summary(Summary { data_points: vec![summary] }));
    let out = process(&mut limiter, at(2), &summary);
    assert_eq!(out.encode_to_vec(), summary);
}

/// What was told apart only by what cannot be added went, although nothing was to go.
#[test]
fn where_nothing_is_to_be_lost_not_even_what_cannot_be_added_is() {
    for mode in ["tag", "observe"] {
        let json =
            format!(r#"{{"limit": 1, "normalize": {{"paths": ["route"]}}, "mode": "{mode}"}}"#);
        let mut limiter = begin(&json);
        let mut point = point(&[("route", "/users/4711")], 0, at(2), 0);
        point.value = Some(number_data_point::Value::AsDouble(f64::NAN));
        assert_eq!(numbers(&process(&mut limiter, at(2), &gauge(vec![point]))).len(), 1);
    }
}

#[test]
fn a_level_is_the_sum_of_those_that_live() {
    let mut limiter = begin(r#"{"limit": 1, "idle": "10s"}"#);
    let mut send = |time, mut points: Vec<NumberDataPoint>| {
        points.insert(0, user("a", 1, time, 1));
        let out = overflow(&process(&mut limiter, at(time), &level(points)));
        out.iter().map(int).collect::<Vec<_>>()
    };
    assert_eq!(send(2, vec![user("b", 1, 2, 10), user("c", 1, 2, 20)]), [30]);
    assert_eq!(send(3, vec![user("b", 1, 3, 4)]), [24]);
    let mut nothing = user("c", 1, 4, 0);
    (nothing.flags, nothing.value) = (1, None);
    assert_eq!(send(4, vec![nothing]), [4]);
    assert_eq!(send(5, vec![user("c", 1, 5, 7)]), [11]);
    // `b` was last seen at 3.
    for time in 6..13 {
        assert_eq!(send(time, vec![user("c", 1, time, 7)]), [11]);
    }
    assert_eq!(send(17, vec![user("c", 1, 17, 7)]), [7]);
}

/// The clock of the least idle time began again after 49 days, and then nothing expired any more.
#[test]
fn slots_come_free_after_months_as_well() {
    let mut limiter = begin(r#"{"limit": 1, "idle": "1s"}"#);
    let day = 24 * 3600;
    for time in (1..60).map(|days| days * day) {
        let name = format!("u{time}");
        let out =
            numbers(&process(&mut limiter, at(time), &total(vec![user(&name, time - 1, time, 1)])));
        assert!(out[0].0.contains(&name), "{out:?}");
    }
}

/// Backends refuse it.
#[test]
fn a_start_is_before_its_time_even_where_the_first_value_does_not_count() {
    let mut limiter = begin(r#"{"limit": 1, "initial_value": "drop"}"#);
    let points = vec![user("a", 1, 2, 1), user("b", 1, 2, 5)];
    let out = overflow(&process(&mut limiter, at(2), &total(points)));
    assert!(out[0].start_time_unix_nano < out[0].time_unix_nano && int(&out[0]) == 0, "{out:?}");
    let start = out[0].start_time_unix_nano;
    let points = vec![user("a", 1, 3, 1), user("b", 1, 3, 6)];
    let out = overflow(&process(&mut limiter, at(3), &total(points)));
    assert_eq!((out[0].start_time_unix_nano, int(&out[0])), (start, 1));
}

/// In all modes that strip, the bound over all metrics was not looked at.
#[test]
fn what_is_stripped_counts_over_all_metrics_too() {
    let json = r#"{"limit": 40, "mode": "strip", "totals": [{"limit": 2}]}"#;
    let mut limiter = begin(json);
    let points = (0..9).map(|n| {
        point(&[("user", &n.to_string()), ("route", &(n % 3).to_string())], at(1), at(2), 1)
    });
    let out = numbers(&process(&mut limiter, at(2), &total(points.collect())));
    let whole = out.iter().filter(|(text, _)| !text.contains("otel.metric.overflow"));
    assert_eq!((whole.count(), out.len()), (2, 3), "{out:?}");
}

/// A time at the end of all times must not be added to.
#[test]
fn a_time_beyond_everything_does_no_harm() {
    let mut limiter = begin(r#"{"limit": 1}"#);
    for time in [2, 3] {
        let beyond = point(&[("user", "b")], at(1), u64::MAX, time);
        let out = process(&mut limiter, at(2), &total(vec![user("a", 1, 2, 1), beyond]));
        assert_eq!(overflow(&out).len(), 1);
    }
}
