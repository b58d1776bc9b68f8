//! Opt-in: spans wait for the rest of their trace, which shows who repeats whom.
//!
//! Here is only when each trace is due; its spans lie with the host, all of them, because those that tell
//! of no call show who is below whom.

mod decide;

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

use foldhash::SharedSeed;
use foldhash::fast::SeedableRandomState;
use tamis_sdk::hold::{self, Decision, Portion};
use tamis_sdk::otlp::trace::{ResourceSpans, ScopeSpans, Span};
use tamis_sdk::wire::{Error, Message};

pub(crate) use decide::{Decided, Gather};

type TraceId = [u8; 16];

const RESOURCES: u32 = 1;

/// What the user wants.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) wait: Duration,
    /// How many traces wait at a time in this instance.
    pub(crate) max_traces: usize,
}

/// The traces that wait.
pub(crate) struct Traces {
    settings: Settings,
    waiting: HashSet<TraceId, SeedableRandomState>,
    /// When each is due, in nanoseconds since the Unix epoch, in order of arrival.
    due: VecDeque<(u64, TraceId)>,
}

impl Traces {
    pub(crate) fn new(settings: Settings, hash_seed: u64) -> Self {
        let hashing = SeedableRandomState::with_seed(hash_seed, SharedSeed::global_fixed());
        Self { settings, waiting: HashSet::with_hasher(hashing), due: VecDeque::new() }
    }

    /// Lets all spans of the batch wait. False: there is no room, and none of them does.
    pub(crate) fn take(&mut self, received: u64, batch: &[u8]) -> Result<bool, Error> {
        let portions = portions(batch, self.waiting.hasher())?;
        let is_new = |portion: &&(TraceId, Vec<u32>)| !self.waiting.contains(&portion.0);
        let new = portions.iter().filter(is_new).count();
        if self.waiting.len() + new > self.settings.max_traces {
            return Ok(false);
        }
        let held =
            portions.iter().map(|(id, items)| Portion { key: id.to_vec(), items: items.clone() });
        if !hold::hold(held.collect()) {
            return Ok(false);
        }
        for (id, _) in portions {
            self.wait(received, id);
        }
        Ok(true)
    }

    /// A trace of which something is held.
    pub(crate) fn replay(&mut self, received: u64, key: &[u8]) {
        if let Ok(id) = key.try_into() {
            self.wait(received, id);
        }
    }

    fn wait(&mut self, received: u64, id: TraceId) {
        if self.waiting.insert(id) {
            // At most 2^64 nanoseconds, in the year 2554.
            let wait = u64::try_from(self.settings.wait.as_nanos()).unwrap_or(u64::MAX);
            self.due.push_back((received.saturating_add(wait), id));
        }
    }

    /// Lets go of the traces that are due; of all, where `now` is none.
    pub(crate) fn release(&mut self, now: Option<u64>) {
        let mut decisions = Vec::new();
        while let Some((_, id)) =
            self.due.pop_front_if(|(due, _)| now.is_none_or(|now| *due <= now))
        {
            self.waiting.remove(&id);
            decisions.push(Decision { key: id.to_vec(), memo: Vec::new() });
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

/// The offsets of the spans of each trace, in order of appearance.
fn portions(
    batch: &[u8],
    hashing: &SeedableRandomState,
) -> Result<Vec<(TraceId, Vec<u32>)>, Error> {
    let mut portions: Vec<(TraceId, Vec<u32>)> = Vec::new();
    let mut places = HashMap::with_hasher(hashing.clone());
    for resource in Message::new(batch).fields() {
        let resource = resource?;
        if resource.number() != RESOURCES {
            continue;
        }
        for scope in ResourceSpans::from(resource.message()?).scope_spans() {
            for span in ScopeSpans::from(scope?.wire()).spans() {
                let span = span?;
                let id = trace_id(span)?;
                let place = *places.entry(id).or_insert(portions.len());
                if place == portions.len() {
                    portions.push((id, Vec::new()));
                }
                // A batch is far below 4 GiB.
                portions[place].1.push(span.wire().range().start as u32);
            }
        }
    }
    Ok(portions)
}

/// Ids of another length are cut or filled up.
fn trace_id(span: Span<'_>) -> Result<TraceId, Error> {
    let mut id = [0; 16];
    id.iter_mut().zip(span.trace_id()?).for_each(|(to, from)| *to = *from);
    Ok(id)
}
