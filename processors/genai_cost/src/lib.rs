//! The processor `genai_cost`: what calls of AI models cost, written on the spans and log records that
//! tell of them.
//!
//! The host looks for what only such items have, so the others cost next to nothing. An item is read in
//! one pass ([`seen`](Seen)), its counts become one usage (`resolve`), the price book has the price, and
//! the result is written on it. What is read comes from tables, one for each dialect (`dialects`).

mod bytes;
mod call;
mod config;
mod counts;
mod dialects;
mod item;
mod kind;
mod meaning;
mod metrics;
mod names;
mod number;
mod object;
mod pricing;
mod provider;
mod report;
mod resolve;
mod seen;
mod status;
mod trace;
mod value;
mod walk;
mod write;

use tamis_genai_prices::{Book, OwnPrice, Table};
use tamis_sdk::wire::{self, Writer};
use tamis_sdk::{
    Configuration, Context, Descriptor, Entry, Error, Memo, Outcome, Partition, Problem, Processor,
    Replayer, Rewriter, Signal, Ticker, Trigger, WatchedFile, Watcher, clock,
};

use call::{Decision, Judge};
use config::Config;
use item::Item;
use metrics::Metrics;
use names::Names;
use pricing::Pricing;
use report::Report;
use seen::Seen;
use status::Status;
use trace::{Decided, Gather, Traces, Waiting};
use walk::{Around, Visit, Walk, Written};
use write::Attributes;

/// The processor. One value is one instance.
pub struct GenaiCost {
    names: Names,
    judge: Judge,
    settings: Settings,
    report: Report,
    /// Only where somebody takes them.
    metrics: Option<Metrics>,
    /// Only where the trace decides who repeats whom.
    traces: Option<Traces>,
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
tamis_sdk::export!(GenaiCost, ticker, watcher, replayer, rewriter);

impl Processor for GenaiCost {
    fn configure(configuration: Configuration) -> Result<(Self, Descriptor), Vec<Problem>> {
        let config = Config::read(&configuration)?;
        let table = Table::built_in().map_err(|error| {
            vec![Problem { path: Vec::new(), message: format!("the built-in prices: {error}") }]
        })?;
        let hash_seed = configuration.hash_seed;
        let book = Book::with_seed(table, config.prices.clone(), hash_seed);
        let judge = Judge::new(Pricing::new(book, hash_seed), config.reported_cost);
        let is_fed = configuration.feeds.contains(&Signal::Metrics);
        let descriptor = descriptor(&config, is_fed);
        let metrics = is_fed.then(|| Metrics::new(config.metrics, hash_seed, clock::wall()));
        let settings = Settings {
            prices: config.prices,
            attributes: config.attributes,
            normalize: config.normalize,
            hash_seed,
        };
        let report = Report::default();
        let traces = config.trace.map(|trace| Traces::new(trace, hash_seed));
        let names = Names::new();
        Ok((Self { names, judge, settings, report, metrics, traces }, descriptor))
    }

    fn process(&mut self, context: &Context, batch: &[u8]) -> Result<Outcome, Error> {
        let outcome = self.take(context, batch)?;
        // Only now: of a call that fails nothing is let go.
        self.release_due(context.received);
        Ok(outcome)
    }
}

impl GenaiCost {
    /// Lets spans wait that are to, and prices the rest.
    fn take(&mut self, context: &Context, batch: &[u8]) -> Result<Outcome, Error> {
        let mut waiting = Vec::new();
        if let (Some(traces), Signal::Traces) = (&mut self.traces, context.signal) {
            let mut users = traces.users();
            Walk::new(&self.names, &mut users, context, self.settings.attributes).batch(batch)?;
            match traces.take(context.received, batch, &users)? {
                Waiting::All => return Ok(Outcome::Dropped),
                Waiting::Some(spans) => waiting = spans,
            }
        }
        self.price(context, batch, &waiting, None)
    }

    /// With batches too: ticks may be far apart.
    fn release_due(&mut self, now: u64) {
        if let Some(traces) = &mut self.traces {
            traces.release(Some(now));
        }
    }

