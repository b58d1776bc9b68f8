//! The block of a policy that is no combination of others.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use tamis_ottl::{Condition, Conditions, Context, ErrorMode};
use tamis_re2::{Regex, Set};
use tamis_sdk::config::Section;

use super::policies::Reader;
use crate::conditions::{Patterns, STATUS_CODES, Test};
use crate::probability::Probability;
use crate::rule::{Rate, Rule, Unit};

/// The cache of what texts matched, by default.
const CACHE_SIZE: usize = 128;

/// Most spans of a bound of `span_count`.
const SPAN_COUNT_MAX: i64 = i32::MAX as i64;

/// None: there is no such type here.
pub(super) fn read(
    reader: &mut Reader,
    policy: &mut Section<'_>,
    kind: &str,
    is_top: bool,
) -> Option<Rule> {
    Some(match kind {
        "always_sample" => Rule::Always,
        "latency" => latency(reader, policy),
        "numeric_attribute" => numeric(reader, policy, is_top),
        "boolean_attribute" => boolean(reader, policy, is_top),
        "string_attribute" => string(reader, policy, is_top),
        "probabilistic" => probabilistic(policy),
        "status_code" => status_code(reader, policy),
        "rate_limiting" => rate(reader, policy, kind, "spans_per_second", Unit::Spans),
        "bytes_limiting" => rate(reader, policy, kind, "bytes_per_second", Unit::Bytes),
        "span_count" => span_count(policy),
        "trace_state" => trace_state(reader, policy),
        "trace_flags" => Rule::Met { bit: reader.conditions.add_flag(), inverted: false },
        "ottl_condition" => ottl(reader, policy),
        _ => return None,
    })
}

fn latency(reader: &mut Reader, policy: &mut Section<'_>) -> Rule {
    let bounds = policy.section("latency", |block| {
        let above = block.signed("threshold_ms").unwrap_or(0);
        (above, block.signed("upper_threshold_ms").unwrap_or(0))
    });
    let (above, upto) = bounds.unwrap_or_default();
    let bit = reader.conditions.add_latency(above, upto);
    if upto > 0 {
        reader.windows.push(bit);
    }
    Rule::Met { bit, inverted: false }
}

fn numeric(reader: &mut Reader, policy: &mut Section<'_>, is_top: bool) -> Rule {
    let block = policy.section("numeric_attribute", |block| {
        let key = block.string("key").unwrap_or_default();
        // 0 is not set, as in the Collector.
        let mut bound = |key| block.signed(key).filter(|bound| *bound != 0);
        let bounds = (bound("min_value"), bound("max_value"));
        (key, bounds, block.boolean("invert_match").unwrap_or(false))
    });
    let (key, bounds, inverted) = block.unwrap_or_default();
    if bounds == (None, None) {
        let message = "at least one of min_value or max_value must be set, and not to 0";
        policy.problem(&["numeric_attribute"], message);
    }
    let (min, max) = (bounds.0.unwrap_or(i64::MIN), bounds.1.unwrap_or(i64::MAX));
    if min <= 0 && 0 <= max {
        warn(reader, "attributes that are no numbers do not match; to the Collector they are 0");
    }
    attribute(reader, &key, Test::Number { min, max }, inverted, is_top)
}

fn boolean(reader: &mut Reader, policy: &mut Section<'_>, is_top: bool) -> Rule {
    let block = policy.section("boolean_attribute", |block| {
        let key = block.string("key").unwrap_or_default();
        let value = block.boolean("value").unwrap_or(false);
        (key, value, block.boolean("invert_match").unwrap_or(false))
    });
    let (key, value, inverted) = block.unwrap_or_default();
    if !value {
        let message =
            "attributes that are no Booleans do not match; to the Collector they are false";
        warn(reader, message);
    }
    attribute(reader, &key, Test::Boolean(value), inverted, is_top)
}

fn string(reader: &mut Reader, policy: &mut Section<'_>, is_top: bool) -> Rule {
    let block = policy.section("string_attribute", |block| {
        let key = block.string("key").unwrap_or_default();
        let values = block.strings("values").unwrap_or_default();
        let size = block.signed("cache_max_size").unwrap_or(0);
        let by_pattern = block.boolean("enabled_regex_matching").unwrap_or(false);
        let test = if by_pattern { patterns(block, &values, size) } else { texts(&values) };
        (key, test, block.boolean("invert_match").unwrap_or(false))
    });
    let (key, test, inverted) = block.unwrap_or_else(|| (String::new(), texts(&[]), false));
    attribute(reader, &key, test, inverted, is_top)
}

fn texts(values: &[String]) -> Test {
    let texts = values.iter().filter(|value| !value.is_empty());
    let mut texts: Vec<Box<[u8]>> = texts.map(|value| value.as_bytes().into()).collect();
    texts.sort();
    Test::Texts(texts)
}

fn patterns(block: &mut Section<'_>, values: &[String], cache_size: i64) -> Test {
    let mut compiled = Vec::new();
    for (index, value) in values.iter().enumerate() {
        match Regex::new(value) {
            Ok(regex) => compiled.push(regex),
            Err(error) => {
                let message = format!("invalid regex `{value}`: {error}");
                block.problem(&["values", &index.to_string()], message);
            }
        }
    }
    let set = match Set::new(&compiled) {
        Ok(set) => set,
        Err(error) => {
            block.problem(&["values"], error.to_string());
            return texts(&[]);
        }
    };
    let known_max = usize::try_from(cache_size).ok().filter(|size| *size > 0).unwrap_or(CACHE_SIZE);
    let known = HashMap::with_hasher(FixedState::default());
    if compiled.is_empty() {
        texts(&[])
    } else {
        Test::Patterns(Patterns { set, known, known_max })
    }
}

