//! The figures of one set of dimensions, and all sets.

use std::hash::BuildHasher;

use foldhash::SharedSeed;
use foldhash::fast::SeedableRandomState;
use hashbrown::HashTable;
use tamis_genai_prices::{Amount, Cost};
use tamis_sdk::otlp::common::{AnyValue, KeyValue};
use tamis_sdk::otlp::metrics::NumberDataPoint;
use tamis_sdk::wire::Writer;

use super::Figures;
use super::histogram::{DURATION, FIRST_OUTPUT, Histogram, TOKENS};
use crate::bytes::same;
use crate::resolve::Tokens;
use crate::status::Status;

/// Tokens that are not within each other, as `gen_ai.token.type`, in the order of [`Set::tokens`].
pub(super) const TOKEN_TYPES: [&str; 5] =
    ["input", "cache_read", "cache_write", "output", "reasoning"];

/// Parts of a cost, in the order of [`Set::parts`].
pub(super) const COST_TYPES: [&str; 6] =
    ["input", "cache_read", "cache_write", "output", "reasoning", "other"];

/// Bytes of data points in one request of metrics; names and descriptions come on top.
const PORTION_BYTES: usize = 1_000_000;

/// What a data point takes at most beside its attributes: of a number, of a histogram with all buckets.
const NUMBER_BYTES: usize = 100;
const HISTOGRAM_BYTES: usize = 400;

/// Beyond so many pairs in one tally calls are counted together.
const TALLY_MAX: usize = 1_000;

/// Decimals of a sum whose exact digits do not fit.
const DECIMALS_KEPT: u8 = 18;

/// Figures of all calls with the same attributes.
#[derive(Clone, Debug)]
pub(super) struct Set {
    /// Encoded as those of a data point of a number.
    pub(super) attributes: Vec<u8>,
    /// Since when it counts: nanoseconds since the Unix epoch.
    pub(super) start: u64,
    /// By status, in the order in which they came.
    pub(super) calls: Vec<(&'static str, u64)>,
    pub(super) tokens: [u64; TOKEN_TYPES.len()],
    /// `None` before the first call with a cost.
    pub(super) cost: Option<Amount>,
    pub(super) parts: [Amount; COST_TYPES.len()],
    pub(super) input: Histogram,
    pub(super) output: Histogram,
    pub(super) duration: Histogram,
    pub(super) first_token: Histogram,
}

impl Set {
    fn new(attributes: Vec<u8>, start: u64) -> Self {
        let (calls, tokens, cost, parts) = Default::default();
        let (input, output, duration, first_token) = Default::default();
        Self { attributes, start, calls, tokens, cost, parts, input, output, duration, first_token }
    }

    fn add(&mut self, figures: &Figures) {
        let status = figures.status.as_str();
        match self.calls.iter_mut().find(|(known, _)| *known == status) {
            Some((_, count)) => *count += 1,
            None => self.calls.push((status, 1)),
        }
        if let Some(tokens) = &figures.tokens {
            self.add_tokens(tokens);
        }
        if let Some(amount) = figures.amount {
            self.cost = Some(sum(self.cost.unwrap_or(Amount::ZERO), amount));
        }
        if let Some(cost) = figures.cost.filter(|_| figures.status == Status::Priced) {
            for (part, amount) in self.parts.iter_mut().zip(parts(&cost)) {
                *part = sum(*part, amount);
            }
        }
        if let Some(duration) = figures.duration {
            self.duration.add(duration, DURATION);
        }
        if let Some(first_token) = figures.first_token {
            self.first_token.add(first_token, FIRST_OUTPUT);
        }
    }

    /// What its data points take at most.
    fn bytes(&self) -> usize {
        let histograms = [&self.input, &self.output, &self.duration, &self.first_token];
        let histograms = histograms.iter().filter(|histogram| histogram.count > 0).count();
        let tokens = self.tokens.iter().filter(|count| **count > 0).count();
        let parts = self.parts.iter().filter(|part| !part.is_zero()).count();
        let numbers = self.calls.len() + tokens + parts + usize::from(self.cost.is_some());
        numbers * (self.attributes.len() + NUMBER_BYTES)
            + histograms * (self.attributes.len() + HISTOGRAM_BYTES)
    }

