//! The configuration, checked.

mod guardian;
mod normalize;
mod rules;
mod spans;

use std::time::Duration;

use tamis_aggregate::GaugeRule;
use tamis_sdk::config::Section;
use tamis_sdk::{Configuration, Problem};

pub(crate) use normalize::Normalize;
pub(crate) use rules::{Dimension, Mode, Rule, Rules, Total, Values};
pub(crate) use spans::Spans;

/// The type under which contrib's configuration is accepted.
const GUARDIAN: &str = "cardinality_guardian";

/// A slot comes free when its series has not left for so long. Most backends let a series go after five
/// minutes.
const IDLE: Duration = Duration::from_mins(10);
const IDLE_MIN: Duration = Duration::from_secs(1);
/// A day and more would have to be counted in more than the table has bits for.
const IDLE_MAX: Duration = Duration::from_hours(24 * 30);

/// Of 256 MiB that an instance may have: a table that grows is there twice for a moment.
const MEMORY_MIB: u64 = 128;
/// What one call can go through, and what a table can grow by, within the deadline of a call.
const MEMORY_MIB_MAX: u64 = 1024;

const OFFENDERS: u64 = 10;
const OFFENDERS_MAX: u64 = 500;

/// What the first value of a cumulative stream counts for that was not seen from its start on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Initial {
    /// All of it where the stream began after the processor did; else what it adds from now on.
    Auto,
    /// All of it.
    Keep,
    /// What it adds from now on.
    Drop,
}

/// Everything the user wrote.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) rules: Rules,
    pub(crate) totals: Vec<Total>,
    /// Nanoseconds.
    pub(crate) idle: u64,
    pub(crate) gauge: GaugeRule,
    pub(crate) initial: Initial,
    pub(crate) normalize: Normalize,
    pub(crate) spans: Option<Spans>,
    pub(crate) dry_run: bool,
    /// Of this instance.
    pub(crate) memory_bytes: usize,
    pub(crate) offenders: usize,
    /// For each series that did not leave, in the user's currency; 0: not told.
    pub(crate) cost_per_series: f64,
}

impl Config {
    pub(crate) fn read(configuration: &Configuration) -> Result<Self, Vec<Problem>> {
        let kind = configuration.id.split('/').next().unwrap_or_default();
        let mut config = match kind {
            GUARDIAN => configuration.read(guardian::read),
            _ => configuration.read(read),
        }?;
        // Where totals go over metrics there is one instance.
        if config.totals.is_empty() && config.spans.is_none() {
            config.memory_bytes /= configuration.instances.max(1) as usize;
        }
        Ok(config)
    }
}

fn read(section: &mut Section<'_>) -> Config {
    let spans = spans::read(section);
    let rules = rules::read(section, spans.is_some());
    Config {
        rules,
        totals: rules::totals(section),
        idle: idle(section),
        gauge: match section.choice("gauge", &["last", "min", "max", "sum"]) {
            Some(1) => GaugeRule::Min,
            Some(2) => GaugeRule::Max,
            Some(3) => GaugeRule::Sum,
            _ => GaugeRule::Last,
        },
        initial: match section.choice("initial_value", &["auto", "keep", "drop"]) {
            Some(1) => Initial::Keep,
            Some(2) => Initial::Drop,
            _ => Initial::Auto,
        },
        normalize: normalize::read(section),
        spans,
        dry_run: section.boolean("dry_run").unwrap_or(false),
        memory_bytes: memory(section),
        offenders: within(section, "offenders", OFFENDERS, 0..=OFFENDERS_MAX) as usize,
        cost_per_series: 0.0,
    }
}

fn idle(section: &mut Section<'_>) -> u64 {
    let idle = section.duration("idle").unwrap_or(IDLE);
    if !(IDLE_MIN..=IDLE_MAX).contains(&idle) {
        section.problem(&["idle"], "expected 1s to 720h");
    }
    idle.as_nanos() as u64
}

fn memory(section: &mut Section<'_>) -> usize {
    (within(section, "memory_mib", MEMORY_MIB, 1..=MEMORY_MIB_MAX) as usize) << 20
}

/// A whole number in a range.
fn within(
    section: &mut Section<'_>,
    key: &str,
    default: u64,
    range: std::ops::RangeInclusive<u64>,
) -> u64 {
    let value = section.integer(key).unwrap_or(default);
    if !range.contains(&value) {
        let (low, high) = range.into_inner();
        section.problem(&[key], format!("expected {low} to {high}"));
    }
    value
}

#[cfg(test)]
mod tests;
