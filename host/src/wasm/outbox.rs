//! What guests emit: batches of their own making, on their way to the pipelines that they feed.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::join_all;
use prometheus::{IntCounter, IntGauge};
use tokio::sync::Notify;

use super::backoff::Backoff;
use crate::batch::{Batch, Signal};
use crate::consumer::{ConsumeError, Consumer};
use crate::telemetry::metrics::Metrics;

/// Bytes of emitted batches that wait for the pipelines of one processor, those that calls in progress
/// have emitted included.
pub const MAX_OUTBOX_BYTES: usize = 32 << 20;

/// Most bytes of one emitted batch.
pub const MAX_EMITTED_BYTES: usize = 16 << 20;

/// The pipelines that take what a processor emits, for each signal.
pub type Feeds = [Vec<Arc<dyn Consumer>>; 3];

/// The emitted batches of one processor, in order.
pub struct Outbox {
    /// Which signals somebody takes.
    takes: [bool; 3],
    queue: Mutex<Queue>,
    changed: Notify,
    emitted: IntCounter,
    failed: IntCounter,
    waiting: IntGauge,
}

#[derive(Default)]
struct Queue {
    batches: VecDeque<Batch>,
    /// Of the batches, and of those that calls in progress have emitted.
    bytes: usize,
    closed: bool,
}

impl Outbox {
    pub fn new(metrics: &Metrics, id: &str, feeds: &[Signal]) -> Self {
        let labels = [("processor", id)];
        let counter = |name, help| metrics.counter(name, help, &labels);
        let help = "Bytes of emitted batches that wait for the pipelines that take them";
        Self {
            takes: Signal::ALL.map(|signal| feeds.contains(&signal)),
            queue: Mutex::default(),
            changed: Notify::new(),
            emitted: counter("tamis_emitted_items", "Emitted items that were forwarded"),
            failed: counter("tamis_emit_failed_items", "Emitted items that were given up"),
            waiting: metrics.gauge("tamis_emit_waiting_bytes", help, &labels),
        }
    }

    /// Whether any pipeline takes what is emitted of this signal.
    pub fn takes(&self, signal: Signal) -> bool {
        self.takes[signal.index()]
    }

    /// Makes room for a batch that is not committed yet; false when there is none.
    pub fn reserve(&self, bytes: usize) -> bool {
        let mut queue = self.lock();
        let fits = queue.bytes.saturating_add(bytes) <= MAX_OUTBOX_BYTES;
        if fits {
            queue.bytes += bytes;
        }
        fits
    }

    /// The call that emitted these has failed.
    pub fn unreserve(&self, batches: &[Batch]) {
        self.lock().bytes -= batches.iter().map(|batch| batch.bytes.len()).sum::<usize>();
    }

    /// The call that emitted these has succeeded; their room is reserved.
    pub fn push(&self, batches: Vec<Batch>) {
        let mut queue = self.lock();
        queue.batches.extend(batches);
        self.waiting.set(queue.bytes as i64);
        drop(queue);
        self.changed.notify_one();
    }

    /// Nothing more will be emitted: [`run`] ends when all has gone on.
    pub fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_one();
    }

    /// The oldest batch; `None` at the end.
    async fn front(&self) -> Option<Batch> {
        loop {
            let changed = self.changed.notified();
            {
                let queue = self.lock();
                match queue.batches.front() {
                    Some(batch) => return Some(batch.clone()),
                    None if queue.closed => return None,
                    None => {}
                }
            }
            changed.await;
        }
    }

    /// The oldest batch is done with.
    fn pop(&self) {
        let mut queue = self.lock();
        if let Some(batch) = queue.batches.pop_front() {
            queue.bytes -= batch.bytes.len();
        }
        self.waiting.set(queue.bytes as i64);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Forwards what is emitted, one batch after the other, because a later value of a series must not
/// arrive before an earlier one. Ends when the outbox is closed and empty; at shutdown the caller bounds
/// it in time and counts what is left ([`Abandoned`]).
pub async fn run(outbox: &Outbox, id: &str, feeds: Feeds) {
    let _abandoned = Abandoned { outbox, id };
    while let Some(batch) = outbox.front().await {
        let items = batch.items as u64;
        // Each by itself: one that has taken a batch must not get it again because another has not.
        let targets = feeds[batch.signal.index()].iter();
        let deliveries = targets.map(|target| deliver(target.as_ref(), batch.clone()));
        if join_all(deliveries).await.iter().all(Result::is_ok) {
            outbox.emitted.inc_by(items);
        } else {
            outbox.failed.inc_by(items);
            tracing::error!(processor = id, items, "emitted items were refused for good");
        }
        outbox.pop();
    }
}

/// Tries until the batch is accepted or refused for good.
async fn deliver(target: &dyn Consumer, batch: Batch) -> Result<(), ConsumeError> {
    let mut backoff = Backoff::default();
    loop {
        match target.consume(batch.clone()).await {
            Err(error) if !error.permanent => {
                tokio::time::sleep(backoff.next(error.retry_after)).await;
            }
            answer => return answer,
        }
    }
}

/// What is still in the outbox when its task ends is lost with the process: count it and say so.
struct Abandoned<'a> {
    outbox: &'a Outbox,
    id: &'a str,
}

