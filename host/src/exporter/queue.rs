//! `sending_queue`: takes a batch at once and sends it behind the caller's back, bounded in memory.
//!
//! A batch counts against the bounds until its sending has ended, not only while it waits, so that
//! they bound all memory the exporter holds.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, oneshot};

use crate::batch::Batch;
use crate::consumer::{BoxFuture, ConsumeError, Consumer};

use super::Sender;
use super::delivery::{Delivery, Ticket};
use super::retry::Phase;
use super::settings::{QueueSettings, Sizer};

type Outcome = Result<(), ConsumeError>;

/// An exporter with a queue.
pub(super) struct Queued<S>(Arc<Queue<S>>);

struct Queue<S> {
    delivery: Delivery<S>,
    settings: QueueSettings,
    state: Mutex<State>,
    /// Something ended or the queue closed; the one caller at the head of `line` waits for it.
    changed: Notify,
    /// Callers that wait for space (`block_on_overflow`), first come first served.
    line: tokio::sync::Mutex<()>,
    /// The last consumer has left.
    idle: Notify,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Entry>,
    /// All that has been accepted and has not ended.
    held: Load,
    /// Consumer tasks; they start with the work and leave when there is none.
    consumers: usize,
    closed: bool,
}

struct Entry {
    batch: Batch,
    ticket: Ticket,
    load: Load,
    /// Where the caller waits for the outcome (`wait_for_result`).
    answer: Option<oneshot::Sender<Outcome>>,
}

#[derive(Clone, Copy, Default)]
struct Load {
    /// In units of the sizer.
    size: usize,
    bytes: usize,
    batches: usize,
    items: usize,
}

enum Pushed {
    Queued,
    /// Gives the entry back.
    Full(Entry),
    Closed,
}

impl<S: Sender> Queued<S> {
    pub(super) fn new(delivery: Delivery<S>, settings: QueueSettings) -> Self {
        let capacity = i64::try_from(settings.queue_size).unwrap_or(i64::MAX);
        delivery.metrics.queue_capacity.set(capacity);
        Self(Arc::new(Queue {
            delivery,
            settings,
            state: Mutex::default(),
            changed: Notify::new(),
            line: tokio::sync::Mutex::new(()),
            idle: Notify::new(),
        }))
    }
}

impl<S: Sender> Consumer for Queued<S> {
    fn consume(&self, batch: Batch) -> BoxFuture<'_, Outcome> {
        Box::pin(async move {
            let Some(outcome) = self.0.accept(batch).await? else { return Ok(()) };
            // The answer is dropped unsent only where the batch was abandoned.
            outcome.await.unwrap_or_else(|_| Err(ConsumeError::retryable("sending was cut off")))
        })
    }

    fn shutdown(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            self.0.close(Phase::Draining);
            let deadline = AbandonOnDrop(&self.0);
            self.0.drained().await;
            // Drained in time: there is nothing to abandon.
            std::mem::forget(deadline);
        })
    }
}

impl<S: Sender> Queue<S> {
    /// Queues the batch. The receiver is there where the caller is to wait for the outcome.
    async fn accept(
        self: &Arc<Self>,
        batch: Batch,
    ) -> Result<Option<oneshot::Receiver<Outcome>>, ConsumeError> {
        let ticket = self.delivery.ticket(&batch);
        let load = self.load_of(&batch);
        if load.size == 0 {
            ticket.void();
            return Ok(None);
        }
        if load.size > self.settings.queue_size || load.bytes > self.settings.max_bytes {
            return Err(ConsumeError::permanent("batch is larger than the sending queue"));
        }
        let (answer, outcome) = self.settings.wait_for_result.then(oneshot::channel).unzip();
        let entry = Entry { batch, ticket, load, answer };
        if self.settings.block_on_overflow {
            return self.wait_for_space(entry).await.map(|()| outcome);
        }
        match self.push(entry) {
            Pushed::Queued => Ok(outcome),
            Pushed::Closed => Err(shutting_down()),
            Pushed::Full(_) => Err(ConsumeError::retryable("sending queue is full")),
        }
    }

    /// The wait is the caller's to bound: a caller that leaves takes its batch with it.
    async fn wait_for_space(self: &Arc<Self>, mut entry: Entry) -> Result<(), ConsumeError> {
        // Also where there is space: a small batch must not overtake a large one again and again.
        let _turn = self.line.lock().await;
        loop {
            match self.push(entry) {
                Pushed::Queued => return Ok(()),
                Pushed::Closed => return Err(shutting_down()),
                Pushed::Full(refused) => entry = refused,
            }
            self.changed.notified().await;
        }
    }

    fn push(self: &Arc<Self>, mut entry: Entry) -> Pushed {
        let mut state = self.lock();
        if state.closed {
            return Pushed::Closed;
        }
        let held = state.held.plus(entry.load);
        if held.size > self.settings.queue_size || held.bytes > self.settings.max_bytes {
            return Pushed::Full(entry);
        }
        self.hold(&mut state, held);
        entry.ticket = entry.ticket.accepted();
        state.waiting.push_back(entry);
        self.start_consumer(&mut state);
        Pushed::Queued
    }

