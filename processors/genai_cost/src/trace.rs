//! Opt-in: spans wait for the rest of their trace, which shows who repeats whom.
//!
//! Here is only when each trace is due; its spans lie with the host, all of them, because those that tell
//! of no call show who is below whom.

mod decide;
mod portions;
mod released;

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

use foldhash::SharedSeed;
use foldhash::fast::SeedableRandomState;
use tamis_sdk::hold::{self, Decision, Portion};
use tamis_sdk::wire::Error;

pub(crate) use decide::{Decided, Gather};
pub(crate) use portions::Users;
use portions::portions;
pub(crate) use released::RELEASED_MAX;
use released::Released;

type TraceId = [u8; 16];

/// Of a trace that told of usage.
const MEMO: &[u8] = b"u";

/// What the user wants.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) wait: Duration,
    /// How many traces wait at a time in this instance.
    pub(crate) max_traces: usize,
}

/// What of a batch waits.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Waiting {
    All,
    /// The spans at these offsets, ascending.
    Some(Vec<u32>),
}

/// The traces that wait, and those that did.
pub(crate) struct Traces {
    settings: Settings,
    /// And whether they tell of usage.
    waiting: HashMap<TraceId, bool, SeedableRandomState>,
    /// When each is due, in nanoseconds since the Unix epoch, in order of arrival.
    due: VecDeque<(u64, TraceId)>,
    released: Released,
}

impl Traces {
    pub(crate) fn new(settings: Settings, hash_seed: u64) -> Self {
        let hashing = SeedableRandomState::with_seed(hash_seed, SharedSeed::global_fixed());
        Self {
            settings,
            waiting: HashMap::with_hasher(hashing.clone()),
            due: VecDeque::new(),
            released: Released::new(hashing),
        }
    }

    /// Notes the traces of which a batch tells usage.
    pub(crate) fn users(&self) -> Users {
        Users(HashSet::with_hasher(self.waiting.hasher().clone()))
    }

    /// Lets the spans of the batch wait, as far as there is room. Those of a trace that was let go of do
    /// not: what was below them is gone.
    pub(crate) fn take(
        &mut self,
        received: u64,
        batch: &[u8],
        users: &Users,
    ) -> Result<Waiting, Error> {
        let mut portions = portions(batch, self.waiting.hasher())?;
        let all = portions.len();
        portions.retain(|(id, _)| self.waiting.contains_key(id) || !self.released.contains(id));
        let mut room = self.settings.max_traces.saturating_sub(self.waiting.len());
        portions.retain(|(id, _)| {
            let is_known = self.waiting.contains_key(id);
            let fits = is_known || room > 0;
            room -= usize::from(!is_known && fits);
            fits
        });
        if portions.is_empty() || !hold(&portions) {
            return Ok(Waiting::Some(Vec::new()));
        }
        for (id, _) in &portions {
            self.wait(received, *id, users.0.contains(id));
        }
        if portions.len() == all {
            return Ok(Waiting::All);
        }
        let mut offsets: Vec<u32> = portions.into_iter().flat_map(|(_, items)| items).collect();
        offsets.sort_unstable();
        Ok(Waiting::Some(offsets))
    }

    /// Traces of which something is held.
    pub(crate) fn replay(&mut self, received: u64, key: &[u8], users: &Users) {
        if let Ok(id) = key.try_into() {
            self.wait(received, id, users.0.contains(&id));
        }
    }

    /// A trace that was let go of.
    pub(crate) fn remember(&mut self, key: &[u8]) {
        if let Ok(id) = key.try_into() {
            self.released.add(id);
        }
    }

    fn wait(&mut self, received: u64, id: TraceId, has_usage: bool) {
        if let Some(known) = self.waiting.get_mut(&id) {
            *known |= has_usage;
            return;
        }
        self.waiting.insert(id, has_usage);
        // At most 2^64 nanoseconds, in the year 2554.
        let wait = u64::try_from(self.settings.wait.as_nanos()).unwrap_or(u64::MAX);
        self.due.push_back((received.saturating_add(wait), id));
    }

    /// Lets go of the traces that are due; of all, where `now` is none.
    pub(crate) fn release(&mut self, now: Option<u64>) {
        let mut decisions = Vec::new();
        while let Some((_, id)) =
            self.due.pop_front_if(|(due, _)| now.is_none_or(|now| *due <= now))
        {
            let has_usage = self.waiting.remove(&id).unwrap_or(false);
            let memo = if has_usage { MEMO.to_vec() } else { Vec::new() };
            if has_usage {
                self.released.add(id);
            }
            decisions.push(Decision { key: id.to_vec(), memo });
        }
        if !decisions.is_empty() {
            hold::release(decisions, true);
        }
    }

    /// How often to look for traces that are due, in milliseconds.
    pub(crate) fn tick(settings: Settings) -> u32 {
        // At most 1,000.
        (settings.wait.as_millis() / 10).clamp(10, 1_000) as u32
    }
}

fn hold(portions: &[(TraceId, Vec<u32>)]) -> bool {
    let held =
        portions.iter().map(|(id, items)| Portion { key: id.to_vec(), items: items.clone() });
    hold::hold(held.collect())
}
