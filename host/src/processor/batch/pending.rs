//! What waits in a batcher, and who waits for it.

use std::collections::VecDeque;
use std::time::SystemTime;

use bytes::{Bytes, BytesMut};
use tokio::sync::oneshot;
use tokio::task::AbortHandle;

use crate::batch::{Batch, Metadata, Signal};
use crate::consumer::ConsumeError;

/// What the next stage said.
pub(super) type Answer = Result<(), ConsumeError>;

/// Batches that wait to be sent as one.
pub(super) struct Pending {
    signal: Signal,
    metadata: Metadata,
    bytes: Vec<Bytes>,
    len: usize,
    waiters: Waiters,
    /// When the oldest of them was received.
    received: Option<SystemTime>,
    /// Ends the wait.
    timer: Option<AbortHandle>,
}

impl Pending {
    pub(super) fn new(signal: Signal, metadata: Metadata) -> Self {
        Self {
            signal,
            metadata,
            bytes: Vec::new(),
            len: 0,
            waiters: Waiters::default(),
            received: None,
            timer: None,
        }
    }

    pub(super) fn push(&mut self, batch: Batch) -> oneshot::Receiver<Answer> {
        self.len += batch.bytes.len();
        self.received =
            Some(self.received.map_or(batch.received, |oldest| oldest.min(batch.received)));
        self.bytes.push(batch.bytes);
        self.waiters.push(batch.items)
    }

    pub(super) fn items(&self) -> usize {
        self.waiters.pushed
    }

    /// In bytes.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(super) fn has_timer(&self) -> bool {
        self.timer.is_some()
    }

    pub(super) fn set_timer(&mut self, timer: AbortHandle) {
        self.timer = Some(timer);
    }

    /// Takes all that waits and stops the timer.
    pub(super) fn take(&mut self) -> Self {
        if let Some(timer) = self.timer.take() {
            timer.abort();
        }
        self.take_at_timeout()
    }

    /// Takes all that waits. For the timer itself, which must not stop itself.
    pub(super) fn take_at_timeout(&mut self) -> Self {
        self.timer = None;
        let metadata = Metadata::clone(&self.metadata);
        std::mem::replace(self, Self::new(self.signal, metadata))
    }

    /// All of it as one batch; Export requests in a row are one Export request.
    pub(super) fn merge(self) -> (Batch, Waiters) {
        let bytes = match <[Bytes; 1]>::try_from(self.bytes) {
            Ok([bytes]) => bytes,
            Err(pieces) => {
                let mut bytes = BytesMut::with_capacity(self.len);
                pieces.iter().for_each(|piece| bytes.extend_from_slice(piece));
                bytes.freeze()
            }
        };
        let batch = Batch {
            signal: self.signal,
            bytes,
            items: self.waiters.pushed,
            received: self.received.unwrap_or_else(SystemTime::now),
            metadata: self.metadata,
        };
        (batch, self.waiters)
    }
}

/// The senders that wait, in the order of their items.
#[derive(Default)]
pub(super) struct Waiters {
    queue: VecDeque<Waiter>,
    /// Items of all senders so far, and those of them that the next stage has answered for.
    pushed: usize,
    answered: usize,
    /// What befell the first items of a sender of whom later items are still to be sent.
    failed: Option<ConsumeError>,
}

struct Waiter {
    /// Where the sender's items end, counted over all senders.
    end: usize,
    start: usize,
    answer: oneshot::Sender<Answer>,
}

impl Waiters {
    fn push(&mut self, items: usize) -> oneshot::Receiver<Answer> {
        let (answer, receiver) = oneshot::channel();
        let start = self.pushed;
        self.pushed += items;
        self.queue.push_back(Waiter { end: self.pushed, start, answer });
        receiver
    }

    /// Takes the answer for the next so many items, and gives it to the senders whose items are all
    /// answered for. A sender whose items were sent in parts gets the first error.
    pub(super) fn answer(&mut self, items: usize, answer: &Answer) {
        self.answered += items;
        while let Some(waiter) = self.queue.pop_front_if(|waiter| waiter.end <= self.answered) {
            let answer = self.failed.take().map_or_else(|| answer.clone(), Err);
            // The sender may have gone away.
            let _ = waiter.answer.send(answer);
        }
        let has_begun = self.queue.front().is_some_and(|waiter| waiter.start < self.answered);
        if let Err(error) = answer
            && has_begun
            && self.failed.is_none()
        {
            self.failed = Some(error.clone());
        }
    }
}
