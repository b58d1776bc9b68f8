//! What a span of the gateway's benchmark costs: 512 spans of about 670 bytes in a batch, 12 to 16
//! attributes each, one span in `n` with a secret in it. Prints nanoseconds a span.
#![allow(clippy::print_stdout, clippy::expect_used, reason = "a benchmark")]

use std::hint::black_box;
use std::time::Instant;

use redaction::Redaction;
use tamis_sdk::testing::scan;
use tamis_sdk::wire::Writer;
use tamis_sdk::{Configuration, Context, Processor, Signal};

const SPANS: usize = 512;
const ROUNDS: usize = 400;

const BLOCKED: &str = r#""blocked_values": ["4[0-9]{12}(?:[0-9]{3})?", "(5[1-5][0-9]{14})",
    "[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\\.[A-Za-z]{2,}", "\\b\\d{3}-\\d{2}-\\d{4}\\b"]"#;

fn main() {
    let plain = format!("{{\"allow_all_keys\": true, {BLOCKED}}}");
    let debug = format!("{{\"allow_all_keys\": true, \"summary\": \"debug\", {BLOCKED}}}");
    let all_types = format!("{{\"allow_all_keys\": true, \"redact_all_types\": true, {BLOCKED}}}");
    let keys =
        format!("{{\"allow_all_keys\": true, \"blocked_key_patterns\": [\"token\"], {BLOCKED}}}");
    let unscanned = r#"{"allow_all_keys": true, "blocked_values": ["\\w+=\\w+"]}"#.to_owned();
    for (name, config) in [
        ("blocked_values", plain),
        ("the same, summary: debug", debug),
        ("the same, redact_all_types", all_types),
        ("the same, blocked_key_patterns", keys),
        ("a pattern without a necessary sequence", unscanned),
    ] {
        for every in [0, 100, 10, 1] {
            let batch = batch(every);
            let scanned = cost(&config, &batch, false);
            let hits = cost(&config, &batch, true);
            let bytes = batch.len() / SPANS;
            println!(
                "{name}, secret in 1 of {every}: {scanned} ns/span, {hits} with hits ({bytes} B)"
            );
        }
    }
}

/// The best of many rounds.
fn cost(config: &str, batch: &[u8], with_hits: bool) -> u128 {
    let configuration = Configuration::from_json(config);
    let (mut redaction, descriptor) = Redaction::configure(configuration).expect("a valid config");
    let mut context = Context::new(Signal::Traces);
    if with_hits && !descriptor.triggers.is_empty() {
        context.hits = Some(scan(&descriptor.triggers, batch));
    }
    let round = |_| {
        let start = Instant::now();
        black_box(redaction.process(&context, black_box(batch))).expect("a valid batch");
        start.elapsed()
    };
    let best = (0..ROUNDS).map(round).min().unwrap_or_default();
    best.as_nanos() / SPANS as u128
}

fn batch(every: usize) -> Vec<u8> {
    let mut encoded = Vec::new();
    Writer::new(&mut encoded).message(1, |resource| {
        resource.message(1, |out| {
            attribute(out, 1, "service.name", "checkout");
            attribute(out, 1, "k8s.pod.name", "checkout-5d7f9c6b7-x2x4k");
        });
        resource.message(2, |scope| {
            scope.message(1, |out| out.bytes(1, "io.opentelemetry.http"));
            for index in 0..SPANS {
                let secret = every != 0 && index % every == 0;
                scope.message(2, |out| span(out, index as u64, secret));
            }
        });
    });
    encoded
}

fn span(out: &mut Writer<'_>, index: u64, secret: bool) {
    let mut random = index.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        random ^= random >> 12;
        random ^= random << 25;
        random ^= random >> 27;
        random.wrapping_mul(0x2545_F491_4F6C_DD1D)
    };
    out.bytes(1, [next().to_le_bytes(), next().to_le_bytes()].concat());
    out.bytes(2, next().to_le_bytes());
    out.bytes(4, next().to_le_bytes());
    out.bytes(5, "GET /api/v1/orders/{id}");
    out.varint(6, 2);
    out.fixed64(7, 1_763_690_000_000_000_000 + next() % 1_000_000_000);
    out.fixed64(8, 1_763_690_001_000_000_000 + next() % 1_000_000_000);
    attribute(out, 9, "http.request.method", "GET");
    attribute(out, 9, "url.path", &format!("/api/v1/orders/{}", next() % 1_000_000));
    attribute(out, 9, "url.scheme", "https");
    attribute(out, 9, "server.address", "orders.shop.example.internal");
    number(out, "server.port", 8443);
    number(out, "http.response.status_code", 200);
    attribute(out, 9, "user_agent.original", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36");
    attribute(out, 9, "client.address", "10.42.17.203");
    attribute(out, 9, "session.id", &format!("{:016x}-{:08x}", next(), next() as u32));
    attribute(out, 9, "db.system", "postgresql");
    attribute(out, 9, "db.statement", "SELECT id, total FROM orders WHERE customer = $1");
    attribute(out, 9, "thread.name", "http-nio-8443-exec-17");
    number(out, "thread.id", 17);
    attribute(out, 9, "deployment.environment", "production");
    if secret {
        attribute(out, 9, "user.note", "card 4111111111111111 of jane.doe@example.com");
    }
}

fn attribute(out: &mut Writer<'_>, number: u32, key: &str, value: &str) {
    out.message(number, |pair| {
        pair.bytes(1, key);
        pair.message(2, |any| any.bytes(1, value));
    });
}

fn number(out: &mut Writer<'_>, key: &str, value: u64) {
    out.message(9, |pair| {
        pair.bytes(1, key);
        pair.message(2, |any| any.varint(3, value));
    });
}
