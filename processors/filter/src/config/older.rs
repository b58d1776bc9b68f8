//! The older forms: `traces.span` and its like; `include` and `exclude`, which are refused.

use tamis_ottl::{Conditions, Context, ErrorMode};
use tamis_sdk::config::Section;

use super::conditions::compile;
use super::{Keys, TRACES};
use crate::rules::Rules;

/// None: no level has a list.
pub(super) fn rules(section: &mut Section<'_>, keys: &Keys, mode: ErrorMode) -> Option<Rules> {
    let read = |section: &mut Section<'_>| {
        let mut rules = Rules { is_legacy: true, ..Rules::default() };
        let mut is_there = false;
        for (level, context) in keys.levels {
            let Some(texts) = section.strings(level) else { continue };
            is_there = true;
            let conditions = compile(section, &[level], &texts, keys, Some(*context));
            let conditions = Some(Conditions::new(conditions, mode));
            match context {
                Context::Resource => rules.resource = conditions,
                Context::SpanEvent | Context::DataPoint => rules.part = conditions,
                _ => rules.item = conditions,
            }
        }
        // Traces have theirs under `spans`.
        if keys.older != TRACES.older {
            refuse_matching(section, keys, &["include", "exclude", "regexp"]);
        }
        is_there.then_some(rules)
    };
    section.section(keys.older, read).flatten()
}

pub(super) fn refuse_spans(section: &mut Section<'_>) {
    section.section("spans", |section| refuse_matching(section, &TRACES, &["include", "exclude"]));
}

fn refuse_matching(section: &mut Section<'_>, keys: &Keys, names: &[&str]) {
    for name in names {
        let is_there = section.value(name).is_some();
        if !is_there {
            continue;
        }
        let (key, example) = (keys.conditions, keys.example);
        let message = match *name {
            "include" => format!(
                "`include` is not supported; write what is to be dropped, as in {key}: ['not \
                 ({example})']"
            ),
            "exclude" => {
                format!("`exclude` is not supported; write it as {key}: ['{example}']")
            }
            _ => format!("`{name}` is not supported; in {key} use IsMatch(target, \"pattern\")"),
        };
        section.problem(&[name], message);
    }
}
