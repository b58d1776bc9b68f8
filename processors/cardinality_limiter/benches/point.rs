//! Nanoseconds of CPU per data point, natively: known series, and series that nobody has seen.
#![allow(clippy::print_stdout, clippy::expect_used, reason = "a benchmark says what it measured")]

use std::hint::black_box;

use cardinality_limiter::CardinalityLimiter;
use tamis_sdk::wire::Writer;
use tamis_sdk::{Configuration, Context, Processor, Signal};

const POINTS: usize = 512;
const PLACE: &[u8] = b"series--";
/// Later than any clock.
const START: u64 = 4_000_000_000_000_000_000;

fn main() {
    let known = r#"{"limit": 2000000, "memory_mib": 1024, "idle": "24h"}"#;
    for (kind, temporality) in [("delta", 1), ("cumulative", 2)] {
        for series in [10_000, 1_000_000] {
            let batch = batch(temporality);
            let mut limiter = start(known);
            run(&mut limiter, &batch, 0..series);
            let cost = run(&mut limiter, &batch, 0..series);
            println!("{kind}, {series} known series: {cost} ns a point");
        }
        for mode in ["overflow", "strip", "drop"] {
            let config = format!(r#"{{"limit": 1000, "mode": "{mode}", "memory_mib": 1024}}"#);
            let mut limiter = start(&config);
            let cost = run(&mut limiter, &batch(temporality), 0..500_000);
            println!("{kind}, all new, {mode}: {cost} ns a point");
        }
    }
}

fn start(config: &str) -> CardinalityLimiter {
    CardinalityLimiter::configure(Configuration::from_json(config)).expect("a valid config").0
}

/// All series once.
fn run(limiter: &mut CardinalityLimiter, batch: &[u8], series: std::ops::Range<usize>) -> u64 {
    let places: Vec<usize> =
        (0..batch.len()).filter(|at| batch[*at..].starts_with(PLACE)).collect();
    let context = Context::new(Signal::Metrics);
    let mut spent = 0;
    let mut points = 0;
    for first in series.step_by(POINTS) {
        let mut batch = batch.to_vec();
        for (number, place) in (first..).zip(&places) {
            batch[*place..*place + PLACE.len()].copy_from_slice(format!("{number:08x}").as_bytes());
        }
        let start = cpu();
        black_box(limiter.process(&context, black_box(&batch)).expect("processed"));
        spent += cpu() - start;
        points += POINTS as u64;
    }
    spent / points
}

/// Nanoseconds that this thread has run.
fn cpu() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    text.split(' ').next().and_then(|text| text.parse().ok()).expect("a number")
}

fn batch(temporality: u64) -> Vec<u8> {
    let mut batch = Vec::new();
    Writer::new(&mut batch).message(1, |out| {
        out.message(1, |out| {
            for (key, value) in [
                ("service.name", "checkout"),
                ("service.version", "2.14.1"),
                ("k8s.pod.name", "checkout-6c9f8d7b5-x2x7k"),
                ("k8s.namespace.name", "shop"),
                ("cloud.region", "eu-central-1"),
            ] {
                label(out, 1, key, value);
            }
        });
        out.message(2, |out| {
            out.message(1, |out| out.bytes(1, "io.opentelemetry.tomcat-10.0"));
            out.message(2, |out| {
                out.bytes(1, "http.server.requests");
                out.message(7, |out| {
                    (0..POINTS).for_each(|index| out.message(1, |out| point(out, index)));
                    out.varint(2, temporality);
                    out.varint(3, 1);
                });
            });
        });
    });
    batch
}

fn point(out: &mut Writer<'_>, index: usize) {
    out.fixed64(2, START);
    out.fixed64(3, START + 10_000_000_000);
    out.fixed64(6, index as u64);
    label(out, 7, "http.request.method", ["GET", "POST", "PUT"][index % 3]);
    label(out, 7, "http.route", ["/api/orders/{id}", "/api/login", "/health"][index / 3 % 3]);
    label(out, 7, "url.scheme", "https");
    label(out, 7, "http.response.status_code", ["200", "404"][index % 2]);
    label(out, 7, "server.address", "api.shop.example.internal");
    label(out, 7, "user.id", std::str::from_utf8(PLACE).unwrap_or_default());
}

fn label(out: &mut Writer<'_>, number: u32, key: &str, value: &str) {
    out.message(number, |pair| {
        pair.bytes(1, key);
        pair.message(2, |any| any.bytes(1, value));
    });
}
