//! What real clients of AI models spend, under real instrumentations: on their spans and in the metrics
//! stands what the answers of the models cost, as genai-prices reckons.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::metrics::v1::NumberDataPoint;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
use opentelemetry_proto::tonic::trace::v1::Span;
use serde_json::{Value, json};

use crate::harness::backend::Backend;
use crate::harness::config::Config;
use crate::harness::gateway::Gateway;
use crate::harness::received::Received;
use crate::harness::{Signal, python};

/// The instrumentations of tests/python/call_models.py, and how many of their spans repeat what others
/// say: runs of agents, and the outer spans of the Vercel AI SDK.
const INSTRUMENTATIONS: &[(&str, usize)] = &[
    ("otel-openai", 0),
    ("otel-anthropic", 0),
    ("openinference-openai", 0),
    ("openinference-anthropic", 0),
    ("openllmetry-openai", 0),
    ("openllmetry-anthropic", 0),
    ("pydantic-ai", 4),
    ("vercel", 8),
];

/// Sums of doubles in different orders differ by so much at most. A token costs 1,000 times more.
const ROUNDING: f64 = 1e-12;

/// Pydantic AI reckons too: its costs are compared, not believed.
fn config(backend: &Backend, wait: Option<&str>) -> Config {
    let mut genai_cost = json!({"reported_cost": "compare", "metrics": {"interval": "1s"}});
    if let Some(wait) = wait {
        genai_cost["trace"] = json!({"wait": wait});
    }
    Config::new()
        .signals(&[Signal::Traces])
        .processor("genai_cost", genai_cost)
        .forward(backend.grpc)
        .pipeline("metrics", json!({"receivers": ["genai_cost"], "exporters": ["otlp_grpc"]}))
}

fn text<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a str> {
    match value(attributes, key)? {
        Any::StringValue(text) => Some(text),
        other => panic!("{key} is no text: {other:?}"),
    }
}

fn double(attributes: &[KeyValue], key: &str) -> Option<f64> {
    match value(attributes, key)? {
        Any::DoubleValue(number) => Some(*number),
        other => panic!("{key} is no double: {other:?}"),
    }
}

fn value<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a Any> {
    let found = attributes.iter().find(|attribute| attribute.key == key)?;
    found.value.as_ref()?.value.as_ref()
}

fn spans_of<'a>(received: &'a Received, service: &str) -> Vec<&'a Span> {
    let resources = received.traces.iter().flat_map(|request| &request.resource_spans);
    let of_service = resources.filter(|spans| {
        let resource = spans.resource.as_ref().unwrap();
        text(&resource.attributes, "service.name") == Some(service)
    });
    of_service.flat_map(|spans| &spans.scope_spans).flat_map(|scope| &scope.spans).collect()
}

/// The newest points of a cumulative sum: one for each set of attributes.
fn points(received: &Received, name: &str) -> Vec<NumberDataPoint> {
    let mut newest = BTreeMap::new();
    for metric in received.metrics().into_iter().filter(|metric| metric.name == name) {
        let Some(Data::Sum(sum)) = &metric.data else { panic!("{name} is no sum") };
        for point in &sum.data_points {
            newest.insert(format!("{:?}", point.attributes), point.clone());
        }
    }
    newest.into_values().collect()
}

fn number(point: &NumberDataPoint) -> f64 {
    match point.value {
        Some(Number::AsDouble(number)) => number,
        Some(Number::AsInt(number)) => number as f64,
        None => panic!("a point without a value"),
    }
}

fn total(received: &Received, name: &str) -> f64 {
    points(received, name).iter().map(number).sum()
}

fn costs_of(calls: &[Value]) -> Vec<f64> {
    calls.iter().filter_map(|call| call["cost"].as_str()?.parse().ok()).collect()
}

#[track_caller]
fn assert_same(what: &str, service: &str, got: f64, wanted: f64) {
    assert!((got - wanted).abs() < ROUNDING, "{what} of {service}: {got}, not {wanted}");
}

