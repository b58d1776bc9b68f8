//! What calls used and cost, added up: metrics for the pipelines that name this component as their
//! receiver.
//!
//! A batch is observed first and counted when it has gone through, so that one that fails counts for
//! nothing. Costs are added exactly, and become doubles when they are written.

mod dimension;
mod duplicates;
mod encode;
mod histogram;
mod set;
mod settings;

use std::ops::Range;

use tamis_genai_prices::{Amount, Cost};
use tamis_sdk::wire::Error;
use tamis_sdk::{Context, Signal, emitter};

pub(crate) use dimension::{Dimension, Field, Source};
pub(crate) use settings::{
    INTERVAL_MIN, Metrics as Settings, REMEMBERED_MAX, SETS_MAX, Temporality,
};

use crate::call::Call;
use crate::item::Item;
use crate::pricing::Pricing;
use crate::resolve::Tokens;
use crate::seen::Seen;
use crate::status::Status;
use crate::walk::Around;
use dimension::Reader;
use duplicates::Duplicates;
use set::{Sets, Tally};

/// What is added up.
pub(crate) struct Metrics {
    settings: Settings,
    duplicates: Duplicates,
    sets: Sets,
    /// The set at which the next sending begins: where the last found no more room.
    next: usize,
    /// The tallies found no room, so it is their turn.
    tallies_first: bool,
    /// Calls without a cost, by model and status.
    unpriced: Tally,
    /// Calls that were refused for their rate, by provider and model.
    rate_limits: Tally,
    /// Of the batch in hand.
    observed: Vec<Observation>,
    /// The encoded attributes of their sets, one after the other.
    attributes: Vec<u8>,
}

/// One call, as far as it is added up.
struct Observation {
    identity: u64,
    /// Where the attributes of the set stand in [`Metrics::attributes`].
    set: Range<usize>,
    /// Encoded attributes of its place among the calls without a cost, and among the refused calls.
    unpriced: Option<Vec<u8>>,
    rate_limit: Option<Vec<u8>>,
    figures: Figures,
}

/// The numbers of one call.
#[derive(Debug)]
pub(crate) struct Figures {
    pub(crate) status: Status,
    pub(crate) tokens: Option<Tokens>,
    pub(crate) amount: Option<Amount>,
    pub(crate) cost: Option<Cost>,
    /// In nanoseconds.
    pub(crate) duration: Option<u64>,
    pub(crate) first_token: Option<u64>,
}

impl Metrics {
    pub(crate) fn new(settings: Settings, hash_seed: u64, now: u64) -> Self {
        Self {
            duplicates: Duplicates::new(settings.remember_calls, hash_seed),
            sets: Sets::new(settings.max_sets, hash_seed, now),
            next: 0,
            tallies_first: false,
            unpriced: Tally::new(hash_seed, now),
            rate_limits: Tally::new(hash_seed, now),
            observed: Vec::new(),
            attributes: Vec::new(),
            settings,
        }
    }

    /// Forgets what a batch before told that did not go through.
    pub(crate) fn begin(&mut self) {
        self.observed.clear();
        self.attributes.clear();
    }

    /// Takes down a call of the batch in hand.
    pub(crate) fn observe<'a>(
        &mut self,
        call: &Call,
        item: &Item<'a>,
        seen: &Seen<'a>,
        around: Around<'a>,
        context: &Context,
        pricing: &Pricing,
    ) -> Result<(), Error> {
        let reader = Reader { call, item, seen, around, context, pricing };
        let start = self.attributes.len();
        reader.attributes(&self.settings.dimensions, &mut self.attributes)?;
        let set = start..self.attributes.len();
        let unpriced = (!call.status.has_cost()).then(|| reader.unpriced());
        let rate_limit = seen.is_rate_limited.then(|| reader.rate_limit());
        let duration = item.end.checked_sub(item.start).filter(|_| item.start > 0 && item.is_span);
        self.observed.push(Observation {
            identity: self.duplicates.identity(item),
            set,
            unpriced,
            rate_limit,
            figures: Figures {
                status: call.status,
                tokens: call.tokens,
                amount: call.amount.filter(|_| call.status.has_cost()),
                cost: call.cost.filter(|_| call.status.has_cost()),
                duration,
                // At most a day.
                first_token: seen.first_token.map(|seconds| (seconds * 1e9) as u64),
            },
        });
        Ok(())
    }

    /// The batch has gone through: its calls count, each once. Answers how many were seen before.
    pub(crate) fn count(&mut self) -> u64 {
        let mut repeated = 0;
        for observed in self.observed.drain(..) {
            if !self.duplicates.is_new(observed.identity) {
                repeated += 1;
                continue;
            }
            self.sets.add(&self.attributes[observed.set], &observed.figures);
            if let Some(key) = observed.unpriced {
                self.unpriced.add(&key);
            }
            if let Some(key) = observed.rate_limit {
                self.rate_limits.add(&key);
            }
        }
        repeated
    }

    /// Sends on what was added up. What finds no room in the outbox waits for the next time.
    pub(crate) fn send(&mut self, now: u64) {
        if self.tallies_first {
            self.send_tallies(now);
            self.send_sets(now);
        } else {
            self.send_sets(now);
            self.send_tallies(now);
        }
    }

    fn is_delta(&self) -> bool {
        self.settings.temporality == Temporality::Delta
    }

    fn send_sets(&mut self, now: u64) {
        let (delta, all) = (self.is_delta(), self.sets.len());
        let mut out = Vec::new();
        let mut sent = 0;
        while sent < all {
            let portion = self.sets.portion((self.next + sent) % all, all - sent);
            out.clear();
            encode::sets(portion, now, delta, &mut out);
            if !emitter::emit(Signal::Metrics, &out) {
                break;
            }
            sent += portion.len();
        }
        if delta {
            self.sets.forget(sent, now);
        } else {
            self.next = (self.next + sent) % all.max(1);
        }
    }

    fn send_tallies(&mut self, now: u64) {
        self.tallies_first = false;
        if self.unpriced.is_empty() && self.rate_limits.is_empty() {
            return;
        }
        let delta = self.is_delta();
        let mut out = Vec::new();
        encode::tallies(&self.unpriced, &self.rate_limits, now, delta, &mut out);
        if !emitter::emit(Signal::Metrics, &out) {
            self.tallies_first = true;
        } else if delta {
            self.unpriced.clear(now);
            self.rate_limits.clear(now);
        }
    }
}
