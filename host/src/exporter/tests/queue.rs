//! The sending queue: its bounds, its order, its two ways to wait, and its end.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc};
use tokio::time::timeout;

use crate::batch::{Batch, Signal};
use crate::consumer::{BoxFuture, ConsumeError, Consumer};
use crate::telemetry::metrics::{ExporterMetrics, Metrics};

use super::super::Sender;
use super::super::delivery::{Delivery, Direct};
use super::super::queue::Queued;
use super::super::retry::Retry;
use super::super::settings::{QueueSettings, RetrySettings, Sizer};
use super::{batch, no_retry};

/// Reports each attempt, and ends it as the test says.
struct Gate {
    started: mpsc::Sender<Batch>,
    open: Arc<Semaphore>,
    answer: fn() -> Result<(), ConsumeError>,
}

impl Sender for Gate {
    fn send(&self, batch: Batch) -> BoxFuture<'_, Result<(), ConsumeError>> {
        Box::pin(async move {
            self.started.send(batch).await.unwrap();
            self.open.acquire().await.unwrap().forget();
            (self.answer)()
        })
    }
}

struct Setup {
    exporter: Arc<Queued<Gate>>,
    started: mpsc::Receiver<Batch>,
    open: Arc<Semaphore>,
    metrics: ExporterMetrics,
}

impl Setup {
    fn new(settings: QueueSettings) -> Self {
        Self::with(settings, no_retry(), || Ok(()))
    }

    fn with(
        settings: QueueSettings,
        retry: RetrySettings,
        answer: fn() -> Result<(), ConsumeError>,
    ) -> Self {
        let metrics = Metrics::default().exporter("gate");
        let (sender, started) = mpsc::channel(64);
        let open = Arc::new(Semaphore::new(0));
        let gate = Gate { started: sender, open: open.clone(), answer };
        let delivery = Delivery::new("gate", gate, Retry::new(retry, || 0.5), metrics.clone());
        let exporter = Arc::new(Queued::new(delivery, settings));
        Self { exporter, started, open, metrics }
    }

    async fn take(&self, items: usize, bytes: usize) -> Result<(), ConsumeError> {
        self.exporter.consume(batch(Signal::Logs, items, vec![0; bytes])).await
    }

    /// Sent, given up, not queued.
    fn counts(&self) -> (u64, u64, u64) {
        let get = |counter: &crate::telemetry::metrics::PerSignal| counter.get(Signal::Logs);
        (get(&self.metrics.sent), get(&self.metrics.send_failed), get(&self.metrics.enqueue_failed))
    }
}

fn one_consumer() -> QueueSettings {
    QueueSettings { num_consumers: 1, ..Default::default() }
}

#[tokio::test]
async fn each_bound_holds_up_to_its_limit_and_counts_what_is_being_sent() {
    let cases = [
        QueueSettings { queue_size: 2, sizer: Sizer::Requests, ..one_consumer() },
        QueueSettings { queue_size: 20, sizer: Sizer::Items, ..one_consumer() },
        QueueSettings { queue_size: 200, sizer: Sizer::Bytes, ..one_consumer() },
        QueueSettings { max_bytes: 200, ..one_consumer() },
    ];
    for settings in cases {
        let units = settings.sizer;
        let mut setup = Setup::new(settings.clone());
        setup.take(10, 100).await.unwrap();
        setup.started.recv().await.unwrap();
        setup.take(10, 100).await.unwrap();
        let error = setup.take(1, 1).await.unwrap_err();
        assert_eq!((error.message.as_str(), error.permanent), ("sending queue is full", false));
        assert_eq!(setup.counts(), (0, 0, 1), "{units:?}");
        let full = match units {
            Sizer::Requests => 2,
            Sizer::Items => 20,
            Sizer::Bytes => 200,
        };
        assert_eq!(setup.metrics.queue_size.get(), full);
        assert_eq!(setup.metrics.queue_capacity.get(), settings.queue_size as i64);
        // One ends: there is room again.
        setup.open.add_permits(1);
        setup.started.recv().await.unwrap();
        setup.take(10, 100).await.unwrap();
        setup.open.add_permits(2);
        setup.exporter.shutdown().await;
        assert_eq!(setup.counts(), (30, 0, 1), "{units:?}");
        assert_eq!(setup.metrics.queue_size.get(), 0);
    }
}

