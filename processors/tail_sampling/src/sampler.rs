//! The processor's state, and what each call does to it.

use tamis_sdk::hold::{self, Portion};
use tamis_sdk::logging::{self, Level};
use tamis_sdk::{Error, Outcome, clock};

use crate::batch::{Batch, Fate, Group, Known, Origin};
use crate::conditions::Conditions;
use crate::counts::Counts;
use crate::decided::{Decided, Decision};
use crate::ids::{Hashing, TraceId};
use crate::mark::Marker;
use crate::memo::Note;
use crate::orders::Orders;
use crate::pending::{Pending, Trace, Waits};
use crate::policy::{Partial, Policies, Ruling, Verdict};
use crate::rule::Candidate;

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

/// What a held fragment costs the host beside its bytes, about.
const FRAGMENT_OVERHEAD: u64 = 176;

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

    /// Takes a batch. Nothing of the state changes before it is certain that the call succeeds.
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

/// What the walk through a batch needs to know.
struct Arriving<'a> {
    traces: &'a mut Traces,
    policies: &'a Policies,
}

impl Known for Arriving<'_> {
    fn look_up(&self, id: &TraceId, row: &mut [u64]) -> (Origin, Fate) {
        if let Some(slot) = self.traces.decided.find(id) {
            let verdict = self.traces.decided.get(slot).verdict;
            return (Origin::Decided(slot), Fate::Settled(verdict));
        }
        match self.traces.pending.find(id) {
            Some(slot) => {
                row.copy_from_slice(self.traces.pending.row(slot));
                (Origin::Pending(slot), Fate::Wait)
            }
            None => (Origin::New, Fate::Wait),
        }
    }

    fn part(&mut self, group: &Group, conditions: &Conditions, row: &[u64]) -> Fate {
        let Traces { pending, counts, .. } = &mut *self.traces;
        let before = match group.origin {
            Origin::Pending(slot) => pending.get(slot).spans,
            _ => 0,
        };
        let spans = u64::from(before) + u64::from(group.spans);
        let part = Candidate { id: &group.id, row, spans, bytes: group.size.bytes };
        match self.policies.decide_part(conditions, part, counts) {
            Partial::Decided(verdict) => Fate::Settled(verdict),
            Partial::Pending => Fate::Wait,
        }
    }
}

/// What must go for a batch to come in.
#[derive(Debug, Default)]
struct Room {
    /// So many decisions outside of the caches.
    decisions: usize,
    /// These traces that wait.
    pending: Vec<u32>,
}

/// The steps of [`Sampler::process`].
impl Sampler {
    fn settle_too_large(&mut self) {
        let max = self.settings.trace_bytes_max;
        if max == 0 {
            return;
        }
        for group in self.batch.groups.iter_mut().filter(|group| group.fate == Fate::Wait) {
            let before = match group.origin {
                Origin::Pending(slot) => self.traces.pending.get(slot).bytes,
                _ => 0,
            };
            if before + group.size.bytes > max {
                group.fate = Fate::Settled(Verdict { ruling: Ruling::TooLarge, policy: None });
            }
        }
    }

    /// Finds room for the traces of the batch that are new: decided traces go first, then the oldest
    /// that wait, at last the first ones of the batch itself.
    fn room_for_new(&mut self) -> Result<Room, Error> {
        let is_new = |group: &&Group| group.origin == Origin::New;
        let new = self.batch.groups.iter().filter(is_new).count();
        let Traces { pending, decided, .. } = &mut self.traces;
        let wanted = pending.len() + decided.in_memory() + new;
        let mut over = wanted.saturating_sub(self.settings.num_traces);
        let decisions = over.min(decided.in_memory());
        over -= decisions;
        let mut room = Room { decisions, pending: Vec::new() };
        if over == 0 {
            return Ok(room);
        }
        if self.settings.block_on_overflow {
            return Err(Error::Retryable("as many traces wait as num_traces allows".to_owned()));
        }
        let in_batch = |group: &Group| match group.origin {
            Origin::Pending(slot) => Some(slot),
            _ => None,
        };
        let slots: Vec<u32> = self.batch.groups.iter().filter_map(in_batch).collect();
        slots.iter().for_each(|&slot| pending.mark_in_batch(slot, true));
        let others = pending.oldest().filter(|&slot| !pending.get(slot).in_batch);
        room.pending = others.take(over).collect();
        slots.iter().for_each(|&slot| pending.mark_in_batch(slot, false));
        let over = over - room.pending.len();
        let waiting = self.batch.groups.iter_mut().filter(|group| group.fate == Fate::Wait);
        for group in waiting.take(over) {
            group.fate = Fate::Settled(Verdict { ruling: Ruling::TooEarly, policy: None });
        }
        Ok(room)
    }

