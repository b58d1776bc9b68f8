//! Usage as an object: JSON in a text, a map, or the text that Python makes of one.

use std::borrow::Cow;

use serde_json::Value as Json;
use tamis_sdk::wire::{Error, Message};

use crate::dialects::Member;
use crate::meaning::Text;
use crate::names::{Names, Path};
use crate::seen::Seen;
use crate::value::{self, Value};

/// A longer text is not read: usage takes a few hundred bytes, a whole answer some thousand.
const TEXT_BYTES_MAX: usize = 65_536;
const DEPTH_MAX: usize = 8;

/// Reads an attribute that holds an object.
pub(crate) fn read<'a>(
    names: &Names,
    key: &str,
    value: Value<'a>,
    seen: &mut Seen<'a>,
) -> Result<(), Error> {
    let mut path = Path::default();
    path.push(key.rsplit('.').next().unwrap_or(key).as_bytes());
    let walk = Walk { names, is_usage: !is_answer(key) };
    match value {
        Value::Map(map) => walk.map(map, &mut path, seen),
        Value::Text(text) => {
            // Most answers are somebody else's, and take long to read.
            if is_answer(key) && !contains(text, b"oken") {
                return Ok(());
            }
            if let Some(json) = parse(text) {
                walk.json(&json, &mut path, seen);
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Whether the object is a whole answer, in which usage is a member.
fn is_answer(key: &str) -> bool {
    key.ends_with("response") || key == "response_data"
}

/// Reads the body of a log record: an answer as it came, in which `usage` stands, or something else.
pub(crate) fn body<'a>(names: &Names, value: Value<'a>, seen: &mut Seen<'a>) -> Result<(), Error> {
    let is_worth_it = match value {
        Value::Text(text) => text.first() == Some(&b'{'),
        Value::Map(_) => true,
        _ => false,
    };
    if !is_worth_it {
        return Ok(());
    }
    seen.touch();
    read(names, "response", value, seen)
}

fn contains(text: &[u8], word: &[u8]) -> bool {
    text.windows(word.len()).any(|part| part == word)
}

/// Reads the name of the model out of parameters.
pub(crate) fn parameters<'a>(value: Value<'a>, seen: &mut Seen<'a>) {
    let Value::Text(text) = value else { return };
    let Some(json) = parse(text) else { return };
    for key in ["model", "model_name", "model_id", "modelId"] {
        if let Some(Json::String(model)) = json.get(key) {
            seen.text(Text::RequestModel, 9, Some(Cow::Owned(model.clone())));
        }
    }
}

fn parse(text: &[u8]) -> Option<Json> {
    let text = text.trim_ascii();
    if text.len() > TEXT_BYTES_MAX || text.first() != Some(&b'{') {
        return None;
    }
    serde_json::from_slice(text).ok().or_else(|| parse_python(text))
}

/// `{'prompt_tokens': 36, 'details': None}`. Where a text holds quotes itself, it stays unread.
fn parse_python(text: &[u8]) -> Option<Json> {
    let text = std::str::from_utf8(text).ok()?;
    if text.contains('"') {
        return None;
    }
    let json = text
        .replace('\'', "\"")
        .replace(": None", ": null")
        .replace(": True", ": true")
        .replace(": False", ": false");
    serde_json::from_str(&json).ok()
}

#[derive(Clone, Copy)]
struct Walk<'n> {
    names: &'n Names,
    /// What is in hand tells of use. A whole answer holds other things too, whose names may be anything.
    is_usage: bool,
}

impl Walk<'_> {
    fn json(self, json: &Json, path: &mut Path, seen: &mut Seen<'_>) {
        match json {
            Json::Object(members) if path.depth() < DEPTH_MAX => {
                for (name, member) in members {
                    path.push(name.as_bytes());
                    self.within(path).json(member, path, seen);
                    path.pop();
                }
            }
            Json::Array(items) => self.modalities(items, path, seen),
            Json::String(text) => self.leaf(path, Value::Text(text.as_bytes()), seen),
            Json::Number(number) => {
                let value = match number.as_i64() {
                    Some(number) => Value::Int(number),
                    None => Value::Double(number.as_f64().unwrap_or(f64::NAN)),
                };
                self.leaf(path, value, seen);
            }
            Json::Null | Json::Bool(_) | Json::Object(_) => {}
        }
    }

    /// Google's `[{"modality": "AUDIO", "tokenCount": 5}]`.
    fn modalities(self, items: &[Json], path: &mut Path, seen: &mut Seen<'_>) {
        for item in items.iter().filter(|_| self.is_usage) {
            let count = item.get("tokenCount").or_else(|| item.get("token_count"));
            let modality = item.get("modality").and_then(Json::as_str);
            if let (Some(modality), Some(count)) = (modality, count.and_then(Json::as_i64)) {
                path.push(modality.as_bytes());
                self.leaf(path, Value::Int(count), seen);
                path.pop();
            }
        }
    }

    fn map<'a>(self, map: Message<'a>, path: &mut Path, seen: &mut Seen<'a>) -> Result<(), Error> {
        for entry in map.fields() {
            let (name, any) = value::pair(entry?.message()?)?;
            path.push(name);
            let within = self.within(path);
            match Value::read(any)? {
                Value::Map(map) if path.depth() < DEPTH_MAX => within.map(map, path, seen)?,
                Value::Map(_) | Value::List => {}
                value => within.leaf(path, value, seen),
            }
            path.pop();
        }
        Ok(())
    }

    fn within(self, path: &Path) -> Self {
        let name = path.last();
        let says_usage = contains(name, b"usage");
        Self { is_usage: self.is_usage || says_usage || name == b"billedunits", ..self }
    }

    fn leaf(self, path: &Path, value: Value<'_>, seen: &mut Seen<'_>) {
        let Some(member) = self.names.member(path) else { return };
        let is_top = path.depth() == 2;
        match member {
            Member::Model if is_top => {
                let model = value.text().map(|text| Cow::Owned(text.into_owned()));
                seen.text(Text::ResponseModel, 9, model);
            }
            Member::ServiceTier if is_top || self.is_usage => {
                let tier = value.text().map(|text| Cow::Owned(text.into_owned()));
                seen.text(Text::ServiceTier, 2, tier);
            }
            Member::Count(..) | Member::Cost(_) if self.is_usage => seen.figure(member, value),
            _ => {}
        }
    }
}
