//! The processor `cardinality_limiter`: no more series of a metric leave than its budget allows, and what
//! has no room is added up with what it then is the same as.
//!
//! A batch is walked in place ([`walk`]); each data point is looked up by the hash of what tells its
//! series apart ([`identity`]) and nearly always stays as it is. The state and the decisions are the
//! [`limiter`]'s. How values add up is `tamis-aggregate`'s.

mod claims;
mod config;
mod fold;
mod group;
mod identity;
mod labels;
mod limiter;
mod report;
mod sketch;
mod spans;
mod table;
mod walk;

use tamis_sdk::{
    Configuration, Context, Descriptor, Error, Inspector, Outcome, Part, Partition, Problem,
    Processor, Signal, Snapshotter, Ticker, clock,
};

use config::Config;
use limiter::Limiter;

/// The processor. One value is one instance.
pub struct CardinalityLimiter {
    limiter: Limiter,
}

#[cfg(feature = "guest")]
tamis_sdk::export!(CardinalityLimiter, ticker, snapshotter, inspector);

/// Metrics are told, and what is idle is looked for, so many times in one idle time; but not more often
/// than every second, nor less often than every half minute.
const TICKS: u64 = 20;
const TICK_MS: std::ops::RangeInclusive<u64> = 1_000..=30_000;

impl Processor for CardinalityLimiter {
    fn configure(configuration: Configuration) -> Result<(Self, Descriptor), Vec<Problem>> {
        let config = Config::read(&configuration)?;
        let signals: &[Signal] = match config.spans {
            Some(_) => &[Signal::Metrics, Signal::Traces],
            None => &[Signal::Metrics],
        };
        let mut descriptor =
            Descriptor::new("cardinality_limiter", env!("CARGO_PKG_VERSION"), signals);
        descriptor.partition = match config.totals.is_empty() {
            true => Partition::Metric,
            // What goes over all metrics needs one place where it is counted.
            false => Partition::Whole,
        };
        let tick = config.idle / 1_000_000 / TICKS;
        let tick = tick.clamp(*TICK_MS.start(), *TICK_MS.end());
        descriptor.tick_interval = u32::try_from(tick).ok();
        let limiter = Limiter::new(config, configuration.hash_seed, clock::wall());
        Ok((Self { limiter }, descriptor))
    }

    fn process(&mut self, context: &Context, batch: &[u8]) -> Result<Outcome, Error> {
        self.limiter.begin(context.received);
        let outcome = match context.signal {
            Signal::Traces => spans::batch(&mut self.limiter, batch),
            _ => walk::batch(&mut self.limiter, batch),
        };
        self.limiter.report.send();
        outcome
    }
}

impl Ticker for CardinalityLimiter {
    fn tick(&mut self, now: u64) -> Result<(), Error> {
        self.limiter.begin(now);
        self.limiter.tell();
        Ok(())
    }

    fn flush(&mut self, now: u64) -> Result<(), Error> {
        self.tick(now)
    }
}

impl Snapshotter for CardinalityLimiter {
    fn snapshot(&mut self) -> Result<Vec<Part>, Error> {
        Ok(self.limiter.snapshot())
    }

    fn restore(&mut self, parts: &[Part]) -> Result<(), Error> {
        match parts.iter().all(|part| self.limiter.restore(part)) {
            true => Ok(()),
            false => {
                Err(Error::Permanent("the snapshot is damaged, or of another kind".to_owned()))
            }
        }
    }
}

impl Inspector for CardinalityLimiter {
    fn inspect(&self, query: &str) -> Result<String, String> {
        self.limiter.inspect(query).map(|answer| answer.to_string())
    }
}
