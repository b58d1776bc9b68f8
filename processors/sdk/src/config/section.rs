//! One map of the configuration and the getters on it.

use super::duration;
use crate::contract::Problem;
use serde_json::{Map, Value};
use std::time::Duration;

/// A map of the configuration. Every getter names a key and makes it a known one.
#[derive(Debug)]
pub struct Section<'c> {
    map: &'c Map<String, Value>,
    path: Vec<String>,
    texts: &'c [(Vec<String>, String)],
    problems: &'c mut Vec<Problem>,
    known: Vec<String>,
}

impl<'c> Section<'c> {
    pub(super) fn new(
        map: &'c Map<String, Value>,
        path: Vec<String>,
        texts: &'c [(Vec<String>, String)],
        problems: &'c mut Vec<Problem>,
    ) -> Self {
        Self { map, path, texts, problems, known: Vec::new() }
    }

    /// Whether the key is there and not null.
    pub fn has(&mut self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// A string. A number or Boolean is one only when it came from `${...}`: then its text.
    pub fn string(&mut self, key: &str) -> Option<String> {
        let value = self.get(key)?;
        self.as_string(value, &[key])
    }

    /// A list of strings. One string alone is split at its commas, as the Collector does.
    pub fn strings(&mut self, key: &str) -> Option<Vec<String>> {
        match self.get(key)? {
            Value::Array(values) => {
                let at = |(index, value)| self.as_string(value, &[key, &usize::to_string(&index)]);
                Some(values.iter().enumerate().filter_map(at).collect())
            }
            Value::String(text) if text.is_empty() => Some(Vec::new()),
            Value::String(text) => Some(text.split(',').map(str::to_owned).collect()),
            value => self.refuse(&[key], "a list of strings", value),
        }
    }

    /// A Boolean.
    pub fn boolean(&mut self, key: &str) -> Option<bool> {
        let value = self.get(key)?;
        value.as_bool().or_else(|| self.refuse(&[key], "true or false", value))
    }

    /// A whole number from 0 to 2^64-1.
    pub fn integer(&mut self, key: &str) -> Option<u64> {
        let value = self.get(key)?;
        let wanted = "a whole number that is not negative";
        value.as_u64().or_else(|| self.refuse(&[key], wanted, value))
    }

    /// A whole number from -2^63 to 2^63-1.
    pub fn signed(&mut self, key: &str) -> Option<i64> {
        let value = self.get(key)?;
        value.as_i64().or_else(|| self.refuse(&[key], "a whole number", value))
    }

    /// A duration as Go writes it, `1m30s` or `200ms`; not negative. A bare number is nanoseconds.
    pub fn duration(&mut self, key: &str) -> Option<Duration> {
        let value = self.get(key)?;
        if let Some(nanoseconds) = value.as_u64() {
            return Some(Duration::from_nanos(nanoseconds));
        }
        let Value::String(text) = value else {
            return self.refuse(&[key], "a duration such as 30s", value);
        };
        let duration = duration::parse(text);
        if duration.is_none() {
            self.problem(&[key], "expected a duration such as 30s, 200ms or 1m30s");
        }
        duration
    }

    /// A number.
    pub fn number(&mut self, key: &str) -> Option<f64> {
        let value = self.get(key)?;
        value.as_f64().or_else(|| self.refuse(&[key], "a number", value))
    }

    /// One of a few words; answers its place in `choices`.
    pub fn choice(&mut self, key: &str, choices: &[&str]) -> Option<usize> {
        let text = self.string(key)?;
        let found = choices.iter().position(|choice| *choice == text);
        if found.is_none() {
            let hint = did_you_mean(&text, choices.iter().copied());
            self.problem(&[key], format!("expected one of {}{hint}", choices.join(", ")));
        }
        found
    }

    /// A map within; `read` is not called when the key is absent.
    pub fn section<T>(&mut self, key: &str, read: impl FnOnce(&mut Section<'_>) -> T) -> Option<T> {
        let value = self.get(key)?;
        self.within(&[key], value, read)
    }

    /// A list of maps.
    pub fn sections<T>(
        &mut self,
        key: &str,
        mut read: impl FnMut(&mut Section<'_>) -> T,
    ) -> Option<Vec<T>> {
        match self.get(key)? {
            Value::Array(values) => {
                let at = |(index, value)| {
                    self.within(&[key, &usize::to_string(&index)], value, &mut read)
                };
                Some(values.iter().enumerate().filter_map(at).collect())
            }
            value => self.refuse(&[key], "a list of maps", value),
        }
    }

    /// The JSON as it stands, for what the other getters do not cover.
    pub fn value(&mut self, key: &str) -> Option<&'c Value> {
        self.get(key)
    }

    /// Reports a problem of the author's own; `path` goes from this section downwards.
    pub fn problem(&mut self, path: &[&str], message: impl Into<String>) {
        let path = self.full(path);
        self.problems.push(Problem { path, message: message.into() });
    }

    /// Refuses what nobody asked for.
    pub(super) fn finish(mut self) {
        let known = std::mem::take(&mut self.known);
        for key in self.map.keys().filter(|key| !known.contains(key)) {
            let hint = did_you_mean(key, known.iter().map(String::as_str));
            self.problem(&[key], format!("unknown key{hint}"));
        }
    }

    fn get(&mut self, key: &str) -> Option<&'c Value> {
        if !self.known.iter().any(|known| known == key) {
            self.known.push(key.to_owned());
        }
        self.map.get(key).filter(|value| !value.is_null())
    }

    fn as_string(&mut self, value: &Value, path: &[&str]) -> Option<String> {
        let full = self.full(path);
        if let Some((_, text)) = self.texts.iter().find(|(at, _)| *at == full) {
            return Some(text.clone());
        }
        match value {
            Value::String(text) => Some(text.clone()),
            _ => self.refuse(path, "a string", value),
        }
    }

    fn within<T>(
        &mut self,
        path: &[&str],
        value: &Value,
        read: impl FnOnce(&mut Section<'_>) -> T,
    ) -> Option<T> {
        let Value::Object(map) = value else { return self.refuse(path, "a map", value) };
        let mut section = Section::new(map, self.full(path), self.texts, self.problems);
        let made = read(&mut section);
        section.finish();
        Some(made)
    }

    fn refuse<T>(&mut self, path: &[&str], wanted: &str, value: &Value) -> Option<T> {
        self.problem(path, format!("expected {wanted}, got {}", kind(value)));
        None
    }

    fn full(&self, path: &[&str]) -> Vec<String> {
        self.path.iter().cloned().chain(path.iter().map(|part| (*part).to_owned())).collect()
    }
}

/// What a value is, for people. Configuration is no telemetry, but it may hold secrets: never the
/// value itself.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a boolean",
        Value::Number(number) if number.is_i64() || number.is_u64() => "a whole number",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}

/// `; did you mean "x"?` when one of the words is at most a third of its letters away.
fn did_you_mean<'w>(word: &str, words: impl Iterator<Item = &'w str>) -> String {
    let near = words
        .map(|known| (distance(word, known), known))
        .filter(|(distance, known)| *distance <= known.len().div_ceil(3))
        .min();
    near.map(|(_, known)| format!("; did you mean \"{known}\"?")).unwrap_or_default()
}

/// How many letters must be put in, taken out or changed to make one word of the other.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (taken, letter) in from.chars().enumerate() {
        let mut diagonal = taken;
        let mut left = taken + 1;
        for (cell, other) in row.iter_mut().skip(1).zip(&to) {
            let changed = diagonal + usize::from(letter != *other);
            diagonal = *cell;
            left = changed.min(diagonal + 1).min(left + 1);
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = taken + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}
