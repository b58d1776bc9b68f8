//! What is added up, and when it is sent.

use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::trace::v1::span::Event;
use tamis_sdk::testing::{reset, set_clock, set_outbox_full, set_outbox_room, take_emitted};
use tamis_sdk::{Configuration, Context, Partition, Processor, Signal, Ticker};

use crate::support::*;

const COST: &str = "gen_ai.client.cost";
const CALLS: &str = "gen_ai.client.calls";

fn take(processor: &mut genai_cost::GenaiCost, batch: &[u8]) {
    processor.process(&Context::new(Signal::Traces), batch).unwrap();
}

#[test]
fn nothing_is_added_up_where_nobody_takes_it() {
    reset();
    let (mut processor, descriptor) = configured("{}");
    assert_eq!((descriptor.partition, descriptor.tick_interval), (Partition::Any, None));
    take(&mut processor, &batch("shop", vec![call(1, "gpt-4o", 1000, 500)]));
    processor.tick(START).unwrap();
    assert!(emitted().is_empty());
}

#[test]
fn a_call_is_in_every_metric() {
    reset();
    set_clock(START);
    let (mut processor, descriptor) = fed("{}");
    assert_eq!((descriptor.partition, descriptor.tick_interval), (Partition::Whole, Some(10_000)));
    let mut one = call(1, "gpt-4o", 1000, 500);
    one.attributes.push(attribute("gen_ai.usage.cache_read.input_tokens", Any::IntValue(800)));
    one.attributes.push(attribute("ai.response.msToFirstChunk", Any::DoubleValue(250.0)));
    let limited = span(
        2,
        vec![
            attribute("gen_ai.operation.name", text("chat")),
            attribute("gen_ai.request.model", text("gpt-4o")),
            attribute("error.type", text("openai.RateLimitError")),
        ],
    );
    take(&mut processor, &batch("shop", vec![one, limited]));
    processor.tick(START + 10 * SECOND).unwrap();
    let metrics = emitted();
    let costs = numbers(&metrics, COST);
    assert_eq!(costs.iter().map(number).collect::<Vec<_>>(), [0.0065]);
    assert_eq!(
        labels(&costs[0].attributes),
        [
            "gen_ai.operation.name=chat",
            "gen_ai.provider.name=openai",
            "gen_ai.request.model=gpt-4o",
            "gen_ai.response.model=gpt-4o",
            "service.name=shop",
        ]
    );
    assert_eq!(
        (costs[0].start_time_unix_nano, costs[0].time_unix_nano),
        (START, START + 10 * SECOND)
    );
    let by_type = |name: &str| -> Vec<(String, f64)> {
        let points = numbers(&metrics, name);
        let kind = |point: &_| match find(point, "gen_ai.token.type") {
            Some(Any::StringValue(kind)) => kind.clone(),
            _ => String::new(),
        };
        points.iter().map(|point| (kind(&point.attributes), number(point))).collect()
    };
    let wanted = [("input", 200.0), ("cache_read", 800.0), ("output", 500.0)];
    assert_eq!(by_type("gen_ai.client.tokens"), wanted.map(|(kind, n)| (kind.to_owned(), n)));
    let wanted = [("input", 0.0005), ("cache_read", 0.001), ("output", 0.005)];
    assert_eq!(by_type("gen_ai.client.cost.parts"), wanted.map(|(kind, n)| (kind.to_owned(), n)));
    let usage = histograms(&metrics, "gen_ai.client.token.usage");
    assert_eq!(usage.iter().map(|point| point.sum.unwrap()).collect::<Vec<_>>(), [1000.0, 500.0]);
    assert!(usage.iter().all(|point| point.bucket_counts.len() == point.explicit_bounds.len() + 1));
    let durations = histograms(&metrics, "gen_ai.client.operation.duration");
    assert_eq!(durations.iter().map(|point| point.count).sum::<u64>(), 2);
    let first = histograms(&metrics, "gen_ai.client.operation.time_to_first_chunk");
    assert_eq!(first.iter().map(|point| point.sum.unwrap()).collect::<Vec<_>>(), [0.25]);
    assert_eq!(numbers(&metrics, CALLS).iter().map(number).sum::<f64>(), 2.0);
    let unpriced = numbers(&metrics, "gen_ai.client.calls.unpriced");
    assert_eq!(
        labels(&unpriced[0].attributes),
        ["gen_ai.request.model=gpt-4o", "gen_ai.usage.cost.status=no_usage"]
    );
    assert_eq!(numbers(&metrics, "gen_ai.client.calls.rate_limited").len(), 1);
}

