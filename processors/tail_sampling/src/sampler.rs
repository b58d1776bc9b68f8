//! The processor's state, and what each call does to it.

mod arrive;
mod settle;

use tamis_sdk::logging::{self, Level};
use tamis_sdk::{Error, Outcome, clock};

use arrive::Arriving;

use crate::batch::Batch;
use crate::conditions::Conditions;
use crate::counts::Counts;
use crate::decided::{Decided, Decision};
use crate::ids::Hashing;
use crate::mark::Marker;
use crate::memo::Note;
use crate::orders::Orders;
use crate::pending::{Pending, Waits};
use crate::policy::{Policies, Ruling, Verdict};

/// What the configuration says beside policies.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) waits: Waits,
    /// Of this instance: traces that wait, and decided ones that no cache remembers.
    pub(crate) num_traces: usize,
    pub(crate) block_on_overflow: bool,
    pub(crate) sampled_cache: usize,
    pub(crate) non_sampled_cache: usize,
    /// Decide each part of a trace when it arrives (`span-ingest`).
    pub(crate) on_ingest: bool,
    pub(crate) drop_pending_on_shutdown: bool,
    /// 0: no bound.
    pub(crate) trace_bytes_max: u64,
    pub(crate) dry_run: bool,
    pub(crate) writes_threshold: bool,
    /// How many instances there are.
    pub(crate) instances: u64,
}

/// What the host says about this instance.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Names<'a> {
    /// The component id.
    pub(crate) id: &'a str,
    /// Of hash tables.
    pub(crate) seed: u64,
}

impl Names<'_> {
    /// How a policy is called in metrics: after the name of its processor, where that has one.
    fn label(&self, policy: &str) -> String {
        match self.id.split_once('/') {
            Some((_, name)) => format!("{name}.{policy}"),
            None => policy.to_owned(),
        }
    }
}

/// Most traces that one call decides: what a call asks of the host is bounded.
const DECISIONS_MAX: usize = 100_000;

#[derive(Debug)]
pub(crate) struct Sampler {
    pub(crate) settings: Settings,
    conditions: Conditions,
    policies: Policies,
    batch: Batch,
    traces: Traces,
    marker: Marker,
    /// Room was made since the last tick.
    relieved: bool,
    /// The last batch that the host had no room for, in bytes; 0: none since.
    refused: u64,
    /// It was said that room is short, and still is.
    warned: bool,
}

/// What is known of traces.
#[derive(Debug)]
struct Traces {
    pending: Pending,
    decided: Decided,
    counts: Counts,
}

impl Sampler {
    pub(crate) fn new(
        settings: Settings,
        conditions: Conditions,
        policies: Policies,
        names: Names<'_>,
    ) -> Self {
        let (hashing, width) = (Hashing::new(names.seed), conditions.width());
        let (sampled, not_sampled) = (settings.sampled_cache, settings.non_sampled_cache);
        let traces = Traces {
            pending: Pending::new(hashing.clone(), width, &settings.waits),
            decided: Decided::new(hashing.clone(), sampled, not_sampled),
            counts: Counts::new(policies.list.iter().map(|policy| names.label(&policy.name))),
        };
        Self {
            batch: Batch::new(hashing, width),
            marker: Marker { dry_run: settings.dry_run, unreadable: 0 },
            settings,
            conditions,
            policies,
            traces,
            relieved: false,
            refused: 0,
            warned: false,
        }
    }

    /// Takes a batch. Nothing of what is known about traces changes before it is certain that the call
    /// succeeds.
    pub(crate) fn process(&mut self, received: u64, batch: &[u8]) -> Result<Outcome, Error> {
        let Self { conditions, policies, traces, .. } = self;
        let on_ingest = self.settings.on_ingest;
        let mut known = Arriving { traces, policies };
        self.batch.read(batch, conditions, &mut known, on_ingest)?;
        self.settle_too_large();
        let room = self.room_for_new()?;
        if !self.hold() {
            self.refused = batch.len() as u64;
            return Err(Error::Retryable("no room to hold more spans".to_owned()));
        }
        let mut orders = Orders::default();
        self.evict(room, received, &mut orders);
        for group in 0..self.batch.groups.len() {
            self.commit(group, received, &mut orders);
        }
        if !self.relieved {
            self.relieve(received, &mut orders);
        }
        orders.give();
        self.outcome(batch)
    }

    pub(crate) fn tick(&mut self, now: u64) {
        let started = clock::monotonic();
        let mut orders = Orders::default();
        let due = self.traces.pending.take_due(now, DECISIONS_MAX);
        self.decide(&due, now, &mut orders);
        self.relieved = false;
        self.relieve(now, &mut orders);
        orders.give();
        let counts = &mut self.traces.counts;
        counts.unparseable_tracestate += std::mem::take(&mut self.marker.unreadable);
        let in_memory = self.traces.pending.len() + self.traces.decided.in_memory();
        counts.tell(in_memory, clock::monotonic().saturating_sub(started));
    }

    pub(crate) fn flush(&mut self, now: u64) {
        let mut orders = Orders::default();
        let all: Vec<u32> = self.traces.pending.oldest().take(DECISIONS_MAX).collect();
        if self.settings.drop_pending_on_shutdown {
            for slot in all {
                self.drop_too_early(slot, now, &mut orders);
            }
        } else {
            self.decide(&all, now, &mut orders);
        }
        orders.give();
        let left = self.traces.pending.len();
        if left > 0 {
            logging::log(Level::Error, &format!("{left} traces were not decided at shutdown"));
        }
        self.traces.counts.tell(left, 0);
    }

    /// Remembers a decision of an earlier instance.
    pub(crate) fn remember(&mut self, key: &[u8], memo: &[u8]) {
        let (Ok(id), Some(note)) = (key.try_into(), Note::decode(memo)) else { return };
        if note.ruling == Ruling::TooEarly {
            return;
        }
        let policy = self.policies.place_of(&note);
        let verdict = Verdict { ruling: note.ruling, policy };
        let decision = Decision { verdict, arrived: 0, decided: 0 };
        let traces = &mut self.traces;
        traces.decided.insert(id, decision);
        if traces.decided.in_memory() > self.settings.num_traces {
            traces.decided.forget_oldest();
        }
    }

    /// Takes in what an earlier instance held.
    pub(crate) fn replay(&mut self, key: &[u8], received: u64, batch: &[u8]) -> Result<(), Error> {
        let Ok(id) = key.try_into() else { return Ok(()) };
        // It waits again, whatever was decided once.
        self.traces.decided.remove(&id);
        let Self { conditions, policies, traces, .. } = self;
        let mut known = Arriving { traces, policies };
        self.batch.read(batch, conditions, &mut known, false)?;
        for group in 0..self.batch.groups.len() {
            self.wait(group, received);
        }
        Ok(())
    }

    /// What is released with marks.
    pub(crate) fn rewrite(&mut self, memo: &[u8], batch: &[u8]) -> Result<Outcome, Error> {
        match Note::decode(memo) {
            Some(note) => Ok(self.marker.all(batch, &note)?),
            None => Ok(Outcome::Unchanged),
        }
    }
}
