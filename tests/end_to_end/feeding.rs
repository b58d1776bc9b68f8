//! Pipelines that feed each other: through connectors, and through a processor that makes telemetry of
//! its own. And files that guests read.

use std::path::{Path, PathBuf};

use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
use serde_json::{Value, json};
use tempfile::TempDir;
use tonic::Code;

use crate::harness::backend::Backend;
use crate::harness::config::Config;
use crate::harness::gateway::{Gateway, Kind};
use crate::harness::process::Process;
use crate::harness::received::Received;
use crate::harness::{Signal, grpc, guests, sample};

/// The values of the sums of this name, in order of arrival.
fn sums(received: &Received, name: &str) -> Vec<i64> {
    let named = received.metrics().into_iter().filter(|metric| metric.name == name);
    let points = named.flat_map(|metric| match &metric.data {
        Some(Data::Sum(sum)) => sum.data_points.clone(),
        _ => Vec::new(),
    });
    let value = |number| match number {
        Some(Number::AsInt(value)) => value,
        _ => panic!("not an integer"),
    };
    points.map(|point| value(point.value)).collect()
}

async fn send(tamis: &Gateway, names: &[&str]) {
    let spans = names.iter().map(|name| sample::span(1, name, Vec::new())).collect();
    let client = grpc::Client::connect(tamis.grpc).await;
    let answer = client.export(Signal::Traces, sample::bytes(&sample::traces(spans))).await;
    assert_eq!(answer.code, Code::Ok);
}

/// A pipeline of traces with the guest as its processor, and one of metrics that it feeds.
fn feeding(module: PathBuf, config: Value, backend: &Backend) -> Config {
    Config::new()
        .signals(&[Signal::Traces])
        .processor("wasm/count", json!({"module": module, "config": config}))
        .forward(backend.grpc)
        .pipeline("metrics", json!({"receivers": ["wasm/count"], "exporters": ["otlp_grpc"]}))
}

#[tokio::test]
async fn what_a_processor_makes_of_spans_goes_to_the_pipeline_that_names_it() {
    let mut backend = Backend::start().await;
    let config = feeding(guests::rust("count_spans").await, json!({}), &backend);
    let tamis = Gateway::tamis(&config).await;
    send(&tamis, &["a", "b", "c"]).await;
    send(&tamis, &["d", "e"]).await;
    let told = |got: &Received| sums(got, "spans").last() == Some(&5);
    let received = backend.until("the count", told).await;
    assert_eq!(received.span_names(), ["a", "b", "c", "d", "e"]);
}

#[tokio::test]
async fn what_is_made_at_the_last_moment_still_arrives() {
    let backend = Backend::start().await;
    let config = feeding(guests::rust("count_spans").await, json!({}), &backend);
    let tamis = Gateway::tamis(&config).await;
    for round in 1..=20 {
        send(&tamis, &["a"; 7]).await;
        assert!(sums(&backend.received(), "spans").last() <= Some(&(7 * round)));
    }
    tamis.process.terminate();
    let (status, log) = tamis.process.exit().await;
    assert!(status.success(), "{log}");
    assert_eq!(sums(&backend.received(), "spans").last(), Some(&140));
}

#[tokio::test]
async fn connectors_end_pipelines_and_begin_others() {
    let mut backend = Backend::start().await;
    let module = guests::rust("count_spans").await;
    let config = Config::new()
        .signals(&[Signal::Traces])
        .forward(backend.grpc)
        .connector("forward", Value::Null)
        .connector("wasm/count", json!({"module": module}))
        .pipelines(json!({
            "traces/a": {"receivers": ["otlp"], "exporters": ["forward", "wasm/count"]},
            "traces/b": {"receivers": ["otlp"], "exporters": ["wasm/count"]},
            "traces/c": {"receivers": ["forward"], "exporters": ["otlp_grpc"]},
            "metrics": {"receivers": ["wasm/count"], "exporters": ["otlp_grpc"]},
        }));
    let tamis = Gateway::tamis(&config).await;
    send(&tamis, &["a", "b"]).await;
    // One instance, which two pipelines end in.
    let told = |got: &Received| sums(got, "spans").last() == Some(&4);
    let received = backend.until("the count", told).await;
    assert_eq!(received.span_names(), ["a", "b"]);
}

#[tokio::test]
async fn a_connector_passes_on_what_the_pipeline_behind_it_answers() {
    use crate::harness::answer::Answer;
    let backend = Backend::start().await;
    backend.answers.always(Answer::Grpc(Code::Unavailable));
    let config = Config::new()
        .signals(&[Signal::Traces])
        .forward(backend.grpc)
        .connector("forward", Value::Null)
        .pipelines(json!({
            "traces/a": {"receivers": ["otlp"], "exporters": ["forward"]},
            "traces/b": {"receivers": ["forward"], "exporters": ["otlp_grpc"]},
        }));
    let tamis = Gateway::tamis(&config).await;
    let client = grpc::Client::connect(tamis.grpc).await;
    let answer = client.export(Signal::Traces, sample::one_span("refused")).await;
    assert_eq!(answer.code, Code::Unavailable);
}

/// In one step, so that nobody reads half of it.
fn write(folder: &Path, content: &str) -> PathBuf {
    let (new, file) = (folder.join("new"), folder.join("name"));
    std::fs::write(&new, content).unwrap();
    std::fs::rename(new, &file).unwrap();
    file
}

#[tokio::test]
async fn a_file_that_changes_is_read_again_and_one_that_is_refused_is_not_used() {
    let mut backend = Backend::start().await;
    let folder = TempDir::new().unwrap();
    let file = write(folder.path(), "first");
    let module = guests::rust("count_spans").await;
    let config = feeding(module, json!({"name_file": file}), &backend);
    let mut tamis = Gateway::tamis(&config).await;
    send(&tamis, &["a"]).await;
    backend.until("the first name", |got| sums(got, "first").contains(&1)).await;
    write(folder.path(), "");
    let refused = |line: &str| line.contains("it holds no name").then_some(());
    tamis.process.line("the refusal", refused).await;
    send(&tamis, &["a"]).await;
    backend.until("the old name", |got| sums(got, "first").contains(&2)).await;
    write(folder.path(), "second");
    backend.until("the new name", |got| sums(got, "second").contains(&2)).await;
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_refused_at_its_place() {
    let backend = Backend::start().await;
    let folder = TempDir::new().unwrap();
    let module = guests::rust("count_spans").await;
    let config = feeding(module, json!({"name_file": folder.path().join("none")}), &backend);
    let file = folder.path().join("config.yaml");
    std::fs::write(&file, config.yaml()).unwrap();
    let arguments = ["validate".into(), "--config".into(), file.into_os_string()];
    let (status, log) = Process::start(Kind::Tamis.binary(), arguments, &[]).exit().await;
    assert!(!status.success());
    assert!(log.contains("processors::wasm/count::config::name_file: cannot read"), "{log}");
}
