//! The trace decides who repeats whom.

use genai_cost::GenaiCost;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use tamis_sdk::edit::apply;
use tamis_sdk::testing::{Driver, Native, reset, take_emitted, take_held};
use tamis_sdk::{Configuration, Context, Outcome, Partition, Processor, Rewriter, Signal, Ticker};

use crate::support::*;

const CONFIG: &str = r#"{"trace": {"wait": "10s"}}"#;

/// A span of one trace below another; with usage, if there is any; of an operation, if it says one.
fn below(id: u64, parent: u64, usage: Option<(i64, i64)>, operation: &str) -> Span {
    let mut span = match usage {
        Some((input, output)) => call(id, "gpt-4o", input, output),
        None => span(id, vec![attribute("http.route", text("/"))]),
    };
    if usage.is_some() {
        span.attributes.remove(0);
    }
    if !operation.is_empty() {
        span.attributes.push(attribute("gen_ai.operation.name", text(operation)));
    }
    span.trace_id = vec![7; 16];
    span.parent_span_id = if parent == 0 { Vec::new() } else { parent.to_be_bytes().to_vec() };
    span
}

/// Statuses by span, after the wait.
fn decided(driver: &mut Native<GenaiCost>, batches: &[Vec<Span>]) -> Vec<(u64, String)> {
    driver.set_time(START);
    for spans in batches {
        driver.batch(&batch("shop", spans.clone())).unwrap();
    }
    driver.set_time(START + 9 * SECOND);
    driver.tick().unwrap();
    assert!(driver.take_out().is_empty());
    driver.set_time(START + 10 * SECOND);
    driver.tick().unwrap();
    out(driver)
}

fn start(config: &str) -> Native<GenaiCost> {
    Native::start(config).unwrap_or_else(|_| panic!("{config}"))
}

fn told(wanted: &[(u64, &str)]) -> Vec<(u64, String)> {
    wanted.iter().map(|(id, status)| (*id, (*status).to_owned())).collect()
}

#[test]
fn a_wrapper_without_a_sign_is_known_by_its_sum() {
    let spans = vec![
        below(1, 0, Some((3000, 700)), ""),
        below(2, 1, None, ""),
        below(3, 2, Some((1000, 500)), "chat"),
        below(4, 1, Some((2000, 200)), "chat"),
    ];
    let wanted = told(&[(1, "aggregate"), (2, ""), (3, "priced"), (4, "priced")]);
    // Children come before their parents, and in other batches.
    let batches: Vec<_> = spans.iter().rev().map(|span| vec![span.clone()]).collect();
    assert_eq!(decided(&mut start(CONFIG), &batches), wanted);
    assert_eq!(decided(&mut start(CONFIG), &[spans]), wanted);
}

#[test]
fn an_agent_with_nothing_below_counts_itself() {
    let spans = vec![below(1, 0, Some((3000, 700)), "invoke_agent"), below(2, 1, None, "")];
    assert_eq!(decided(&mut start(CONFIG), &[spans]), told(&[(1, "priced"), (2, "")]));
}

#[test]
fn a_call_that_leads_to_another_counts_unless_both_are_the_same() {
    let spans = vec![
        below(1, 0, Some((3000, 700)), "chat"),
        below(2, 1, Some((1000, 500)), "chat"),
        below(3, 0, Some((1000, 500)), "chat"),
        below(4, 3, Some((1000, 500)), "chat"),
    ];
    let wanted = told(&[(1, "priced"), (2, "priced"), (3, "aggregate"), (4, "priced")]);
    assert_eq!(decided(&mut start(CONFIG), &[spans]), wanted);
}

/// Spans and their statuses, of all that has come out.
fn out(driver: &mut Native<GenaiCost>) -> Vec<(u64, String)> {
    let mut all: Vec<(u64, String)> = Vec::new();
    for batch in driver.take_out() {
        all.extend(spans(&batch).iter().map(|span| {
            let id = u64::from_be_bytes(span.span_id[..].try_into().unwrap());
            (id, status(&span.attributes).to_owned())
        }));
    }
    all.sort();
    all
}

