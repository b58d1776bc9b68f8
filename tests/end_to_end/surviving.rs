//! What is held with a storage survives the process, however it ends.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tonic::Code;

use crate::harness::answer::Answer;
use crate::harness::backend::Backend;
use crate::harness::config::Config;
use crate::harness::gateway::{Gateway, Kind};
use crate::harness::process::Process;
use crate::harness::seed::Seed;
use crate::harness::{Signal, grpc, guests, sample};

/// One gateway after the other on one directory.
struct Lives {
    backend: Backend,
    /// Of the processor.
    id: &'static str,
    options: Value,
    directory: TempDir,
}

impl Lives {
    async fn new(guest: Value) -> Self {
        let module = guests::rust("wait_for_key").await;
        let backend = Backend::start().await;
        let directory = TempDir::new().unwrap();
        let hold = json!({"storage": "file_storage", "memory_mib": 32, "disk_mib": 64});
        let options = json!({"module": module, "config": guest, "hold": hold});
        Self { backend, id: "wasm/wait", options, directory }
    }

    fn config(&self) -> Config {
        Config::new()
            .signals(&[Signal::Traces])
            .extension("file_storage", json!({"directory": self.directory.path()}))
            .processor(self.id, self.options.clone())
            .forward(self.backend.grpc)
    }

    async fn next(&self) -> (Gateway, grpc::Client) {
        let tamis = Gateway::tamis(&self.config()).await;
        let client = grpc::Client::connect(tamis.grpc).await;
        (tamis, client)
    }

    /// Waits until so many spans have come, and answers their names.
    async fn names(&mut self, count: usize) -> Vec<String> {
        let what = format!("{count} spans");
        let received = self.backend.until(&what, |got| got.spans().len() >= count).await;
        received.span_names().into_iter().map(str::to_owned).collect()
    }
}

async fn send(client: &grpc::Client, spans: &[(u64, &str)]) -> Code {
    let spans = spans.iter().map(|(trace, name)| sample::span(*trace, name, Vec::new()));
    let request = sample::bytes(&sample::traces(spans.collect()));
    client.export(Signal::Traces, request).await.code
}

#[tokio::test]
async fn what_is_held_and_what_was_decided_survive_a_kill() {
    let mut lives = Lives::new(json!({"release_on": "root", "discard_on": "noise"})).await;
    let (tamis, client) = lives.next().await;
    assert_eq!(send(&client, &[(1, "a1"), (2, "b1"), (3, "noise"), (4, "root")]).await, Code::Ok);
    assert_eq!(send(&client, &[(1, "a2")]).await, Code::Ok);
    assert_eq!(lives.names(1).await, ["root"]);
    tamis.process.kill().await;
    let (_tamis, client) = lives.next().await;
    assert_eq!(send(&client, &[(3, "late noise"), (4, "late"), (1, "root")]).await, Code::Ok);
    let wanted = ["a1", "a2", "late"];
    let all = |names: &[&str]| wanted.iter().all(|name| names.contains(name));
    let received = lives.backend.until("all", |received| all(&received.span_names())).await;
    let mut names = received.span_names();
    // The kill may have come between an answer of the backend and its note: then it comes twice.
    names.dedup();
    assert_eq!(names, ["a1", "a2", "late", "root"]);
}

#[tokio::test]
async fn what_is_held_waits_for_the_next_start_when_the_gateway_stops() {
    let mut lives = Lives::new(json!({"release_on": "root"})).await;
    let (tamis, client) = lives.next().await;
    assert_eq!(send(&client, &[(1, "a"), (2, "b")]).await, Code::Ok);
    tamis.process.terminate();
    let (status, log) = tamis.process.exit().await;
    assert!(status.success() && log.contains("held items wait for the next start"), "{log}");
    assert!(lives.backend.received().spans().is_empty(), "nothing was decided early");
    let (_tamis, client) = lives.next().await;
    assert_eq!(send(&client, &[(2, "root"), (1, "root")]).await, Code::Ok);
    assert_eq!(lives.names(4).await, ["a", "b", "root", "root"]);
}