    /// Hands the waiting spans to the host; false when it has no room.
    fn hold(&self) -> bool {
        let portion = |(group, items): (usize, Vec<u32>)| {
            let key = self.batch.groups[group].id.to_vec();
            Portion { key, items }
        };
        let portions: Vec<Portion> = self.batch.waiting().into_iter().map(portion).collect();
        portions.is_empty() || hold::hold(portions)
    }

    fn evict(&mut self, room: Room, now: u64, orders: &mut Orders) {
        // What is late is noted first: it may be what is forgotten.
        for group in &self.batch.groups {
            if let Origin::Decided(slot) = group.origin {
                self.traces.late(slot, group.spans, now);
            }
        }
        for _ in 0..room.decisions {
            let arrived = self.traces.decided.forget_oldest().map_or(0, |gone| gone.arrived);
            if arrived > 0 {
                self.traces.counts.removed(arrived, now);
            }
        }
        for slot in room.pending {
            self.drop_too_early(slot, now, orders);
        }
    }

    fn commit(&mut self, group: usize, received: u64, orders: &mut Orders) {
        let Group { id, origin, fate, .. } = self.batch.groups[group];
        if origin == Origin::New {
            self.traces.counts.new_traces += 1;
        }
        match (fate, origin) {
            (_, Origin::Decided(_)) => {}
            (Fate::Wait, _) => self.wait(group, received),
            (Fate::Settled(verdict), Origin::Pending(slot)) => {
                let trace = self.traces.pending.remove(slot);
                self.settle(id, trace, verdict, received, orders);
            }
            (Fate::Settled(verdict), Origin::New) => {
                let trace = Trace { arrived: received, ..Trace::default() };
                self.settle(id, trace, verdict, received, orders);
            }
        }
    }

    /// Takes a group's spans into the summary of its trace.
    fn wait(&mut self, group: usize, received: u64) {
        let Group { id, origin, spans, has_root, size, .. } = self.batch.groups[group];
        let row = self.batch.row(group);
        let waits = &self.settings.waits;
        let pending = &mut self.traces.pending;
        if let Origin::Pending(slot) = origin {
            let before = *pending.get(slot);
            let trace = Trace {
                due: waits.due(Some(before.due), received, has_root),
                bytes: before.bytes + size.bytes,
                spans: before.spans.saturating_add(spans),
                ..before
            };
            pending.update(slot, trace, row);
        } else {
            let due = waits.due(None, received, has_root);
            let trace = Trace { arrived: received, due, bytes: size.bytes, spans, in_batch: false };
            pending.insert(id, trace, row);
        }
    }

    fn outcome(&mut self, batch: &[u8]) -> Result<Outcome, Error> {
        let dry_run = self.settings.dry_run;
        let note = |group: &Group| match group.fate {
            Fate::Settled(verdict) if dry_run || verdict.ruling == Ruling::Sampled => {
                Some(self.policies.note(verdict, &self.settings))
            }
            _ => None,
        };
        let notes: Vec<Option<Note>> = self.batch.groups.iter().map(note).collect();
        Ok(self.marker.some(batch, &self.batch, &notes)?)
    }
}

