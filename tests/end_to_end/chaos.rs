//! Kill -9 under load, at random moments: what was acknowledged is decided once and forwarded whole.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use serde_json::json;
use tempfile::TempDir;
use tonic::Code;

use crate::harness::backend::Backend;
use crate::harness::config::Config;
use crate::harness::gateway::{Gateway, free_port};
use crate::harness::seed::Seed;
use crate::harness::{Signal, grpc, metrics, sample};

const DEFAULT_SEED: u64 = 20_261_121;
const KILLS: usize = 30;
/// Traces that get spans at the same time.
const OPEN_TRACES: u64 = 40;
/// Longest life of one process under load.
const LONGEST_LIFE_MS: usize = 400;

/// Sends spans of random traces, and remembers what was acknowledged.
struct Sender {
    seed: Seed,
    requests: u64,
    spans: u64,
    /// Ids of the acknowledged spans, by trace.
    acknowledged: BTreeMap<Vec<u8>, BTreeSet<Vec<u8>>>,
}

impl Sender {
    /// Sends until the gateway is gone.
    async fn send(&mut self, client: &grpc::Client) {
        loop {
            let spans: Vec<Span> = (0..8).map(|_| self.span()).collect();
            let request = sample::bytes(&sample::traces(spans.clone()));
            self.requests += 1;
            if client.export(Signal::Traces, request).await.code != Code::Ok {
                return;
            }
            for span in spans {
                self.acknowledged.entry(span.trace_id).or_default().insert(span.span_id);
            }
        }
    }

    /// A span of one of the newest traces. One in five has what its trace is kept for: the earlier
    /// it comes, the more of the trace waits for it.
    fn span(&mut self) -> Span {
        self.spans += 1;
        let newest = self.requests / 8;
        let trace = newest + self.seed.below(OPEN_TRACES as usize) as u64;
        let mut attributes = Vec::new();
        if self.seed.once_in(5) && trace.is_multiple_of(2) {
            attributes.push(sample::attribute("keep", sample::value(Value::BoolValue(true))));
        }
        let span_id = self.spans.to_be_bytes().to_vec();
        Span { span_id, ..sample::span(trace, "span", attributes) }
    }
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_or_decided_twice_when_the_process_is_killed() {
    let (number, seed) = Seed::from_environment(DEFAULT_SEED);
    let what = format!("TAMIS_TEST_SEED={number}");
    let backend = Backend::start().await;
    let folder = TempDir::new().unwrap();
    let mut sender = Sender { seed, requests: 0, spans: 0, acknowledged: BTreeMap::new() };
    let config = |port| {
        let policies = json!([
            {"name": "kept", "type": "boolean_attribute",
             "boolean_attribute": {"key": "keep", "value": true}},
            {"name": "some", "type": "probabilistic", "probabilistic": {"sampling_percentage": 10}},
        ]);
        Config::new()
            .signals(&[Signal::Traces])
            .metrics(port)
            .extension("file_storage", json!({"directory": folder.path()}))
            .processor(
                "tail_sampling",
                json!({
                    "decision_wait": "300ms",
                    "policies": policies,
                    "decision_cache": {"sampled_cache_size": 100_000, "non_sampled_cache_size": 100_000},
                    "wasm": {"hold": {"storage": "file_storage"}},
                }),
            )
            .forward(backend.grpc)
    };
    for _ in 0..KILLS {
        let gateway = Gateway::tamis(&config(free_port())).await;
        let client = grpc::Client::connect(gateway.grpc).await;
        let life = Duration::from_millis(sender.seed.below(LONGEST_LIFE_MS) as u64);
        let mut sending = Box::pin(sender.send(&client));
        tokio::select! {
            () = &mut sending => panic!("{what}: the gateway refused a batch"),
            () = tokio::time::sleep(life) => {}
        }
        // The request in flight fails: nobody knows what became of it.
        tokio::join!(gateway.process.kill(), sending);
    }
    let port = free_port();
    let gateway = Gateway::tamis(&config(port)).await;
    metrics::until_zero(port, &["tamis_hold_bytes"]).await;
    gateway.process.terminate();
    let (status, log) = gateway.process.exit().await;
    assert!(status.success(), "{log}");
    let mut received: BTreeMap<Vec<u8>, BTreeSet<Vec<u8>>> = BTreeMap::new();
    for span in backend.received().spans() {
        received.entry(span.trace_id.clone()).or_default().insert(span.span_id.clone());
    }
    let nothing = BTreeSet::new();
    let mut kept = 0;
    for (trace, acknowledged) in &sender.acknowledged {
        let received = received.get(trace).unwrap_or(&nothing);
        let missing = acknowledged.difference(received).count();
        kept += usize::from(missing == 0);
        assert!(
            missing == 0 || received.is_empty(),
            "{what}: of a trace {} spans were acknowledged and {missing} of them are missing",
            acknowledged.len()
        );
    }
    let all = sender.acknowledged.len();
    assert!(kept > all / 4 && kept < all * 3 / 4, "{what}: {kept} of {all} traces kept");
}
