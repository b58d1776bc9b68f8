//! Guests that misbehave: the host keeps serving, the policy holds, the metric counts it.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use tonic::Code;

use crate::harness::backend::Backend;
use crate::harness::config::Config;
use crate::harness::gateway::{Gateway, Kind, free_port};
use crate::harness::process::Process;
use crate::harness::{Signal, grpc, guests, http, metrics, sample};

/// The deadline of one call that the tests configure, far above what a good call takes.
const DEADLINE: Duration = Duration::from_millis(500);

/// A gateway with the guest in its chain.
struct Bench {
    backend: Backend,
    tamis: Gateway,
    client: grpc::Client,
    metrics: u16,
}

impl Bench {
    /// `options` are the host's own for the processor.
    async fn start(config: Value, options: Value) -> Self {
        let module = guests::rust("misbehave").await;
        let backend = Backend::start().await;
        let metrics = free_port();
        let mut processor = options;
        processor["module"] = json!(module);
        processor["config"] = config;
        processor["deadline"] = json!(format!("{}ms", DEADLINE.as_millis()));
        let config = Config::new()
            .metrics(metrics)
            .processor("wasm/misbehave", processor)
            .forward(backend.grpc);
        let tamis = Gateway::tamis(&config).await;
        let client = grpc::Client::connect(tamis.grpc).await;
        Self { backend, tamis, client, metrics }
    }

    /// The code that a span of this name is answered with.
    async fn send(&self, name: &str) -> Code {
        self.client.export(Signal::Traces, sample::one_span(name)).await.code
    }

    async fn metric(&self, name: &str) -> f64 {
        metrics::sum(self.metrics, name).await.unwrap_or_default()
    }

    /// A bad batch between good ones: it is answered so, and they are served.
    async fn assert_only_the_bad_batch_fails(&self, bad: Code) {
        assert_eq!(self.send("good 1").await, Code::Ok);
        for _ in 0..3 {
            assert_eq!(self.send("poison").await, bad);
            assert_eq!(self.send("good 2").await, Code::Ok);
        }
        let received = self.backend.received();
        assert_eq!(received.span_names(), ["good 1", "good 2", "good 2", "good 2"]);
    }
}

fn poisoned_by(behaviour: &str) -> Value {
    json!({"behaviour": behaviour, "marker": "poison"})
}

#[tokio::test]
async fn a_batch_that_makes_the_guest_trap_fails_alone_and_is_counted() {
    let bench = Bench::start(poisoned_by("trap"), json!({})).await;
    bench.assert_only_the_bad_batch_fails(Code::Internal).await;
    assert_eq!(bench.metric("tamis_wasm_traps").await, 3.0);
}

#[tokio::test]
async fn a_guest_that_loops_is_stopped_at_its_deadline_and_others_are_served_meanwhile() {
    let bench = Bench::start(poisoned_by("endless_loop"), json!({})).await;
    let start = Instant::now();
    bench.assert_only_the_bad_batch_fails(Code::Internal).await;
    let taken = start.elapsed();
    assert!(taken >= 3 * DEADLINE, "{taken:?}");
    assert_eq!(bench.metric("tamis_wasm_traps").await, 3.0);

    // More loops than workers at once: a good request still gets through before they all end.
    let looping: Vec<_> = (0..16)
        .map(|_| {
            let client = bench.client.clone();
            tokio::spawn(async move {
                client.export(Signal::Traces, sample::one_span("poison")).await.code
            })
        })
        .collect();
    let address = ([127, 0, 0, 1], bench.metrics).into();
    assert_eq!(http::get(address, "/metrics").await.0, 200);
    for answer in looping {
        assert_ne!(answer.await.unwrap(), Code::Ok);
    }
    assert_eq!(bench.send("good").await, Code::Ok);
}

#[tokio::test]
async fn a_guest_that_takes_all_memory_is_stopped_at_its_limit() {
    let limit = json!({"memory_limit_mib": 32});
    let bench = Bench::start(poisoned_by("allocation_bomb"), limit).await;
    bench.assert_only_the_bad_batch_fails(Code::Internal).await;
    assert_eq!(bench.metric("tamis_wasm_traps").await, 3.0);
}

