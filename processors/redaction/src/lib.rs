//! The Collector's `redaction` processor: removes, masks or hashes what must not leave.
//!
//! A batch is examined in place. What a blocked value must contain (an `@`, a run of digits) is looked
//! for in whole encoded items first, by the host or here, and an item without it is passed over; the
//! regular expressions run on the rest.

mod changes;
mod config;
mod examine;
mod keys;
mod mask;
mod summary;
mod text;
mod value;
mod values;
mod walk;

use tamis_re2::{Scanner, Sequence};
use tamis_sdk::{
    ByteSet, Configuration, Context, Descriptor, Error, Outcome, Problem, Processor, Signal,
    TRIGGERS_MAX, Trigger,
};

use config::{Config, Summary};
use examine::Examiner;
use keys::Keys;
use values::Values;
use walk::{Sieve, Walk};

/// The processor. One value is one instance.
#[derive(Debug)]
pub struct Redaction {
    examiner: Examiner,
    /// What an item must contain to be touched. None: every item must be looked at.
    scanner: Option<Scanner>,
}

#[cfg(feature = "guest")]
tamis_sdk::export!(Redaction);

impl Processor for Redaction {
    fn configure(configuration: Configuration) -> Result<(Self, Descriptor), Vec<Problem>> {
        let config = Config::read(&configuration)?;
        let summary = config.summary;
        let redact_all_types = config.redact_all_types;
        let (keys, values) = compile(config, configuration.hash_seed).map_err(|error| {
            // Each pattern compiles by itself, and sets of any size are possible.
            vec![Problem { path: Vec::new(), message: error.to_string() }]
        })?;
        let examiner = Examiner::new(keys, values, redact_all_types, summary);
        let sequences = sequences(&examiner);
        let signals = [Signal::Traces, Signal::Metrics, Signal::Logs];
        let mut descriptor = Descriptor::new("redaction", env!("CARGO_PKG_VERSION"), &signals);
        // Not `skip_without_hit`: the body of a log record may be a number.
        descriptor.triggers = sequences.iter().flatten().map(trigger).collect();
        if descriptor.triggers.len() > TRIGGERS_MAX {
            descriptor.triggers.clear();
        }
        let scanner = sequences.map(|sequences| Scanner::new(&sequences));
        Ok((Self { examiner, scanner }, descriptor))
    }

    fn process(&mut self, context: &Context, batch: &[u8]) -> Result<Outcome, Error> {
        self.examiner.changes.clear();
        let sieve = match (&self.scanner, &context.hits) {
            (None, _) => Sieve::Open,
            (Some(_), Some(hits)) => Sieve::Hits(hits),
            (Some(scanner), None) => Sieve::Scan(scanner),
        };
        let examiner = &mut self.examiner;
        Walk { examiner, batch, sieve, signal: context.signal }.batch()?;
        Ok(self.examiner.changes.apply(batch)?)
    }
}

fn compile(config: Config, hash_seed: u64) -> Result<(Keys, Values), tamis_re2::Error> {
    let keys = Keys::new(
        (!config.allow_all_keys).then_some(&config.allowed_keys[..]),
        &config.ignored_keys,
        &config.ignored_key_patterns,
        &config.blocked_key_patterns,
        hash_seed,
    )?;
    let values = Values::new(config.blocked_values, &config.allowed_values, config.mask)?;
    Ok((keys, values))
}

/// Of which an item must contain one to be touched. None: that cannot be told by its bytes.
fn sequences(examiner: &Examiner) -> Option<Vec<Sequence>> {
    let told = examiner.summary != Summary::Silent;
    let counts_untouched = told && (examiner.keys.may_ignore() || examiner.values.has_allowed());
    if !examiner.keys.only_ignore() || examiner.redact_all_types || counts_untouched {
        return None;
    }
    let mut sequences = examiner.values.sequences()?.to_vec();
    if told {
        // Summaries from before that no longer hold are taken out.
        let letters = summary::PREFIX.iter().copied();
        sequences.push(letters.map(tamis_re2::ByteSet::of).collect());
    }
    Some(sequences)
}

fn trigger(sequence: &Sequence) -> Trigger {
    sequence.iter().fold(Trigger::new(), |trigger, set| {
        trigger.set(set.iter().fold(ByteSet::new(), ByteSet::byte))
    })
}
