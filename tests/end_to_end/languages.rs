//! The contract from another language: a guest in C.

use opentelemetry_proto::tonic::common::v1::KeyValue;
use serde_json::json;
use tonic::Code;

use crate::harness::backend::Backend;
use crate::harness::config::Config;
use crate::harness::gateway::Gateway;
use crate::harness::{Signal, grpc, guests, sample};

#[tokio::test]
async fn a_guest_in_c_adds_an_attribute_to_every_resource() {
    let module = guests::c().await;
    let backend = Backend::start().await;
    let config = Config::new()
        .processor("wasm/add_attribute", json!({"module": module}))
        .forward(backend.grpc);
    let tamis = Gateway::tamis(&config).await;
    let client = grpc::Client::connect(tamis.grpc).await;

    // Lengths around the borders at which a length prefix grows by a byte.
    let texts = ["", "short"].map(str::to_owned);
    let long = [60, 90, 100, 110, 120, 16_000, 16_250, 16_300].map(|length| "x".repeat(length));
    for text in texts.iter().chain(&long) {
        let mut request = sample::traces(vec![sample::span(1, text, Vec::new())]);
        // One resource without attributes, and none at all.
        let mut more = request.resource_spans[0].clone();
        more.resource = None;
        request.resource_spans.push(more.clone());
        more.resource = Some(Default::default());
        request.resource_spans.push(more);
        let answer = client.export(Signal::Traces, sample::bytes(&request)).await;
        assert_eq!(answer.code, Code::Ok, "{answer:?}");

        for resource in &mut request.resource_spans {
            resource.resource.get_or_insert_default().attributes.push(added());
        }
        assert_eq!(backend.received().traces.last(), Some(&request));
    }

    for signal in [Signal::Metrics, Signal::Logs] {
        let answer = client.export(signal, sample::one_item(signal, Vec::new())).await;
        assert_eq!(answer.code, Code::Ok, "{answer:?}");
    }
    let received = backend.received();
    let metrics = received.metrics[0].resource_metrics[0].resource.as_ref().unwrap();
    let logs = received.logs[0].resource_logs[0].resource.as_ref().unwrap();
    assert_eq!(metrics.attributes.last(), Some(&added()));
    assert_eq!(logs.attributes.last(), Some(&added()));
}

fn added() -> KeyValue {
    sample::attribute("processed.by", sample::text("c"))
}