fn attribute(reader: &mut Reader, key: &str, test: Test, inverted: bool, is_top: bool) -> Rule {
    if inverted && is_top {
        let message = "invert_match makes a policy sample every trace that does not match; to keep matching traces out, use a policy of type drop";
        warn(reader, message);
    }
    Rule::Met { bit: reader.conditions.add_attribute(key, test), inverted }
}

fn probabilistic(policy: &mut Section<'_>) -> Rule {
    let block = policy.section("probabilistic", |block| {
        let salt = block.string("hash_salt").unwrap_or_default();
        (salt, block.number("sampling_percentage").unwrap_or(0.0))
    });
    let (salt, percentage) = block.unwrap_or_default();
    Rule::Probability(Probability::new(&salt, percentage))
}

fn status_code(reader: &mut Reader, policy: &mut Section<'_>) -> Rule {
    let mut codes = Vec::new();
    let words = policy.section("status_code", |block| {
        let words = block.strings("status_codes").unwrap_or_default();
        for (index, word) in words.iter().enumerate() {
            match STATUS_CODES.iter().position(|code| code == word) {
                Some(code) => codes.push(code),
                None => {
                    let message =
                        format!("unknown status code {word:?}, supported: OK, ERROR, UNSET");
                    block.problem(&["status_codes", &index.to_string()], message);
                }
            }
        }
        words
    });
    if words.is_none_or(|words| words.is_empty()) {
        policy.problem(&["status_code"], "expected at least one status code to filter on");
    }
    Rule::Met { bit: reader.conditions.add_status(&codes), inverted: false }
}

fn rate(reader: &mut Reader, policy: &mut Section<'_>, block: &str, key: &str, unit: Unit) -> Rule {
    let limits = policy.section(block, |block| {
        let mut limit = |key| block.signed(key).unwrap_or(0);
        (limit(key), limit("burst_capacity"))
    });
    let (per_second, burst) = limits.unwrap_or_default();
    let burst = if burst > 0 { burst } else { per_second.saturating_mul(2) };
    Rule::Rate(Rate {
        key: reader.key(block),
        unit,
        per_second: per_second.max(0) as f64,
        burst: burst.max(0).unsigned_abs(),
    })
}

fn span_count(policy: &mut Section<'_>) -> Rule {
    let bounds = policy.section("span_count", |block| {
        let mut bound = |key| {
            let bound = block.signed(key).unwrap_or(0);
            if !(-SPAN_COUNT_MAX..=SPAN_COUNT_MAX).contains(&bound) {
                block.problem(&[key], format!("at most {SPAN_COUNT_MAX}"));
            }
            bound
        };
        (bound("min_spans"), bound("max_spans"))
    });
    let (min, max) = bounds.unwrap_or_default();
    Rule::SpanCount { min, max }
}

fn trace_state(reader: &mut Reader, policy: &mut Section<'_>) -> Rule {
    let block = policy.section("trace_state", |block| {
        let key = block.string("key").unwrap_or_default();
        (key, block.strings("values").unwrap_or_default())
    });
    let (key, values) = block.unwrap_or_default();
    Rule::Met { bit: reader.conditions.add_trace_state(&key, &values), inverted: false }
}

const ERROR_MODES: [&str; 3] = ["ignore", "propagate", "silent"];

fn ottl(reader: &mut Reader, policy: &mut Section<'_>) -> Rule {
    let block = policy.section("ottl_condition", |block| {
        // Without a mode, errors are passed over in silence, as in the Collector.
        let mode = block.choice("error_mode", &ERROR_MODES).and_then(|mode| ERROR_MODES.get(mode));
        let mode = mode.and_then(|mode| ErrorMode::named(mode)).unwrap_or(ErrorMode::Silent);
        let spans = ottl_list(block, "span", Context::Span, mode);
        (spans, ottl_list(block, "spanevent", Context::SpanEvent, mode))
    });
    let ((span_count, spans), (event_count, events)) = block.unwrap_or_default();
    if span_count + event_count == 0 {
        let message = "expected at least one OTTL condition to filter on";
        policy.problem(&["ottl_condition"], message);
    }
    let (matched, failed) = reader.conditions.add_ottl(spans, events);
    Rule::Ottl { matched, failed }
}

/// How many conditions are written there, and those that can be compiled.
fn ottl_list(
    block: &mut Section<'_>,
    key: &str,
    context: Context,
    mode: ErrorMode,
) -> (usize, Conditions) {
    let texts = block.strings(key).unwrap_or_default();
    let mut list = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        match Condition::new(text, context) {
            Ok(condition) => list.push(condition),
            Err(error) => block.problem(&[key, &index.to_string()], error.to_string()),
        }
    }
    (texts.len(), Conditions::new(list, mode))
}

fn warn(reader: &mut Reader, message: &str) {
    let path = reader.path.join("/");
    reader.warnings.push(format!("policy {path:?}: {message}"));
}
