//! State that processors carry over from one life of the process to the next, and what they answer when
//! they are asked.

use std::net::SocketAddr;

use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tonic::Code;

use crate::harness::config::Config;
use crate::harness::gateway::{Gateway, Kind, bound_address};
use crate::harness::{Signal, grpc, guests, http, sample};

const ASK_METRICS: &str = "/inspect?pipeline=metrics&id=wasm%2Fremember";

/// One gateway after the other on one directory.
struct Lives {
    module: Value,
    directory: TempDir,
}

/// One of them.
struct Life {
    tamis: Gateway,
    client: grpc::Client,
    admin: SocketAddr,
}

impl Lives {
    async fn new() -> Self {
        Self { module: json!(guests::rust("remember").await), directory: TempDir::new().unwrap() }
    }

    async fn next(&self, instances: u32, config: Value) -> Life {
        let options = json!({"instances": instances, "storage": "file_storage"});
        self.with(options, config).await
    }

    async fn with(&self, mut options: Value, config: Value) -> Life {
        options["module"] = self.module.clone();
        options["config"] = config;
        let config = Config::new()
            .extension("file_storage", json!({"directory": self.directory.path()}))
            .extension("admin", json!({"endpoint": "127.0.0.1:0"}))
            .processor("wasm/remember", options)
            .processor("redaction", json!({"allow_all_keys": true}))
            .exporter("nop", Value::Null);
        let mut tamis = Gateway::tamis(&config).await;
        let address = |line: &str| bound_address(Kind::Tamis, line, "admin", "http");
        let admin = tamis.process.line("where admin listens", address).await;
        let client = grpc::Client::connect(tamis.grpc).await;
        Life { tamis, client, admin }
    }
}

impl Life {
    async fn send(&self, names: &[String]) -> Code {
        let metrics = names.iter().map(|name| sample::gauge(name, Vec::new())).collect();
        let request = sample::bytes(&sample::metrics(metrics));
        self.client.export(Signal::Metrics, request).await.code
    }

    async fn ask(&self, path: &str) -> (u16, Value) {
        let (status, body) = http::get(self.admin, path).await;
        let json = serde_json::from_str(&body);
        (status, json.unwrap_or_else(|error| panic!("{error}: {body}")))
    }

    /// What each instance has counted.
    async fn counts(&self) -> Vec<Map<String, Value>> {
        let (status, answer) = self.ask(ASK_METRICS).await;
        assert_eq!(status, 200, "{answer}");
        let instances = answer["instances"].as_array().unwrap().iter();
        instances.map(|counts| counts.as_object().unwrap().clone()).collect()
    }

    /// Ends it by a signal; answers its log.
    async fn end(self) -> String {
        self.tamis.process.terminate();
        let (status, log) = self.tamis.process.exit().await;
        assert!(status.success(), "{log}");
        log
    }
}

fn names(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("metric.{number}")).collect()
}

/// All of them, which no two instances may share.
fn together(counts: Vec<Map<String, Value>>) -> Map<String, Value> {
    let mut all = Map::new();
    for (name, count) in counts.into_iter().flatten() {
        assert!(all.insert(name, count).is_none(), "a name is counted by two instances");
    }
    all
}

fn each(names: &[String], count: u64) -> Map<String, Value> {
    names.iter().map(|name| (name.clone(), count.into())).collect()
}

#[tokio::test]
async fn counts_outlive_a_restart_with_another_number_of_instances_and_no_kill() {
    let (lives, names) = (Lives::new().await, names(40));
    let life = lives.next(2, json!({"parts_per_answer": 7})).await;
    for _ in 0..3 {
        assert_eq!(life.send(&names).await, Code::Ok);
    }
    life.end().await;
    let life = lives.next(1, json!({})).await;
    assert_eq!(life.counts().await, [each(&names, 3)]);
    assert_eq!(life.send(&names).await, Code::Ok);
    life.end().await;
    let life = lives.next(2, json!({})).await;
    assert_eq!(life.send(&names).await, Code::Ok);
    assert_eq!(together(life.counts().await), each(&names, 5));
    life.tamis.process.kill().await;
    let life = lives.next(2, json!({})).await;
    assert_eq!(together(life.counts().await), Map::new());
}

#[tokio::test]
async fn a_snapshot_that_nobody_has_used_waits_for_the_next_life() {
    let (lives, names) = (Lives::new().await, names(5));
    let life = lives.next(1, json!({})).await;
    assert_eq!(life.send(&names).await, Code::Ok);
    life.end().await;
    lives.next(2, json!({})).await.end().await;
    lives.next(2, json!({})).await.tamis.process.kill().await;
    let life = lives.next(1, json!({})).await;
    assert_eq!(life.counts().await, [each(&names, 1)]);
}

