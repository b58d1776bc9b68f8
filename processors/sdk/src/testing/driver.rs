//! What a scenario drives: a processor in some host.

use std::collections::BTreeMap;

use super::Failure;
use super::store::{Released, Store};
use crate::contract::{Context, Descriptor, Error, Outcome, Signal};
use crate::edit::apply;
use crate::host::metrics::Kind;
use crate::host::native;
use crate::{Configuration, Processor, Replayer, Rewriter, Ticker};

/// A processor of spans that a scenario can be played to. [`Native`] is the one without a gateway.
pub trait Driver {
    /// Sets all clocks, in nanoseconds since the Unix epoch.
    fn set_time(&mut self, now: u64);

    /// Hands over a batch that is received now.
    ///
    /// # Errors
    ///
    /// What the sender is told.
    fn batch(&mut self, batch: &[u8]) -> Result<(), Error>;

    /// One tick, now.
    ///
    /// # Errors
    ///
    /// What the processor answers.
    fn tick(&mut self) -> Result<(), Error>;

    /// The end of the process.
    ///
    /// # Errors
    ///
    /// What the processor answers.
    fn flush(&mut self) -> Result<(), Error>;

    /// A new instance takes the place of the old one, and is told what the host remembers.
    ///
    /// # Errors
    ///
    /// What the processor answers.
    fn restart(&mut self) -> Result<(), Error>;

    /// Bounds the store of held items, in bytes; none: no bound.
    fn set_room(&mut self, bytes: Option<u64>);

    /// Takes what has come out, one request each.
    fn take_out(&mut self) -> Vec<Vec<u8>>;

    /// Counters of the processor so far, as `name{label=value,..}`, labels by name.
    fn counters(&mut self) -> BTreeMap<String, f64>;
}

/// A processor that waits, natively, with the store of a gateway played.
#[derive(Debug)]
pub struct Native<P> {
    configuration: String,
    processor: P,
    descriptor: Descriptor,
    now: u64,
    out: Vec<Vec<u8>>,
    counters: BTreeMap<String, f64>,
}

impl<P: Ticker + Replayer + Rewriter> Native<P> {
    /// Configures the first instance, in a host of its own.
    ///
    /// # Errors
    ///
    /// What is wrong with the configuration.
    pub fn start(configuration: &str) -> Result<Self, Failure> {
        super::reset();
        native::with(|host| host.store = Some(Store::default()));
        let (processor, descriptor) = configure(configuration)?;
        Ok(Self {
            configuration: configuration.to_owned(),
            processor,
            descriptor,
            now: 0,
            out: Vec::new(),
            counters: BTreeMap::new(),
        })
    }

    /// Ends a call without a batch.
    fn end(&mut self, result: Result<(), Error>) -> Result<(), Error> {
        if result.is_err() {
            store(Store::roll_back);
            return result;
        }
        self.commit()
    }

    fn commit(&mut self) -> Result<(), Error> {
        for Released { memo, rewrite, batch } in store(Store::commit) {
            let outcome = if rewrite {
                self.processor.rewrite(&memo, Signal::Traces, &batch)?
            } else {
                Outcome::Unchanged
            };
            self.out.extend(applied(outcome, &batch));
        }
        Ok(())
    }
}

fn configure<P: Processor>(json: &str) -> Result<(P, Descriptor), Failure> {
    P::configure(Configuration::from_json(json)).map_err(Failure::Configuration)
}

fn store<T: Default>(access: impl FnOnce(&mut Store) -> T) -> T {
    native::with(|host| host.store.as_mut().map(access)).unwrap_or_default()
}

/// What goes on of a batch. Edits that do not fit are as good as nothing: the spans are missed.
fn applied(outcome: Outcome, batch: &[u8]) -> Option<Vec<u8>> {
    match outcome {
        Outcome::Unchanged => Some(batch.to_vec()),
        Outcome::Edited(edits) => apply(batch, &edits),
        Outcome::Replaced(bytes) => Some(bytes),
        Outcome::Dropped => None,
    }
}

impl<P: Ticker + Replayer + Rewriter> Driver for Native<P> {
    fn set_time(&mut self, now: u64) {
        self.now = now;
        super::set_clock(now);
    }

    fn batch(&mut self, batch: &[u8]) -> Result<(), Error> {
        store(|store| store.begin(batch, self.now));
        let mut context = Context::new(Signal::Traces);
        context.received = self.now;
        let outcome = self.processor.process(&context, batch).inspect_err(|_| {
            store(Store::roll_back);
        })?;
        self.out.extend(applied(outcome, batch));
        self.commit()
    }

    fn tick(&mut self) -> Result<(), Error> {
        let result = self.processor.tick(self.now);
        self.end(result)
    }

    fn flush(&mut self) -> Result<(), Error> {
        let result = self.processor.flush(self.now);
        self.end(result)
    }

    fn restart(&mut self) -> Result<(), Error> {
        let refused = |_| Error::Permanent("the configuration is refused".to_owned());
        (self.processor, self.descriptor) = configure(&self.configuration).map_err(refused)?;
        let memos = self.descriptor.memos;
        let replay = native::with(|host| host.store.as_ref().map(|store| store.replay(memos)));
        let (entries, memos) = replay.unwrap_or_default();
        self.processor.replay(&entries, &memos)
    }

    fn set_room(&mut self, bytes: Option<u64>) {
        store(|store| store.bound = bytes);
    }

    fn take_out(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.out)
    }

    fn counters(&mut self) -> BTreeMap<String, f64> {
        let all = super::take_measurements().into_iter();
        for measurement in all.filter(|measurement| measurement.kind == Kind::Counter) {
            let mut labels: Vec<String> =
                measurement.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
            labels.sort();
            let name = match labels.as_slice() {
                [] => measurement.name,
                _ => format!("{}{{{}}}", measurement.name, labels.join(",")),
            };
            *self.counters.entry(name).or_default() += measurement.value;
        }
        self.counters.clone()
    }
}
