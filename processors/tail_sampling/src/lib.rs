//! The Collector's `tail_sampling` processor: decides about whole traces when they are complete.
//!
//! Spans wait with the host, in `hold`; here is a summary of each trace, of fixed size, into which
//! spans are folded as they arrive. When a trace is due, the policies vote on its summary.

mod batch;
mod bits;
mod calendar;
mod conditions;
mod config;
mod counts;
mod decided;
mod ids;
mod mark;
mod memo;
mod orders;
mod pending;
mod policy;
mod probability;
mod randomness;
mod rule;
mod sampler;
mod size;
mod trace_state;

use tamis_sdk::logging::{self, Level};
use tamis_sdk::{
    Configuration, Context, Descriptor, Entry, Error, Memo, Outcome, Partition, Problem, Processor,
    Replayer, Rewriter, Signal, Ticker,
};

use config::Config;
use sampler::{Names, Sampler, Settings};

/// The processor. One value is one instance.
#[derive(Debug)]
pub struct TailSampling {
    sampler: Sampler,
}

#[cfg(feature = "guest")]
tamis_sdk::export!(TailSampling, ticker, replayer, rewriter);

impl Processor for TailSampling {
    fn configure(configuration: Configuration) -> Result<(Self, Descriptor), Vec<Problem>> {
        let Config { settings, conditions, policies, warnings } = Config::read(&configuration)?;
        for warning in warnings {
            logging::log(Level::Warn, &warning);
        }
        let descriptor = descriptor(&settings);
        let names = Names { id: &configuration.id, seed: configuration.hash_seed };
        let sampler = Sampler::new(settings, conditions, policies, names);
        Ok((Self { sampler }, descriptor))
    }

    fn process(&mut self, context: &Context, batch: &[u8]) -> Result<Outcome, Error> {
        self.sampler.process(context.received, batch)
    }
}

/// Most memos that a processor may want back.
const MEMOS_MAX: usize = 1 << 24;

fn descriptor(settings: &Settings) -> Descriptor {
    let version = env!("CARGO_PKG_VERSION");
    let mut descriptor = Descriptor::new("tail_sampling", version, &[Signal::Traces]);
    descriptor.partition = Partition::TraceId;
    descriptor.tick_interval = Some(settings.waits.tick());
    let decisions = [settings.num_traces, settings.sampled_cache, settings.non_sampled_cache];
    let memos = decisions.into_iter().fold(0, usize::saturating_add).min(MEMOS_MAX);
    // At most 2^24.
    descriptor.memos = memos as u32;
    descriptor
}

impl Ticker for TailSampling {
    fn tick(&mut self, now: u64) -> Result<(), Error> {
        self.sampler.tick(now);
        Ok(())
    }

    fn flush(&mut self, now: u64) -> Result<(), Error> {
        self.sampler.flush(now);
        Ok(())
    }
}

impl Replayer for TailSampling {
    fn replay(&mut self, entries: &[Entry], memos: &[Memo]) -> Result<(), Error> {
        for memo in memos {
            self.sampler.remember(&memo.key, &memo.memo);
        }
        for entry in entries {
            self.sampler.replay(&entry.key, entry.received, &entry.batch)?;
        }
        Ok(())
    }
}

impl Rewriter for TailSampling {
    fn rewrite(&mut self, memo: &[u8], _: Signal, batch: &[u8]) -> Result<Outcome, Error> {
        self.sampler.rewrite(memo, batch)
    }
}