#[tokio::test]
async fn a_guest_that_leaks_is_recycled_before_it_reaches_its_limit() {
    let limit = json!({"memory_limit_mib": 32});
    let bench = Bench::start(json!({"behaviour": "leak"}), limit).await;
    // 4 MiB a call: the limit is reached a dozen times over, and no batch is lost to it.
    for _ in 0..100 {
        assert_eq!(bench.send("leaking").await, Code::Ok);
    }
    assert_eq!(bench.backend.received().spans().len(), 100);
}

#[tokio::test]
async fn a_giant_output_is_refused() {
    let bench = Bench::start(poisoned_by("giant_output"), json!({})).await;
    bench.assert_only_the_bad_batch_fails(Code::Internal).await;
}

#[tokio::test]
async fn output_that_is_not_protobuf_is_refused() {
    let bench = Bench::start(poisoned_by("garbage_output"), json!({})).await;
    bench.assert_only_the_bad_batch_fails(Code::Internal).await;
}

#[tokio::test]
async fn edits_outside_of_the_batch_are_refused() {
    let bench = Bench::start(poisoned_by("garbage_edits"), json!({})).await;
    bench.assert_only_the_bad_batch_fails(Code::Internal).await;
}

#[tokio::test]
async fn an_error_says_whether_the_sender_may_retry() {
    let bench = Bench::start(poisoned_by("permanent_error"), json!({})).await;
    bench.assert_only_the_bad_batch_fails(Code::Internal).await;
    let bench = Bench::start(poisoned_by("retryable_error"), json!({})).await;
    bench.assert_only_the_bad_batch_fails(Code::Unavailable).await;
}

#[tokio::test]
async fn on_error_pass_forwards_the_batch_unprocessed() {
    let bench = Bench::start(poisoned_by("trap"), json!({"on_error": "pass"})).await;
    assert_eq!(bench.send("poison").await, Code::Ok);
    assert_eq!(bench.send("good").await, Code::Ok);
    assert_eq!(bench.backend.received().span_names(), ["good", "poison"]);
}

#[tokio::test]
async fn on_error_drop_acknowledges_and_forwards_nothing() {
    let bench = Bench::start(poisoned_by("trap"), json!({"on_error": "drop"})).await;
    assert_eq!(bench.send("poison").await, Code::Ok);
    assert_eq!(bench.send("good").await, Code::Ok);
    assert_eq!(bench.backend.received().span_names(), ["good"]);
}

#[tokio::test]
async fn what_a_guest_drops_is_acknowledged() {
    let bench = Bench::start(poisoned_by("drop"), json!({})).await;
    assert_eq!(bench.send("poison").await, Code::Ok);
    assert_eq!(bench.send("good").await, Code::Ok);
    assert_eq!(bench.backend.received().span_names(), ["good"]);
    assert!(bench.tamis.process.log().contains("listening"));
}

/// What tamis says when it does not start with this processor.
async fn refusal(processor: Value) -> String {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("config.yaml");
    let config = Config::new().processor("wasm/misbehave", processor).exporter("nop", json!({}));
    std::fs::write(&file, config.yaml()).unwrap();
    let arguments = ["--config".into(), file.into_os_string()];
    let (status, log) = Process::start(Kind::Tamis.binary(), arguments, &[]).exit().await;
    assert!(!status.success(), "{log}");
    assert!(!log.contains("listening"), "{log}");
    log
}

#[tokio::test]
async fn a_guest_that_panics_over_its_configuration_stops_the_start() {
    let module = guests::rust("misbehave").await;
    let config = json!({"behaviour": "panic_in_configure"});
    let log = refusal(json!({"module": module, "config": config})).await;
    assert!(log.contains("wasm/misbehave"), "{log}");
}

#[tokio::test]
async fn a_problem_that_a_guest_finds_is_told_with_its_place() {
    let module = guests::rust("misbehave").await;
    let config = json!({"behaviour": "panic", "unknown": 1});
    let log = refusal(json!({"module": module, "config": config})).await;
    assert!(log.contains("expected one of") && log.contains("unknown"), "{log}");
    let places = log.lines().filter(|line| line.contains("config.yaml:")).count();
    assert!(places >= 2, "{log}");
}

#[tokio::test]
async fn a_module_that_is_none_is_refused() {
    let folder = TempDir::new().unwrap();
    let garbage = folder.path().join("garbage.wasm");
    std::fs::write(&garbage, "not wasm").unwrap();
    for module in [garbage.as_path(), Path::new("/nonexistent/guest.wasm")] {
        let log = refusal(json!({"module": module, "config": {}})).await;
        assert!(log.contains(&module.display().to_string()), "{log}");
    }
}
