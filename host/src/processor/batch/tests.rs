//! When batches are sent, what is in them, and what their senders hear.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::*;

/// The next stage: hands out what it gets, and answers with what the list says, or Ok.
struct Next {
    sent: mpsc::Sender<Batch>,
    answers: Mutex<Vec<Result<(), ConsumeError>>>,
}

impl Consumer for Next {
    fn consume(&self, batch: Batch) -> BoxFuture<'_, Result<(), ConsumeError>> {
        Box::pin(async {
            self.sent.send(batch).await.unwrap();
            let mut answers = lock(&self.answers);
            if answers.is_empty() { Ok(()) } else { answers.remove(0) }
        })
    }
}

struct Fixture {
    processor: Arc<BatchProcessor>,
    sent: mpsc::Receiver<Batch>,
    metrics: Metrics,
}

fn fixture(settings: &BatchSettings, answers: Vec<Result<(), ConsumeError>>) -> Fixture {
    fixture_of(settings, answers, MAX_HELD_BYTES)
}

fn fixture_of(
    settings: &BatchSettings,
    answers: Vec<Result<(), ConsumeError>>,
    max_held_bytes: usize,
) -> Fixture {
    let (sender, sent) = mpsc::channel(100);
    let next = Arc::new(Next { sent: sender, answers: Mutex::new(answers) });
    let metrics = Metrics::default();
    let processor =
        BatchProcessor::with_max_held_bytes("batch", settings, next, &metrics, max_held_bytes);
    Fixture { processor: Arc::new(processor), sent, metrics }
}

impl Fixture {
    /// Consumes in the background, and in the order of the calls.
    async fn consume(&self, batch: Batch) -> tokio::task::JoinHandle<Result<(), ConsumeError>> {
        let processor = Arc::clone(&self.processor);
        let task = tokio::spawn(async move { processor.consume(batch).await });
        tokio::task::yield_now().await;
        task
    }

    fn counter(&self, name: &str) -> u64 {
        let name = format!("otelcol_processor_batch_{name}");
        self.metrics.counter(&name, "", &[("processor", "batch")]).get()
    }
}

/// So many log records, of 2 bytes each within 4 bytes of frame.
fn logs(items: usize) -> Batch {
    let records = [0x12, 0x00].repeat(items);
    let scope = [&[0x12, records.len() as u8][..], &records].concat();
    let bytes = [&[0x0a, scope.len() as u8][..], &scope].concat();
    Batch {
        signal: Signal::Logs,
        bytes: bytes.into(),
        items,
        received: SystemTime::UNIX_EPOCH,
        metadata: Metadata::default(),
    }
}

fn of_tenant(tenant: &str, items: usize) -> Batch {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let metadata = [pair("x-tenant", tenant), pair("x-other", "any")].into();
    Batch { metadata, ..logs(items) }
}

fn settings(send_batch_size: usize, send_batch_max_size: usize) -> BatchSettings {
    BatchSettings { send_batch_size, send_batch_max_size, ..BatchSettings::default() }
}

#[tokio::test(start_paused = true)]
async fn what_waits_is_sent_as_one_at_the_timeout() {
    let mut fixture = fixture(&settings(100, 0), vec![]);
    let start = Instant::now();
    let first = fixture.consume(logs(2)).await;
    let second = fixture.consume(logs(3)).await;
    let batch = fixture.sent.recv().await.unwrap();
    assert_eq!(start.elapsed(), Duration::from_millis(200));
    assert_eq!(batch.items, 5);
    assert_eq!(batch.bytes, [logs(2).bytes, logs(3).bytes].concat());
    assert!(first.await.unwrap().is_ok() && second.await.unwrap().is_ok());
    assert_eq!(fixture.counter("timeout_trigger_send"), 1);
    assert_eq!(fixture.counter("batch_size_trigger_send"), 0);
}

#[tokio::test(start_paused = true)]
async fn enough_items_are_sent_at_once_and_the_timeout_starts_anew() {
    let mut fixture = fixture(&settings(5, 0), vec![]);
    let start = Instant::now();
    fixture.consume(logs(2)).await;
    tokio::time::advance(Duration::from_millis(150)).await;
    fixture.consume(logs(3)).await;
    assert_eq!(fixture.sent.recv().await.unwrap().items, 5);
    fixture.consume(logs(1)).await;
    assert_eq!(fixture.sent.recv().await.unwrap().items, 1);
    assert_eq!(start.elapsed(), Duration::from_millis(350));
    assert_eq!(fixture.counter("batch_size_trigger_send"), 1);
    assert_eq!(fixture.counter("timeout_trigger_send"), 1);
}

