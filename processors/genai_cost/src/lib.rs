//! The processor `genai_cost`: what calls of AI models cost, written on the spans and log records that
//! tell of them.
//!
//! The host looks for what only such items have, so the others cost next to nothing. An item is read in
//! one pass ([`seen`](Seen)), its counts become one usage (`resolve`), the price book has the price, and
//! the result is written on it. What is read comes from tables, one for each dialect (`dialects`).

mod call;
mod config;
mod counts;
mod dialects;
mod item;
mod kind;
mod meaning;
mod names;
mod number;
mod object;
mod pricing;
mod provider;
mod resolve;
mod seen;
mod status;
mod value;
mod walk;
mod write;

use tamis_genai_prices::{Book, OwnPrice, Table};
use tamis_sdk::wire::{self, Writer};
use tamis_sdk::{
    Configuration, Context, Descriptor, Error, Outcome, Problem, Processor, Signal, Trigger,
    WatchedFile, Watcher,
};

use call::Judge;
use config::Config;
use item::Item;
use names::Names;
use pricing::Pricing;
use seen::Seen;
use walk::{Around, Visit, Walk, Written};
use write::Attributes;

/// The processor. One value is one instance.
pub struct GenaiCost {
    names: Names,
    judge: Judge,
    settings: Settings,
}

/// What stays as it was configured.
struct Settings {
    /// They outlive a change of the price table.
    prices: Vec<OwnPrice>,
    attributes: write::Dialects,
    normalize: bool,
    hash_seed: u64,
}

#[cfg(feature = "guest")]
tamis_sdk::export!(GenaiCost, watcher);

impl Processor for GenaiCost {
    fn configure(configuration: Configuration) -> Result<(Self, Descriptor), Vec<Problem>> {
        let config = Config::read(&configuration)?;
        let table = Table::built_in().map_err(|error| {
            vec![Problem { path: Vec::new(), message: format!("the built-in prices: {error}") }]
        })?;
        let hash_seed = configuration.hash_seed;
        let book = Book::with_seed(table, config.prices.clone(), hash_seed);
        let judge = Judge::new(Pricing::new(book, hash_seed), config.reported_cost);
        let descriptor = descriptor(&config);
        let settings = Settings {
            prices: config.prices,
            attributes: config.attributes,
            normalize: config.normalize,
            hash_seed,
        };
        Ok((Self { names: Names::new(), judge, settings }, descriptor))
    }

    fn process(&mut self, context: &Context, batch: &[u8]) -> Result<Outcome, Error> {
        let mut visit = Pass {
            judge: &mut self.judge,
            settings: &self.settings,
            signal: context.signal,
            received: context.received,
        };
        let mut walk = Walk {
            names: &self.names,
            visit: &mut visit,
            signal: context.signal,
            hits: context.hits.as_deref(),
            dialects: self.settings.attributes,
        };
        Ok(walk.batch(batch)?)
    }
}

impl Watcher for GenaiCost {
    fn file(&mut self, _: &str, content: &[u8]) -> Result<(), String> {
        let table = Table::parse(content).map_err(|error| error.to_string())?;
        let Settings { prices, hash_seed, .. } = &self.settings;
        let book = Book::with_seed(table, prices.clone(), *hash_seed);
        self.judge.pricing = Pricing::new(book, *hash_seed);
        Ok(())
    }
}

fn descriptor(config: &Config) -> Descriptor {
    let signals = [Signal::Traces, Signal::Logs];
    let mut descriptor = Descriptor::new("genai_cost", env!("CARGO_PKG_VERSION"), &signals);
    descriptor.triggers =
        dialects::TRIGGERS.iter().map(|text| Trigger::new().literal(text.as_bytes())).collect();
    descriptor.skip_without_hit = true;
    if let Some(name) = &config.price_table {
        let file = WatchedFile { path: vec!["price_table".to_owned()], name: name.clone() };
        descriptor.files.push(file);
    }
    descriptor
}

/// One batch being priced.
struct Pass<'p> {
    judge: &'p mut Judge,
    settings: &'p Settings,
    signal: Signal,
    received: u64,
}

impl Visit for Pass<'_> {
    fn item<'a>(
        &mut self,
        item: &Item<'a>,
        seen: &mut Seen<'a>,
        _: Around<'a>,
        attributes: &mut Vec<u8>,
    ) -> Result<Written, wire::Error> {
        let Some(call) = self.judge.judge(seen, item.time(self.received), false) else {
            return Ok(Written::Nothing);
        };
        let number = walk::attributes_of(self.signal);
        let mut writer = Writer::new(attributes);
        let mut out = Attributes::new(&mut writer, number);
        out.call(&call, self.settings.attributes, self.judge.pricing.version());
        // Where the usage is not known, what the sender says of it stays.
        if !self.settings.normalize || call.tokens.is_none() {
            return Ok(Written::Cost);
        }
        out.normalized(&call, seen, &self.judge.pricing);
        Ok(Written::Normalized)
    }
}
