//! A guest's last word on what it releases, key by key.

use bytes::Bytes;

use super::bindings::types::Outcome;
use super::call::Caller;
use super::edits;
use super::pool::{Lease, Unavailable, signal};
use super::release::Outgoing;
use crate::otlp;

/// Calls the `rewriter` of the instances that have seen the keys; keeps one as long as they are its.
pub struct Rewriter<'a> {
    caller: &'a Caller,
    lease: Option<(usize, Lease)>,
}

/// What came of one call.
enum Word {
    Bytes {
        bytes: Bytes,
        items: usize,
    },
    /// With the reason.
    GivenUp(String),
}

impl<'a> Rewriter<'a> {
    pub fn new(caller: &'a Caller) -> Self {
        Self { caller, lease: None }
    }

    /// Adds what the guest makes of the items of one key. Where it fails they are given up, counted and
    /// logged; an error here means that there is no instance to ask at the moment.
    pub async fn rewrite(
        &mut self,
        key: &[u8],
        memo: &[u8],
        batch: Bytes,
        items: usize,
        outgoing: &mut Outgoing,
    ) -> Result<(), Unavailable> {
        match self.ask(key, memo, batch, items, outgoing).await? {
            Word::Bytes { bytes, items: left } => {
                outgoing.bytes.extend_from_slice(&bytes);
                outgoing.items += left;
                let dropped = items.saturating_sub(left);
                self.caller.metrics.dropped.add(outgoing.signal, dropped);
            }
            Word::GivenUp(reason) => {
                let shared = &self.caller.shared;
                shared.metrics.hold_failed.inc_by(items as u64);
                shared.complain(&format!(
                    "{items} items could not be rewritten and are lost: {reason}"
                ));
            }
        }
        Ok(())
    }

    async fn ask(
        &mut self,
        key: &[u8],
        memo: &[u8],
        batch: Bytes,
        items: usize,
        outgoing: &Outgoing,
    ) -> Result<Word, Unavailable> {
        let pool = self.caller.pool_of(key);
        let mut lease = match self.lease.take() {
            Some((index, lease)) if index == pool => lease,
            other => {
                // Never two at once: whoever waits for the other could wait for ever.
                if let Some((_, lease)) = other {
                    lease.unused();
                }
                self.caller.pools[pool].lease().await?
            }
        };
        let answer = lease.instance().rewrite(memo, signal(outgoing.signal), &batch).await;
        let outcome = match answer {
            Some(Ok(Ok(outcome))) => outcome,
            Some(Err(trap)) => {
                self.caller.complain_of(&trap);
                lease.trapped(&trap).await;
                return Ok(Word::GivenUp(trap.message));
            }
            Some(Ok(Err(error))) => {
                let failure = self.caller.refused(&error);
                self.lease = Some((pool, lease));
                return Ok(Word::GivenUp(failure.message));
            }
            // It had one when it released with `rewrite`: another version, after a restart.
            None => Outcome::Unchanged,
        };
        let word = match check(&batch, items, outgoing, outcome) {
            Ok(word) => {
                // Metrics and counters, which no disk can fail.
                let _ = lease.instance().take_staged().commit(&self.caller.shared).await;
                word
            }
            Err(message) => {
                lease.instance().take_staged().roll_back(&self.caller.shared);
                self.caller.shared.metrics.bad_output.inc();
                Word::GivenUp(message)
            }
        };
        self.lease = Some((pool, lease));
        Ok(word)
    }

    /// Lets go of the instance.
    pub fn end(&mut self) {
        if let Some((_, lease)) = self.lease.take() {
            lease.succeeded(self.caller.stateful);
        }
    }
}

impl Drop for Rewriter<'_> {
    fn drop(&mut self) {
        self.end();
    }
}

/// Nothing that is not a sound Export request goes on.
fn check(
    batch: &Bytes,
    items: usize,
    outgoing: &Outgoing,
    outcome: Outcome,
) -> Result<Word, String> {
    let bytes = match outcome {
        Outcome::Unchanged => return Ok(Word::Bytes { bytes: batch.clone(), items }),
        Outcome::Dropped => return Ok(Word::Bytes { bytes: Bytes::new(), items: 0 }),
        Outcome::Edited(edits) => edits::apply(batch, &edits).map_err(|error| error.to_string())?,
        Outcome::Replaced(bytes) => bytes.into(),
    };
    let items = otlp::walk(outgoing.signal, &bytes).map_err(|error| error.to_string())?;
    Ok(Word::Bytes { bytes, items })
}
