//! What a span costs: 512 spans in a batch, one in `n` a call of a model. Prints nanoseconds a span.
#![allow(clippy::print_stdout, clippy::expect_used, reason = "a benchmark")]

use std::hint::black_box;
use std::time::Instant;

use genai_cost::GenaiCost;
use tamis_sdk::testing::scan;
use tamis_sdk::wire::Writer;
use tamis_sdk::{Configuration, Context, Processor, Signal};

const SPANS: usize = 512;
const ROUNDS: usize = 400;

fn main() {
    for (name, config, is_fed) in [
        ("cost", "{}", false),
        ("the same, normalized", r#"{"normalize": true}"#, false),
        ("the same, with metrics", r#"{"metrics": {"remember_calls": 0}}"#, true),
    ] {
        for every in [0, 100, 10, 1] {
            let batch = batch(every);
            let read = cost(config, is_fed, &batch, false);
            let hits = cost(config, is_fed, &batch, true);
            let bytes = batch.len() / SPANS;
            println!("{name}, call in 1 of {every}: {read} ns/span, {hits} with hits ({bytes} B)");
        }
    }
}

/// The best of many rounds.
fn cost(config: &str, is_fed: bool, batch: &[u8], with_hits: bool) -> u128 {
    let mut configuration = Configuration::from_json(config);
    configuration.feeds.extend(is_fed.then_some(Signal::Metrics));
    let (mut processor, descriptor) = GenaiCost::configure(configuration).expect("a valid config");
    let mut context = Context::new(Signal::Traces);
    if with_hits {
        context.hits = Some(scan(&descriptor.triggers, batch));
    }
    let round = |_| {
        let start = Instant::now();
        black_box(processor.process(&context, black_box(batch))).expect("a valid batch");
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
                let is_call = every != 0 && index % every == 0;
                scope.message(2, |out| span(out, index as u64, is_call));
            }
        });
    });
    encoded
}

fn span(out: &mut Writer<'_>, index: u64, is_call: bool) {
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
    out.bytes(5, if is_call { "chat gpt-4o" } else { "GET /api/v1/orders/{id}" });
    out.varint(6, 3);
    out.fixed64(7, 1_760_000_000_000_000_000 + next() % 1_000_000_000);
    out.fixed64(8, 1_760_000_001_000_000_000 + next() % 1_000_000_000);
    if is_call {
        attribute(out, 9, "gen_ai.operation.name", "chat");
        attribute(out, 9, "gen_ai.provider.name", "openai");
        attribute(out, 9, "gen_ai.request.model", "gpt-4o");
        attribute(out, 9, "gen_ai.response.model", "gpt-4o-2024-08-06");
        attribute(out, 9, "gen_ai.response.id", "chatcmpl-9J3uIL87gldCFtiIbyaOvTeYBRA3l");
        attribute(out, 9, "gen_ai.conversation.id", "conv_5j66UpCpwteGg4YSxUnt7lPY");
        number(out, "gen_ai.usage.input_tokens", next() % 10_000 + 1_000);
        number(out, "gen_ai.usage.output_tokens", next() % 1_000 + 500);
        number(out, "gen_ai.usage.cache_read.input_tokens", next() % 1_000);
        number(out, "gen_ai.usage.reasoning.output_tokens", next() % 500);
        number(out, "gen_ai.request.max_tokens", 4_096);
    } else {
        attribute(out, 9, "http.request.method", "GET");
        attribute(out, 9, "url.path", &format!("/api/v1/orders/{}", next() % 1_000_000));
        attribute(out, 9, "url.scheme", "https");
        number(out, "http.response.status_code", 200);
        attribute(out, 9, "user_agent.original", "Mozilla/5.0 (X11; Linux x86_64)");
        attribute(out, 9, "client.address", "10.42.17.203");
        attribute(out, 9, "db.system", "postgresql");
        attribute(out, 9, "db.statement", "SELECT id, total FROM orders WHERE customer = $1");
        attribute(out, 9, "thread.name", "http-nio-8443-exec-17");
        number(out, "thread.id", 17);
    }
    attribute(out, 9, "server.address", "api.shop.example.internal");
    number(out, "server.port", 8443);
    attribute(out, 9, "deployment.environment", "production");
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