fn assert_spans(received: &Received, service: &str, aggregates: usize, calls: &[Value]) {
    let wanted = costs_of(calls);
    let (mut costs, mut repeated) = (Vec::new(), 0);
    for span in spans_of(received, service) {
        let amount = double(&span.attributes, "gen_ai.usage.cost.amount");
        match text(&span.attributes, "gen_ai.usage.cost.status") {
            Some("priced") => {
                let ours = amount.unwrap();
                let theirs = double(&span.attributes, "gen_ai.usage.cost.reported");
                assert_same("a reported cost", service, theirs.unwrap_or(ours), ours);
                costs.push(ours);
            }
            Some("aggregate") => repeated += 1,
            // A call that was refused; a tool.
            Some("no_usage") | None => {}
            Some(other) => panic!("{} of {service} is {other}", span.name),
        }
        let is_priced = text(&span.attributes, "gen_ai.usage.cost.source") == Some("calculated");
        assert_eq!(amount.is_some(), is_priced, "{} of {service}", span.name);
    }
    assert_eq!(costs.len(), wanted.len(), "priced spans of {service}");
    assert_eq!(repeated, aggregates, "aggregates of {service}");
    assert_same("the spans", service, costs.iter().sum(), wanted.iter().sum());
}

fn cost_of(received: &Received, service: &str) -> f64 {
    let points = points(received, "gen_ai.client.cost");
    let is_of_service =
        |point: &&NumberDataPoint| text(&point.attributes, "service.name") == Some(service);
    points.iter().filter(is_of_service).map(number).sum()
}

fn assert_metric(received: &Received, service: &str, calls: &[Value]) {
    let wanted = costs_of(calls).iter().sum();
    assert_same("the metric", service, cost_of(received, service), wanted);
}

#[tokio::test]
async fn what_real_clients_spend_stands_on_their_spans_and_in_the_metrics() {
    let mut backend = Backend::start().await;
    let tamis = Gateway::tamis(&config(&backend, None)).await;
    let mut ledger = Vec::new();
    for (service, aggregates) in INSTRUMENTATIONS {
        let calls = python::call_models(service, tamis.http).await;
        assert!(!costs_of(&calls).is_empty(), "{service} called no model");
        assert_spans(&backend.received(), service, *aggregates, &calls);
        ledger.push((service, calls));
    }
    let all = ledger.iter().map(|(_, calls)| calls.len()).sum::<usize>() as f64;
    let counted = |got: &Received| total(got, "gen_ai.client.calls") >= all;
    let received = backend.until("metrics of all calls", counted).await;
    assert_same("calls", "all", total(&received, "gen_ai.client.calls"), all);
    for (service, calls) in &ledger {
        assert_metric(&received, service, calls);
    }
    let refused = ledger.iter().flat_map(|(_, calls)| calls).filter(|call| call["cost"].is_null());
    let limited = total(&received, "gen_ai.client.calls.rate_limited");
    assert_same("refused calls", "all", limited, refused.count() as f64);
}

#[tokio::test]
async fn what_two_instrumentations_tell_of_counts_once_where_the_trace_decides() {
    const SERVICE: &str = "pydantic-ai-and-otel";
    const RUNS: usize = 4;
    let mut backend = Backend::start().await;
    let tamis = Gateway::tamis(&config(&backend, Some("5s"))).await;
    let calls = python::call_models(SERVICE, tamis.http).await;
    let wanted: f64 = costs_of(&calls).iter().sum();
    // The span of a run leaves with all of its trace.
    let is_run = |name: &&str| name.starts_with("invoke_agent");
    let left = |got: &Received| got.span_names().into_iter().filter(is_run).count() == RUNS;
    backend.until("the traces", left).await;
    let told = |got: &Received| cost_of(got, SERVICE) > wanted - ROUNDING;
    let received = backend.until("the cost", told).await;
    // Besides the runs, what the agents tell of each call.
    assert_spans(&received, SERVICE, RUNS + costs_of(&calls).len(), &calls);
    assert_metric(&received, SERVICE, &calls);
}
