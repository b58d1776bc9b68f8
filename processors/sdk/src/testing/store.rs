//! The store of held items that a gateway keeps for a processor, played in memory: what a call asks
//! takes effect when it ends well, and is undone when it fails.

use super::cut::cut;
use crate::contract::{Entry, Memo, Signal};
use crate::host::hold::{Decision, Fullness, Portion};

/// What a fragment takes beside its bytes and its key, as in the gateway.
const FRAGMENT_OVERHEAD: usize = 256;

#[derive(Debug, Default)]
pub(crate) struct Store {
    /// None: without end.
    pub(super) bound: Option<u64>,
    held: Vec<Entry>,
    /// Oldest first.
    memos: Vec<Memo>,
    call: Call,
}

/// The call in progress.
#[derive(Debug, Default)]
struct Call {
    batch: Vec<u8>,
    received: u64,
    held: Vec<Entry>,
    decided: Vec<(Decision, Verdict)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Release { rewrite: bool },
    Discard,
}

/// What was held under one key and goes on.
#[derive(Debug)]
pub(super) struct Released {
    pub(super) memo: Vec<u8>,
    pub(super) rewrite: bool,
    pub(super) batch: Vec<u8>,
}

impl Store {
    /// Begins a call of `process`.
    pub(super) fn begin(&mut self, batch: &[u8], received: u64) {
        self.call = Call { batch: batch.to_vec(), received, ..Call::default() };
    }

    pub(crate) fn hold(&mut self, portions: Vec<Portion>) -> bool {
        let mut entries = Vec::new();
        for Portion { key, items } in portions {
            let batch = cut(&self.call.batch, &items).unwrap_or_default();
            let received = self.call.received;
            entries.push(Entry { key, signal: Signal::Traces, received, batch });
        }
        let fits = self.bound.is_none_or(|bound| self.used() + cost(&entries) <= bound);
        if fits {
            self.call.held.extend(entries);
        }
        fits
    }

    pub(crate) fn usage(&self) -> Fullness {
        Fullness { used: self.used(), bound: self.bound.unwrap_or(u64::MAX) }
    }

    pub(crate) fn release(&mut self, decisions: Vec<Decision>, rewrite: bool) {
        let verdict = Verdict::Release { rewrite };
        self.call.decided.extend(decisions.into_iter().map(|decision| (decision, verdict)));
    }

    pub(crate) fn discard(&mut self, decisions: Vec<Decision>) {
        let discarded = decisions.into_iter().map(|decision| (decision, Verdict::Discard));
        self.call.decided.extend(discarded);
    }

    /// The call ended well: answers what goes on.
    pub(super) fn commit(&mut self) -> Vec<Released> {
        let call = std::mem::take(&mut self.call);
        self.held.extend(call.held);
        let mut released = Vec::new();
        for (Decision { key, memo }, verdict) in call.decided {
            let batch: Vec<u8> = self
                .held
                .extract_if(.., |entry| entry.key == key)
                .flat_map(|entry| entry.batch)
                .collect();
            if let Verdict::Release { rewrite } = verdict
                && !batch.is_empty()
            {
                released.push(Released { memo: memo.clone(), rewrite, batch });
            }
            if !memo.is_empty() {
                self.memos.push(Memo { key, memo });
            }
        }
        released
    }

    /// The call failed.
    pub(super) fn roll_back(&mut self) {
        self.call = Call::default();
    }

    /// What a new instance is told: the newest memos, and what is held.
    pub(super) fn replay(&self, memos: u32) -> (Vec<Entry>, Vec<Memo>) {
        let memos = usize::try_from(memos).unwrap_or(usize::MAX);
        let old = self.memos.len().saturating_sub(memos);
        (self.held.clone(), self.memos[old..].to_vec())
    }

    fn used(&self) -> u64 {
        cost(&self.held) + cost(&self.call.held)
    }
}

fn cost(entries: &[Entry]) -> u64 {
    let bytes = |entry: &Entry| entry.batch.len() + entry.key.len() + FRAGMENT_OVERHEAD;
    entries.iter().map(bytes).sum::<usize>() as u64
}