#[test]
fn what_comes_after_its_trace_was_let_go_is_decided_by_the_rules() {
    for restarts in [false, true] {
        let mut driver = start(CONFIG);
        driver.set_time(START);
        driver.batch(&batch("shop", vec![below(2, 1, Some((1000, 500)), "chat")])).unwrap();
        driver.set_time(START + 10 * SECOND);
        driver.tick().unwrap();
        assert_eq!(out(&mut driver), told(&[(2, "priced")]));
        if restarts {
            driver.restart().unwrap();
        }
        driver.set_time(START + 60 * SECOND);
        let run = below(1, 0, Some((1000, 500)), "invoke_agent");
        let late = vec![call(40, "gpt-4o", 1, 1), run, below(3, 1, Some((1, 1)), "chat")];
        driver.batch(&batch("shop", late)).unwrap();
        // The other trace of the batch waits.
        assert_eq!(out(&mut driver), told(&[(1, "aggregate"), (3, "priced")]));
        driver.set_time(START + 70 * SECOND);
        driver.tick().unwrap();
        assert_eq!(out(&mut driver), told(&[(40, "priced")]));
    }
}

#[test]
fn a_trace_that_told_of_no_usage_may_come_again() {
    let mut driver = start(CONFIG);
    driver.set_time(START);
    driver.batch(&batch("shop", vec![below(2, 1, None, "")])).unwrap();
    driver.set_time(START + 10 * SECOND);
    driver.tick().unwrap();
    assert_eq!(out(&mut driver), told(&[(2, "")]));
    // An agent that nobody instrumented below.
    let agent = below(1, 0, Some((1000, 500)), "invoke_agent");
    driver.batch(&batch("shop", vec![agent])).unwrap();
    assert!(out(&mut driver).is_empty());
    driver.set_time(START + 20 * SECOND);
    driver.tick().unwrap();
    assert_eq!(out(&mut driver), told(&[(1, "priced")]));
}

#[test]
fn scopes_whose_spans_all_wait_do_not_go_on_empty() {
    let mut driver = start(CONFIG);
    driver.set_time(START);
    driver.batch(&batch("shop", vec![below(2, 1, Some((1, 1)), "chat")])).unwrap();
    driver.set_time(START + 10 * SECOND);
    driver.tick().unwrap();
    driver.take_out();
    let mut both = batch("waits", vec![call(40, "gpt-4o", 1, 1)]);
    both.extend(batch("late", vec![below(3, 1, Some((1, 1)), "chat")]));
    driver.batch(&both).unwrap();
    let left = driver.take_out();
    let request = ExportTraceServiceRequest::decode(&left[0][..]).unwrap();
    assert_eq!((left.len(), request.resource_spans.len()), (1, 1));
    assert_eq!(request.resource_spans[0].scope_spans[0].spans.len(), 1);
}

#[test]
fn aggregates_of_aggregates_and_circles() {
    let mut circle = below(8, 9, Some((1000, 500)), "");
    circle.attributes.push(attribute("x", Any::BoolValue(true)));
    let spans = vec![
        below(1, 0, Some((3000, 700)), "invoke_agent"),
        below(2, 1, Some((3000, 700)), ""),
        below(3, 2, Some((3000, 700)), "chat"),
        circle,
        below(9, 8, Some((1, 1)), "chat"),
    ];
    let out = decided(&mut start(CONFIG), &[spans]);
    assert_eq!(out[..3], told(&[(1, "aggregate"), (2, "aggregate"), (3, "priced")]));
    assert_eq!(out.len(), 5);
}

#[test]
fn long_chains_are_decided_in_time() {
    const SPANS: u64 = 20_000;
    for usage_every in [1, SPANS] {
        let chain = (1..=SPANS).map(|id| {
            let usage = (id % usage_every == 0).then_some((1000, 500));
            below(id, id - 1, usage, "chat")
        });
        // A circle at its end, far from any usage.
        let circle = (1..=SPANS).map(|id| below(SPANS + id, SPANS + 1 + id % SPANS, None, ""));
        let batch = batch("shop", chain.chain(circle).collect());
        let (mut processor, _) = configured(CONFIG);
        let begin = std::time::Instant::now();
        processor.rewrite(&[], Signal::Traces, &batch).unwrap();
        // Quadratic, it takes a minute.
        assert!(begin.elapsed() < std::time::Duration::from_secs(5));
    }
}