#[test]
fn events_tell_of_first_output_and_of_limits() {
    reset();
    let (mut processor, _) = fed("{}");
    let event = |name: &str, after: u64, attributes| Event {
        name: name.to_owned(),
        time_unix_nano: START + after,
        attributes,
        ..Event::default()
    };
    let mut streamed = call(1, "gpt-4o", 1000, 500);
    streamed.events = vec![
        event("llm.content.completion.chunk", SECOND / 2, Vec::new()),
        event("llm.content.completion.chunk", SECOND / 4, Vec::new()),
    ];
    let mut refused = call(2, "gpt-4o", 1000, 500);
    let kind = attribute("exception.type", text("anthropic.RateLimitError"));
    refused.events = vec![event("exception", SECOND, vec![kind])];
    take(&mut processor, &batch("shop", vec![streamed, refused]));
    processor.tick(START).unwrap();
    let metrics = emitted();
    let first = histograms(&metrics, "gen_ai.client.operation.time_to_first_chunk");
    assert_eq!((first.len(), first[0].count, first[0].sum), (1, 1, Some(0.25)));
    let limited = numbers(&metrics, "gen_ai.client.calls.rate_limited");
    assert_eq!(
        (limited.len(), labels(&limited[0].attributes), number(&limited[0])),
        (
            1,
            vec![
                "gen_ai.provider.name=openai".to_owned(),
                "gen_ai.request.model=gpt-4o".to_owned()
            ],
            1.0
        )
    );
}

#[test]
fn dimensions_come_from_wherever_they_are_configured() {
    reset();
    let (mut processor, _) = fed(r#"{"metrics": {"default_dimensions": false, "dimensions": [
            {"name": "tenant", "from": ["span.tenant", "baggage.tenant", "metadata.x-tenant"], "default": "none"},
            {"name": "service.name"},
            {"name": "tier", "from": ["resource.tier", "scope.tier"]},
            {"name": "model", "from": ["call.model"]}]}}"#);
    let mut context = Context::new(Signal::Traces);
    let mut send = |id, own: Option<&str>, metadata: &[(&str, &str)]| {
        let mut one = call(id, "gpt-4o-2024-08-06", 1000, 500);
        one.attributes.extend(own.map(|tenant| attribute("tenant", text(tenant))));
        let pairs = metadata.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        context.metadata = pairs.collect();
        processor.process(&context, &batch("shop", vec![one])).unwrap();
    };
    send(1, Some("a"), &[("baggage", "tenant=b")]);
    send(2, None, &[("baggage", "x=1, tenant=b%20b;p=1"), ("x-tenant", "c")]);
    send(3, None, &[("x-tenant", "c")]);
    send(4, None, &[]);
    processor.tick(START).unwrap();
    let points = numbers(&emitted(), COST);
    let mut tenants: Vec<_> =
        points.iter().map(|point| labels(&point.attributes).join(" ")).collect();
    tenants.sort();
    let wanted = ["a", "b b", "c", "none"];
    assert_eq!(tenants, wanted.map(|t| format!("model=gpt-4o service.name=shop tenant={t}")));
}

#[test]
fn beyond_the_bound_sets_are_added_up_together() {
    reset();
    let (mut processor, _) = fed(
        r#"{"metrics": {"max_sets": 2, "default_dimensions": false, "dimensions": [{"name": "n"}]}}"#,
    );
    let calls = (1..=5).map(|id| {
        let mut one = call(id, "gpt-4o", 1000, 500);
        one.attributes.push(attribute("n", Any::IntValue(id as i64)));
        one
    });
    take(&mut processor, &batch("shop", calls.collect()));
    processor.tick(START).unwrap();
    let points = numbers(&emitted(), COST);
    let told: Vec<_> = points.iter().map(|p| (labels(&p.attributes).join(""), number(p))).collect();
    let wanted = [("n=1", 0.0075), ("n=2", 0.0075), ("otel.metric.overflow=true", 0.0225)];
    assert_eq!(told, wanted.map(|(label, cost)| (label.to_owned(), cost)));
}

#[test]
fn a_call_that_comes_again_counts_once_and_is_priced_twice() {
    reset();
    let (mut processor, _) = fed("{}");
    let batch = batch("shop", vec![call(1, "gpt-4o", 1000, 500)]);
    for _ in 0..3 {
        let out = processed(&mut processor, &Context::new(Signal::Traces), &batch);
        assert_eq!(cost(&spans(&out)[0].attributes), Some(0.0075));
    }
    processor.tick(START).unwrap();
    assert_eq!(numbers(&emitted(), CALLS).iter().map(number).sum::<f64>(), 1.0);
}

#[test]
fn a_batch_that_fails_counts_for_nothing() {
    reset();
    let (mut processor, _) = fed("{}");
    let good = batch("shop", vec![call(1, "gpt-4o", 1000, 500)]);
    let mut broken = good.clone();
    broken.extend([0x0A, 0x7F]);
    assert!(processor.process(&Context::new(Signal::Traces), &broken).is_err());
    processor.tick(START).unwrap();
    assert!(emitted().is_empty());
    take(&mut processor, &good);
    processor.tick(START).unwrap();
    assert_eq!(numbers(&emitted(), CALLS).iter().map(number).sum::<f64>(), 1.0);
}

