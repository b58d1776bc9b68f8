//! Start, signals, shutdown, and `validate`.

use serde_json::json;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tonic::Code;

use crate::harness::answer::{Answer, Gate};
use crate::harness::backend::Backend;
use crate::harness::config::Config;
use crate::harness::gateway::{Gateway, Kind, free_port};
use crate::harness::process::Process;
use crate::harness::{Signal, grpc, http, sample};

#[tokio::test]
async fn a_request_under_way_is_answered_before_the_gateway_ends() {
    let mut backend = Backend::start().await;
    let gate = Gate::shut();
    backend.answers.always(Answer::Behind(gate.clone()));
    let mut tamis = Gateway::tamis(&Config::new().forward(backend.grpc)).await;
    let address = tamis.grpc;
    let client = grpc::Client::connect(address).await;
    let request =
        tokio::spawn(
            async move { client.export(Signal::Traces, sample::one_span("under way")).await },
        );
    backend.until("the request", |received| received.attempts == 1).await;

    tamis.process.terminate();
    let stopping = |line: &str| line.contains("stopping").then_some(());
    tamis.process.line("that it stops", stopping).await;
    gate.open();
    assert_eq!(request.await.unwrap().code, Code::Ok);
    let (status, log) = tamis.process.exit().await;
    assert!(status.success(), "{status}: {log}");
    assert_eq!(backend.received().span_names(), ["under way"]);
    assert!(TcpStream::connect(address).await.is_err(), "the port is closed");
}

#[tokio::test]
async fn a_hangup_is_logged_and_not_fatal() {
    let backend = Backend::start().await;
    let mut tamis = Gateway::tamis(&Config::new().forward(backend.grpc)).await;
    tamis.process.hang_up();
    let said = |line: &str| line.contains("SIGHUP").then_some(());
    tamis.process.line("SIGHUP", said).await;
    let answer = http::export(tamis.http, Signal::Traces, sample::one_span("after")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(backend.received().span_names(), ["after"]);
}

#[tokio::test]
async fn health_is_told_while_the_gateway_runs() {
    let port = free_port();
    let config = Config::new()
        .exporter("nop", json!({}))
        .extension("health_check", json!({"endpoint": format!("127.0.0.1:{port}")}));
    let _tamis = Gateway::tamis(&config).await;
    let (status, _) = http::get(([127, 0, 0, 1], port).into(), "/").await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn every_item_is_counted_under_the_collectors_names() {
    let backend = Backend::start().await;
    let port = free_port();
    let config = Config::new().metrics(port).forward(backend.grpc);
    let tamis = Gateway::tamis(&config).await;
    let client = grpc::Client::connect(tamis.grpc).await;
    for signal in Signal::ALL {
        let answer = client.export(signal, sample::one_item(signal, Vec::new())).await;
        assert_eq!(answer.code, Code::Ok);
    }
    backend.answers.always(Answer::Grpc(Code::InvalidArgument));
    client.export(Signal::Traces, sample::one_span("refused")).await;
    let (status, metrics) = http::get(([127, 0, 0, 1], port).into(), "/metrics").await;
    assert_eq!(status, 200);
    let expected = [
        ("otelcol_receiver_accepted_spans", 1),
        ("otelcol_receiver_accepted_metric_points", 1),
        ("otelcol_receiver_accepted_log_records", 1),
        ("otelcol_exporter_sent_spans", 1),
        ("otelcol_exporter_send_failed_spans", 1),
    ];
    for (name, value) in expected {
        assert_eq!(sum(&metrics, name), value, "{name} in:\n{metrics}");
    }
    // Since v0.132 of the Collector an error from downstream is `failed`, before it was `refused`.
    let not_accepted = sum(&metrics, "otelcol_receiver_refused_spans")
        + sum(&metrics, "otelcol_receiver_failed_spans");
    assert_eq!(not_accepted, 1, "{metrics}");
}

/// The sum of a metric over its label sets, in Prometheus' text format.
fn sum(metrics: &str, name: &str) -> u64 {
    let samples = metrics.lines().filter(|line| line.split(['{', ' ']).next() == Some(name));
    samples.map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap() as u64).sum()
}

async fn validate(yaml: &str) -> (bool, String) {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("config.yaml");
    std::fs::write(&file, yaml).unwrap();
    let arguments = ["validate".into(), "--config".into(), file.into_os_string()];
    let process = Process::start(Kind::Tamis.binary(), arguments, &[]);
    let (status, log) = process.exit().await;
    (status.success(), log)
}

#[tokio::test]
async fn a_valid_configuration_validates() {
    let (valid, log) = validate(&Config::new().exporter("debug", json!({})).yaml()).await;
    assert!(valid, "{log}");
}

/// One error a line, each of another kind.
const WRONG: &str = r#"receivers:
  otlp:
    protocols:
      grpc:
        endpont: localhost:4317
processors:
  nonesuch:
  redaction:
    blocked_values: ['(']
exporters:
  debug:
    verbosity: 7
service:
  pipelines:
    traces:
      receivers: [otlp]
      processors: [redaction, absent]
      exporters: [debug]
"#;

#[tokio::test]
async fn all_errors_of_a_configuration_are_told_in_one_run_with_their_places() {
    let (valid, log) = validate(WRONG).await;
    assert!(!valid);
    for (what, place) in [
        ("endpont", "config.yaml:5:"),
        ("nonesuch", "config.yaml:7:"),
        ("verbosity", "config.yaml:12:"),
        (r#"references processor "absent" which is not configured"#, "config.yaml:17:"),
    ] {
        let told = log.lines().any(|line| line.contains(what) && line.contains(place));
        assert!(told, "no line has {what:?} at {place} in:\n{log}");
    }
}

#[tokio::test]
async fn nothing_listens_before_the_configuration_is_valid() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("config.yaml");
    std::fs::write(&file, WRONG).unwrap();
    let arguments = ["--config".into(), file.into_os_string()];
    let (status, log) = Process::start(Kind::Tamis.binary(), arguments, &[]).exit().await;
    assert!(!status.success());
    assert!(!log.contains("listening"), "{log}");
    assert!(log.contains("endpont"), "{log}");
}

#[tokio::test]
async fn what_is_not_a_command_is_a_usage_error() {
    let (status, log) = Process::start(Kind::Tamis.binary(), ["--nonsense"], &[]).exit().await;
    assert_eq!(status.code(), Some(64), "{log}");
}