#[tokio::test]
async fn a_batch_larger_than_the_queue_is_refused_for_good() {
    for block_on_overflow in [false, true] {
        let queue_size = 10;
        let settings = QueueSettings { block_on_overflow, ..one_consumer() };
        let items = QueueSettings { queue_size, sizer: Sizer::Items, ..settings.clone() };
        let setup = Setup::new(items);
        assert!(setup.take(11, 1).await.unwrap_err().permanent);
        setup.take(10, 1).await.unwrap();
        let setup = Setup::new(QueueSettings { max_bytes: 10, ..settings });
        assert!(setup.take(1, 11).await.unwrap_err().permanent);
        setup.take(1, 10).await.unwrap();
        assert_eq!(setup.counts().2, 1);
    }
}

#[tokio::test]
async fn a_batch_of_no_size_is_taken_and_not_sent() {
    let mut setup = Setup::new(QueueSettings { sizer: Sizer::Items, ..one_consumer() });
    setup.take(0, 3).await.unwrap();
    setup.exporter.shutdown().await;
    assert!(setup.started.try_recv().is_err());
    assert_eq!(setup.counts(), (0, 0, 0));
}

#[tokio::test]
async fn num_consumers_send_at_once_and_no_more() {
    let mut setup = Setup::new(QueueSettings { num_consumers: 3, ..Default::default() });
    for items in 1..=5 {
        setup.take(items, 1).await.unwrap();
    }
    for items in 1..=3 {
        assert_eq!(setup.started.recv().await.unwrap().items, items);
    }
    tokio::task::yield_now().await;
    assert!(setup.started.try_recv().is_err());
    setup.open.add_permits(5);
    setup.exporter.shutdown().await;
    assert_eq!(setup.started.recv().await.unwrap().items, 4);
    assert_eq!(setup.counts(), (15, 0, 0));
}

#[tokio::test]
async fn block_on_overflow_waits_in_turn() {
    let settings = QueueSettings { queue_size: 1, block_on_overflow: true, ..one_consumer() };
    let mut setup = Setup::new(settings);
    setup.take(1, 1).await.unwrap();
    let exporter = setup.exporter.clone();
    let consume = |items| {
        let exporter = exporter.clone();
        tokio::spawn(async move { exporter.consume(batch(Signal::Logs, items, "x")).await })
    };
    let (second, third) = (consume(2), consume(3));
    let gone = consume(4);
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    assert!(!second.is_finished() && !third.is_finished());
    // A caller that leaves the line takes its batch with it.
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    setup.open.add_permits(3);
    second.await.unwrap().unwrap();
    third.await.unwrap().unwrap();
    setup.exporter.shutdown().await;
    for items in 1..=3 {
        assert_eq!(setup.started.recv().await.unwrap().items, items);
    }
    assert_eq!(setup.counts(), (6, 0, 4));
}

#[tokio::test]
async fn a_small_batch_does_not_overtake_a_large_one_that_waits_for_space() {
    let settings = QueueSettings { queue_size: 2, sizer: Sizer::Items, ..one_consumer() };
    let mut setup = Setup::new(QueueSettings { block_on_overflow: true, ..settings });
    let exporter = setup.exporter.clone();
    let consume = |items, bytes: &'static str| {
        let exporter = exporter.clone();
        tokio::spawn(async move { exporter.consume(batch(Signal::Logs, items, bytes)).await })
    };
    setup.take(1, 1).await.unwrap();
    setup.take(1, 1).await.unwrap();
    let large = consume(2, "large");
    setup.started.recv().await.unwrap();
    setup.open.add_permits(1);
    setup.started.recv().await.unwrap();
    // Now one item has room.
    let small = consume(1, "small");
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    assert!(!large.is_finished() && !small.is_finished());
    setup.open.add_permits(3);
    large.await.unwrap().unwrap();
    small.await.unwrap().unwrap();
    setup.exporter.shutdown().await;
    assert_eq!(setup.started.recv().await.unwrap().bytes, "large");
    assert_eq!(setup.started.recv().await.unwrap().bytes, "small");
}

