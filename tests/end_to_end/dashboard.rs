//! What operators look at: the dashboard and the alerts on what AI models cost, with a real Prometheus.

use std::net::SocketAddr;
use std::time::Duration;

use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::trace::v1::Span;
use serde_json::Value;
use tempfile::TempDir;

use crate::harness::backend::Backend;
use crate::harness::gateway::{Kind, bound_address, free_port};
use crate::harness::process::Process;
use crate::harness::prometheus::{Prometheus, promtool};
use crate::harness::{PATIENCE, Signal, grpc, root, sample};

const RULES: &str = "collector-config/genai-rules.yaml";

#[tokio::test]
async fn promtool_accepts_the_rules_and_the_alerts_come_when_they_should() {
    let rules = root().join(RULES);
    let (fine, log) = promtool(&["check", "rules", "--lint=all", rules.to_str().unwrap()]).await;
    assert!(fine, "{log}");
    let tests = root().join("tests/prometheus/genai-rules-test.yaml");
    let (fine, log) = promtool(&["test", "rules", tests.to_str().unwrap()]).await;
    assert!(fine, "{log}");
}

/// Every expression of the dashboard, as Grafana would ask it.
fn expressions() -> Vec<String> {
    let file = root().join("collector-config/genai-dashboard.json");
    let dashboard: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().flat_map(|panel| panel["targets"].as_array().unwrap());
    targets
        .map(|target| {
            let text = target["expr"].as_str().unwrap();
            text.replace("$__rate_interval", "1m").replace("$tenant", ".*").replace("$model", ".*")
        })
        .collect()
}

fn number(key: &str, value: i64) -> KeyValue {
    let value = AnyValue { value: Some(any_value::Value::IntValue(value)) };
    sample::attribute(key, Some(value))
}

fn text(key: &str, value: &str) -> KeyValue {
    sample::attribute(key, sample::text(value))
}

/// A call in OpenTelemetry's words.
fn call(trace: u64, model: &str, more: Vec<KeyValue>) -> Span {
    let own = [
        text("gen_ai.provider.name", "openai"),
        text("gen_ai.operation.name", "chat"),
        text("gen_ai.request.model", model),
        text("tenant.id", "acme"),
        number("gen_ai.usage.input_tokens", 1000),
        number("gen_ai.usage.output_tokens", 100),
    ];
    sample::span(trace, "chat", own.into_iter().chain(more).collect())
}

/// Calls of every kind that a panel shows.
fn calls(round: u64) -> Vec<Span> {
    let first = sample::value(any_value::Value::DoubleValue(0.25));
    let first = sample::attribute("gen_ai.response.time_to_first_chunk", first);
    vec![
        call(3 * round, "gpt-4o", vec![number("gen_ai.usage.cache_read.input_tokens", 400), first]),
        call(3 * round + 1, "nobody-knows-it", Vec::new()),
        call(3 * round + 2, "gpt-4o", vec![text("error.type", "429")]),
    ]
}

/// genai.yaml as it stands, but that the metrics also go to the second Prometheus.
fn tamis(folder: &TempDir, environment: &[(&str, String)]) -> Process {
    let text = std::fs::read_to_string(root().join("collector-config/genai.yaml")).unwrap();
    let both = "exporters: [prometheus, otlp_http/prometheus]";
    let text = text.replace("exporters: [prometheus]", both);
    assert!(text.contains(both));
    let file = folder.path().join("genai.yaml");
    std::fs::write(&file, text).unwrap();
    let arguments = ["--config".into(), file.into_os_string()];
    Process::start(Kind::Tamis.binary(), arguments, environment)
}

#[tokio::test]
async fn every_query_of_the_dashboard_has_an_answer_scraped_or_pushed() {
    let backend = Backend::start().await;
    let scraped = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let (puller, taker) = (Prometheus::start(&[scraped]).await, Prometheus::start(&[]).await);
    let environment = [
        ("LISTEN_GRPC", "127.0.0.1:0".to_owned()),
        ("LISTEN_HTTP", "127.0.0.1:0".to_owned()),
        ("LISTEN_METRICS", scraped.to_string()),
        ("METRICS_PORT", free_port().to_string()),
        ("INTERVAL", "1s".to_owned()),
        ("BACKEND", backend.grpc.to_string()),
        ("PROMETHEUS", format!("http://{}", taker.address)),
    ];
    let folder = TempDir::new().unwrap();
    let mut tamis = tamis(&folder, &environment);
    let listens = |line: &str| bound_address(Kind::Tamis, line, "otlp", "grpc");
    let client = grpc::Client::connect(tamis.line("that it listens", listens).await).await;

    let mut open = Vec::new();
    for (name, prometheus) in [("pulled", &puller), ("pushed", &taker)] {
        open.extend(expressions().into_iter().map(|expression| (name, prometheus, expression)));
    }
    assert!(open.len() >= 20, "{} queries", open.len());
    // Rates need a series that has grown between two looks at it.
    let deadline = tokio::time::Instant::now() + PATIENCE;
    for round in 1.. {
        let request = sample::bytes(&sample::traces(calls(round)));
        assert_eq!(client.export(Signal::Traces, request).await.code, tonic::Code::Ok);
        let mut unanswered = Vec::new();
        for (name, prometheus, expression) in open {
            if prometheus.query(&expression).await.is_empty() {
                unanswered.push((name, prometheus, expression));
            }
        }
        open = unanswered;
        if open.is_empty() {
            break;
        }
        let left: Vec<_> = open.iter().map(|(name, _, text)| format!("{name}: {text}")).collect();
        assert!(tokio::time::Instant::now() < deadline, "no answer: {left:#?}\n{}", tamis.log());
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}
