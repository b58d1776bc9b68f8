//! Hold and replay, proven by a guest that waits for a key and by one that traps while it waits.

use serde_json::{Value, json};
use tonic::Code;

use crate::harness::backend::Backend;
use crate::harness::config::Config;
use crate::harness::gateway::{Gateway, free_port};
use crate::harness::{Signal, grpc, guests, http, sample};

struct Waiting {
    backend: Backend,
    tamis: Gateway,
    client: grpc::Client,
}

impl Waiting {
    async fn start(config: Value) -> Self {
        Self::with(config, json!({}), Config::new()).await
    }

    /// With options of `hold`, and the rest of the configuration.
    async fn with(config: Value, hold: Value, rest: Config) -> Self {
        let module = guests::rust("wait_for_key").await;
        let backend = Backend::start().await;
        let processor = json!({"module": module, "config": config, "hold": hold});
        let config =
            rest.signals(&[Signal::Traces]).processor("wasm/wait", processor).forward(backend.grpc);
        let tamis = Gateway::tamis(&config).await;
        let client = grpc::Client::connect(tamis.grpc).await;
        Self { backend, tamis, client }
    }

    /// Sends one batch with spans of these traces and names.
    async fn send(&self, spans: &[(u64, &str)]) -> Code {
        let spans = spans.iter().map(|(trace, name)| sample::span(*trace, name, Vec::new()));
        let request = sample::bytes(&sample::traces(spans.collect()));
        self.client.export(Signal::Traces, request).await.code
    }

    /// Waits until so many spans have come, and answers their names.
    async fn names(&mut self, count: usize) -> Vec<String> {
        let what = format!("{count} spans");
        let received = self.backend.until(&what, |got| got.spans().len() >= count).await;
        received.span_names().into_iter().map(str::to_owned).collect()
    }
}

#[tokio::test]
async fn spans_wait_until_the_one_that_releases_their_trace_has_come() {
    let mut waiting = Waiting::start(json!({"release_on": "root"})).await;
    assert_eq!(waiting.send(&[(1, "a1"), (2, "b1"), (1, "a2")]).await, Code::Ok);
    assert_eq!(waiting.send(&[(2, "b2")]).await, Code::Ok);
    assert_eq!(waiting.send(&[(1, "root")]).await, Code::Ok);
    assert_eq!(waiting.names(3).await, ["a1", "a2", "root"], "the other trace waits");
    let late = waiting.send(&[(1, "late")]).await;
    assert_eq!((late, waiting.names(4).await[2].as_str()), (Code::Ok, "late"));
}

#[tokio::test]
async fn what_is_held_keeps_its_resource_and_scope() {
    let mut waiting = Waiting::start(json!({"release_on": "root"})).await;
    waiting.send(&[(1, "a"), (2, "b"), (3, "c")]).await;
    waiting.send(&[(2, "root")]).await;
    waiting.names(2).await;
    let received = waiting.backend.received();
    for resource in received.traces.iter().flat_map(|request| &request.resource_spans) {
        assert_eq!(resource.resource, sample::resource());
        assert_eq!(resource.scope_spans[0].scope, sample::scope());
    }
}

#[tokio::test]
async fn a_discarded_trace_is_never_sent() {
    let mut waiting = Waiting::start(json!({"release_on": "root", "discard_on": "noise"})).await;
    assert_eq!(waiting.send(&[(1, "a"), (2, "b")]).await, Code::Ok);
    assert_eq!(waiting.send(&[(1, "noise")]).await, Code::Ok);
    assert_eq!(waiting.send(&[(2, "root")]).await, Code::Ok);
    assert_eq!(waiting.names(2).await, ["b", "root"]);
    let (status, log) = {
        waiting.tamis.process.terminate();
        waiting.tamis.process.exit().await
    };
    assert!(status.success(), "{log}");
    assert_eq!(waiting.backend.received().span_names(), ["b", "root"]);
}