impl Drop for Abandoned<'_> {
    fn drop(&mut self) {
        let items: usize = self.outbox.lock().batches.iter().map(|batch| batch.items).sum();
        if items > 0 {
            self.outbox.failed.inc_by(items as u64);
            tracing::error!(processor = self.id, items, "emitted items were given up at shutdown");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;
    use crate::consumer::BoxFuture;

    /// Refuses the first tries, and keeps the sizes of what it takes.
    #[derive(Default)]
    struct Target {
        refusals: Mutex<Vec<ConsumeError>>,
        taken: Mutex<Vec<usize>>,
    }

    impl Consumer for Target {
        fn consume(&self, batch: Batch) -> BoxFuture<'_, Result<(), ConsumeError>> {
            let answer = match self.refusals.lock().unwrap().pop() {
                Some(error) => Err(error),
                None => {
                    self.taken.lock().unwrap().push(batch.bytes.len());
                    Ok(())
                }
            };
            Box::pin(std::future::ready(answer))
        }
    }

    fn batch(bytes: usize) -> Batch {
        Batch {
            signal: Signal::Metrics,
            bytes: vec![0; bytes].into(),
            items: 1,
            received: SystemTime::UNIX_EPOCH,
            metadata: Arc::from([]),
        }
    }

    fn feeding<const N: usize>(targets: [&Arc<Target>; N]) -> Feeds {
        let targets = targets.map(|target| Arc::clone(target) as Arc<dyn Consumer>);
        [Vec::new(), targets.into(), Vec::new()]
    }

    fn outbox() -> Outbox {
        Outbox::new(&Metrics::default(), "test", &[Signal::Metrics])
    }

    #[test]
    fn room_ends_at_the_bound_and_comes_back_with_a_failed_call() {
        let outbox = outbox();
        assert!(outbox.reserve(MAX_OUTBOX_BYTES - 1));
        assert!(outbox.reserve(1));
        assert!(!outbox.reserve(1));
        outbox.unreserve(&[batch(1)]);
        assert!(outbox.reserve(1));
    }

    #[tokio::test(start_paused = true)]
    async fn batches_go_on_in_order_however_often_they_are_refused_retryably() {
        let outbox = outbox();
        let target = Arc::new(Target::default());
        let refusal = ConsumeError::retryable("later");
        target.refusals.lock().unwrap().extend([refusal.clone(), refusal]);
        for bytes in [3, 1, 2] {
            assert!(outbox.reserve(bytes));
            outbox.push(vec![batch(bytes)]);
        }
        outbox.close();
        let feeds = feeding([&target]);
        run(&outbox, "test", feeds).await;
        assert_eq!(*target.taken.lock().unwrap(), [3, 1, 2]);
        assert_eq!((outbox.emitted.get(), outbox.failed.get(), outbox.waiting.get()), (3, 0, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_pipeline_that_took_a_batch_does_not_get_it_again_because_another_did_not() {
        let outbox = outbox();
        let (well, ill) = (Arc::new(Target::default()), Arc::new(Target::default()));
        let refusal = ConsumeError::retryable("later");
        ill.refusals.lock().unwrap().extend(std::iter::repeat_n(refusal, 5));
        assert!(outbox.reserve(7));
        outbox.push(vec![batch(7)]);
        outbox.close();
        run(&outbox, "test", feeding([&well, &ill])).await;
        assert_eq!((well.taken.lock().unwrap().len(), ill.taken.lock().unwrap().len()), (1, 1));
        assert_eq!((outbox.emitted.get(), outbox.failed.get()), (1, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_refused_for_good_or_left_at_shutdown_is_counted() {
        let outbox = outbox();
        let target = Arc::new(Target::default());
        let errors = [ConsumeError::retryable("later"), ConsumeError::permanent("never")];
        target.refusals.lock().unwrap().extend(std::iter::repeat_n(errors[0].clone(), 100));
        target.refusals.lock().unwrap().push(errors[1].clone());
        for _ in 0..2 {
            assert!(outbox.reserve(1));
            outbox.push(vec![batch(1)]);
        }
        outbox.close();
        let feeds = feeding([&target]);
        let deadline = Duration::from_secs(60);
        assert!(tokio::time::timeout(deadline, run(&outbox, "test", feeds)).await.is_err());
        assert_eq!((outbox.emitted.get(), outbox.failed.get()), (0, 2));
    }
}
