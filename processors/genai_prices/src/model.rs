//! A model with its prices at every time.

use crate::condition::{Condition, DAY};
use crate::cost::{Cost, Unpriceable};
use crate::period::Period;
use crate::price::Price;
use crate::registry::Registry;
use crate::table::{Offer, Variant};
use crate::unit::Unit;
use crate::usage::Usage;

/// A model with its prices, prepared for every time.
pub(crate) struct Model {
    pub(crate) provider: Box<str>,
    pub(crate) id: Box<str>,
    audio_minimum: Option<u64>,
    /// When prices begin, ascending.
    dates: Box<[u64]>,
    /// When prices change within a day, ascending.
    times: Box<[u64]>,
    /// By date and then by time of day: which of the periods. `None`: there is no price yet.
    segments: Box<[Option<usize>]>,
    periods: Vec<Period>,
}

/// A price of the user's own, for this model.
pub(crate) struct Own<'a> {
    pub(crate) start: Option<u64>,
    pub(crate) prices: &'a [Price],
}

/// What may be asked for a model.
pub(crate) struct Offers<'a> {
    /// What the table says, if it has the model, and only with variants that the context asks for.
    pub(crate) table: Option<Offer>,
    /// The last one that has begun is taken, before the table's.
    pub(crate) own: Vec<Own<'a>>,
}

impl Model {
    pub(crate) fn new(provider: &str, id: &str, offers: &Offers<'_>, registry: &Registry) -> Self {
        let (dates, times) = offers.changes();
        let mut periods: Vec<(Vec<Price>, Period)> = Vec::new();
        let mut segments = Vec::new();
        // Nothing changes within a segment, so its beginning stands for all of it.
        let begins = std::iter::once(None).chain(dates.iter().copied().map(Some));
        for date in begins {
            for time in std::iter::once(0).chain(times.iter().copied()) {
                let Some(prices) = offers.at(date, time) else {
                    segments.push(None);
                    continue;
                };
                let known = periods.iter().position(|(known, _)| *known == prices);
                segments.push(Some(known.unwrap_or(periods.len())));
                if known.is_none() {
                    let period = Period::new(&prices, registry);
                    periods.push((prices, period));
                }
            }
        }
        Self {
            provider: provider.into(),
            id: id.into(),
            audio_minimum: offers.table.as_ref().and_then(|offer| offer.audio_minimum),
            dates: dates.into(),
            times: times.into(),
            segments: segments.into(),
            periods: periods.into_iter().map(|(_, period)| period).collect(),
        }
    }

    pub(crate) fn price(
        &self,
        time: u64,
        usage: &Usage,
        registry: &Registry,
    ) -> Result<Cost, Unpriceable> {
        let period = self.period(time).ok_or(Unpriceable::NoPriceYet)?;
        match self.audio_minimum {
            None => period.price(usage, registry),
            Some(minimum) => period.price(&with_minimum(usage, minimum), registry),
        }
    }

    fn period(&self, time: u64) -> Option<&Period> {
        let date = self.dates.partition_point(|&date| date <= time);
        let within = match &*self.times {
            [] => 0,
            times => times.partition_point(|&start| start <= time % DAY),
        };
        let segment = date * (self.times.len() + 1) + within;
        self.periods.get((*self.segments.get(segment)?)?)
    }
}

/// Audio that is shorter is billed as this long. Its seconds are taken where they are reported.
fn with_minimum(usage: &Usage, minimum: u64) -> Usage {
    let mut billed = usage.clone();
    let all = usage.get(Unit::AudioSeconds).filter(|&seconds| seconds > 0);
    if let Some(seconds) = all.or(usage.get(Unit::InputAudioSeconds)) {
        let seconds = if seconds > 0 { seconds.max(minimum) } else { 0 };
        billed.set(Unit::AudioSeconds, seconds);
        billed.set(Unit::InputAudioSeconds, seconds);
    }
    billed
}

impl Offers<'_> {
    /// The dates and the times of day at which a price may change, ascending.
    fn changes(&self) -> (Vec<u64>, Vec<u64>) {
        let (mut dates, mut times) = (Vec::new(), Vec::new());
        let offer = self.table.iter();
        let prices = offer.clone().flat_map(|offer| offer.prices.iter().map(|&(when, _)| when));
        let variants =
            offer.flat_map(|offer| offer.variants.iter().map(|variant| variant.condition));
        for condition in prices.chain(variants) {
            match condition {
                Condition::Always => {}
                Condition::From(start) => dates.push(start),
                Condition::Daily(start, end) => times.extend([start, end]),
            }
        }
        dates.extend(self.own.iter().filter_map(|own| own.start));
        for list in [&mut dates, &mut times] {
            list.sort_unstable();
            list.dedup();
        }
        (dates, times)
    }

    /// The prices after this date at this time of day.
    fn at(&self, date: Option<u64>, time_of_day: u64) -> Option<Vec<Price>> {
        let begun = |own: &&Own<'_>| own.start.is_none_or(|start| Some(start) <= date);
        if let Some(own) = self.own.iter().rev().find(begun) {
            return Some(own.prices.to_vec());
        }
        let offer = self.table.as_ref()?;
        let mut prices = offer.prices.iter().rev();
        let (_, prices) = prices.find(|(when, _)| when.holds(date, time_of_day))?;
        let mut prices = prices.clone();
        let mut replaced = 0;
        for Variant { condition, prices: replacements, .. } in &offer.variants {
            if !condition.holds(date, time_of_day) {
                continue;
            }
            for replacement in replacements.iter().filter(|new| replaced & new.unit.bit() == 0) {
                match prices.iter_mut().find(|price| price.unit == replacement.unit) {
                    Some(price) => price.clone_from(replacement),
                    None => prices.push(replacement.clone()),
                }
            }
            replaced |= replacements.iter().fold(0, |set, price| set | price.unit.bit());
        }
        Some(prices)
    }
}
