//! Decisions and what follows from them.

use tamis_sdk::hold;
use tamis_sdk::logging::{self, Level};

use super::{DECISIONS_MAX, Sampler, Traces};
use crate::decided::Decision;
use crate::ids::TraceId;
use crate::orders::Orders;
use crate::pending::Trace;
use crate::policy::{Ruling, Verdict};

/// What a held fragment costs the host beside its bytes, about.
const FRAGMENT_OVERHEAD: u64 = 176;

impl Sampler {
    pub(super) fn decide(&mut self, slots: &[u32], now: u64, orders: &mut Orders) {
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
    pub(super) fn settle(
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

    pub(super) fn drop_too_early(&mut self, slot: u32, now: u64, orders: &mut Orders) {
        let id = *self.traces.pending.id(slot);
        let trace = self.traces.pending.remove(slot);
        let verdict = Verdict { ruling: Ruling::TooEarly, policy: None };
        self.settle(id, trace, verdict, now, orders);
    }

    /// Decides the oldest traces early when the host's room for held spans runs short.
    pub(super) fn relieve(&mut self, now: u64, orders: &mut Orders) {
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
