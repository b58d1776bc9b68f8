//! What a span costs: traces of eight spans of about 670 bytes, 64 traces in a batch, new ones in every
//! batch, decided after two seconds. Prints nanoseconds a span, the host's work left out.
#![allow(clippy::print_stdout, clippy::expect_used, reason = "a benchmark")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use tail_sampling::TailSampling;
use tamis_sdk::testing;
use tamis_sdk::wire::Writer;
use tamis_sdk::{Configuration, Context, Processor, Signal, Ticker};

const TRACES: u64 = 64;
const SPANS_PER_TRACE: u64 = 8;
const BATCHES_PER_SECOND: u64 = 200;
const SECONDS: u64 = 10;
const SECOND: u64 = 1_000_000_000;

const THREE: &str = r#"
    {"name": "errors", "type": "status_code", "status_code": {"status_codes": ["ERROR"]}},
    {"name": "slow", "type": "latency", "latency": {"threshold_ms": 5000}},
    {"name": "some", "type": "probabilistic", "probabilistic": {"sampling_percentage": 5}}"#;
const ATTRIBUTE: &str = r#"
    {"name": "a", "type": "string_attribute", "string_attribute":
        {"key": "url.scheme", "values": ["ftp"]}},
    {"name": "b", "type": "numeric_attribute", "numeric_attribute":
        {"key": "http.response.status_code", "min_value": 500}}"#;
const PATTERN: &str = r#"
    {"name": "a", "type": "string_attribute", "string_attribute":
        {"key": "url.path", "values": ["^/admin/"], "enabled_regex_matching": true}}"#;

fn main() {
    for (name, policies) in [
        ("status_code, latency, probabilistic", THREE),
        ("string and numeric attribute", ATTRIBUTE),
        ("a pattern on an attribute", PATTERN),
    ] {
        let config = format!("{{\"decision_wait\": \"2s\", \"policies\": [{policies}]}}");
        let (process, tick) = cost(&config);
        println!("{name}: {process} ns/span, {tick} more in ticks");
    }
}

/// Nanoseconds a span in `process` and in `tick`.
fn cost(config: &str) -> (u128, u128) {
    testing::reset();
    let configuration = Configuration::from_json(config);
    let (mut sampler, _) = TailSampling::configure(configuration).expect("a valid config");
    let mut context = Context::new(Signal::Traces);
    let (mut process, mut tick) = (Vec::new(), Duration::ZERO);
    for number in 0..BATCHES_PER_SECOND * SECONDS {
        let batch = batch(number);
        context.received = number * SECOND / BATCHES_PER_SECOND;
        let start = Instant::now();
        black_box(sampler.process(&context, black_box(&batch))).expect("a valid batch");
        process.push(start.elapsed());
        if number % BATCHES_PER_SECOND == 0 {
            let start = Instant::now();
            sampler.tick(context.received).expect("ticks");
            tick += start.elapsed();
        }
    }
    // The median: others use the machine as well.
    process.sort();
    let spans = u128::from(TRACES * SPANS_PER_TRACE);
    let batches = u128::from(BATCHES_PER_SECOND * SECONDS);
    (process[process.len() / 2].as_nanos() / spans, tick.as_nanos() / spans / batches)
}

fn batch(number: u64) -> Vec<u8> {
    let mut encoded = Vec::new();
    Writer::new(&mut encoded).message(1, |resource| {
        resource.message(1, |out| {
            attribute(out, 1, "service.name", "checkout");
            attribute(out, 1, "k8s.pod.name", "checkout-5d7f9c6b7-x2x4k");
        });
        resource.message(2, |scope| {
            scope.message(1, |out| out.bytes(1, "io.opentelemetry.http"));
            for trace in 0..TRACES {
                for index in 0..SPANS_PER_TRACE {
                    scope.message(2, |out| span(out, number * TRACES + trace, index));
                }
            }
        });
    });
    encoded
}

fn span(out: &mut Writer<'_>, trace: u64, index: u64) {
    let mut random = trace.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        random ^= random >> 12;
        random ^= random << 25;
        random ^= random >> 27;
        random.wrapping_mul(0x2545_F491_4F6C_DD1D)
    };
    out.bytes(1, [next().to_le_bytes(), next().to_le_bytes()].concat());
    out.bytes(2, (trace * SPANS_PER_TRACE + index + 1).to_le_bytes());
    if index > 0 {
        out.bytes(4, (trace * SPANS_PER_TRACE + 1).to_le_bytes());
    }
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
    if next().is_multiple_of(50) {
        out.message(15, |status| status.varint(3, 2));
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