#[tokio::test]
async fn what_was_released_and_not_accepted_is_forwarded_in_the_next_life() {
    let mut lives = Lives::new(json!({"release_on": "root", "mark": "+"})).await;
    lives.backend.answers.always(Answer::Grpc(Code::Unavailable));
    let (tamis, client) = lives.next().await;
    assert_eq!(send(&client, &[(1, "a"), (1, "root")]).await, Code::Ok);
    lives.backend.until("a try", |received| received.attempts > 0).await;
    tamis.process.kill().await;
    lives.backend.answers.always(Answer::Accept);
    let (_tamis, _client) = lives.next().await;
    assert_eq!(lives.names(2).await, ["a+", "root+"]);
}

#[tokio::test]
async fn what_waits_for_a_processor_that_is_no_more_is_warned_about_and_stays() {
    let mut lives = Lives::new(json!({"release_on": "root"})).await;
    let (tamis, client) = lives.next().await;
    assert_eq!(send(&client, &[(1, "a"), (2, "b")]).await, Code::Ok);
    assert!(!tamis.process.log().contains("hold/traces"), "{}", tamis.process.log());
    tamis.process.kill().await;
    lives.id = "wasm/renamed";
    let (tamis, _) = lives.next().await;
    let log = tamis.process.log();
    let warning = log.lines().find(|line| line.contains("hold/traces/wasm/wait"));
    assert!(warning.is_some_and(|line| line.contains(r#""records":2"#)), "{log}");
    tamis.process.kill().await;
    lives.id = "wasm/wait";
    let (_tamis, client) = lives.next().await;
    assert_eq!(send(&client, &[(2, "root"), (1, "root")]).await, Code::Ok);
    assert_eq!(lives.names(4).await, ["a", "b", "root", "root"]);
}

#[tokio::test]
async fn nothing_acknowledged_is_missing_after_kills_under_load() {
    let (seed, mut random) = Seed::from_environment(11);
    let mut lives = Lives::new(json!({"release_on": "root"})).await;
    let mut acknowledged = BTreeSet::new();
    for life in 0..6 {
        let (tamis, client) = lives.next().await;
        let mut batches = 0;
        let send_all = async {
            loop {
                let names: Vec<String> = (0..20).map(|n| format!("{life}-{batches}-{n}")).collect();
                let spans = names.iter().zip(0..).map(|(name, trace)| (trace, name.as_str()));
                // Connections break in the middle: then nobody was told anything.
                let code = send(&client, &spans.collect::<Vec<_>>()).await;
                if code == Code::Ok {
                    acknowledged.extend(names);
                }
                batches += 1;
            }
        };
        let moment = Duration::from_millis(random.next() % 300);
        let _ = tokio::time::timeout(moment, send_all).await;
        tamis.process.kill().await;
    }
    let (_tamis, client) = lives.next().await;
    let roots: Vec<_> = (0..20).map(|trace| (trace, "root")).collect();
    assert_eq!(send(&client, &roots).await, Code::Ok);
    let all = |names: &[&str]| acknowledged.iter().all(|name| names.contains(&name.as_str()));
    assert!(!acknowledged.is_empty());
    let what = format!("{} spans; seed {seed}", acknowledged.len());
    lives.backend.until(&what, |received| all(&received.span_names())).await;
}

#[tokio::test]
async fn a_directory_that_another_gateway_uses_is_refused_by_name() {
    let lives = Lives::new(json!({"release_on": "root"})).await;
    let (_first, _) = lives.next().await;
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("config.yaml");
    std::fs::write(&file, lives.config().yaml()).unwrap();
    let arguments = ["--config".into(), file.into_os_string()];
    let second = Process::start(Kind::Tamis.binary(), arguments, &[]);
    let (status, log) = second.exit().await;
    let refused =
        log.contains("extensions::file_storage: ") && log.contains("another process uses");
    assert!(!status.success() && refused, "{log}");
}
