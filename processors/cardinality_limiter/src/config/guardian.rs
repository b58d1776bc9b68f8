//! The configuration of contrib's `cardinality_guardian`, read as what its users want.
//!
//! It bounds how many values of one label of one metric may be new within an epoch. There a label that
//! grows faster is treated on every data point; here values that were in use stay as they are, and what
//! is treated is added up right, whatever kind of metric it is.

use std::rc::Rc;
use std::time::Duration;

use serde_json::Value;
use tamis_aggregate::GaugeRule;
use tamis_sdk::config::Section;

use super::rules::{Names, labels};
use super::{
    Config, Initial, MEMORY_MIB, Mode, Normalize, OFFENDERS_MAX, Rule, Rules, Values, within,
};

const DELTA: u64 = 100;
const EPOCH_SECONDS: u64 = 300;
const EPOCH_SECONDS_MIN: u64 = 10;
/// A year.
const EPOCH_SECONDS_MAX: u64 = 366 * 24 * 3600;
const MODES: [&str; 3] = ["tag_only", "overflow_attribute", "strip_and_reaggregate"];

pub(super) fn read(section: &mut Section<'_>) -> Config {
    let delta = positive(section, "max_cardinality_delta_per_epoch", DELTA);
    let range = EPOCH_SECONDS_MIN..=EPOCH_SECONDS_MAX;
    let seconds = within(section, "epoch_duration_seconds", EPOCH_SECONDS, range);
    let epoch = Duration::from_secs(seconds.min(EPOCH_SECONDS_MAX)).as_nanos() as u64;
    let general = Rule {
        limit: usize::MAX,
        mode: mode(section),
        reserve: 0,
        by: Vec::new(),
        keep: labels(section, "never_drop_labels").unwrap_or_default(),
        drop_first: Vec::new(),
        values: Some(Values { limit: delta as usize, epoch: Some(epoch) }),
    };
    let special = overrides(section, &general, epoch);
    // The table is bounded in bytes, and who is told of what by the host's own rate.
    let _ = section.integer("max_tracker_count");
    let _ = section.integer("drop_log_max_per_epoch");
    let cost = section.number("estimated_cost_per_metric_month").unwrap_or(0.0);
    if cost < 0.0 {
        section.problem(&["estimated_cost_per_metric_month"], "cannot be negative");
    }
    Config {
        rules: Rules { special, general: Rc::new(general) },
        totals: Vec::new(),
        // There a tracker goes after two epochs without a data point.
        idle: epoch.saturating_mul(2),
        gauge: GaugeRule::Last,
        initial: Initial::Auto,
        normalize: Normalize::default(),
        spans: None,
        dry_run: false,
        memory_bytes: (MEMORY_MIB as usize) << 20,
        offenders: within(section, "top_offenders_count", 10, 0..=OFFENDERS_MAX) as usize,
        cost_per_series: cost,
    }
}

fn positive(section: &mut Section<'_>, key: &str, default: u64) -> u64 {
    let value = section.integer(key).unwrap_or(default);
    if value == 0 {
        section.problem(&[key], "must be greater than 0");
    }
    value
}

/// Upper and lower case are one, as there.
fn mode(section: &mut Section<'_>) -> Mode {
    let tag_only = section.boolean("tag_only");
    let word = section.string("enforcement_mode").unwrap_or_default().to_lowercase();
    match (word.as_str(), tag_only) {
        ("tag_only", _) | ("", Some(true)) => Mode::Tag,
        ("overflow_attribute", _) => Mode::Replace,
        ("strip_and_reaggregate" | "", _) => Mode::Strip,
        _ => {
            let message = format!("expected one of {}", MODES.join(", "));
            section.problem(&["enforcement_mode"], message);
            Mode::Tag
        }
    }
}

fn overrides(section: &mut Section<'_>, general: &Rule, epoch: u64) -> Vec<(Names, Rc<Rule>)> {
    const KEY: &str = "metric_overrides";
    let map = match section.value(KEY) {
        None => return Vec::new(),
        Some(Value::Object(map)) => map,
        Some(_) => {
            section.problem(&[KEY], "expected a map of metric names and numbers");
            return Vec::new();
        }
    };
    let mut special = Vec::new();
    for (name, limit) in map {
        match limit.as_u64() {
            _ if name.is_empty() => section.problem(&[KEY, name], "an empty metric name"),
            None | Some(0) => section.problem(&[KEY, name], "must be greater than 0"),
            Some(limit) => {
                let values = Some(Values { limit: limit as usize, epoch: Some(epoch) });
                let rule = Rc::new(Rule { values, ..general.clone() });
                special.push((Names::Exact(name.clone()), rule));
            }
        }
    }
    special
}