#[test]
fn cumulative_figures_grow_from_one_start() {
    reset();
    set_clock(START);
    let (mut processor, _) = fed("{}");
    for round in 1..=3 {
        take(&mut processor, &batch("shop", vec![call(round, "gpt-4o", 1000, 500)]));
        processor.tick(START + round * SECOND).unwrap();
        let points = numbers(&emitted(), COST);
        assert_eq!(points.len(), 1);
        assert_eq!(number(&points[0]), [0.0075, 0.015, 0.0225][round as usize - 1]);
        assert_eq!(points[0].start_time_unix_nano, START);
    }
}

#[test]
fn deltas_follow_one_another_and_wait_for_room() {
    reset();
    set_clock(START);
    let (mut processor, _) = fed(r#"{"metrics": {"temporality": "delta"}}"#);
    take(&mut processor, &batch("shop", vec![call(1, "gpt-4o", 1000, 500)]));
    processor.tick(START + SECOND).unwrap();
    let first = numbers(&emitted(), COST);
    assert_eq!((first[0].start_time_unix_nano, number(&first[0])), (START, 0.0075));
    take(&mut processor, &batch("shop", vec![call(2, "gpt-4o", 1000, 500)]));
    set_outbox_full(true);
    processor.tick(START + 2 * SECOND).unwrap();
    set_outbox_full(false);
    assert!(emitted().is_empty());
    take(&mut processor, &batch("shop", vec![call(3, "gpt-4o", 1000, 500)]));
    processor.flush(START + 3 * SECOND).unwrap();
    let second = numbers(&emitted(), COST);
    assert_eq!((second[0].start_time_unix_nano, number(&second[0])), (START + SECOND, 0.015));
    processor.tick(START + 4 * SECOND).unwrap();
    assert!(emitted().is_empty());
}

/// Calls of so many tenants with names that are long.
fn tenants(count: u64) -> Vec<u8> {
    let calls = (1..=count).map(|id| {
        let mut one = call(id, "gpt-4o", 1000, 500);
        one.attributes.push(attribute("n", text(&format!("{id:0>250}"))));
        one
    });
    batch("shop", calls.collect())
}

const BY_TENANT: &str = r#"{"metrics": {"max_sets": 20000, "dimensions": [{"name": "n"}]}}"#;

#[test]
fn requests_of_metrics_are_bounded_in_bytes() {
    reset();
    let (mut processor, _) = fed(BY_TENANT);
    take(&mut processor, &tenants(1_000));
    processor.tick(START).unwrap();
    let requests = take_emitted();
    assert!(requests.iter().all(|(_, bytes)| bytes.len() <= 1 << 20));
    // Not far below the bound either.
    let bytes: usize = requests.iter().map(|(_, bytes)| bytes.len()).sum();
    assert!(requests.len() <= 3 * bytes / (1 << 20) + 1, "{} of {bytes}", requests.len());
}

#[test]
fn every_set_and_every_tally_is_sent_in_turn_where_room_is_scarce() {
    reset();
    let (mut processor, _) = fed(BY_TENANT);
    take(&mut processor, &tenants(2_000));
    let refused = span(
        9_999,
        vec![
            attribute("gen_ai.operation.name", text("chat")),
            attribute("gen_ai.request.model", text("gpt-4o")),
        ],
    );
    take(&mut processor, &batch("shop", vec![refused]));
    processor.tick(START).unwrap();
    let whole = take_emitted().len() as u64;
    let (mut sets, mut unpriced) = (std::collections::BTreeSet::new(), 0);
    for round in 1..=2 * whole {
        set_outbox_room(1);
        processor.tick(START + round * SECOND).unwrap();
        let metrics = emitted();
        sets.extend(numbers(&metrics, COST).iter().map(|point| labels(&point.attributes)));
        unpriced += numbers(&metrics, "gen_ai.client.calls.unpriced").len();
    }
    assert_eq!(sets.len(), 2_000);
    assert!(unpriced >= 1);
}

#[test]
fn wrong_metrics_are_refused_with_their_place() {
    let configuration = Configuration::from_json(
        r#"{"metrics": {"interval": "10ms", "max_sets": 0, "temporality": "x",
            "dimensions": [{"from": ["call.x"]}, {"name": "a", "form": "b"}]}}"#,
    );
    let problems = genai_cost::GenaiCost::configure(configuration).err().unwrap();
    let places: Vec<_> = problems.iter().map(|problem| problem.path.join("::")).collect();
    assert_eq!(
        places,
        [
            "metrics::temporality",
            "metrics::dimensions::0::name",
            "metrics::dimensions::0::from::0",
            "metrics::dimensions::1::form",
            "metrics::interval",
            "metrics::max_sets",
        ]
    );
}
