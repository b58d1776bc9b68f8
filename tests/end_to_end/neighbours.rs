//! The Python SDK and the real Collector around tamis: everything arrives, whole and redacted.

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use serde_json::{Value as Json, json};

use crate::harness::backend::Backend;
use crate::harness::config::Config;
use crate::harness::gateway::Gateway;
use crate::harness::python;
use crate::harness::received::Received;

/// What the SDK puts wherever text can stand.
const SECRET: &str = "someone@example.com";

fn redaction() -> Json {
    json!({
        "allow_all_keys": true,
        "blocked_values": [r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}"],
    })
}

fn is_complete(received: &Received) -> bool {
    received.spans().len() == 2
        && received.metrics().len() == 3
        && received.log_records().len() == 1
}

/// What tests/python/send.py sends, item by item.
fn assert_whole_and_redacted(received: &Received) {
    assert_eq!(received.span_names(), ["child", "parent"]);
    let mut metrics: Vec<_> = received.metrics().iter().map(|metric| &metric.name).collect();
    metrics.sort_unstable();
    assert_eq!(metrics, ["latency", "open", "requests"]);

    let spans = received.spans();
    let span = |name| *spans.iter().find(|span| span.name == name).unwrap();
    let (parent, child) = (span("parent"), span("child"));
    assert_eq!(child.parent_span_id, parent.span_id);
    assert_eq!(child.trace_id, parent.trace_id);
    assert_eq!(child.links[0].span_id, parent.span_id);
    let attribute = |attributes: &[opentelemetry_proto::tonic::common::v1::KeyValue], key| {
        let found = attributes.iter().find(|attribute| attribute.key == key);
        found
            .and_then(|attribute| attribute.value.clone()?.value)
            .unwrap_or_else(|| panic!("{key}"))
    };
    let masked = |text: &str| Value::StringValue(text.to_owned());
    assert_eq!(attribute(&parent.attributes, "user.contact"), masked("****"));
    assert_eq!(attribute(&parent.attributes, "plain"), masked("stays"));
    assert_eq!(
        attribute(&parent.events[0].attributes, "event.contact"),
        masked("before **** after")
    );
    assert_eq!(attribute(&child.attributes, "number"), Value::IntValue(42));
    assert_eq!(attribute(&child.attributes, "fraction"), Value::DoubleValue(0.5));

    let record = received.log_records()[0];
    assert_eq!(record.body.clone().unwrap().value.unwrap(), masked("signed in: ****"));
    assert_eq!(attribute(&record.attributes, "account.contact"), masked("****"));

    assert_eq!(received.occurrences("someone"), 0, "a secret came through: {received:?}");
}

async fn send_through_tamis(protocol: &str, compression: &str) {
    let mut backend = Backend::start().await;
    let config = Config::new().processor("redaction", redaction()).forward(backend.grpc);
    let tamis = Gateway::tamis(&config).await;
    let address = if protocol == "grpc" { tamis.grpc } else { tamis.http };
    python::send(protocol, address, compression, SECRET).await;
    let received = backend.until("all items", is_complete).await;
    assert_whole_and_redacted(&received);
    assert!(!tamis.process.log().contains("someone"), "a telemetry value was logged");
}

#[tokio::test]
async fn telemetry_of_the_python_sdk_arrives_whole_and_redacted_over_grpc() {
    send_through_tamis("grpc", "none").await;
}

#[tokio::test]
async fn telemetry_of_the_python_sdk_arrives_whole_and_redacted_over_compressed_grpc() {
    send_through_tamis("grpc", "gzip").await;
}

#[tokio::test]
async fn telemetry_of_the_python_sdk_arrives_whole_and_redacted_over_http() {
    send_through_tamis("http", "none").await;
}

#[tokio::test]
async fn telemetry_of_the_python_sdk_arrives_whole_and_redacted_over_compressed_http() {
    send_through_tamis("http", "gzip").await;
    send_through_tamis("http", "deflate").await;
}

#[tokio::test]
async fn a_collector_upstream_sends_through_tamis_to_the_backend() {
    let mut backend = Backend::start().await;
    let config = Config::new().processor("redaction", redaction()).forward(backend.grpc);
    let tamis = Gateway::tamis(&config).await;
    let upstream = Gateway::collector(&Config::new().forward(tamis.grpc)).await;
    python::send("grpc", upstream.grpc, "none", SECRET).await;
    assert_whole_and_redacted(&backend.until("all items", is_complete).await);
}

#[tokio::test]
async fn a_collector_upstream_sends_compressed_http_through_tamis_to_the_backend() {
    let mut backend = Backend::start().await;
    let config = Config::new().processor("redaction", redaction()).forward(backend.grpc);
    let tamis = Gateway::tamis(&config).await;
    for compression in ["gzip", "zstd", "deflate", "none"] {
        let endpoint = format!("http://{}", tamis.http);
        let exporter = json!({"endpoint": endpoint, "compression": compression});
        let upstream = Gateway::collector(&Config::new().exporter("otlp_http", exporter)).await;
        let before = backend.received().spans().len();
        python::send("http", upstream.http, "none", SECRET).await;
        let all = |received: &Received| received.spans().len() == before + 2;
        let received = backend.until(&format!("spans by {compression}"), all).await;
        assert_eq!(received.occurrences("someone"), 0, "{compression}");
    }
}

#[tokio::test]
async fn tamis_sends_to_a_collector_downstream_over_grpc() {
    let mut backend = Backend::start().await;
    let downstream = Gateway::collector(&Config::new().forward(backend.grpc)).await;
    let config = Config::new().processor("redaction", redaction()).forward(downstream.grpc);
    let tamis = Gateway::tamis(&config).await;
    python::send("grpc", tamis.grpc, "none", SECRET).await;
    assert_whole_and_redacted(&backend.until("all items", is_complete).await);
}

#[tokio::test]
async fn tamis_sends_to_a_collector_downstream_over_http_in_every_compression() {
    let mut backend = Backend::start().await;
    let downstream = Gateway::collector(&Config::new().forward(backend.grpc)).await;
    for compression in ["gzip", "zstd", "deflate", "none"] {
        let endpoint = format!("http://{}", downstream.http);
        let exporter = json!({"endpoint": endpoint, "compression": compression});
        let tamis = Gateway::tamis(
            &Config::new().processor("redaction", redaction()).exporter("otlphttp", exporter),
        )
        .await;
        let before = backend.received().spans().len();
        python::send("http", tamis.http, "none", SECRET).await;
        let all = |received: &Received| received.spans().len() == before + 2;
        backend.until(&format!("spans by {compression}"), all).await;
    }
}

#[tokio::test]
async fn every_exporter_of_a_pipeline_gets_everything() {
    let (mut first, mut second) = (Backend::start().await, Backend::start().await);
    let config = Config::new()
        .processor("redaction", redaction())
        .forward(first.grpc)
        .exporter("otlp_http/second", json!({"endpoint": format!("http://{}", second.http)}));
    let tamis = Gateway::tamis(&config).await;
    python::send("grpc", tamis.grpc, "none", SECRET).await;
    assert_whole_and_redacted(&first.until("all items at the first", is_complete).await);
    assert_whole_and_redacted(&second.until("all items at the second", is_complete).await);
}
