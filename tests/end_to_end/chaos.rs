//! Kill -9 and traps under load, at random moments: what was acknowledged is decided once and forwarded
//! whole.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tonic::Code;

use crate::harness::backend::Backend;
use crate::harness::config::Config;
use crate::harness::gateway::{Gateway, free_port};
use crate::harness::load::{Sender, sampling};
use crate::harness::seed::Seed;
use crate::harness::{Signal, grpc, guests, metrics};

const DEFAULT_SEED: u64 = 20_261_121;
const KILLS: usize = 30;
/// Longest life of one process under load.
const LONGEST_LIFE_MS: usize = 400;

/// Senders beside each other, and what each of them sends to a guest that traps.
const SENDERS: u64 = 3;
const REQUESTS: usize = 250;

#[tokio::test]
async fn nothing_acknowledged_is_lost_or_decided_twice_when_the_process_is_killed() {
    let (number, seed) = Seed::from_environment(DEFAULT_SEED);
    let what = format!("TAMIS_TEST_SEED={number}");
    let backend = Backend::start().await;
    let folder = TempDir::new().unwrap();
    let mut sender = Sender::new(seed, 0, 0);
    let config = |port| {
        let mut processor = sampling();
        processor["wasm"] = json!({"hold": {"storage": "file_storage"}});
        Config::new()
            .signals(&[Signal::Traces])
            .metrics(port)
            .extension("file_storage", json!({"directory": folder.path()}))
            .processor("tail_sampling", processor)
            .forward(backend.grpc)
    };
    for _ in 0..KILLS {
        let gateway = Gateway::tamis(&config(free_port())).await;
        let client = grpc::Client::connect(gateway.grpc).await;
        let life = Duration::from_millis(sender.seed.below(LONGEST_LIFE_MS) as u64);
        let until_gone = async { while sender.send(&client, "span").await == Code::Ok {} };
        let mut sending = Box::pin(until_gone);
        tokio::select! {
            () = &mut sending => panic!("{what}: the gateway refused a batch"),
            () = tokio::time::sleep(life) => {}
        }
        // The request in flight fails: nobody knows what became of it.
        tokio::join!(gateway.process.kill(), sending);
        sender.forget_refused();
    }
    let port = free_port();
    let gateway = Gateway::tamis(&config(port)).await;
    metrics::until_zero(port, &["tamis_hold_bytes"]).await;
    gateway.process.terminate();
    let (status, log) = gateway.process.exit().await;
    assert!(status.success(), "{log}");
    sender.assert_kept_whole(&what, &backend.received());
}

/// Sends to a guest that traps where a batch tells it to; only those batches are refused.
async fn send_with_traps(sender: &mut Sender, client: &grpc::Client, what: &str) {
    for _ in 0..REQUESTS {
        let text = match sender.seed.below(12) {
            0 => "trap-now",
            1 => "trap-tick",
            2 if sender.seed.once_in(4) => "trap-memory",
            _ => "span",
        };
        let code = sender.send(client, text).await;
        let wanted =
            if matches!(text, "trap-now" | "trap-memory") { Code::Internal } else { Code::Ok };
        assert_eq!(code, wanted, "{what}: {text}");
    }
}

/// Traffic of several senders through a `tail_sampling` that traps again and again.
async fn survives_traps(extension: Option<Value>, hold: Value) {
    let (number, mut seed) = Seed::from_environment(DEFAULT_SEED);
    let what = format!("TAMIS_TEST_SEED={number}");
    let backend = Backend::start().await;
    let port = free_port();
    let module = guests::rust("trap_sampling").await;
    let options = json!({
        "module": module,
        "config": sampling(),
        "memory_limit_mib": 32,
        "instances": 2,
        "hold": hold,
    });
    let mut config = Config::new().signals(&[Signal::Traces]).metrics(port);
    if let Some(settings) = extension {
        config = config.extension("file_storage", settings);
    }
    let config = config.processor("wasm/sampling", options).forward(backend.grpc);
    let gateway = Gateway::tamis(&config).await;
    let mut senders: Vec<Sender> =
        (0..SENDERS).map(|sender| Sender::new(Seed::of(seed.next()), sender, 0)).collect();
    let client = grpc::Client::connect(gateway.grpc).await;
    let [first, second, third] = &mut senders[..] else { panic!("there are {SENDERS}") };
    tokio::join!(
        send_with_traps(first, &client, &what),
        send_with_traps(second, &client, &what),
        send_with_traps(third, &client, &what),
    );
    let traps = metrics::sum(port, "tamis_wasm_traps").await.unwrap_or_default();
    assert!(traps > REQUESTS as f64 / 4.0, "{what}: {traps} traps");
    metrics::until_zero(port, &["tamis_hold_bytes"]).await;
    for lost in ["tamis_hold_failed_items", "tamis_hold_quarantined_items"] {
        assert_eq!(metrics::sum(port, lost).await, Some(0.0), "{what}: {lost}");
    }
    let received = backend.received();
    let ids: BTreeSet<_> = received.spans().iter().map(|span| span.span_id.clone()).collect();
    assert_eq!(ids.len(), received.spans().len(), "{what}: a span came twice");
    for sender in &senders {
        sender.assert_kept_whole(&what, &received);
    }
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_or_decided_twice_when_instances_trap() {
    survives_traps(None, json!({})).await;
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_or_decided_twice_when_instances_trap_over_a_storage() {
    let folder = TempDir::new().unwrap();
    let storage = json!({"directory": folder.path()});
    survives_traps(Some(storage), json!({"storage": "file_storage", "memory_mib": 2})).await;
}
