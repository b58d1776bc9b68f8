//! The configuration: the Collector's keys, checked and compiled.

mod conditions;
mod older;

use tamis_ottl::{Context, ErrorMode};
use tamis_sdk::config::Section;
use tamis_sdk::{Configuration, Problem, Signal};

use crate::rules::Rules;

/// What to drop, by signal. Groups are applied one after the other.
#[derive(Debug)]
pub(crate) struct Config {
    traces: Vec<Rules>,
    metrics: Vec<Rules>,
    logs: Vec<Rules>,
}

/// The keys of one signal.
struct Keys {
    /// The list of conditions.
    conditions: &'static str,
    /// What such a condition can look like.
    example: &'static str,
    contexts: &'static [Context],
    /// The map of the older form, and the names in it.
    older: &'static str,
    levels: &'static [(&'static str, Context)],
}

const TRACES: Keys = Keys {
    conditions: "trace_conditions",
    example: "span.name == \"health\"",
    contexts: &[Context::Resource, Context::Scope, Context::SpanEvent, Context::Span],
    older: "traces",
    levels: &[
        ("resource", Context::Resource),
        ("span", Context::Span),
        ("spanevent", Context::SpanEvent),
    ],
};

const METRICS: Keys = Keys {
    conditions: "metric_conditions",
    example: "metric.name == \"up\"",
    contexts: &[Context::Resource, Context::Scope, Context::DataPoint, Context::Metric],
    older: "metrics",
    levels: &[
        ("resource", Context::Resource),
        ("metric", Context::Metric),
        ("datapoint", Context::DataPoint),
    ],
};

const LOGS: Keys = Keys {
    conditions: "log_conditions",
    example: "log.severity_number < SEVERITY_NUMBER_INFO",
    contexts: &[Context::Resource, Context::Scope, Context::Log],
    older: "logs",
    levels: &[("resource", Context::Resource), ("log_record", Context::Log)],
};

impl Config {
    pub(crate) fn read(configuration: &Configuration) -> Result<Self, Vec<Problem>> {
        configuration.read(|section| {
            let mode = error_mode(section).unwrap_or_default();
            let config = Self {
                traces: signal(section, &TRACES, mode),
                metrics: signal(section, &METRICS, mode),
                logs: signal(section, &LOGS, mode),
            };
            older::refuse_spans(section);
            for key in ["profile_conditions", "profiles"] {
                if section.has(key) {
                    section.problem(&[key], "profiles are not supported");
                }
            }
            config
        })
    }

    pub(crate) fn groups(&self, signal: Signal) -> &[Rules] {
        match signal {
            Signal::Traces => &self.traces,
            Signal::Metrics => &self.metrics,
            Signal::Logs => &self.logs,
        }
    }
}

fn signal(section: &mut Section<'_>, keys: &Keys, mode: ErrorMode) -> Vec<Rules> {
    let groups = conditions::groups(section, keys, mode);
    let older = older::rules(section, keys, mode);
    match (groups.is_empty(), older) {
        (true, older) => older.into_iter().collect(),
        (false, None) => groups,
        (false, Some(_)) => {
            let message =
                format!("cannot be used together with `{}`; move its conditions here", keys.older);
            section.problem(&[keys.conditions], message);
            groups
        }
    }
}

fn error_mode(section: &mut Section<'_>) -> Option<ErrorMode> {
    let name = section.string("error_mode")?;
    let mode = ErrorMode::named(&name);
    if mode.is_none() {
        let message = format!("unknown error mode {name}; expected ignore, silent or propagate");
        section.problem(&["error_mode"], message);
    }
    mode
}
