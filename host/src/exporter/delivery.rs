//! One batch from its acceptance to its end: attempts, retries, and the one counter it ends in.

use std::sync::Arc;

use tokio::sync::watch;

use crate::batch::{Batch, Signal};
use crate::consumer::{BoxFuture, ConsumeError, Consumer};
use crate::telemetry::metrics::ExporterMetrics;

use super::Sender;
use super::retry::{GivenUp, Phase, Retry};

/// A sender with its retries and counters.
pub(super) struct Delivery<S> {
    pub(super) id: Arc<str>,
    sender: S,
    retry: Retry,
    pub(super) metrics: Arc<ExporterMetrics>,
    pub(super) phase: watch::Sender<Phase>,
}

impl<S: Sender> Delivery<S> {
    pub(super) fn new(id: &str, sender: S, retry: Retry, metrics: ExporterMetrics) -> Self {
        let (phase, _) = watch::channel(Phase::Running);
        Self { id: id.into(), sender, retry, metrics: Arc::new(metrics), phase }
    }

    pub(super) fn ticket(&self, batch: &Batch) -> Ticket {
        Ticket {
            metrics: self.metrics.clone(),
            signal: batch.signal,
            items: batch.items,
            end: End::EnqueueFailed,
        }
    }

    /// Sends the batch and counts how that ended, also where the future is dropped on the way.
    pub(super) async fn deliver(&self, batch: Batch, ticket: Ticket) -> Result<(), ConsumeError> {
        let ticket = ticket.accepted();
        let attempt = || self.sender.send(batch.clone());
        let on_retry = |error: &ConsumeError, delay| {
            tracing::info!(exporter = %self.id, %error, ?delay, "sending failed, will retry");
        };
        match self.retry.run(&self.phase, attempt, on_retry).await {
            Ok(()) => {
                ticket.sent();
                Ok(())
            }
            Err(given_up) => {
                self.log(&batch, &given_up);
                Err(given_up.error)
            }
        }
    }

    fn log(&self, batch: &Batch, given_up: &GivenUp) {
        let GivenUp { error, reason, attempts } = given_up;
        tracing::warn!(
            exporter = %self.id,
            signal = batch.signal.name(),
            items = batch.items,
            attempts,
            %error,
            reason = reason.text(),
            "sending failed, gave the batch up"
        );
    }
}

/// A batch's claim on a counter. Dropped, it counts the batch as lost where it then is, so that no
/// path (an error, a cut-off shutdown, a caller that went away, a panic) loses one silently.
pub(super) struct Ticket {
    metrics: Arc<ExporterMetrics>,
    signal: Signal,
    items: usize,
    end: End,
}

/// The counter a batch ends in.
#[derive(Clone, Copy)]
enum End {
    Sent,
    SendFailed,
    EnqueueFailed,
    /// Taken with nothing in it to send.
    None,
}

impl Ticket {
    /// From here on a loss is a failure to send, not to enqueue.
    pub(super) fn accepted(mut self) -> Self {
        self.end = End::SendFailed;
        self
    }

    pub(super) fn sent(mut self) {
        self.end = End::Sent;
    }

    pub(super) fn void(mut self) {
        self.end = End::None;
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let counter = match self.end {
            End::Sent => &self.metrics.sent,
            End::SendFailed => &self.metrics.send_failed,
            End::EnqueueFailed => &self.metrics.enqueue_failed,
            End::None => return,
        };
        counter.add(self.signal, self.items);
    }
}

/// An exporter without a queue: the caller waits for the backend's answer.
pub(super) struct Direct<S>(pub(super) Delivery<S>);

impl<S: Sender> Consumer for Direct<S> {
    fn consume(&self, batch: Batch) -> BoxFuture<'_, Result<(), ConsumeError>> {
        let ticket = self.0.ticket(&batch).accepted();
        Box::pin(self.0.deliver(batch, ticket))
    }

    fn shutdown(&self) -> BoxFuture<'_, ()> {
        self.0.phase.send_replace(Phase::Draining);
        Box::pin(std::future::ready(()))
    }
}
