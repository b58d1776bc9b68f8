//! `metrics`: how calls are added up.

use std::time::Duration;

use tamis_sdk::config::Section;

use crate::metrics::{Dimension, Field, INTERVAL_MIN, REMEMBERED_MAX, SETS_MAX, Settings};
use crate::metrics::{Source, Temporality};

/// `spans_wait`: of the requests in which they came nothing is known any more.
pub(super) fn read(section: &mut Section<'_>, spans_wait: bool) -> Settings {
    section.section("metrics", |metrics| settings(metrics, spans_wait)).unwrap_or_default()
}

fn settings(section: &mut Section<'_>, spans_wait: bool) -> Settings {
    let default = Settings::default();
    let temporality = match section.choice("temporality", &["cumulative", "delta"]) {
        Some(1) => Temporality::Delta,
        _ => Temporality::Cumulative,
    };
    let mut dimensions = default.dimensions;
    if section.boolean("default_dimensions") == Some(false) {
        dimensions.clear();
    }
    for own in section.sections("dimensions", |own| dimension(own, spans_wait)).unwrap_or_default()
    {
        // The user's takes the place of a default one.
        dimensions.retain(|known: &Dimension| known.name != own.name);
        dimensions.push(own);
    }
    Settings {
        interval: interval(section, default.interval),
        temporality,
        dimensions,
        max_sets: bounded(section, "max_sets", 1, SETS_MAX, default.max_sets),
        remember_calls: bounded(
            section,
            "remember_calls",
            0,
            REMEMBERED_MAX,
            default.remember_calls,
        ),
    }
}

fn interval(section: &mut Section<'_>, default: Duration) -> Duration {
    let interval = section.duration("interval").unwrap_or(default);
    if interval < INTERVAL_MIN || interval.as_millis() > u128::from(u32::MAX) {
        section.problem(&["interval"], "expected between 1s and 49 days");
    }
    interval
}

fn bounded(section: &mut Section<'_>, key: &str, min: u64, max: u64, default: usize) -> usize {
    let Some(number) = section.integer(key) else { return default };
    if !(min..=max).contains(&number) {
        section.problem(&[key], format!("expected between {min} and {max}"));
    }
    usize::try_from(number).unwrap_or(default)
}

fn dimension(section: &mut Section<'_>, spans_wait: bool) -> Dimension {
    let name = section.string("name");
    if name.as_ref().is_none_or(String::is_empty) {
        section.problem(&["name"], "a dimension needs a name: that of its attribute");
    }
    let name = name.unwrap_or_default();
    let from = section.strings("from").unwrap_or_else(|| vec![name.clone()]);
    let sources = from.iter().enumerate().filter_map(|(index, text)| {
        let source = source(text);
        let problem = match &source {
            None => Some(SOURCE_WANTED),
            Some(Source::Metadata(_)) if spans_wait => Some(METADATA_GONE),
            Some(_) => None,
        };
        if let Some(problem) = problem {
            section.problem(&["from", &index.to_string()], problem);
        }
        source
    });
    let sources = sources.collect();
    Dimension { name, sources, default: section.string("default") }
}

const SOURCE_WANTED: &str = "expected the key of an attribute, or one of span.<key>, log.<key>, \
    scope.<key>, resource.<key>, baggage.<name>, metadata.<key>, call.provider, call.request_model, \
    call.response_model, call.model, call.operation, call.status";

const METADATA_GONE: &str = "spans that wait (trace.wait) have no metadata: put it on them or on their \
    resource before";

/// `resource.service.name`; without one of these prefixes a key that is looked for everywhere.
fn source(text: &str) -> Option<Source> {
    let (prefix, rest) = text.split_once('.').unwrap_or(("", text));
    if rest.is_empty() {
        return None;
    }
    let key = rest.to_owned();
    Some(match prefix {
        "span" | "log" => Source::Item(key),
        "scope" => Source::Scope(key),
        "resource" => Source::Resource(key),
        "baggage" => Source::Baggage(key),
        "metadata" => Source::Metadata(key),
        "call" => Source::Call(match rest {
            "provider" => Field::Provider,
            "request_model" => Field::RequestModel,
            "response_model" => Field::ResponseModel,
            "model" => Field::Model,
            "operation" => Field::Operation,
            "status" => Field::Status,
            _ => return None,
        }),
        _ => Source::Any(text.to_owned()),
    })
}