#[test]
fn a_batch_that_comes_twice_counts_once_below_its_parent() {
    let spans = vec![
        below(1, 0, Some((3000, 700)), ""),
        below(3, 1, Some((1000, 500)), "chat"),
        below(4, 1, Some((2000, 200)), "chat"),
    ];
    let mut wanted = told(&[(1, "aggregate"), (3, "priced"), (4, "priced")]);
    wanted.extend(wanted.clone());
    wanted.sort();
    assert_eq!(decided(&mut start(CONFIG), &[spans.clone(), spans]), wanted);
}

#[test]
fn spans_without_ids_are_below_nobody() {
    let mut unnamed = below(5, 0, Some((1000, 500)), "");
    unnamed.span_id = Vec::new();
    let (mut processor, _) = configured(CONFIG);
    let batch = batch("shop", vec![unnamed.clone(), below(1, 0, Some((1, 1)), "chat"), unnamed]);
    let Outcome::Edited(edits) = processor.rewrite(&[], Signal::Traces, &batch).unwrap() else {
        panic!("nothing is priced");
    };
    let all = spans(&apply(&batch, &edits).unwrap());
    assert!(all.iter().all(|span| status(&span.attributes) == "priced"));
}

#[test]
fn what_waits_outlives_the_instance_and_leaves_at_the_end() {
    let mut driver = start(CONFIG);
    driver.set_time(START);
    driver.batch(&batch("shop", vec![below(1, 0, Some((1000, 500)), "chat")])).unwrap();
    driver.restart().unwrap();
    driver.set_time(START + 10 * SECOND);
    driver.tick().unwrap();
    assert_eq!(driver.take_out().len(), 1);
    driver.batch(&batch("shop", vec![below(2, 0, Some((1000, 500)), "chat")])).unwrap();
    driver.flush().unwrap();
    assert_eq!(driver.take_out().len(), 1);
}

