//! The plainest configurations, read as stories.

use crate::support::*;

const DELTA: i32 = 1;
const CUMULATIVE: i32 = 2;

fn users(
    count: usize,
    time: u64,
    value: i64,
) -> Vec<opentelemetry_proto::tonic::metrics::v1::NumberDataPoint> {
    (0..count)
        .map(|user| point(&[("route", "/a"), ("user", &user.to_string())], 1, time, value))
        .collect()
}

#[test]
fn beyond_the_limit_everything_is_added_to_one_series() {
    let mut limiter = start(r#"{"limit": 3}"#);
    for round in 1..=5 {
        let batch = sum("requests", CUMULATIVE, users(10, round * SECOND, 10 * round as i64));
        let out = numbers(&process(&mut limiter, round * SECOND, &batch));
        assert_eq!(out.len(), 4, "{out:?}");
        assert_eq!(out.iter().map(|(_, point)| int(point)).sum::<i64>(), 100 * round as i64);
        assert_eq!(out.iter().filter(|(text, _)| text.contains("otel.metric.overflow")).count(), 1);
    }
}

#[test]
fn the_label_with_the_most_values_is_stripped_first() {
    let mut limiter = start(r#"{"limit": 10, "mode": "strip"}"#);
    for round in 1..=5 {
        let batch = sum("requests", DELTA, users(100, round * SECOND, 1));
        let out = numbers(&process(&mut limiter, round * SECOND, &batch));
        assert_eq!(out.len(), 10, "{out:?}");
        assert_eq!(out.iter().map(|(_, point)| int(point)).sum::<i64>(), 100);
        let stripped: Vec<_> = out.iter().filter(|(text, _)| !text.contains("user=")).collect();
        assert_eq!(stripped.len(), 1);
        assert!(stripped[0].0.contains("route=") && stripped[0].0.contains("service.name="));
    }
}

#[test]
fn a_slot_comes_free_and_the_next_stream_goes_on_from_where_it_was() {
    let mut limiter = start(r#"{"limit": 1, "idle": "10s"}"#);
    let one = |user: &str, time: u64, value| {
        sum("requests", CUMULATIVE, vec![point(&[("user", user)], 1, time * SECOND, value)])
    };
    process(&mut limiter, SECOND, &one("a", 1, 5));
    let out = numbers(&process(&mut limiter, 2 * SECOND, &one("b", 2, 7)));
    assert!(out[0].0.contains("overflow"));
    assert_eq!(int(&out[0].1), 7);
    let out = numbers(&process(&mut limiter, 20 * SECOND, &one("b", 20, 9)));
    assert!(!out[0].0.contains("overflow"), "{out:?}");
    assert_eq!((int(&out[0].1), out[0].1.start_time_unix_nano), (2, 2 * SECOND));
    // What was in the slot comes back, and there is no room. What it had has left already; the series
    // for all that have none had gone as well, and begins anew after what had left of it.
    let out = numbers(&process(&mut limiter, 21 * SECOND, &one("a", 21, 6)));
    assert!(out[0].0.contains("overflow"));
    assert_eq!((int(&out[0].1), out[0].1.start_time_unix_nano), (1, 2 * SECOND));
}