#[tokio::test]
async fn what_waited_is_still_there_after_the_guest_trapped() {
    let mut waiting = Waiting::start(json!({"release_on": "root", "trap_on": "bomb"})).await;
    assert_eq!(waiting.send(&[(1, "a1"), (2, "b1")]).await, Code::Ok);
    for _ in 0..3 {
        assert_eq!(waiting.send(&[(3, "bomb")]).await, Code::Internal);
    }
    assert_eq!(waiting.send(&[(1, "root")]).await, Code::Ok);
    assert_eq!(waiting.names(2).await, ["a1", "root"]);
    assert_eq!(waiting.send(&[(2, "root")]).await, Code::Ok);
    assert_eq!(waiting.names(4).await, ["a1", "b1", "root", "root"]);
}

#[tokio::test]
async fn nothing_of_a_batch_that_trapped_is_held() {
    let mut waiting = Waiting::start(json!({"release_on": "root", "trap_on": "bomb"})).await;
    assert_eq!(waiting.send(&[(1, "with the bomb"), (1, "bomb")]).await, Code::Internal);
    assert_eq!(waiting.send(&[(1, "after"), (1, "root")]).await, Code::Ok);
    assert_eq!(waiting.names(2).await, ["after", "root"]);
}

#[tokio::test]
async fn decisions_are_remembered_after_a_trap() {
    let config = json!({"release_on": "root", "discard_on": "noise", "trap_on": "bomb"});
    let mut waiting = Waiting::start(config).await;
    assert_eq!(waiting.send(&[(1, "noise"), (2, "root")]).await, Code::Ok);
    assert_eq!(waiting.send(&[(3, "bomb")]).await, Code::Internal);
    assert_eq!(waiting.send(&[(1, "late noise"), (2, "late")]).await, Code::Ok);
    assert_eq!(waiting.names(2).await, ["late", "root"]);
}

#[tokio::test]
async fn an_entry_that_makes_the_guest_trap_in_replay_is_set_aside_and_the_rest_goes_on() {
    let config = json!({"release_on": "root", "trap_on": "bomb", "trap_in_replay_of": "cursed"});
    let mut waiting = Waiting::start(config).await;
    assert_eq!(waiting.send(&[(1, "cursed")]).await, Code::Ok);
    assert_eq!(waiting.send(&[(2, "fine")]).await, Code::Ok);
    assert_eq!(waiting.send(&[(3, "bomb")]).await, Code::Internal);
    assert_eq!(waiting.send(&[(2, "root")]).await, Code::Ok);
    assert_eq!(waiting.names(2).await, ["fine", "root"]);
}

#[tokio::test]
async fn what_still_waits_at_shutdown_is_released_by_the_guest() {
    let mut waiting = Waiting::start(json!({"release_on": "root"})).await;
    assert_eq!(waiting.send(&[(1, "a"), (2, "b")]).await, Code::Ok);
    waiting.tamis.process.terminate();
    assert_eq!(waiting.names(2).await, ["a", "b"]);
    let (status, log) = waiting.tamis.process.exit().await;
    assert!(status.success(), "{log}");
}

#[tokio::test]
async fn the_guest_has_the_last_word_on_what_it_releases() {
    let mut waiting = Waiting::start(json!({"release_on": "root", "mark": "+marked"})).await;
    assert_eq!(waiting.send(&[(1, "a1"), (2, "b1")]).await, Code::Ok);
    assert_eq!(waiting.send(&[(1, "a2"), (1, "root")]).await, Code::Ok);
    assert_eq!(waiting.names(3).await, ["a1+marked", "a2+marked", "root+marked"]);
}

#[tokio::test]
async fn what_cannot_be_rewritten_is_given_up_and_the_rest_goes_on() {
    let config = json!({"release_on": "root", "mark": "+", "trap_in_rewrite_of": "bomb"});
    let port = free_port();
    let rest = Config::new().metrics(port);
    let mut waiting = Waiting::with(config, json!({}), rest).await;
    assert_eq!(waiting.send(&[(1, "bomb"), (2, "b")]).await, Code::Ok);
    assert_eq!(waiting.send(&[(1, "root"), (2, "root")]).await, Code::Ok);
    assert_eq!(waiting.names(2).await, ["b+", "root+"]);
    let metrics = http::get(([127, 0, 0, 1], port).into(), "/metrics").await.1;
    let failed = r#"tamis_hold_failed_items{processor="wasm/wait"} 2"#;
    assert!(metrics.contains(failed), "{metrics}");
}