#[test]
fn without_room_the_rules_decide_at_once() {
    let mut driver = start(r#"{"trace": {"wait": "10s", "max_traces": 1}}"#);
    driver.set_time(START);
    driver.batch(&batch("shop", vec![below(1, 0, Some((1000, 500)), "chat")])).unwrap();
    assert!(driver.take_out().is_empty());
    driver.batch(&batch("shop", vec![call(40, "gpt-4o", 1000, 500)])).unwrap();
    assert_eq!(driver.take_out().len(), 1);
    let mut driver = start(CONFIG);
    driver.set_room(Some(0));
    driver.batch(&batch("shop", vec![call(40, "gpt-4o", 1000, 500)])).unwrap();
    let out = driver.take_out();
    assert_eq!(status(&spans(&out[0])[0].attributes), "priced");
}

#[test]
fn only_traces_too_many_are_decided_by_the_rules() {
    let mut driver = start(r#"{"trace": {"wait": "10s", "max_traces": 2}}"#);
    driver.set_time(START);
    driver.batch(&batch("shop", vec![below(2, 1, Some((1000, 500)), "chat")])).unwrap();
    let [one, two] = [40, 48].map(|id| call(id, "gpt-4o", 1, 1));
    let wrapper = below(1, 0, Some((1000, 500)), "");
    driver.batch(&batch("shop", vec![one, two, wrapper])).unwrap();
    assert_eq!(out(&mut driver), told(&[(48, "priced")]));
    driver.set_time(START + 10 * SECOND);
    driver.tick().unwrap();
    assert_eq!(out(&mut driver), told(&[(1, "aggregate"), (2, "priced"), (40, "priced")]));
}

#[test]
fn traces_that_may_wait_are_spread_over_instances_unless_metrics_are_made() {
    for (feeds, waits) in [(vec![], 1), (vec![Signal::Metrics], 4)] {
        reset();
        let mut configuration =
            Configuration::from_json(r#"{"trace": {"wait": "10s", "max_traces": 4}}"#);
        (configuration.instances, configuration.feeds) = (4, feeds);
        let (mut processor, _) = GenaiCost::configure(configuration).unwrap();
        let calls = [8, 16, 24, 32].map(|id| call(id, "gpt-4o", 1, 1));
        let mut context = Context::new(Signal::Traces);
        context.received = START;
        processor.process(&context, &batch("shop", calls.to_vec())).unwrap();
        assert_eq!(take_held().len(), waits);
    }
}

#[test]
fn metadata_is_no_source_where_spans_wait() {
    let dimensions = r#""metrics": {"dimensions": [{"name": "t", "from": ["a", "metadata.t"]}]}"#;
    for (trace, wanted) in [("", None), (r#""trace": {"wait": "10s"}, "#, Some("1"))] {
        let json = format!("{{{trace}{dimensions}}}");
        let problems =
            GenaiCost::configure(Configuration::from_json(&json)).err().unwrap_or_default();
        let places: Vec<_> = problems.iter().map(|problem| problem.path.join("::")).collect();
        let wanted = wanted.map(|place| format!("metrics::dimensions::0::from::{place}"));
        assert_eq!(places, Vec::from_iter(wanted));
    }
}

#[test]
fn the_partition_is_the_trace_unless_metrics_are_made() {
    let (_, descriptor) = configured(CONFIG);
    assert_eq!((descriptor.partition, descriptor.skip_without_hit), (Partition::TraceId, false));
    let (_, descriptor) = fed(CONFIG);
    // Each tick sends metrics.
    assert_eq!((descriptor.partition, descriptor.tick_interval), (Partition::Whole, Some(10_000)));
    let problems =
        GenaiCost::configure(Configuration::from_json(r#"{"trace": {}}"#)).err().unwrap();
    assert_eq!(problems[0].path, ["trace", "wait"]);
}

#[test]
fn a_batch_lets_go_of_what_is_due_too() {
    let mut driver = start(CONFIG);
    driver.set_time(START);
    driver.batch(&batch("shop", vec![below(2, 1, Some((1000, 500)), "chat")])).unwrap();
    driver.set_time(START + 10 * SECOND);
    // It is in time: its trace has not been let go of.
    let wrapper = below(1, 0, Some((1000, 500)), "");
    driver.batch(&batch("shop", vec![wrapper, call(40, "gpt-4o", 1, 1)])).unwrap();
    assert_eq!(out(&mut driver), told(&[(1, "aggregate"), (2, "priced")]));
    driver.batch(&batch("shop", vec![below(3, 0, Some((1, 1)), "chat")])).unwrap();
    assert_eq!(out(&mut driver), told(&[(3, "priced")]));
}

#[test]
fn the_last_tick_sends_what_the_last_traces_cost() {
    reset();
    let (mut processor, _) =
        fed(r#"{"trace": {"wait": "10s"}, "metrics": {"temporality": "delta"}}"#);
    processor.tick(START).unwrap();
    processor.flush(START).unwrap();
    for id in 1..=3 {
        let batch = batch("shop", vec![below(id, 0, Some((1000, 500)), "chat")]);
        processor.rewrite(&[], Signal::Traces, &batch).unwrap();
    }
    assert!(take_emitted().is_empty());
    processor.tick(START + 1).unwrap();
    assert_eq!(numbers(&emitted(), "gen_ai.client.calls").iter().map(number).sum::<f64>(), 3.0);
}

#[test]
fn metrics_count_what_the_trace_left() {
    reset();
    let (mut processor, _) = fed(CONFIG);
    let spans = vec![
        below(1, 0, Some((3000, 700)), "invoke_agent"),
        below(2, 1, Some((3000, 700)), ""),
        below(3, 2, Some((1000, 500)), "chat"),
        below(4, 2, Some((2000, 200)), "chat"),
    ];
    let batch = batch("shop", spans);
    processor.rewrite(&[], Signal::Traces, &batch).unwrap();
    // After a restart the host may come again with the same.
    processor.rewrite(&[], Signal::Traces, &batch).unwrap();
    processor.tick(START).unwrap();
    let metrics = emitted();
    assert_eq!(numbers(&metrics, "gen_ai.client.calls").iter().map(number).sum::<f64>(), 2.0);
    assert_eq!(numbers(&metrics, "gen_ai.client.cost").iter().map(number).sum::<f64>(), 0.0145);
}
