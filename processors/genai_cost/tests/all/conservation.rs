//! What the metrics say is what the leaves cost, to the last digit: whatever batches they come in, how
//! often, in which order, and whoever repeats them.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::trace::v1::Span;
use tamis_genai_prices::{Amount, Book, Table, Unit, Usage};
use tamis_sdk::testing::reset;
use tamis_sdk::{Context, Processor, Signal, Ticker};

use crate::support::*;

const MODELS: &[&str] = &["gpt-4o", "gpt-4o-mini", "o3", "gpt-4.1-nano", "no-such-model"];
const TRACES: u64 = 120;

/// Spans of one trace: an agent, perhaps one within it, and their calls. Adds to what they must cost.
fn trace(
    random: &mut Random,
    book: &mut Book,
    next: &mut u64,
    costs: &mut BTreeMap<String, Amount>,
) -> Vec<Span> {
    let mut spans = Vec::new();
    let (mut inputs, mut outputs) = (0, 0);
    for _ in 0..=random.below(6) {
        let model = MODELS[random.below(MODELS.len() as u64) as usize];
        let (input, output) = (random.below(300_000) + 1, random.below(9_000) + 1);
        let cached = random.below(input + 1);
        let mut leaf = call(*next, model, input as i64, output as i64);
        let key = "gen_ai.usage.cache_read.input_tokens";
        leaf.attributes.push(attribute(key, Any::IntValue(cached as i64)));
        spans.push(leaf);
        (inputs, outputs, *next) = (inputs + input, outputs + output, *next + 1);
        let mut usage = Usage::new();
        usage.set(Unit::InputTokens, input);
        usage.set(Unit::OutputTokens, output);
        if cached > 0 {
            usage.set(Unit::CacheReadTokens, cached);
        }
        if let Some(found) = book.find(Some("openai"), model) {
            let cost = book.price(found, START, &usage).unwrap().total;
            let sum = costs.entry(model.to_owned()).or_default();
            *sum = sum.checked_add(cost).unwrap();
        }
    }
    for kind in ["invoke_agent", "invoke_workflow"].iter().take(random.below(3) as usize) {
        let mut agent = call(*next, "gpt-4o", inputs as i64, outputs as i64);
        agent.attributes[0] = attribute("gen_ai.operation.name", text(kind));
        spans.push(agent);
        *next += 1;
    }
    spans
}

#[test]
fn metrics_are_the_sum_of_the_leaves() {
    reset();
    let mut random = Random::new();
    let mut book = Book::new(Table::built_in().unwrap(), Vec::new());
    let (mut next, mut costs) = (1, BTreeMap::new());
    let mut all: Vec<Span> =
        (0..TRACES).flat_map(|_| trace(&mut random, &mut book, &mut next, &mut costs)).collect();
    for temporality in ["cumulative", "delta"] {
        let json = format!(
            r#"{{"metrics": {{"temporality": "{temporality}", "default_dimensions": false,
                "dimensions": [{{"name": "model", "from": ["call.request_model"]}}]}}}}"#
        );
        let (mut processor, _) = fed(&json);
        let mut summed: BTreeMap<String, Vec<f64>> = BTreeMap::new();
        let ticks = if temporality == "delta" { 1 } else { 4 };
        let mut now = START;
        random.shuffle(&mut all);
        let mut rest = &all[..];
        let mut batches = Vec::new();
        while !rest.is_empty() {
            let size = (random.below(40) as usize + 1).min(rest.len());
            batches.push(batch("shop", rest[..size].to_vec()));
            rest = &rest[size..];
        }
        // Some come again, at once or later, and some overlap.
        for _ in 0..batches.len() / 2 {
            batches.push(batches[random.below(batches.len() as u64) as usize].clone());
        }
        batches.push(batch("shop", all[..all.len() / 3].to_vec()));
        for (place, batch) in batches.iter().enumerate() {
            processor.process(&Context::new(Signal::Traces), batch).unwrap();
            if ticks > 1 && place % (batches.len() / ticks) == 0 {
                now += SECOND;
                processor.tick(now).unwrap();
                let _ = emitted();
            }
        }
        processor.tick(now + SECOND).unwrap();
        for point in numbers(&emitted(), "gen_ai.client.cost") {
            summed.entry(labels(&point.attributes).join("")).or_default().push(number(&point));
        }
        let wanted =
            costs.iter().map(|(model, cost)| (format!("model={model}"), vec![cost.to_f64()]));
        assert_eq!(summed, wanted.collect::<BTreeMap<_, _>>(), "{temporality}");
    }
}
