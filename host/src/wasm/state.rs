//! What belongs to one instance while it runs: its limits, the call in progress, and the effects
//! that wait for the call to return OK.

use std::sync::Arc;
use std::time::Instant;

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
    /// The origin of the monotonic clock.
    pub started: Instant,
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
            started: Instant::now(),
        }
    }

    /// Takes the effects of a call that returned OK into force.
    pub fn commit(&mut self) {
        let held = self.staged.held();
        let Staged { fragments, decisions, measurements, .. } = std::mem::take(&mut self.staged);
        // Before the decisions: a key may be held and decided in one call.
        if !fragments.is_empty() {
            self.shared.metrics.held.inc_by(held as u64);
            self.shared.hold.keep(fragments);
        }
        if !decisions.is_empty() {
            self.decide(decisions);
        }
        if !measurements.is_empty() {
            self.shared.record(measurements);
        }
    }

    /// Undoes what a failed call had staged.
    pub fn roll_back(&mut self) {
        let staged = std::mem::take(&mut self.staged);
        let reserved: usize = staged.fragments.iter().map(Fragment::cost).sum();
        if reserved > 0 {
            self.shared.hold.unreserve(reserved);
        }
        for grant in &staged.claims {
            self.shared.counters.give_back(grant);
        }
    }

    /// Runs of equal verdicts are passed on together, in the order in which the guest gave them.
    fn decide(&self, decisions: Vec<Verdict>) {
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
                    self.shared.hold.release(run);
                }
                Verdict::Discard(decision) => {
                    let items = self.shared.hold.discard(vec![decision]);
                    self.shared.metrics.discarded.inc_by(items.iter().sum::<usize>() as u64);
                }
            }
        }
    }
}
