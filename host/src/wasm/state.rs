//! What belongs to one instance while it runs: its limits, the call in progress, and the effects
//! that wait for the call to return OK.

use std::sync::Arc;

use bytes::Bytes;

use super::bindings::metrics::Measurement;
use super::counters::Grant;
use super::hold::{Effects, Fragment, Verdict};
use super::limits::Limits;
use super::shared::Shared;
use crate::batch::{Batch, Signal};
use crate::storage::StorageError;

/// Most bytes of effects that one call may stage, held items aside, which have a bound of their own;
/// one more is a trap.
pub const MAX_STAGED_BYTES: usize = 16 << 20;

/// The data of an instance's store.
#[derive(Debug)]
pub struct State {
    pub limits: Limits,
    pub call: Call,
    pub staged: Staged,
    pub shared: Arc<Shared>,
    /// The number of the instance's share of the keys.
    pub share: u32,
}

/// The exported function that is running; some imports are only for some of them.
#[derive(Clone, Debug, Default)]
pub enum Call {
    /// Everything but `process`: there is no batch to hold items of.
    #[default]
    Other,
    /// `replay`, `rewrite`, `snapshot`, `restore` or `inspect`: nothing may be decided.
    Replay,
    Process {
        signal: Signal,
        bytes: Bytes,
        /// Nanoseconds since the Unix epoch.
        received: u64,
    },
}

/// Effects of a call. They are committed when it returns OK and rolled back otherwise.
#[derive(Debug, Default)]
pub struct Staged {
    /// Room for these is reserved in the store already.
    pub fragments: Vec<Fragment>,
    pub verdicts: Vec<Verdict>,
    /// Each with the number of the share that it is from.
    pub measurements: Vec<(u32, Measurement)>,
    /// Room for these is reserved in the outbox already.
    pub emitted: Vec<Batch>,
    /// Claims that were granted.
    pub claims: Vec<Grant>,
    /// What all of them but fragments and emitted batches take in memory.
    pub bytes: usize,
}

impl Staged {
    /// Items of the batch in hand that will be held.
    pub fn held(&self) -> usize {
        self.fragments.iter().map(|fragment| fragment.items).sum()
    }

    /// Makes room for another effect of so many bytes; false when there is none.
    pub fn grow(&mut self, bytes: usize) -> bool {
        self.bytes = self.bytes.saturating_add(bytes);
        self.bytes <= MAX_STAGED_BYTES
    }
}

impl State {
    pub fn new(shared: Arc<Shared>, share: u32) -> Self {
        let options = &shared.options;
        Self {
            limits: Limits::new(options.memory_limit, options.deadline),
            call: Call::Other,
            staged: Staged::default(),
            shared,
            share,
        }
    }
}

impl Staged {
    /// Adds the effects of another call, which stand or fall with these.
    pub fn join(&mut self, other: Self) {
        self.fragments.extend(other.fragments);
        self.verdicts.extend(other.verdicts);
        self.measurements.extend(other.measurements);
        self.emitted.extend(other.emitted);
        self.claims.extend(other.claims);
        self.bytes = self.bytes.saturating_add(other.bytes);
    }

    /// Takes the effects of calls that returned OK into force. After an error nothing has happened.
    pub async fn commit(self, shared: &Shared) -> Result<(), StorageError> {
        let held = self.held();
        let Self { fragments, verdicts, measurements, emitted, claims, .. } = self;
        if !fragments.is_empty() || !verdicts.is_empty() {
            match shared.hold.commit(Effects { fragments, verdicts }).await {
                Ok(discarded) => {
                    shared.metrics.held.inc_by(held as u64);
                    shared.metrics.discarded.inc_by(discarded as u64);
                }
                Err(error) => {
                    Self { claims, emitted, ..Self::default() }.roll_back(shared);
                    return Err(error);
                }
            }
        }
        if !measurements.is_empty() {
            shared.record(measurements);
        }
        if !emitted.is_empty() {
            shared.outbox.push(emitted);
        }
        Ok(())
    }

    /// Undoes what a failed call had staged.
    pub fn roll_back(self, shared: &Shared) {
        if !self.fragments.is_empty() {
            shared.hold.unreserve(&self.fragments);
        }
        if !self.emitted.is_empty() {
            shared.outbox.unreserve(&self.emitted);
        }
        for grant in &self.claims {
            shared.counters.give_back(grant);
        }
    }
}
