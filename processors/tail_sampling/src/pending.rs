//! Traces that wait for their decision: of each a summary of fixed size.

use std::time::Duration;

use crate::calendar::Calendar;
use crate::ids::{Hashing, Ids, Rows, TraceId};
use crate::rule::Candidate;

/// What is known of a trace beside its row of [`Conditions`](crate::conditions::Conditions).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Trace {
    /// When the first of it was received, in nanoseconds since the Unix epoch.
    pub(crate) arrived: u64,
    /// When it is to be decided, likewise.
    pub(crate) due: u64,
    /// Encoded, as the host keeps them.
    pub(crate) bytes: u64,
    pub(crate) spans: u32,
    /// Some of it is in the batch in hand.
    pub(crate) in_batch: bool,
}

/// How long traces wait.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Waits {
    pub(crate) decision: Duration,
    /// From the arrival of the root span; zero: it makes no difference.
    pub(crate) after_root: Duration,
}

impl Waits {
    /// Often enough for the shortest of the waits, in milliseconds.
    pub(crate) fn tick(&self) -> u32 {
        let waits = [self.decision, self.after_root].into_iter().filter(|wait| !wait.is_zero());
        let shortest = waits.min().unwrap_or(TICK_MAX).clamp(TICK_MIN, TICK_MAX);
        // At most a second.
        shortest.as_millis() as u32
    }

    /// When a trace is due of which something was received now.
    pub(crate) fn due(&self, before: Option<u64>, received: u64, has_root: bool) -> u64 {
        let after = |wait: Duration| {
            received.saturating_add(u64::try_from(wait.as_nanos()).unwrap_or(u64::MAX))
        };
        let due = before.unwrap_or_else(|| after(self.decision));
        if has_root && !self.after_root.is_zero() { due.min(after(self.after_root)) } else { due }
    }
}

const TICK_MAX: Duration = Duration::from_secs(1);
const TICK_MIN: Duration = Duration::from_millis(20);

/// Pages of the calendar in a tick.
const PAGES_PER_TICK: u64 = 8;

/// All traces that wait.
#[derive(Debug)]
pub(crate) struct Pending {
    ids: Ids<Trace, 1>,
    rows: Rows,
    calendar: Calendar,
}

impl Pending {
    /// `width`: words of a row.
    pub(crate) fn new(hashing: Hashing, width: usize, waits: &Waits) -> Self {
        let calendar = Calendar::new(u64::from(waits.tick()) * 1_000_000 / PAGES_PER_TICK);
        Self { ids: Ids::new(hashing), rows: Rows::new(width), calendar }
    }

    pub(crate) fn len(&self) -> usize {
        self.ids.len(0)
    }

    #[inline]
    pub(crate) fn find(&self, id: &TraceId) -> Option<u32> {
        self.ids.find(id)
    }

    pub(crate) fn get(&self, slot: u32) -> &Trace {
        self.ids.get(slot)
    }

    pub(crate) fn row(&self, slot: u32) -> &[u64] {
        self.rows.get(slot)
    }

    pub(crate) fn id(&self, slot: u32) -> &TraceId {
        self.ids.id(slot)
    }

    pub(crate) fn mark_in_batch(&mut self, slot: u32, in_batch: bool) {
        self.ids.get_mut(slot).in_batch = in_batch;
    }

    pub(crate) fn insert(&mut self, id: TraceId, trace: Trace, row: &[u64]) {
        let slot = self.ids.insert(id, 0, trace);
        self.rows.set(slot, row);
        self.calendar.add(trace.due, slot);
    }

    pub(crate) fn update(&mut self, slot: u32, trace: Trace, row: &[u64]) {
        if trace.due != self.ids.get(slot).due {
            self.calendar.add(trace.due, slot);
        }
        *self.ids.get_mut(slot) = trace;
        self.rows.set(slot, row);
    }

    pub(crate) fn remove(&mut self, slot: u32) -> Trace {
        self.ids.remove(slot)
    }

    /// From the one that came first.
    pub(crate) fn oldest(&self) -> impl Iterator<Item = u32> {
        std::iter::successors(self.ids.first(0), |&slot| self.ids.after(slot))
    }

    /// Up to `max` that are due, earliest first. The others stay due.
    pub(crate) fn take_due(&mut self, now: u64, max: usize) -> Vec<u32> {
        let (mut due, mut later) = (Vec::new(), Vec::new());
        while due.len() < max
            && let Some(page) = self.calendar.take_page(now)
        {
            for slot in page {
                // The slot may have become another trace's, or be on two pages.
                if !self.is_pending(slot) {
                    continue;
                }
                let is_due = self.ids.get(slot).due <= now && due.len() < max;
                if is_due { due.push(slot) } else { later.push(slot) }
            }
        }
        for slot in later {
            self.calendar.add(self.ids.get(slot).due, slot);
        }
        due.sort_unstable();
        due.dedup();
        due.sort_by_key(|&slot| self.ids.get(slot).due);
        due
    }

    fn is_pending(&self, slot: u32) -> bool {
        self.ids.find(self.ids.id(slot)) == Some(slot)
    }

    pub(crate) fn candidate(&self, slot: u32) -> Candidate<'_> {
        let trace = self.ids.get(slot);
        Candidate {
            id: self.ids.id(slot),
            row: self.rows.get(slot),
            spans: u64::from(trace.spans),
            bytes: trace.bytes,
        }
    }
}
