//! What belongs to one instance while it runs: its limits, the call in progress, and the effects
//! that wait for the call to return OK.

use std::sync::Arc;

use bytes::Bytes;

use super::bindings::hold::Decision;
use super::bindings::metrics::Measurement;
use super::counters::Grant;
use super::hold::Fragment;
use super::limits::Limits;
use super::shared::Shared;
use crate::batch::Signal;

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
}

/// The exported function that is running; some imports are only for some of them.
#[derive(Clone, Debug, Default)]
pub enum Call {
    /// Everything but `process`: there is no batch to hold items of.
    #[default]
    Other,
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
    pub decisions: Vec<Verdict>,
    pub measurements: Vec<Measurement>,
    /// Claims that were granted.
    pub claims: Vec<Grant>,
    /// What all of them but the fragments take in memory.
    pub bytes: usize,
}

/// What is decided about a key.
#[derive(Debug)]
pub enum Verdict {
    Release(Decision),
    Discard(Decision),
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
    pub fn new(shared: Arc<Shared>) -> Self {
        let options = &shared.options;
        Self {
            limits: Limits::new(options.memory_limit, options.deadline),
            call: Call::Other,
            staged: Staged::default(),
            shared,
        }
    }
}

impl Staged {
    /// Adds the effects of another call, which stand or fall with these.
    pub fn join(&mut self, other: Self) {
        self.fragments.extend(other.fragments);
        self.decisions.extend(other.decisions);
        self.measurements.extend(other.measurements);
        self.claims.extend(other.claims);
        self.bytes = self.bytes.saturating_add(other.bytes);
    }

    /// Takes the effects of calls that returned OK into force.
    pub fn commit(self, shared: &Shared) {
        let held = self.held();
        // Before the decisions: a key may be held and decided in one call.
        if !self.fragments.is_empty() {
            shared.metrics.held.inc_by(held as u64);
            shared.hold.keep(self.fragments);
        }
        if !self.decisions.is_empty() {
            decide(shared, self.decisions);
        }
        if !self.measurements.is_empty() {
            shared.record(self.measurements);
        }
    }

    /// Undoes what a failed call had staged.
    pub fn roll_back(self, shared: &Shared) {
        let reserved: usize = self.fragments.iter().map(Fragment::cost).sum();
        if reserved > 0 {
            shared.hold.unreserve(reserved);
        }
        for grant in &self.claims {
            shared.counters.give_back(grant);
        }
    }
}

/// Runs of equal verdicts are passed on together, in the order in which the guest gave them.
fn decide(shared: &Shared, decisions: Vec<Verdict>) {
    let mut verdicts = decisions.into_iter().peekable();
    while let Some(verdict) = verdicts.next() {
        match verdict {
            Verdict::Release(first) => {
                let mut run = vec![first];
                while let Some(Verdict::Release(_)) = verdicts.peek() {
                    if let Some(Verdict::Release(next)) = verdicts.next() {
                        run.push(next);
                    }
                }
                shared.hold.release(run);
            }
            Verdict::Discard(decision) => {
                let items = shared.hold.discard(vec![decision]);
                shared.metrics.discarded.inc_by(items.iter().sum::<usize>() as u64);
            }
        }
    }
}
