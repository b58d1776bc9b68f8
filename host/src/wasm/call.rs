//! One batch through the guest: leases, calls, and whether the answers hold water.

use std::sync::Arc;

use bytes::Bytes;

use super::account::Account;
use super::bindings::types::{Context, Error, Hit, Outcome};
use super::clock::unix_nanos;
use super::edits;
use super::instance::Trap;
use super::pool::{Lease, Pool, Unavailable, signal};
use super::scan::Scanner;
use super::share::Keys;
use super::shared::{Cause, Shared};
use super::state::Staged;
use crate::batch::Batch;
use crate::otlp::{self, CutError};
use crate::telemetry::metrics::ProcessorMetrics;

/// Most bytes of a guest's error text that reach the sender.
const MAX_ERROR_TEXT: usize = 1024;

/// Calls one guest.
pub struct Caller {
    /// One, or one for each share of the keys.
    pub pools: Vec<Arc<Pool>>,
    /// How batches are split over the pools; none where there is only one.
    pub keys: Option<Keys>,
    pub scanner: Scanner,
    pub shared: Arc<Shared>,
    pub metrics: ProcessorMetrics,
    /// State lives in the instance, so the memory watermark may not replace it.
    pub stateful: bool,
}

/// A batch, or what of it one instance takes.
struct Part {
    bytes: Bytes,
    hits: Option<Vec<Hit>>,
}

/// Leases of a batch that is waiting for the rest of them; given back where its sender goes away.
struct Waiting(Vec<(Lease, Part)>);

impl Drop for Waiting {
    fn drop(&mut self) {
        for (lease, _) in self.0.drain(..) {
            lease.unused();
        }
    }
}

/// What came of one call. Its effects are staged in the instance.
struct Answer {
    lease: Lease,
    part: Bytes,
    /// The instance had passed its memory watermark before.
    was_full: bool,
    result: Result<Result<Outcome, Error>, Trap>,
}

/// What is to be done with a batch after the guest has seen it.
pub enum Verdict {
    Forward(Batch, Account),
    /// Nothing is left of it: held or dropped.
    Taken,
    Fail(Failure, Account),
    /// The host itself failed in the call, which is counted already.
    Fault,
}

/// A guest's failure, before `on_error` decides what comes of it.
pub struct Failure {
    pub message: String,
    pub permanent: bool,
}

impl Caller {
    /// Hands the batch to the guest, in parts where it has several shares of keys. The calls run as
    /// a task of their own: a sender that goes away in the middle would otherwise take the instances
    /// and their state with it. There are never more such tasks than instances.
    pub async fn call(
        self: &Arc<Self>,
        batch: Batch,
        hits: Option<Vec<Hit>>,
        account: Account,
    ) -> Verdict {
        // Offsets are 32 bits wide in the contract, as in WebAssembly's memory.
        if u32::try_from(batch.bytes.len()).is_err() {
            let failure = Failure::new("the batch is larger than 4 GiB", true);
            return Verdict::Fail(failure, account);
        }
        let parts = match self.parts(&batch, hits) {
            Ok(parts) => parts,
            Err(error) => return Verdict::Fail(Failure::new(&error.to_string(), true), account),
        };
        let mut waiting = Waiting(Vec::with_capacity(parts.len()));
        // Ascending, like everybody, so that no two batches wait for each other.
        for (pool, part) in parts {
            match self.pools[pool].lease().await {
                Ok(lease) => waiting.0.push((lease, part)),
                Err(error) => return Verdict::Fail(self.unavailable(&error), account),
            }
        }
        let calls = std::mem::take(&mut waiting.0);
        let caller = Arc::clone(self);
        let call = tokio::spawn(async move { caller.run(batch, calls, account).await });
        call.await.unwrap_or(Verdict::Fault)
    }

