//! Nothing that was acknowledged is lost.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tonic::Code;

use crate::harness::answer::{Answer, Gate};
use crate::harness::backend::Backend;
use crate::harness::config::Config;
use crate::harness::gateway::Gateway;
use crate::harness::received::Received;
use crate::harness::{Signal, grpc, sample};

/// An exporter with the queue and with retries that do not keep a test waiting.
fn persistent(backend: &Backend) -> Value {
    json!({
        "endpoint": backend.grpc.to_string(),
        "tls": {"insecure": true},
        "sending_queue": {"enabled": true, "queue_size": 10_000},
        "retry_on_failure": {
            "enabled": true,
            "initial_interval": "10ms",
            "max_interval": "50ms",
            "max_elapsed_time": "5m",
        },
    })
}

/// Sends spans named by number, and answers the names of those that were acknowledged.
async fn send(client: &grpc::Client, numbers: std::ops::Range<u32>) -> BTreeSet<String> {
    let mut acknowledged = BTreeSet::new();
    for number in numbers {
        let name = format!("span-{number}");
        let answer = client.export(Signal::Traces, sample::one_span(&name)).await;
        if answer.code == Code::Ok {
            acknowledged.insert(name);
        }
    }
    acknowledged
}

fn has_all(received: &Received, names: &BTreeSet<String>) -> bool {
    let spans = received.spans();
    let arrived: BTreeSet<&str> = spans.iter().map(|span| span.name.as_str()).collect();
    names.iter().all(|name| arrived.contains(name.as_str()))
}

#[tokio::test]
async fn what_was_acknowledged_arrives_although_the_backend_refuses_now_and_then() {
    let mut backend = Backend::start().await;
    let refusals = [Code::Unavailable, Code::DeadlineExceeded, Code::Aborted, Code::DataLoss];
    let script = (0..400).map(|number| match number % 3 {
        0 => Answer::Accept,
        _ => Answer::Grpc(refusals[number % refusals.len()]),
    });
    backend.answers.script(script);
    let tamis = Gateway::tamis(&Config::new().exporter("otlp_grpc", persistent(&backend))).await;
    let client = grpc::Client::connect(tamis.grpc).await;
    let acknowledged = send(&client, 0..200).await;
    assert_eq!(acknowledged.len(), 200, "the queue has room for all");
    backend.until("all spans", |received| has_all(received, &acknowledged)).await;
}

#[tokio::test]
async fn what_was_acknowledged_arrives_after_the_backend_was_away() {
    let backend = Backend::start().await;
    let (grpc, http) = (backend.grpc, backend.http);
    let tamis = Gateway::tamis(&Config::new().exporter("otlp_grpc", persistent(&backend))).await;
    let client = grpc::Client::connect(tamis.grpc).await;
    let mut acknowledged = send(&client, 0..50).await;
    let before = backend.stop().await;
    acknowledged.extend(send(&client, 50..100).await);
    assert_eq!(acknowledged.len(), 100, "the queue has room for all");
    let missing: BTreeSet<String> = acknowledged
        .into_iter()
        .filter(|name| !before.span_names().contains(&name.as_str()))
        .collect();
    let mut backend = Backend::listen(grpc, http).await;
    backend.until("the rest", |received| has_all(received, &missing)).await;
}

#[tokio::test]
async fn without_a_queue_only_what_the_backend_took_is_acknowledged() {
    let backend = Backend::start().await;
    let answers = [Answer::Accept, Answer::Grpc(Code::Unavailable), Answer::Accept];
    backend.answers.script(answers);
    let tamis = Gateway::tamis(&Config::new().forward(backend.grpc)).await;
    let client = grpc::Client::connect(tamis.grpc).await;
    let acknowledged = send(&client, 0..3).await;
    assert_eq!(acknowledged.iter().collect::<Vec<_>>(), ["span-0", "span-2"]);
    assert_eq!(backend.received().span_names(), ["span-0", "span-2"]);
}

#[tokio::test]
async fn a_full_queue_refuses_and_what_it_took_arrives() {
    let mut backend = Backend::start().await;
    let gate = Gate::shut();
    backend.answers.always(Answer::Behind(gate.clone()));
    let mut exporter = persistent(&backend);
    exporter["timeout"] = json!("60s");
    exporter["sending_queue"] = json!({"queue_size": 5, "num_consumers": 1});
    let tamis = Gateway::tamis(&Config::new().exporter("otlp_grpc", exporter)).await;
    let client = grpc::Client::connect(tamis.grpc).await;
    let acknowledged = send(&client, 0..50).await;
    // Five wait, and one may be on its way.
    assert!((5..=6).contains(&acknowledged.len()), "{acknowledged:?}");
    let refused = client.export(Signal::Traces, sample::one_span("too much")).await;
    assert_eq!(
        (refused.code, refused.message.as_str()),
        (Code::Unavailable, "sending queue is full")
    );
    gate.open();
    let received = backend.until("the queue", |received| has_all(received, &acknowledged)).await;
    assert_eq!(received.spans().len(), acknowledged.len());
}

#[tokio::test]
async fn a_batch_is_acknowledged_only_after_the_backend_took_it() {
    let backend = Backend::start().await;
    backend.answers.always(Answer::Grpc(Code::Unavailable));
    let config = Config::new()
        .processor("batch", json!({"timeout": "10ms", "send_batch_size": 10}))
        .forward(backend.grpc);
    let tamis = Gateway::tamis(&config).await;
    let client = grpc::Client::connect(tamis.grpc).await;
    let refused = client.export(Signal::Traces, sample::one_span("refused")).await;
    assert_eq!(refused.code, Code::Unavailable);
    backend.answers.always(Answer::Accept);
    let accepted = client.export(Signal::Traces, sample::one_span("accepted")).await;
    assert_eq!(accepted.code, Code::Ok, "{accepted:?}");
    assert_eq!(backend.received().span_names(), ["accepted"]);
}

#[tokio::test]
async fn a_shutdown_drains_the_queue() {
    let mut backend = Backend::start().await;
    let gate = Gate::shut();
    backend.answers.always(Answer::Behind(gate.clone()));
    let mut exporter = persistent(&backend);
    exporter["timeout"] = json!("60s");
    exporter["sending_queue"] = json!({"queue_size": 1000, "num_consumers": 2});
    let mut tamis = Gateway::tamis(&Config::new().exporter("otlp_grpc", exporter)).await;
    let client = grpc::Client::connect(tamis.grpc).await;
    let acknowledged = send(&client, 0..40).await;
    assert_eq!(acknowledged.len(), 40);
    backend.until("the first request", |received| received.attempts > 0).await;

    tamis.process.terminate();
    let stopping = |line: &str| line.contains("stopping").then_some(());
    tamis.process.line("that it stops", stopping).await;
    gate.open();
    let (status, log) = tamis.process.exit().await;
    assert!(status.success(), "{status}: {log}");
    assert!(has_all(&backend.received(), &acknowledged), "{log}");
}
