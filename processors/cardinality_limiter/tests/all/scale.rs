//! A day of churn, very many series, little memory.

use std::collections::{BTreeMap, BTreeSet};

use tamis_sdk::{Ticker, testing};

use crate::support::*;

const DELTA: i32 = 1;
const CUMULATIVE: i32 = 2;
const BEGAN: u64 = 1_700_000_000 * SECOND;

fn measured(name: &str) -> Vec<f64> {
    let all = testing::take_measurements().into_iter();
    all.filter(|one| one.name == name).map(|one| one.value).collect()
}

/// Of each minute ten new series live for an hour, and for another hour one leaves a slot before the
/// next takes it: whoever has room to wait for gets it within the idle time and one sweep.
#[test]
fn in_a_day_of_churn_slots_come_free_within_the_idle_time_and_one_sweep() {
    const MINUTE: u64 = 60 * SECOND;
    const IDLE: u64 = 10 * MINUTE;
    // A twentieth of the idle time, and the time between two batches.
    const SWEEP: u64 = IDLE / 20 + MINUTE / 2;
    testing::reset();
    testing::set_clock(BEGAN);
    let mut limiter = start(r#"{"limit": 50, "idle": "10m"}"#);
    let mut left_at: BTreeMap<String, u64> = BTreeMap::new();
    let mut sum = 0;
    for half in 0..24 * 120_u64 {
        let now = BEGAN + (half + 1) * MINUTE / 2;
        // Every half hour other pods: forty of them.
        let epoch = half / 60;
        let points = (0..40)
            .map(|pod| point(&[("pod", &format!("p{epoch}-{pod}"))], now - MINUTE / 2, now, 1))
            .collect();
        let out = numbers(&process(&mut limiter, now, &crate::support::sum("m", DELTA, points)));
        sum += out.iter().map(|(_, point)| int(point)).sum::<i64>();
        let own: BTreeSet<&String> = out
            .iter()
            .filter(|(text, _)| !text.contains("overflow"))
            .map(|(text, _)| text)
            .collect();
        own.iter().for_each(|text| {
            left_at.insert((*text).clone(), now);
        });
        let recent = left_at.values().filter(|time| **time + IDLE >= now).count();
        assert!(recent <= 50, "{recent}");
        let into = half % 60 * MINUTE / 2;
        if epoch == 0 || into > IDLE + SWEEP {
            assert_eq!(own.len(), 40, "half minute {half}");
        } else if into < IDLE {
            assert_eq!(own.len(), 10, "half minute {half}");
        }
    }
    assert_eq!(sum, 24 * 120 * 40);
}

/// Ten million, or fewer where nothing is optimised. `TAMIS_TEST_SERIES`: how many.
#[test]
fn of_very_many_series_no_more_than_the_limit_leave_in_bounded_memory() {
    let series: u64 = match std::env::var("TAMIS_TEST_SERIES") {
        Ok(text) => text.parse().expect("a number"),
        Err(_) if cfg!(debug_assertions) => 200_000,
        Err(_) => 10_000_000,
    };
    testing::reset();
    testing::set_clock(BEGAN);
    let mut limiter = start(r#"{"limit": 100, "memory_mib": 8}"#);
    let mut identities = BTreeSet::new();
    let (mut whole, mut dropped) = (0, 0.0);
    for first in (0..series).step_by(1000) {
        let now = BEGAN + (first / 1000 + 1) * SECOND / 1000;
        let last = (first + 1000).min(series);
        let points = (first..last)
            .map(|user| point(&[("user", &user.to_string())], BEGAN + 1, now, 1))
            .collect();
        let out = process(&mut limiter, now, &sum("m", CUMULATIVE, points));
        for (text, point) in numbers(&out) {
            whole += if text.contains("overflow") { 0 } else { int(&point) };
            identities.insert(text);
        }
        dropped += testing::take_measurements()
            .iter()
            .filter(|one| one.name == "cardinality_limiter_points")
            .filter(|one| one.labels.iter().any(|(_, value)| value == "memory"))
            .map(|one| one.value)
            .sum::<f64>();
        limiter.tick(now).expect("a tick");
        let memory = measured("cardinality_limiter_memory_bytes")[0];
        assert!(memory <= f64::from(8 << 20), "{memory}");
    }
    assert!(identities.len() <= 101, "{}", identities.len());
    // The last one again: what the overflow has is all that was not dropped.
    let now = BEGAN + 3000 * SECOND;
    let out = process(
        &mut limiter,
        BEGAN + 100 * SECOND,
        &sum("m", CUMULATIVE, vec![point(&[("user", "101")], BEGAN + 1, now, 1)]),
    );
    let overflow = int(&numbers(&out)[0].1);
    assert_eq!(whole + overflow + dropped as i64, series as i64);
    assert!(dropped > 0.0 || series < 50_000);
}

/// Whatever takes memory: labels, budgets, values, folds.
#[test]
fn with_little_memory_nothing_grows_beyond_it() {
    for json in [
        r#"{"limit": 10, "by": ["user"], "memory_mib": 1}"#,
        r#"{"limit": 10000, "value_limit": 5000, "memory_mib": 1}"#,
        r#"{"limit": 100000, "mode": "strip", "drop_first": ["route"], "memory_mib": 1}"#,
        r#"{"limit": 100, "totals": [{"limit": 10, "by": ["user"]}], "memory_mib": 1}"#,
        r#"{"limit": 100000, "normalize": {"paths": ["route"]}, "memory_mib": 1}"#,
        r#"{"limit": 10, "idle": "2s", "memory_mib": 1}"#,
    ] {
        testing::reset();
        testing::set_clock(BEGAN);
        let mut limiter = start(json);
        for round in 0..30_u64 {
            let now = BEGAN + (round + 1) * SECOND / 2;
            let points = (0..1000)
                .map(|n| {
                    let user = (round * 1000 + n).to_string();
                    let route = format!("/users/{user}/x{user}");
                    point(&[("user", &user), ("route", &route)], BEGAN + 1, now, 1)
                })
                .collect();
            process(&mut limiter, now, &sum("m", CUMULATIVE, points));
            let _ = testing::take_measurements();
            limiter.tick(now).expect("a tick");
            let memory = measured("cardinality_limiter_memory_bytes")[0];
            assert!(memory <= f64::from(1 << 20), "{json}: {memory}");
        }
    }
}