#[tokio::test]
async fn without_a_storage_nothing_outlives_the_process() {
    let lives = Lives::new().await;
    let life = lives.with(json!({"instances": 1}), json!({})).await;
    assert_eq!(life.send(&names(5)).await, Code::Ok);
    life.end().await;
    let life = lives.next(1, json!({})).await;
    assert_eq!(life.counts().await, [Map::new()]);
}

#[tokio::test]
async fn state_that_is_refused_is_told_and_the_instance_begins_empty() {
    let (lives, names) = (Lives::new().await, names(5));
    let life = lives.next(1, json!({})).await;
    assert_eq!(life.send(&names).await, Code::Ok);
    life.end().await;
    let life = lives.next(1, json!({"refuse_restore": true})).await;
    assert_eq!(life.send(&names).await, Code::Ok);
    assert_eq!(life.counts().await, [each(&names, 1)]);
    let log = life.end().await;
    assert!(log.contains("is lost: the processor refused: told to refuse"), "{log}");
}

#[tokio::test]
async fn an_instance_that_traps_in_its_snapshot_leaves_nothing_and_the_stop_goes_on() {
    let (lives, names) = (Lives::new().await, names(5));
    let life = lives.next(1, json!({"trap_in_snapshot_of": "metric.3"})).await;
    assert_eq!(life.send(&names).await, Code::Ok);
    let log = life.end().await;
    assert!(log.contains("state is not kept for the next start: the processor trapped"), "{log}");
    let life = lives.next(1, json!({})).await;
    assert_eq!(life.counts().await, [Map::new()]);
}

#[tokio::test]
async fn spans_and_log_records_meet_the_first_instance_of_a_processor_of_metrics() {
    let lives = Lives::new().await;
    let life = lives.next(2, json!({})).await;
    for signal in [Signal::Traces, Signal::Logs] {
        for _ in 0..10 {
            let request = sample::one_item(signal, Vec::new());
            assert_eq!(life.client.export(signal, request).await.code, Code::Ok);
        }
        let path = format!("/inspect?pipeline={}&id=wasm/remember", signal.name());
        let (_, answer) = life.ask(&path).await;
        let instances = answer["instances"].as_array().unwrap();
        assert_eq!(instances[0], json!({"": 10}), "{answer}");
        assert!(instances[1..].iter().all(|counts| *counts == json!({})), "{answer}");
    }
    life.end().await;
    // It is the first instance that gets their state back.
    let life = lives.next(2, json!({})).await;
    let (_, answer) = life.ask("/inspect?pipeline=logs&id=wasm/remember").await;
    assert_eq!(answer["instances"][0], json!({"": 10}), "{answer}");
}

#[tokio::test]
async fn questions_are_answered_or_refused_with_a_status_that_says_why() {
    let lives = Lives::new().await;
    let life = lives.next(1, json!({})).await;
    assert_eq!(life.send(&names(3)).await, Code::Ok);
    let pipelines = ["logs", "metrics", "traces"];
    let mut ids: Vec<Value> = pipelines
        .iter()
        .map(|pipeline| json!({"pipeline": pipeline, "id": "wasm/remember"}))
        .collect();
    let (status, mut listed) = life.ask("/processors").await;
    let listed = listed["processors"].as_array_mut().unwrap();
    for list in [&mut ids, &mut *listed] {
        list.sort_by_key(Value::to_string);
    }
    assert_eq!((status, &*listed), (200, &ids));
    let sum = life.ask(&format!("{ASK_METRICS}&query=sum")).await;
    assert_eq!(sum, (200, json!({"instances": [3]})));
    for (path, status, error) in [
        ("/inspect", 404, "there is no such processor"),
        ("/inspect?id=wasm/remember", 404, "there is no such processor"),
        ("/inspect?pipeline=metrics&id=redaction", 501, "does not export `inspector`"),
        ("/inspect?pipeline=metrics&id=wasm/remember&query=what+now", 400, "the queries are"),
        ("/inspect?pipeline=metrics&id=wasm/remember&query=no%20json", 500, "no JSON"),
        ("/inspect?pipeline=metrics&id=wasm/remember&query=loop", 500, "deadline"),
    ] {
        let (answered, body) = life.ask(path).await;
        let text = body["error"].as_str().unwrap();
        assert!(answered == status && text.contains(error), "{path}: {answered} {text}");
    }
    // The loop cost the instance, and its state.
    assert_eq!(life.counts().await, [Map::new()]);
    assert_eq!(life.send(&names(3)).await, Code::Ok);
}

#[tokio::test]
async fn a_question_does_not_wait_for_ever() {
    let lives = Lives::new().await;
    let life = lives.with(json!({"instances": 1, "deadline": "8s"}), json!({})).await;
    let path = format!("{ASK_METRICS}&query=loop");
    let (one, other) = tokio::join!(life.ask(&path), life.ask(&path));
    let mut statuses = [one.0, other.0];
    statuses.sort_unstable();
    assert_eq!(statuses, [500, 503]);
}
