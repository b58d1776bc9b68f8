//! What a path costs with learning on, and how many bytes of messages go through in a second.
#![allow(clippy::print_stdout, reason = "a benchmark")]

use std::hint::black_box;
use std::time::Instant;

use tamis_normalize::{Learning, Paths, message};

const ROUNDS: usize = 200;
const PATHS: usize = 10_000;
const MESSAGE_BYTES: usize = 1 << 20;

/// A name and how a path is made of a number.
type Kind = (&'static str, fn(u64) -> String);

fn main() {
    let kinds: [Kind; 5] = [
        ("static", |_| "/api/v1/accounts/settings/notifications".into()),
        ("number", |x| format!("/api/v1/customers/{:08}/orders/{:03}", x % 100_000_000, x % 1000)),
        ("UUID", |x| format!("/api/orders/{x:08x}-0000-4000-8000-{:012x}", x * 7)),
        ("learned name", |x| format!("/api/v1/users/{}/repositories/list", name(x))),
        ("span name with a query", |x| format!("GET /api/v1/customers/{x}/orders?page=2")),
    ];
    for (kind, make) in kinds {
        let paths: Vec<String> = (0..PATHS as u64).map(|x| make(mixed(x) % (1 << 30))).collect();
        let learning = Learning { values: 100, memory_bytes: 1 << 20 };
        let mut normalizer = Paths::new(learning, 1);
        let mut out = String::new();
        let nanos = best(|| {
            for path in &paths {
                out.clear();
                black_box(normalizer.normalize(black_box(path), &mut out));
            }
        });
        let bytes = paths.iter().map(String::len).sum::<usize>() / PATHS;
        println!("path, {kind}: {:.0} ns ({bytes} bytes)", nanos / PATHS as f64);
    }
    let lines = [
        ("without hits", "connection to the database was refused, will be retried by the pool "),
        ("three hits in 100 bytes", HITS),
    ];
    for (kind, line) in lines {
        let lines = MESSAGE_BYTES / line.len();
        let mut out = String::new();
        let nanos = best(|| {
            for _ in 0..lines {
                out.clear();
                black_box(message(black_box(line), &mut out));
            }
        });
        let megabytes = (lines * line.len()) as f64 * 1e3 / nanos;
        println!("message, {kind}: {megabytes:.0} MB/s ({} bytes each)", line.len());
    }
}

const HITS: &str = "request 8812 of jane@example.com for the monthly report was refused by the gateway 10.0.0.17 again";

/// The best of many rounds, in nanoseconds.
fn best(mut round: impl FnMut()) -> f64 {
    let time = |_| {
        let start = Instant::now();
        round();
        start.elapsed()
    };
    (0..ROUNDS).map(time).min().unwrap_or_default().as_nanos() as f64
}

fn mixed(x: u64) -> u64 {
    let x = (x + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x ^ (x >> 29)
}

/// Letters alone, so that only learning can tell.
fn name(x: u64) -> String {
    (0..8).map(|place| (b'a' + (x >> (place * 3) & 7) as u8 * 3) as char).collect()
}