    fn add_tokens(&mut self, tokens: &Tokens) {
        let (input, output) = (tokens.input.unwrap_or(0), tokens.output.unwrap_or(0));
        let cached = tokens.cache_read + tokens.cache_write;
        let apart = [
            input.saturating_sub(cached),
            tokens.cache_read,
            tokens.cache_write,
            output.saturating_sub(tokens.reasoning),
            tokens.reasoning,
        ];
        for (sum, count) in self.tokens.iter_mut().zip(apart) {
            *sum += count;
        }
        if tokens.input.is_some() {
            self.input.add(input, TOKENS);
        }
        if tokens.output.is_some() {
            self.output.add(output, TOKENS);
        }
    }
}

fn parts(cost: &Cost) -> [Amount; COST_TYPES.len()] {
    [cost.input, cost.cache_read, cost.cache_write, cost.output, cost.reasoning, cost.other]
}

/// Exact, unless the digits do not fit: then to [`DECIMALS_KEPT`].
fn sum(one: Amount, other: Amount) -> Amount {
    let rounded = || one.rounded(DECIMALS_KEPT).checked_add(other.rounded(DECIMALS_KEPT));
    one.checked_add(other).or_else(rounded).unwrap_or(one)
}

/// All sets, bounded: what finds no place is added up together.
pub(super) struct Sets {
    all: Vec<Set>,
    index: HashTable<usize>,
    hashing: SeedableRandomState,
    max: usize,
    overflow: Option<usize>,
    /// Since when deltas count.
    since: u64,
}

impl Sets {
    pub(super) fn new(max: usize, hash_seed: u64, now: u64) -> Self {
        Self {
            all: Vec::new(),
            index: HashTable::new(),
            hashing: SeedableRandomState::with_seed(hash_seed, SharedSeed::global_fixed()),
            max,
            overflow: None,
            since: now,
        }
    }

    pub(super) fn add(&mut self, attributes: &[u8], figures: &Figures) {
        let place = self.place(attributes);
        self.all[place].add(figures);
    }

    fn place(&mut self, attributes: &[u8]) -> usize {
        let hash = self.hashing.hash_one(attributes);
        let all = &self.all;
        let is = |place: &usize| same(&all[*place].attributes, attributes);
        if let Some(place) = self.index.find(hash, is) {
            return *place;
        }
        let is_full = self.index.len() >= self.max;
        if let Some(place) = self.overflow.filter(|_| is_full) {
            return place;
        }
        let place = self.all.len();
        if is_full {
            self.overflow = Some(place);
            self.all.push(Set::new(overflow(), self.since));
            return place;
        }
        self.all.push(Set::new(attributes.to_vec(), self.since));
        let (all, hashing) = (&self.all, &self.hashing);
        self.index
            .insert_unique(hash, place, |place| hashing.hash_one(&all[*place].attributes[..]));
        place
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// What goes into one request, from a place on: at least one of the sets there, and at most `max`.
    pub(super) fn portion(&self, from: usize, max: usize) -> &[Set] {
        let rest = self.all.get(from..).unwrap_or_default();
        let rest = &rest[..max.min(rest.len())];
        let mut bytes = 0;
        let fits = |set: &&Set| {
            bytes += set.bytes();
            bytes <= PORTION_BYTES
        };
        let end = rest.iter().take_while(fits).count().max(1);
        &rest[..end.min(rest.len())]
    }

    /// The first so many sets were sent as deltas: they begin anew.
    pub(super) fn forget(&mut self, sent: usize, now: u64) {
        self.all.drain(..sent);
        self.index.clear();
        self.overflow = None;
        let overflow = overflow();
        for (place, set) in self.all.iter().enumerate() {
            if set.attributes == overflow {
                self.overflow = Some(place);
                continue;
            }
            let (all, hashing) = (&self.all, &self.hashing);
            let hash_of = |place: &usize| hashing.hash_one(&all[*place].attributes[..]);
            self.index.insert_unique(hash_of(&place), place, hash_of);
        }
        if sent > 0 || self.all.is_empty() {
            self.since = now;
        }
    }
}

/// The attributes of all that found no place.
fn overflow() -> Vec<u8> {
    let mut out = Vec::new();
    Writer::new(&mut out).message(NumberDataPoint::ATTRIBUTES, |pair| {
        pair.bytes(KeyValue::KEY, "otel.metric.overflow");
        pair.message(KeyValue::VALUE, |any| any.varint(AnyValue::BOOL_VALUE, 1));
    });
    out
}

/// A counter by attributes of its own, bounded.
pub(super) struct Tally {
    sets: Sets,
}

impl Tally {
    pub(super) fn new(hash_seed: u64, now: u64) -> Self {
        Self { sets: Sets::new(TALLY_MAX, hash_seed, now) }
    }

    pub(super) fn add(&mut self, attributes: &[u8]) {
        let place = self.sets.place(attributes);
        let calls = &mut self.sets.all[place].calls;
        match calls.first_mut() {
            Some((_, count)) => *count += 1,
            None => calls.push(("", 1)),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.sets.all.is_empty()
    }

    /// Attributes, start and count of each.
    pub(super) fn all(&self) -> impl Iterator<Item = (&[u8], u64, u64)> {
        self.sets.all.iter().map(|set| {
            let count = set.calls.first().map_or(0, |(_, count)| *count);
            (&set.attributes[..], set.start, count)
        })
    }

    pub(super) fn clear(&mut self, now: u64) {
        self.sets.forget(self.sets.len(), now);
    }
}
