//! The Collector's `filter` processor: drops what a condition holds for.
//!
//! A batch is walked in place, once per group of conditions. What is to go is noted first, so that a
//! scope or resource that is left empty goes as one; then the batch is edited, and nothing else is
//! copied.

mod config;
mod report;
mod rules;
mod walk;

use tamis_sdk::edit::{apply, patch};
use tamis_sdk::{Configuration, Context, Descriptor, Error, Outcome, Problem, Processor, Signal};

use config::Config;
use report::Report;
use walk::Walk;

/// The processor. One value is one instance.
#[derive(Debug)]
pub struct Filter {
    config: Config,
}

#[cfg(feature = "guest")]
tamis_sdk::export!(Filter);

impl Processor for Filter {
    fn configure(configuration: Configuration) -> Result<(Self, Descriptor), Vec<Problem>> {
        let config = Config::read(&configuration)?;
        let signals = [Signal::Traces, Signal::Metrics, Signal::Logs];
        let descriptor = Descriptor::new("filter", env!("CARGO_PKG_VERSION"), &signals);
        Ok((Self { config }, descriptor))
    }

    fn process(&mut self, context: &Context, batch: &[u8]) -> Result<Outcome, Error> {
        let mut report = Report::default();
        let outcome = self.filtered(context.signal, batch, &mut report);
        report.send(context.signal);
        outcome
    }
}

impl Filter {
    /// Each group of rules works on what the one before it left.
    fn filtered(
        &self,
        signal: Signal,
        batch: &[u8],
        report: &mut Report,
    ) -> Result<Outcome, Error> {
        let groups = self.config.groups(signal);
        let mut changed: Option<Vec<u8>> = None;
        for (index, rules) in groups.iter().enumerate() {
            let current = changed.as_deref().unwrap_or(batch);
            let findings = Walk::new(signal, rules, report).batch(current)?;
            if findings.is_all_removed {
                return Ok(Outcome::Dropped);
            }
            let edits = match patch(current, &findings.removed, &[])? {
                Outcome::Edited(edits) => edits,
                _ => continue,
            };
            if changed.is_none() && index + 1 == groups.len() {
                return report.failure().map_or(Ok(Outcome::Edited(edits)), Err);
            }
            let made = apply(current, &edits);
            changed = Some(made.ok_or_else(|| Error::Permanent("edits do not fit".to_owned()))?);
        }
        match report.failure() {
            Some(error) => Err(error),
            None => Ok(changed.map_or(Outcome::Unchanged, Outcome::Replaced)),
        }
    }
}
