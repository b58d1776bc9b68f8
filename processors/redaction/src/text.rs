//! Values as text: what the Collector's `AsString` makes of them.

use std::fmt::{Display, Write};

use tamis_sdk::wire::Message;

use crate::value::{Any, Fault, Value, read_any, read_pair};

/// Whether a text shows all that there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    All,
    /// Something inside is [`Any::irregular`]: the text is what a decoder sees, and there is more.
    InPart,
}

impl Shown {
    fn and(self, other: Self) -> Self {
        if self == Self::All { other } else { self }
    }
}

/// Writes a value as text. Maps and lists become JSON.
pub(crate) fn write(value: &Value<'_>, out: &mut Vec<u8>) -> Result<Shown, Fault> {
    match *value {
        Value::Empty => {}
        Value::String(text) | Value::Unknown(text) => out.extend_from_slice(text),
        Value::Bool(value) => display(value, out),
        Value::Int(value) => display(value, out),
        Value::Double(value) if value.is_nan() => out.extend_from_slice(b"NaN"),
        Value::Double(value) if value.is_infinite() => {
            out.extend_from_slice(if value > 0.0 { b"Infinity" } else { b"-Infinity" });
        }
        Value::Double(value) => double(value, out),
        Value::Bytes(bytes) => base64(bytes, out),
        Value::List(list) => return json_list(list, out, 0),
        Value::Map(map) => return json_map(map, out, 0),
    }
    Ok(Shown::All)
}

/// How deep lists and maps may nest. The host refuses deeper ones before, at 100.
const DEPTH_LIMIT: usize = 128;

fn display(value: impl Display, out: &mut Vec<u8>) {
    out.extend_from_slice(value.to_string().as_bytes());
}

/// As ECMAScript writes numbers: shortest, with an exponent below 1e-6 and from 1e21.
fn double(value: f64, out: &mut Vec<u8>) {
    let size = value.abs();
    if size == 0.0 || (1e-6..1e21).contains(&size) {
        return display(value, out);
    }
    let text = format!("{value:e}");
    match text.split_once('e') {
        Some((digits, exponent)) if !exponent.starts_with('-') => {
            display(format_args!("{digits}e+{exponent}"), out);
        }
        _ => display(text, out),
    }
}

fn base64(bytes: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for chunk in bytes.chunks(3) {
        let byte = |index: usize| u32::from(chunk.get(index).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            let used = digit <= chunk.len();
            let index = (bits >> (18 - 6 * digit) & 63) as usize;
            out.push(if used { DIGITS[index] } else { b'=' });
        }
    }
}

fn json(any: &Any<'_>, out: &mut Vec<u8>, depth: usize) -> Result<Shown, Fault> {
    let mut shown = if any.irregular { Shown::InPart } else { Shown::All };
    match any.value {
        Value::Empty | Value::Bytes([]) => out.extend_from_slice(b"null"),
        Value::String(text) | Value::Unknown(text) => json_string(text, out),
        Value::Bytes(_) => {
            out.push(b'"');
            write(&any.value, out)?;
            out.push(b'"');
        }
        Value::List(list) => shown = shown.and(json_list(list, out, depth + 1)?),
        Value::Map(map) => shown = shown.and(json_map(map, out, depth + 1)?),
        // The Collector gives up on a map with a NaN or an infinity in it and sees an empty text, so
        // that everything else in the map passes unseen. Here it is text like the rest.
        Value::Bool(_) | Value::Int(_) | Value::Double(_) => {
            write(&any.value, out)?;
        }
    }
    Ok(shown)
}

fn json_list(list: Message<'_>, out: &mut Vec<u8>, depth: usize) -> Result<Shown, Fault> {
    if depth > DEPTH_LIMIT {
        return Err(Fault::Depth);
    }
    out.push(b'[');
    let (mut first, mut shown) = (true, Shown::All);
    for field in list.fields() {
        let field = field?;
        if field.number() != 1 {
            continue;
        }
        if !std::mem::take(&mut first) {
            out.push(b',');
        }
        shown = shown.and(json(&read_any(field.message()?)?, out, depth)?);
    }
    out.push(b']');
    Ok(shown)
}

/// Keys are sorted. Where one is there twice the Collector sees the last only; here all are seen, so
/// that none can hide.
fn json_map(map: Message<'_>, out: &mut Vec<u8>, depth: usize) -> Result<Shown, Fault> {
    if depth > DEPTH_LIMIT {
        return Err(Fault::Depth);
    }
    let mut pairs = Vec::new();
    for field in map.fields() {
        let field = field?;
        if field.number() == 1 {
            let pair = read_pair(field.message()?)?;
            pairs.push((pair.key, pair.any));
        }
    }
    pairs.sort_by_key(|&(key, _)| key);
    let mut shown = Shown::All;
    out.push(b'{');
    for (index, (key, any)) in pairs.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        json_string(key, out);
        out.push(b':');
        shown = shown.and(json(any, out, depth)?);
    }
    out.push(b'}');
    Ok(shown)
}

/// As Go's `encoding/json` without HTML escaping: bad UTF-8 becomes U+FFFD, byte by byte.
fn json_string(text: &[u8], out: &mut Vec<u8>) {
    let mut written = String::with_capacity(text.len() + 2);
    written.push('"');
    for chunk in text.utf8_chunks() {
        for c in chunk.valid().chars() {
            json_char(c, &mut written);
        }
        for _ in chunk.invalid() {
            written.push_str("\\ufffd");
        }
    }
    written.push('"');
    out.extend_from_slice(written.as_bytes());
}

fn json_char(c: char, out: &mut String) {
    match c {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\u{8}' => out.push_str("\\b"),
        '\u{C}' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\0'..='\u{1F}' | '\u{2028}' | '\u{2029}' => {
            // Writing to a string cannot fail.
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        }
        c => out.push(c),
    }
}

#[cfg(test)]
mod tests;