/// Decisions and what follows from them.
impl Sampler {
    fn decide(&mut self, slots: &[u32], now: u64, orders: &mut Orders) {
        let Traces { pending, counts, .. } = &mut self.traces;
        let verdicts = if self.settings.on_ingest {
            // Every part was judged when it came.
            slots.iter().for_each(|_| counts.decided(Ruling::NotSampled));
            vec![Verdict::default(); slots.len()]
        } else {
            let candidates: Vec<_> = slots.iter().map(|&slot| pending.candidate(slot)).collect();
            self.policies.decide(&self.conditions, &candidates, counts)
        };
        for (&slot, verdict) in slots.iter().zip(verdicts) {
            let id = *self.traces.pending.id(slot);
            let trace = self.traces.pending.remove(slot);
            self.settle(id, trace, verdict, now, orders);
        }
    }

    /// Remembers a verdict and gives the orders that follow from it.
    fn settle(
        &mut self,
        id: TraceId,
        trace: Trace,
        verdict: Verdict,
        now: u64,
        orders: &mut Orders,
    ) {
        let note = self.policies.note(verdict, &self.settings);
        let has_held = trace.spans > 0;
        orders.put(&id, &note, has_held, &self.settings);
        let Traces { decided, counts, .. } = &mut self.traces;
        match verdict.ruling {
            Ruling::TooEarly => counts.dropped_too_early += 1,
            Ruling::TooLarge => counts.dropped_too_large += 1,
            _ => {}
        }
        // Of parts, only a cache remembers that none was sampled.
        let forgets = self.settings.on_ingest
            && verdict.ruling == Ruling::NotSampled
            && self.settings.non_sampled_cache == 0;
        let is_cached = if verdict.ruling == Ruling::TooEarly || forgets {
            true
        } else {
            let at = if verdict.ruling == Ruling::TooLarge { 0 } else { now };
            decided.insert(id, Decision { verdict, arrived: trace.arrived, decided: at })
        };
        if is_cached {
            counts.removed(trace.arrived, now);
        }
    }

    fn drop_too_early(&mut self, slot: u32, now: u64, orders: &mut Orders) {
        let id = *self.traces.pending.id(slot);
        let trace = self.traces.pending.remove(slot);
        let verdict = Verdict { ruling: Ruling::TooEarly, policy: None };
        self.settle(id, trace, verdict, now, orders);
    }

    /// Decides the oldest traces early when the host's room for held spans runs short.
    fn relieve(&mut self, now: u64, orders: &mut Orders) {
        let usage = hold::usage();
        let (low, high) = (usage.bound / 4 * 3, usage.bound / 8 * 7);
        let refused = std::mem::take(&mut self.refused);
        if usage.bound == 0 || (usage.used <= high && refused == 0) {
            self.warned &= usage.used > low;
            return;
        }
        let wanted = (usage.used.saturating_sub(low) / self.settings.instances).max(refused);
        let (mut freed, mut early) = (0, Vec::new());
        for slot in self.traces.pending.oldest().take(DECISIONS_MAX) {
            if freed >= wanted {
                break;
            }
            freed += self.traces.pending.get(slot).bytes + FRAGMENT_OVERHEAD;
            early.push(slot);
        }
        self.traces.counts.decided_early += early.len() as u64;
        self.decide(&early, now, orders);
        self.relieved = true;
        if !std::mem::replace(&mut self.warned, true) {
            let message = "held spans take nearly all the room there is: the oldest traces are \
                           decided before decision_wait is over";
            logging::log(Level::Warn, message);
        }
    }
}

impl Traces {
    /// Spans came for a trace that is decided.
    fn late(&mut self, slot: u32, spans: u32, now: u64) {
        let Decision { verdict, decided, .. } = *self.decided.get(slot);
        if self.decided.is_cached(slot) {
            let kind = usize::from(verdict.ruling != Ruling::Sampled);
            self.counts.from_cache[kind] += u64::from(spans);
            self.decided.touch(slot);
        } else if decided > 0 {
            self.counts.late_span(decided, now);
        }
    }
}