    /// The batch as its pools take it.
    fn parts(&self, batch: &Batch, hits: Option<Vec<Hit>>) -> Result<Vec<(usize, Part)>, CutError> {
        let whole = |hits| Part { bytes: batch.bytes.clone(), hits };
        let Some(keys) = &self.keys else { return Ok(vec![(0, whole(hits))]) };
        let mut parts = keys.split(batch)?;
        if let [(index, _)] = *parts {
            return Ok(vec![(index as usize, whole(hits))]);
        }
        let part = |(index, bytes): (u32, Bytes)| {
            // Hits are offsets, and everything has moved.
            let hits = self.scanner.scan(&bytes);
            (index as usize, Part { bytes, hits })
        };
        Ok(parts.drain(..).map(part).collect())
    }

    async fn run(
        self: Arc<Self>,
        batch: Batch,
        calls: Vec<(Lease, Part)>,
        account: Account,
    ) -> Verdict {
        let mut answers = Vec::with_capacity(calls.len());
        if calls.len() == 1 {
            for (lease, part) in calls {
                answers.push(self.enter(&batch, lease, part).await);
            }
        } else {
            let enter = |(lease, part)| {
                let (caller, batch) = (Arc::clone(&self), batch.clone());
                tokio::spawn(async move { caller.enter(&batch, lease, part).await })
            };
            let tasks: Vec<_> = calls.into_iter().map(enter).collect();
            for task in tasks {
                match task.await {
                    Ok(answer) => answers.push(answer),
                    // What the others staged is rolled back with their leases.
                    Err(_) => return Verdict::Fault,
                }
            }
        }
        self.finish(batch, answers, account).await
    }

    /// One call of one instance.
    async fn enter(&self, batch: &Batch, mut lease: Lease, part: Part) -> Answer {
        let context = Context {
            signal: signal(batch.signal),
            received: unix_nanos(batch.received),
            metadata: batch.metadata.to_vec(),
            hits: part.hits,
        };
        let was_full = lease.is_full();
        let timer = self.shared.metrics.duration.start_timer();
        let result = lease.instance().process(&context, batch.signal, &part.bytes).await;
        timer.observe_duration();
        self.shared.metrics.calls.inc();
        Answer { lease, part: part.bytes, was_full, result }
    }

    /// All parts of a batch stand or fall together: only where each call was well and each answer
    /// holds water do their effects happen. Nothing that is not a sound Export request is forwarded.
    async fn finish(
        &self,
        batch: Batch,
        mut answers: Vec<Answer>,
        mut account: Account,
    ) -> Verdict {
        let mut forwarded = Vec::with_capacity(answers.len());
        let mut failed = None;
        for answer in &mut answers {
            match self.after(&batch, answer) {
                Ok(after) => forwarded.push(after),
                // One that is permanent makes the whole so: what comes again would fail again.
                Err(failure) if failure.permanent => failed = Some(failure),
                Err(failure) => failed = failed.or(Some(failure)),
            }
        }
        if let Some(failure) = failed {
            self.undo(answers).await;
            return Verdict::Fail(failure, account);
        }
        let mut staged = Staged::default();
        for answer in &mut answers {
            staged.join(answer.lease.instance().take_staged());
        }
        let held = staged.held();
        if let Err(error) = staged.commit(&self.shared).await {
            for answer in answers {
                answer.lease.undone(self.stateful).await;
            }
            return Verdict::Fail(Failure::new(&error.to_string(), false), account);
        }
        account.held(held);
        for answer in answers {
            answer.lease.succeeded(self.stateful);
        }
        let after = join(&batch, forwarded);
        account.dropped_all_but(after.as_ref().map_or(0, |after| after.items));
        after.map_or(Verdict::Taken, |after| Verdict::Forward(after, account))
    }

    /// The pool whose instance has seen a key of `hold`.
    pub fn pool_of(&self, key: &[u8]) -> usize {
        self.pools.iter().position(|pool| pool.has(key)).unwrap_or_default()
    }