#[tokio::test(start_paused = true)]
async fn without_a_timeout_or_a_size_nothing_waits() {
    let no_timeout = BatchSettings { timeout: Duration::ZERO, ..settings(100, 0) };
    for settings in [no_timeout, settings(0, 0)] {
        let mut fixture = fixture(&settings, vec![]);
        let start = Instant::now();
        let bytes: Bytes = logs(1).bytes;
        fixture.consume(Batch { bytes: bytes.clone(), ..logs(1) }).await;
        let sent = fixture.sent.recv().await.unwrap();
        assert_eq!(start.elapsed(), Duration::ZERO);
        assert_eq!(sent.bytes.as_ptr(), bytes.as_ptr(), "one batch is not copied");
    }
}

#[tokio::test(start_paused = true)]
async fn large_batches_are_cut_and_each_sender_hears_of_its_own_items() {
    let refused = Err(ConsumeError::retryable("second part"));
    let mut fixture = fixture(&settings(10, 4), vec![Ok(()), refused, Ok(())]);
    // Parts: items 0-3, 4-7 (refused), 8-9. The senders: 0-2, 3-4, 5-7, 8-9.
    let mut senders = Vec::new();
    for items in [3, 2, 3, 2] {
        senders.push(fixture.consume(logs(items)).await);
    }
    for items in [4, 4, 2] {
        let part = fixture.sent.recv().await.unwrap();
        assert_eq!((part.items, otlp::walk(Signal::Logs, &part.bytes)), (items, Ok(items)));
    }
    let mut answers = Vec::new();
    for sender in senders {
        answers.push(sender.await.unwrap().is_ok());
    }
    assert_eq!(answers, [true, false, false, true]);
}

#[tokio::test(start_paused = true)]
async fn an_error_of_an_earlier_part_is_not_forgotten() {
    let refused = || Err(ConsumeError::permanent("part"));
    let fixture = fixture(&settings(6, 2), vec![refused(), Ok(()), Ok(())]);
    let answer = fixture.consume(logs(6)).await.await.unwrap();
    assert_eq!(answer.unwrap_err().message, "part");
}

#[tokio::test(start_paused = true)]
async fn metadata_values_are_kept_apart_up_to_the_limit() {
    let settings = BatchSettings {
        metadata_keys: vec!["X-Tenant".into()],
        metadata_cardinality_limit: 2,
        ..settings(100, 0)
    };
    let mut fixture = fixture(&settings, vec![]);
    for tenant in ["a", "b", "a"] {
        fixture.consume(of_tenant(tenant, 1)).await;
    }
    let error = fixture.processor.consume(of_tenant("c", 1)).await.unwrap_err();
    assert!(error.permanent);
    assert_eq!(error.message, "too many batcher metadata-value combinations");
    let mut sent = [fixture.sent.recv().await.unwrap(), fixture.sent.recv().await.unwrap()]
        .map(|batch| (batch.metadata.to_vec(), batch.items));
    sent.sort();
    let tenant = |tenant: &str| vec![("x-tenant".to_owned(), tenant.to_owned())];
    assert_eq!(sent, [(tenant("a"), 2), (tenant("b"), 1)]);
}

#[tokio::test(start_paused = true)]
async fn bytes_are_bounded_and_what_was_sent_makes_room() {
    let len = logs(1).bytes.len();
    let mut fixture = fixture_of(&settings(100, 0), vec![], 2 * len);
    fixture.consume(logs(1)).await;
    fixture.consume(logs(1)).await;
    let error = fixture.processor.consume(logs(1)).await.unwrap_err();
    assert!(!error.permanent);
    assert_eq!(fixture.sent.recv().await.unwrap().items, 2);
    tokio::task::yield_now().await;
    assert!(fixture.processor.consume(logs(1)).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_sender_that_goes_away_takes_nothing_with_it() {
    let mut fixture = fixture(&settings(100, 0), vec![]);
    let gone = fixture.consume(logs(2)).await;
    let waiting = fixture.consume(logs(3)).await;
    gone.abort();
    assert_eq!(fixture.sent.recv().await.unwrap().items, 5);
    assert!(waiting.await.unwrap().is_ok());
}

#[tokio::test(start_paused = true)]
async fn shutdown_sends_what_waits_and_nothing_waits_after_it() {
    let mut fixture = fixture(&settings(100, 0), vec![]);
    let start = Instant::now();
    let waiting = fixture.consume(logs(2)).await;
    fixture.processor.shutdown().await;
    assert!(waiting.await.unwrap().is_ok());
    fixture.processor.consume(logs(1)).await.unwrap();
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert_eq!(fixture.sent.recv().await.unwrap().items, 2);
    assert_eq!(fixture.sent.recv().await.unwrap().items, 1);
}
