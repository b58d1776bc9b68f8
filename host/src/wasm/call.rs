//! One call with a batch: a lease, the guest's answer, and whether it holds water.

use std::sync::Arc;

use super::bindings::types::{Context, Error, Hit, Outcome};
use super::edits;
use super::imports::unix_nanos;
use super::instance::{Instance, Trap};
use super::pool::{Lease, Pool, Unavailable, signal};
use super::shared::Shared;
use crate::batch::Batch;
use crate::otlp;
use crate::telemetry::metrics::ProcessorMetrics;

/// Most bytes of a guest's error text that reach the sender.
const MAX_ERROR_TEXT: usize = 1024;

/// Calls one guest.
pub struct Caller {
    pub pool: Arc<Pool>,
    pub shared: Arc<Shared>,
    pub metrics: ProcessorMetrics,
    /// State lives in the instance, so the memory watermark may not replace it.
    pub stateful: bool,
}

/// What is to be done with a batch after the guest has seen it.
pub enum Verdict {
    Forward(Batch),
    /// Nothing is left of it: held or dropped.
    Taken,
    Fail(Failure),
}

/// A guest's failure, before `on_error` decides what comes of it.
pub struct Failure {
    pub message: String,
    pub permanent: bool,
}

impl Caller {
    /// Hands the batch to the guest. The call itself runs as a task of its own: a sender that goes
    /// away in the middle would otherwise take the instance and its state with it. There are never
    /// more such tasks than instances.
    pub async fn call(self: &Arc<Self>, batch: Batch, hits: Option<Vec<Hit>>) -> Verdict {
        // Offsets are 32 bits wide in the contract, as in WebAssembly's memory.
        if u32::try_from(batch.bytes.len()).is_err() {
            return Verdict::fail("the batch is larger than 4 GiB", true);
        }
        let lease = match self.pool.lease().await {
            Ok(lease) => lease,
            Err(error) => return self.unavailable(&error),
        };
        let caller = Arc::clone(self);
        let call = tokio::spawn(async move { caller.run(lease, batch, hits).await });
        call.await.unwrap_or_else(|_| Verdict::fail("the call was cut off", false))
    }

    async fn run(&self, mut lease: Lease, batch: Batch, hits: Option<Vec<Hit>>) -> Verdict {
        let context = Context {
            signal: signal(batch.signal),
            received: unix_nanos(batch.received),
            metadata: batch.metadata.to_vec(),
            hits,
        };
        let Some(instance) = lease.instance() else {
            return Verdict::fail("the processor has no instance", false);
        };
        let timer = self.shared.metrics.duration.start_timer();
        let result = instance.process(&context, &batch).await;
        timer.observe_duration();
        self.shared.metrics.calls.inc();
        match result {
            Err(trap) => {
                lease.trapped(&trap).await;
                self.trapped(&trap)
            }
            Ok(answer) => {
                let verdict = match answer {
                    Ok(outcome) => self.check(instance, batch, outcome),
                    Err(error) => self.refused(error),
                };
                lease.succeeded(self.stateful);
                verdict
            }
        }
    }

    /// Checks what the guest answered, and only then lets its effects happen. Nothing that is not a
    /// sound Export request is forwarded.
    fn check(&self, instance: &mut Instance, batch: Batch, outcome: Outcome) -> Verdict {
        let held = instance.held();
        match self.answer(&batch, outcome) {
            Ok(after) => {
                instance.commit();
                let left = after.as_ref().map_or(0, |after| after.items);
                let gone = batch.items.saturating_sub(left + held);
                self.metrics.dropped.add(batch.signal, gone);
                after.map_or(Verdict::Taken, Verdict::Forward)
            }
            Err(message) => {
                instance.roll_back();
                self.bad_output(&message)
            }
        }
    }

    /// The batch that goes on; `None` when nothing does.
    fn answer(&self, batch: &Batch, outcome: Outcome) -> Result<Option<Batch>, String> {
        let bytes = match outcome {
            Outcome::Unchanged => return Ok(Some(batch.clone())),
            Outcome::Dropped => return Ok(None),
            Outcome::Edited(edits) => {
                edits::apply(&batch.bytes, &edits).map_err(|error| error.to_string())?
            }
            Outcome::Replaced(bytes) => bytes.into(),
        };
        let items = otlp::walk(batch.signal, &bytes).map_err(|error| error.to_string())?;
        Ok(Some(Batch { bytes, items, ..batch.clone() }))
    }

    /// Permanent: a poison batch must not come back again and again.
    pub fn trapped(&self, trap: &Trap) -> Verdict {
        self.shared.complain(&format!("the processor trapped ({:?}): {trap}", trap.cause));
        Verdict::fail(&trap.message, true)
    }

    pub fn refused(&self, error: Error) -> Verdict {
        self.shared.metrics.errors.inc();
        match error {
            Error::Permanent(message) => Verdict::fail(&message, true),
            Error::Retryable(message) => Verdict::fail(&message, false),
        }
    }

    fn bad_output(&self, error: &str) -> Verdict {
        self.shared.metrics.bad_output.inc();
        self.shared.complain(&format!("the processor's answer does not fit: {error}"));
        Verdict::fail(&format!("the processor's answer does not fit: {error}"), true)
    }

    fn unavailable(&self, error: &Unavailable) -> Verdict {
        self.shared.complain(&format!("no instance: {error}"));
        Verdict::fail(&error.to_string(), false)
    }
}

impl Verdict {
    fn fail(message: &str, permanent: bool) -> Self {
        let message = message[..message.floor_char_boundary(MAX_ERROR_TEXT)].to_owned();
        Self::Fail(Failure { message, permanent })
    }
}