#[tokio::test]
async fn wait_for_result_gives_the_backends_answer() {
    let settings = QueueSettings { wait_for_result: true, ..one_consumer() };
    let setup = Setup::with(settings.clone(), no_retry(), || Err(ConsumeError::permanent("no")));
    setup.open.add_permits(1);
    assert_eq!(setup.take(2, 1).await.unwrap_err().message, "no");
    assert_eq!(setup.counts(), (0, 2, 0));
    let setup = Setup::new(settings);
    setup.open.add_permits(1);
    setup.take(2, 1).await.unwrap();
    assert_eq!(setup.counts(), (2, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn shutdown_gives_each_batch_one_attempt_and_takes_no_more() {
    let down = || Err(ConsumeError::retryable("down"));
    let mut setup = Setup::with(one_consumer(), RetrySettings::default(), down);
    for _ in 0..3 {
        setup.take(1, 1).await.unwrap();
    }
    // The first batch has failed once and pauses.
    setup.open.add_permits(1);
    setup.started.recv().await.unwrap();
    setup.open.add_permits(3);
    let started = tokio::time::Instant::now();
    setup.exporter.shutdown().await;
    assert_eq!(started.elapsed(), Duration::ZERO);
    assert_eq!(setup.open.available_permits(), 0, "the first batch had its second attempt");
    assert_eq!(setup.counts(), (0, 3, 0));
    let error = setup.take(1, 1).await.unwrap_err();
    assert!(!error.permanent && error.message.contains("shutting down"), "{error}");
    assert_eq!(setup.counts(), (0, 3, 1));
}

#[tokio::test(start_paused = true)]
async fn what_is_left_at_the_deadline_is_counted() {
    let settings = QueueSettings { wait_for_result: true, ..one_consumer() };
    let setup = Setup::new(settings);
    let exporter = setup.exporter.clone();
    let callers: Vec<_> = (0..3)
        .map(|_| {
            let exporter = exporter.clone();
            tokio::spawn(async move { exporter.consume(batch(Signal::Logs, 5, "x")).await })
        })
        .collect();
    tokio::task::yield_now().await;
    timeout(Duration::from_secs(30), setup.exporter.shutdown()).await.unwrap_err();
    for caller in callers {
        assert!(!caller.await.unwrap().unwrap_err().permanent);
    }
    assert_eq!(setup.counts(), (0, 15, 0));
    assert_eq!(setup.metrics.queue_size.get(), 0);
}

#[tokio::test]
async fn a_panic_costs_its_batch_alone() {
    let setup = Setup::with(one_consumer(), no_retry(), || {
        use std::sync::atomic::{AtomicBool, Ordering};
        static FIRST: AtomicBool = AtomicBool::new(true);
        assert!(!FIRST.swap(false, Ordering::SeqCst), "the first attempt panics");
        Ok(())
    });
    setup.open.add_permits(3);
    for items in 1..=3 {
        setup.take(items, 1).await.unwrap();
    }
    setup.exporter.shutdown().await;
    assert_eq!(setup.counts(), (5, 1, 0));
    assert_eq!(setup.metrics.queue_size.get(), 0);
}

#[tokio::test]
async fn without_a_queue_the_caller_has_the_answer_and_a_caller_that_leaves_is_counted() {
    let metrics = Metrics::default().exporter("direct");
    let (started, mut attempts) = mpsc::channel(8);
    let open = Arc::new(Semaphore::new(0));
    let gate = Gate { started, open: open.clone(), answer: || Err(ConsumeError::permanent("no")) };
    let retry = Retry::new(no_retry(), || 0.5);
    let direct = Direct(Delivery::new("direct", gate, retry, metrics.clone()));
    open.add_permits(1);
    let error = direct.consume(batch(Signal::Logs, 2, "x")).await.unwrap_err();
    assert_eq!(error.message, "no");
    attempts.recv().await.unwrap();
    tokio::select! {
        _ = direct.consume(batch(Signal::Logs, 3, "x")) => panic!("the gate is shut"),
        _ = attempts.recv() => {}
    }
    assert_eq!(metrics.send_failed.get(Signal::Logs), 5);
}
