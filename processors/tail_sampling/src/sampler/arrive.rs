//! The steps by which a batch is taken in.

use tamis_sdk::hold::{self, Portion};
use tamis_sdk::{Error, Outcome};

use super::{Sampler, Traces};
use crate::batch::{Fate, Group, Known, Origin};
use crate::conditions::Conditions;
use crate::decided::Decision;
use crate::ids::TraceId;
use crate::memo::Note;
use crate::orders::Orders;
use crate::pending::Trace;
use crate::policy::{Partial, Policies, Ruling, Verdict};
use crate::rule::Candidate;

/// What the walk through a batch needs to know.
pub(super) struct Arriving<'a> {
    pub(super) traces: &'a mut Traces,
    pub(super) policies: &'a Policies,
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
pub(super) struct Room {
    /// So many decisions outside of the caches.
    decisions: usize,
    /// These traces that wait.
    pending: Vec<u32>,
}

/// The steps of [`Sampler::process`].
impl Sampler {
    pub(super) fn settle_too_large(&mut self) {
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
    pub(super) fn room_for_new(&mut self) -> Result<Room, Error> {
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
    pub(super) fn hold(&self) -> bool {
        let portion = |(group, items): (usize, Vec<u32>)| {
            let key = self.batch.groups[group].id.to_vec();
            Portion { key, items }
        };
        let portions: Vec<Portion> = self.batch.waiting().into_iter().map(portion).collect();
        portions.is_empty() || hold::hold(portions)
    }

    pub(super) fn evict(&mut self, room: Room, now: u64, orders: &mut Orders) {
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

    pub(super) fn commit(&mut self, group: usize, received: u64, orders: &mut Orders) {
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
    pub(super) fn wait(&mut self, group: usize, received: u64) {
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

    pub(super) fn outcome(&mut self, batch: &[u8]) -> Result<Outcome, Error> {
        if self.batch.groups.iter().all(|group| group.fate == Fate::Wait) {
            return Ok(Outcome::Dropped);
        }
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

impl Traces {
    /// Spans came for a trace that is decided.
    pub(super) fn late(&mut self, slot: u32, spans: u32, now: u64) {
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