    /// Prices what is in a batch but the items at `leaving`, which leave it. Without `decided` the rules
    /// say who repeats whom.
    fn price(
        &mut self,
        context: &Context,
        batch: &[u8],
        leaving: &[u32],
        decided: Option<&Decided>,
    ) -> Result<Outcome, Error> {
        self.report.begin();
        if let Some(metrics) = &mut self.metrics {
            metrics.begin();
        }
        let mut visit = Pass {
            judge: &mut self.judge,
            settings: &self.settings,
            report: &mut self.report,
            metrics: self.metrics.as_mut(),
            context,
            decided,
        };
        let dialects = self.settings.attributes;
        let walk = Walk::new(&self.names, &mut visit, context, dialects);
        let outcome = walk.without(leaving).batch(batch)?;
        let repeated = self.metrics.as_mut().map_or(0, Metrics::count);
        self.report.send(repeated);
        Ok(outcome)
    }
}

impl Ticker for GenaiCost {
    fn tick(&mut self, now: u64) -> Result<(), Error> {
        self.release_due(now);
        // Each sends: which is the last nobody knows.
        if let Some(metrics) = &mut self.metrics {
            metrics.send(now);
        }
        Ok(())
    }

    fn flush(&mut self, now: u64) -> Result<(), Error> {
        if let Some(traces) = &mut self.traces {
            traces.release(None);
        }
        if let Some(metrics) = &mut self.metrics {
            metrics.send(now);
        }
        Ok(())
    }
}

impl Replayer for GenaiCost {
    fn replay(&mut self, entries: &[Entry], memos: &[Memo]) -> Result<(), Error> {
        let Some(traces) = &mut self.traces else { return Ok(()) };
        memos.iter().for_each(|memo| traces.remember(&memo.key));
        for entry in entries {
            let mut users = traces.users();
            let context = Context::new(entry.signal);
            let mut walk = Walk::new(&self.names, &mut users, &context, self.settings.attributes);
            // What cannot be read is given up when it is released.
            let _ = walk.batch(&entry.batch);
            traces.replay(entry.received, &entry.key, &users);
        }
        Ok(())
    }
}

impl Rewriter for GenaiCost {
    fn rewrite(&mut self, _: &[u8], signal: Signal, batch: &[u8]) -> Result<Outcome, Error> {
        let mut context = Context::new(signal);
        context.received = clock::wall();
        let mut gather = Gather::new(&mut self.judge, context.received, self.settings.hash_seed);
        Walk::new(&self.names, &mut gather, &context, self.settings.attributes).batch(batch)?;
        let decided = gather.decide();
        self.price(&context, batch, &[], Some(&decided))
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

fn descriptor(config: &Config, is_fed: bool) -> Descriptor {
    let signals = [Signal::Traces, Signal::Logs];
    let mut descriptor = Descriptor::new("genai_cost", env!("CARGO_PKG_VERSION"), &signals);
    descriptor.triggers =
        dialects::TRIGGERS.iter().map(|text| Trigger::new().literal(text.as_bytes())).collect();
    descriptor.skip_without_hit = true;
    let interval = u32::try_from(config.metrics.interval.as_millis()).unwrap_or(u32::MAX);
    descriptor.tick_interval = is_fed.then_some(interval);
    if let Some(trace) = config.trace {
        // All spans of a trace are of interest.
        descriptor.skip_without_hit = false;
        descriptor.partition = Partition::TraceId;
        descriptor.memos = trace::RELEASED_MAX;
        descriptor.tick_interval = Some(if is_fed { interval } else { Traces::tick(trace) });
    }
    if is_fed {
        // One data point of a set, so one instance.
        descriptor.partition = Partition::Whole;
    }
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
    report: &'p mut Report,
    metrics: Option<&'p mut Metrics>,
    context: &'p Context,
    decided: Option<&'p Decided>,
}

impl Visit for Pass<'_> {
    fn item<'a>(
        &mut self,
        item: &Item<'a>,
        seen: &mut Seen<'a>,
        around: Around<'a>,
        attributes: &mut Vec<u8>,
    ) -> Result<Written, wire::Error> {
        let decision = self.decided.map_or(Decision::ByRules, |decided| decided.of(item));
        let Some(call) = self.judge.judge(seen, item.time(self.context.received), decision) else {
            return Ok(Written::Nothing);
        };
        self.report.call(&call, seen);
        if let Some(metrics) = &mut self.metrics
            && call.status != Status::Aggregate
        {
            item.more(seen)?;
            metrics.observe(&call, item, seen, around, self.context, &self.judge.pricing)?;
        }
        let number = walk::attributes_of(self.context.signal);
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
