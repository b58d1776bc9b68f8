//! Nothing is lost silently or counted twice, whatever the backend and the callers do.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fastrand::Rng;
use tokio::time::{sleep, timeout};

use crate::batch::{Batch, Signal};
use crate::consumer::{BoxFuture, ConsumeError, Consumer};
use crate::telemetry::metrics::Metrics;

use super::super::Sender;
use super::super::delivery::{Delivery, Direct};
use super::super::queue::Queued;
use super::super::retry::Retry;
use super::super::settings::{QueueSettings, RetrySettings, Sizer};
use super::batch;

/// A backend of moods: slow, unavailable, throttling, refusing; notes what it accepted.
struct Moody {
    random: Mutex<Rng>,
    accepted: Arc<Mutex<Vec<u64>>>,
}

impl Sender for Moody {
    fn send(&self, batch: Batch) -> BoxFuture<'_, Result<(), ConsumeError>> {
        Box::pin(async move {
            let (delay, mood, wait) = {
                let mut random = self.random.lock().unwrap();
                (random.u64(0..400), random.u8(0..100), random.u64(1..60))
            };
            sleep(Duration::from_millis(delay)).await;
            match mood {
                0..50 => {
                    self.accepted.lock().unwrap().push(id(&batch));
                    Ok(())
                }
                50..80 => Err(ConsumeError::retryable("down")),
                80..90 => Err(ConsumeError {
                    retry_after: Some(Duration::from_secs(wait)),
                    ..ConsumeError::retryable("slow down")
                }),
                _ => Err(ConsumeError::permanent("no")),
            }
        })
    }
}

fn id(batch: &Batch) -> u64 {
    u64::from_be_bytes(batch.bytes[..8].try_into().unwrap())
}

fn settings(random: &mut Rng) -> QueueSettings {
    let sizer = [Sizer::Requests, Sizer::Items, Sizer::Bytes][random.usize(0..3)];
    QueueSettings {
        enabled: random.u8(0..5) > 0,
        num_consumers: random.usize(1..6),
        queue_size: match sizer {
            Sizer::Requests => random.usize(1..40),
            Sizer::Items => random.usize(4..100),
            Sizer::Bytes => random.usize(30..1_000),
        },
        sizer,
        wait_for_result: random.bool(),
        block_on_overflow: random.bool(),
        max_bytes: random.usize(30..2_000),
    }
}

/// One life of an exporter; gives ids by the answer their callers had.
async fn life(seed: u64) {
    let mut random = Rng::with_seed(seed);
    let settings = settings(&mut random);
    let metrics = Metrics::default().exporter("moody");
    let accepted = Arc::new(Mutex::new(Vec::new()));
    let moody = Moody { random: Mutex::new(random.fork()), accepted: accepted.clone() };
    let retry = RetrySettings { max_elapsed_time: Duration::from_secs(60), ..Default::default() };
    let retry = Retry::new(retry, || 0.5);
    let delivery = Delivery::new("moody", moody, retry, metrics.clone());
    let (queued, waits) = (settings.enabled, settings.wait_for_result || !settings.enabled);
    let exporter: Arc<dyn Consumer> =
        if queued { Arc::new(Queued::new(delivery, settings)) } else { Arc::new(Direct(delivery)) };

    let mut callers = Vec::new();
    for id in 0..200u64 {
        let mut bytes = id.to_be_bytes().to_vec();
        bytes.resize(random.usize(8..40), 0);
        let batch = batch(Signal::Traces, 1, bytes);
        let (exporter, patience) = (exporter.clone(), Duration::from_millis(random.u64(1..90_000)));
        callers.push(tokio::spawn(async move {
            (id, timeout(patience, exporter.consume(batch)).await)
        }));
        sleep(Duration::from_millis(random.u64(0..200))).await;
    }
    let cut = random.bool();
    let grace = Duration::from_millis(if cut { random.u64(1..500) } else { 1_000_000 });
    let drained = timeout(grace, exporter.shutdown()).await;
    assert!(cut || drained.is_ok(), "seed {seed}");

    let mut told_ok = HashSet::new();
    for caller in callers {
        let (id, answer) = caller.await.unwrap();
        if let Ok(Ok(())) = answer {
            told_ok.insert(id);
        }
    }
    // What was cut off ends when its task has seen it.
    while metrics.queue_size.get() > 0 {
        sleep(Duration::from_millis(1)).await;
    }
    let accepted = accepted.lock().unwrap();
    let distinct: HashSet<u64> = accepted.iter().copied().collect();
    assert_eq!(distinct.len(), accepted.len(), "seed {seed}: sent twice");
    let get = |counter: &crate::telemetry::metrics::PerSignal| counter.get(Signal::Traces);
    let (sent, send_failed) = (get(&metrics.sent), get(&metrics.send_failed));
    let enqueue_failed = get(&metrics.enqueue_failed);
    assert_eq!(sent, accepted.len() as u64, "seed {seed}");
    assert_eq!(sent + send_failed + enqueue_failed, 200, "seed {seed}");
    if waits {
        assert!(told_ok.is_subset(&distinct), "seed {seed}: OK without having been sent");
    } else {
        assert_eq!(told_ok.len() as u64, sent + send_failed, "seed {seed}");
    }
}

#[tokio::test(start_paused = true)]
async fn every_batch_ends_in_exactly_one_counter() {
    for seed in 0..60 {
        life(seed).await;
    }
}
