//! A disk that is full in the middle of the load: senders are told to come back, what was acknowledged
//! is still there, and it goes on when there is room.

use std::sync::Arc;

use serde_json::json;
use tonic::Code;

use crate::harness::backend::Backend;
use crate::harness::config::Config;
use crate::harness::disk::Disk;
use crate::harness::gateway::{Gateway, free_port};
use crate::harness::load::{Sender, sampling};
use crate::harness::seed::Seed;
use crate::harness::{Signal, grpc, metrics, soon};

const DEFAULT_SEED: u64 = 7;
/// Requests that are acknowledged before the disk is full, and after it was.
const REQUESTS: usize = 100;
/// Requests that are refused before there is room again.
const REFUSED: usize = 10;
/// Bytes of each span, so that a write does not fit into what is left.
const PADDING: usize = 2_000;

/// Sends until so many requests were answered so; refusals are retryable.
async fn send_until(sender: &mut Sender, client: &grpc::Client, code: Code, mut count: usize) {
    while count > 0 {
        let answer = sender.send(client, "span").await;
        assert!(matches!(answer, Code::Ok | Code::Unavailable), "{answer:?}");
        count -= usize::from(answer == code);
    }
}

/// All senders at once.
async fn all_until(senders: &mut [Sender; 2], client: &grpc::Client, code: Code, count: usize) {
    let what = format!("{count} requests answered {code:?}");
    let [one, other] = senders;
    let both = async {
        tokio::join!(send_until(one, client, code, count), send_until(other, client, code, count))
    };
    soon(&what, both).await;
}

/// Answers what the gateway logged while the disk was full, and how many writes failed.
async fn survives(disk: Disk) -> (String, f64) {
    let disk = Arc::new(disk);
    let (number, mut seed) = Seed::from_environment(DEFAULT_SEED);
    let what = format!("TAMIS_TEST_SEED={number}");
    let backend = Backend::start().await;
    let mut senders = [0, 1].map(|sender| Sender::new(Seed::of(seed.next()), sender, PADDING));
    let config = |port| {
        let mut processor = sampling();
        processor["wasm"] = json!({"hold": {"storage": "file_storage"}});
        Config::new()
            .signals(&[Signal::Traces])
            .metrics(port)
            .extension("file_storage", json!({"directory": disk.path()}))
            .processor("tail_sampling", processor)
            .forward(backend.grpc)
    };
    let port = free_port();
    let gateway = Gateway::tamis(&config(port)).await;
    let client = grpc::Client::connect(gateway.grpc).await;
    all_until(&mut senders, &client, Code::Ok, REQUESTS).await;
    let process = gateway.process.id();
    // Senders go on all the while, so that the disk is full in the middle of a write.
    let filled = Arc::clone(&disk);
    let filled = tokio::task::spawn_blocking(move || filled.fill(process));
    all_until(&mut senders, &client, Code::Unavailable, REFUSED).await;
    filled.await.unwrap();
    let refused = senders.iter().map(Sender::refused).sum::<usize>() as f64;
    assert_eq!(metrics::sum(port, "otelcol_receiver_refused_spans").await, Some(refused), "{what}");
    let failed = metrics::sum(port, "tamis_storage_failed_writes").await.unwrap_or_default();
    disk.make_room(process);
    all_until(&mut senders, &client, Code::Ok, REQUESTS).await;
    let log = gateway.process.log();
    // What was acknowledged before and after is in the files, whatever became of the memory.
    gateway.process.kill().await;
    let port = free_port();
    let gateway = Gateway::tamis(&config(port)).await;
    metrics::until_zero(port, &["tamis_hold_bytes"]).await;
    gateway.process.terminate();
    let (status, after) = gateway.process.exit().await;
    assert!(status.success(), "{after}");
    for sender in &senders {
        sender.assert_kept_whole(&what, &backend.received());
    }
    (log, failed)
}

#[tokio::test]
async fn a_write_that_fails_half_way_loses_nothing_that_was_acknowledged() {
    let (log, failed) = survives(Disk::limit()).await;
    assert!(failed > 0.0 && log.contains("a storage failed and is opened again"), "{log}");
}

#[tokio::test]
async fn a_full_disk_loses_nothing_that_was_acknowledged() {
    // Where nothing may be mounted, a limit has to do.
    let (log, _) = survives(Disk::tmpfs().unwrap_or_else(Disk::limit)).await;
    // Whichever it met first, space that runs short or a write that fails.
    let is_told = |text: &str| log.contains(text);
    assert!(is_told("the disk of a storage is full") || is_told("a storage failed"), "{log}");
}