    /// What goes on of one part, `None` where nothing does.
    fn after(&self, batch: &Batch, answer: &mut Answer) -> Result<Option<After>, Failure> {
        let outcome = match &mut answer.result {
            Err(trap) => return Err(self.trapped(trap, answer.was_full)),
            Ok(Err(error)) => return Err(self.refused(error)),
            Ok(Ok(outcome)) => outcome,
        };
        let (bytes, changed) = match outcome {
            Outcome::Unchanged => (answer.part.clone(), false),
            Outcome::Dropped => return Ok(None),
            Outcome::Edited(edits) => {
                let edited = edits::apply(&answer.part, edits);
                (edited.map_err(|error| self.bad_output(&error.to_string()))?, true)
            }
            Outcome::Replaced(bytes) => (std::mem::take(bytes).into(), true),
        };
        let whole = !changed && bytes.len() == batch.bytes.len();
        let items = if whole { Ok(batch.items) } else { otlp::walk(batch.signal, &bytes) };
        let items = items.map_err(|error| self.bad_output(&error.to_string()))?;
        Ok(Some(After { bytes, items, changed }))
    }

    /// Nothing of these calls happened.
    async fn undo(&self, answers: Vec<Answer>) {
        for Answer { mut lease, result, .. } in answers {
            match result {
                Err(trap) => lease.trapped(&trap).await,
                // The guest knows that it refused, and its instance undid what it staged.
                Ok(Err(_)) => lease.succeeded(self.stateful),
                Ok(Ok(_)) => {
                    lease.instance().take_staged().roll_back(&self.shared);
                    lease.undone(self.stateful).await;
                }
            }
        }
    }

    /// Permanent: a poison batch must not come back again and again. Not where the memory ran out that
    /// earlier batches had filled: this one is innocent.
    fn trapped(&self, trap: &Trap, was_full: bool) -> Failure {
        self.complain_of(trap);
        let innocent = self.stateful && was_full && trap.cause == Cause::Memory;
        Failure::new(&trap.message, !innocent)
    }

    pub fn complain_of(&self, trap: &Trap) {
        self.shared.complain(&format!("the processor trapped ({:?}): {trap}", trap.cause));
    }

    pub fn refused(&self, error: &Error) -> Failure {
        self.shared.metrics.errors.inc();
        match error {
            Error::Permanent(message) => Failure::new(message, true),
            Error::Retryable(message) => Failure::new(message, false),
        }
    }

    fn bad_output(&self, error: &str) -> Failure {
        self.shared.metrics.bad_output.inc();
        self.shared.complain(&format!("the processor's answer does not fit: {error}"));
        Failure::new(&format!("the processor's answer does not fit: {error}"), true)
    }

    fn unavailable(&self, error: &Unavailable) -> Failure {
        self.shared.complain(&format!("no instance: {error}"));
        Failure::new(&error.to_string(), false)
    }
}

/// What goes on of one part of a batch.
struct After {
    bytes: Bytes,
    items: usize,
    changed: bool,
}

/// The parts put together again: Export requests one after the other are one Export request.
fn join(batch: &Batch, parts: Vec<Option<After>>) -> Option<Batch> {
    if parts.iter().all(|part| part.as_ref().is_some_and(|part| !part.changed)) {
        return Some(batch.clone());
    }
    let mut left: Vec<After> = parts.into_iter().flatten().collect();
    let items = left.iter().map(|part| part.items).sum();
    let bytes = match left.len() {
        0 => return None,
        1 => left.remove(0).bytes,
        _ => left.iter().map(|part| &*part.bytes).collect::<Vec<_>>().concat().into(),
    };
    Some(Batch { bytes, items, ..batch.clone() })
}

impl Failure {
    fn new(message: &str, permanent: bool) -> Self {
        let message = message[..message.floor_char_boundary(MAX_ERROR_TEXT)].to_owned();
        Self { message, permanent }
    }
}
