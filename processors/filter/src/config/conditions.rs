//! `trace_conditions` and its like: a flat list, or a list of groups.

use tamis_ottl::{Condition, Context, ErrorMode};
use tamis_sdk::config::Section;

use super::{Keys, error_mode};
use crate::rules::Rules;

pub(super) fn groups(section: &mut Section<'_>, keys: &Keys, mode: ErrorMode) -> Vec<Rules> {
    let key = keys.conditions;
    let Some(value) = section.value(key) else { return Vec::new() };
    let Some(list) = value.as_array() else {
        let message = format!("expected a list of conditions, as in ['{}']", keys.example);
        section.problem(&[key], message);
        return Vec::new();
    };
    if let Some(index) = list.iter().position(|value| value.is_null()) {
        section.problem(&[key, &index.to_string()], "condition cannot be empty");
        return Vec::new();
    }
    match list.iter().filter(|value| value.is_object()).count() {
        _ if list.is_empty() => Vec::new(),
        0 => {
            let texts = section.strings(key).unwrap_or_default();
            vec![Rules::new(compile(section, &[key], &texts, keys, None), mode)]
        }
        groups if groups == list.len() => {
            section.sections(key, |section| group(section, keys, mode)).unwrap_or_default()
        }
        _ => {
            let message = "either all are conditions or all are groups (maps with `conditions`), \
                           not both";
            section.problem(&[key], message);
            Vec::new()
        }
    }
}

fn group(section: &mut Section<'_>, keys: &Keys, mode: ErrorMode) -> Rules {
    let context = context(section, keys);
    let mode = error_mode(section).unwrap_or(mode);
    let texts = section.strings("conditions").unwrap_or_default();
    Rules::new(compile(section, &["conditions"], &texts, keys, context), mode)
}

fn context(section: &mut Section<'_>, keys: &Keys) -> Option<Context> {
    let name = section.string("context").filter(|name| !name.is_empty())?;
    let lower = name.to_ascii_lowercase();
    let found = keys.contexts.iter().copied().find(|context| context.name() == lower);
    if found.is_none() {
        let names: Vec<_> = keys.contexts.iter().map(|context| context.name()).collect();
        let message = format!("unknown context {name}; expected one of {}", names.join(", "));
        section.problem(&["context"], message);
    }
    found
}

/// Compiles the list at `path`, for one context or for those that the paths in it tell.
pub(super) fn compile(
    section: &mut Section<'_>,
    path: &[&str],
    texts: &[String],
    keys: &Keys,
    context: Option<Context>,
) -> Vec<Condition> {
    let mut conditions = Vec::with_capacity(texts.len());
    for (index, text) in texts.iter().enumerate() {
        let compiled = match context {
            Some(context) => Condition::new(text, context),
            None => Condition::infer(text, keys.contexts),
        };
        match compiled {
            Ok(condition) => conditions.push(condition),
            Err(error) => {
                let index = index.to_string();
                let path: Vec<&str> = path.iter().copied().chain([index.as_str()]).collect();
                section.problem(&path, error.to_string());
            }
        }
    }
    conditions
}
