//! What is refused before anything is bound.

use super::*;
use crate::config::{ProcessEnvironment, Source, load};
use crate::wasm::builtin;

const BROKEN: &str = "\
receivers:
  otlp:
    protocols:
      http:
        tls: {cert_file: /none/cert, key_file: /none/key}
processors:
  redaction:
    blocked_values: ['(']
exporters:
  otlp_grpc: {endpoint: 'a:1', tls: {ca_file: /none/ca}}
  otlp_grpc/idle: {endpoint: 'a:1', tls: {ca_file: /none/idle}}
  otlp_http:
    endpoint: https://a
    tls:
      ca_pem: junk
  prometheus: {endpoint: 'a:1', tls: {cert_file: /none/cert, key_file: /none/key}}
service:
  pipelines:
    traces: {receivers: [otlp], processors: [redaction], exporters: [otlp_grpc, otlp_http]}
    metrics: {receivers: [otlp], exporters: [prometheus]}
";

#[tokio::test]
async fn every_complaint_of_the_first_step_comes_in_one_run_with_its_place() {
    let source = Source::Yaml { name: "t.yaml".into(), text: BROKEN.into() };
    let (config, _) = load(&[source], &ProcessEnvironment, &builtin::names()).unwrap();
    let error = Prepared::new(&config, &Storages::default(), 1, &Metrics::default())
        .await
        .err()
        .unwrap()
        .to_string();
    let starts: Vec<String> =
        error.lines().map(|line| line.split(": ").take(2).collect::<Vec<_>>().join(": ")).collect();
    assert_eq!(
        starts,
        [
            "t.yaml:5:9: receivers::otlp::protocols::http::tls",
            "t.yaml:8:22: processors::redaction::blocked_values::0",
            "t.yaml:10:32: exporters::otlp_grpc::tls",
            "t.yaml:14:5: exporters::otlp_http::tls",
            "t.yaml:16:33: exporters::prometheus::tls",
            "5 problems in the configuration",
        ],
        "{error}"
    );
    assert!(error.contains("/none/key") && error.contains("/none/ca"), "{error}");
}