    fn start_consumer(self: &Arc<Self>, state: &mut State) {
        if state.consumers < self.settings.num_consumers.max(1) {
            state.consumers += 1;
            tokio::spawn(consume_queue(self.clone()));
        }
    }

    fn load_of(&self, batch: &Batch) -> Load {
        let (bytes, items) = (batch.bytes.len(), batch.items);
        let size = match self.settings.sizer {
            Sizer::Requests => 1,
            Sizer::Items => items,
            Sizer::Bytes => bytes,
        };
        Load { size, bytes, batches: 1, items }
    }

    fn hold(&self, state: &mut State, held: Load) {
        state.held = held;
        self.delivery.metrics.queue_size.set(i64::try_from(held.size).unwrap_or(i64::MAX));
    }

    fn close(&self, phase: Phase) {
        self.lock().closed = true;
        self.delivery.phase.send_replace(phase);
        self.changed.notify_one();
    }

    async fn drained(&self) {
        let mut idle = pin!(self.idle.notified());
        loop {
            // Before the look at the state: the last consumer may leave right after it.
            idle.as_mut().enable();
            if self.lock().consumers == 0 {
                return;
            }
            idle.as_mut().await;
            idle.set(self.idle.notified());
        }
    }

    /// Cuts what is left. The tickets count it.
    fn abandon(&self) {
        self.close(Phase::Abandoned);
        let mut state = self.lock();
        let held = state.held;
        let waiting = std::mem::take(&mut state.waiting);
        let left = waiting.iter().fold(held, |held, entry| held.minus(entry.load));
        self.hold(&mut state, left);
        drop(state);
        drop(waiting);
        tracing::warn!(
            exporter = %self.delivery.id,
            batches = held.batches,
            items = held.items,
            "shutdown took too long, gave up what was left in the sending queue"
        );
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing under the lock can panic halfway through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Load {
    fn plus(self, other: Self) -> Self {
        Self {
            size: self.size.saturating_add(other.size),
            bytes: self.bytes.saturating_add(other.bytes),
            batches: self.batches + other.batches,
            items: self.items + other.items,
        }
    }

    fn minus(self, other: Self) -> Self {
        Self {
            size: self.size - other.size,
            bytes: self.bytes - other.bytes,
            batches: self.batches - other.batches,
            items: self.items - other.items,
        }
    }
}

/// One consumer: sends what waits, one batch after the other, and leaves when nothing does.
async fn consume_queue<S: Sender>(queue: Arc<Queue<S>>) {
    let mut phase = queue.delivery.phase.subscribe();
    let mut abandoned = pin!(phase.wait_for(|phase| *phase == Phase::Abandoned));
    let mut consumer = ConsumerTask { queue: queue.clone(), sending: None, present: true };
    while let Some(entry) = consumer.take() {
        let outcome = tokio::select! {
            biased;
            _ = &mut abandoned => return,
            outcome = queue.delivery.deliver(entry.batch, entry.ticket) => outcome,
        };
        consumer.release();
        if let Some(answer) = entry.answer {
            // A caller that left does not want it.
            let _ = answer.send(outcome);
        }
    }
}

/// What one consumer has of the queue's bounds; gives it back however the task ends.
struct ConsumerTask<S: Sender> {
    queue: Arc<Queue<S>>,
    sending: Option<Load>,
    present: bool,
}

impl<S: Sender> ConsumerTask<S> {
    fn take(&mut self) -> Option<Entry> {
        let mut state = self.queue.lock();
        let entry = state.waiting.pop_front();
        self.sending = entry.as_ref().map(|entry| entry.load);
        if entry.is_none() {
            // Under the same lock as the look: a batch pushed from here on starts a new consumer.
            self.present = false;
            leave(&self.queue, &mut state);
        }
        entry
    }

    fn release(&mut self) {
        let Some(load) = self.sending.take() else { return };
        let mut state = self.queue.lock();
        let held = state.held.minus(load);
        self.queue.hold(&mut state, held);
        drop(state);
        self.queue.changed.notify_one();
    }
}

impl<S: Sender> Drop for ConsumerTask<S> {
    fn drop(&mut self) {
        self.release();
        if !self.present {
            return;
        }
        // Cut off or panicked: whatever still waits needs another consumer.
        let mut state = self.queue.lock();
        leave(&self.queue, &mut state);
        if !state.waiting.is_empty() && tokio::runtime::Handle::try_current().is_ok() {
            self.queue.start_consumer(&mut state);
        }
    }
}

fn leave<S>(queue: &Queue<S>, state: &mut State) {
    state.consumers -= 1;
    if state.consumers == 0 {
        queue.idle.notify_waiters();
    }
}

/// Gives up what is left where the caller of `shutdown` stops waiting.
struct AbandonOnDrop<'a, S: Sender>(&'a Queue<S>);

impl<S: Sender> Drop for AbandonOnDrop<'_, S> {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

fn shutting_down() -> ConsumeError {
    ConsumeError::retryable("sending queue is shutting down")
}
