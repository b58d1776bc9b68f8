//! Values as text: as the Collector's `AsString`, and as OTTL's converters make it.

use std::borrow::Cow;
use std::fmt::{Display, Write as _};

use crate::DEPTH_MAX;
use crate::error::EvalError;
use crate::value::{List, Map, Value};

/// Which of Go's two ways of writing JSON.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dialect {
    /// `AsString` of a value: `<`, `>` and `&` as they are; what cannot be written is an empty text.
    Plain,
    /// What OTTL does with maps and lists itself.
    Html,
}

/// `AsString`: the text of a log record's body. Bytes are base64, nothing is an empty text.
pub(crate) fn as_string<'a>(value: &Value<'a>) -> Result<Cow<'a, [u8]>, EvalError> {
    Ok(match value {
        Value::Nil => Cow::Borrowed(&b""[..]),
        Value::Double(value) if value.is_nan() => Cow::Borrowed(&b"NaN"[..]),
        Value::Double(value) if value.is_infinite() => {
            Cow::Borrowed(if *value > 0.0 { &b"Infinity"[..] } else { b"-Infinity" })
        }
        Value::Bytes(bytes) => {
            let mut out = String::new();
            base64(bytes, &mut out);
            out.into_bytes().into()
        }
        Value::Map(_) | Value::List(_) => {
            let mut out = String::new();
            match json(value, Dialect::Plain, 0, &mut out) {
                Err(EvalError::NotJson) => Cow::Borrowed(&b""[..]),
                made => made.map(|()| out.into_bytes().into())?,
            }
        }
        other => text_like(other)?.unwrap_or_default(),
    })
}

/// The text that a converter works on. None: nil. Bytes are hexadecimal.
pub(crate) fn text_like<'a>(value: &Value<'a>) -> Result<Option<Cow<'a, [u8]>>, EvalError> {
    let mut out = String::new();
    match value {
        Value::Nil => return Ok(None),
        Value::Text(text) => return Ok(Some(text.clone())),
        Value::Bytes(bytes) => out = hex(bytes),
        Value::TraceId(id) => numbers(id, &mut out),
        Value::SpanId(id) => numbers(id, &mut out),
        Value::Time(at) => rfc3339(*at, &mut out),
        Value::Duration(length) => put(length, &mut out),
        Value::Items(_) => out.push_str("{}"),
        other => json(other, Dialect::Html, 0, &mut out)?,
    }
    Ok(Some(out.into_bytes().into()))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble & 15)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
}

fn put(value: impl Display, out: &mut String) {
    // Writing to a string cannot fail.
    let _ = write!(out, "{value}");
}

/// An id that is not asked for its `string` is a list of numbers.
fn numbers(id: &[u8], out: &mut String) {
    out.push('[');
    for (index, byte) in id.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        put(byte, out);
    }
    out.push(']');
}

/// Shortest form, with an exponent below 1e-6 and from 1e21.
fn double(value: f64, out: &mut String) {
    let size = value.abs();
    if size == 0.0 || (1e-6..1e21).contains(&size) {
        return put(value, out);
    }
    let text = format!("{value:e}");
    match text.split_once('e') {
        Some((digits, exponent)) if !exponent.starts_with('-') => {
            put(format_args!("{digits}e+{exponent}"), out);
        }
        _ => out.push_str(&text),
    }
}

fn base64(bytes: &[u8], out: &mut String) {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for chunk in bytes.chunks(3) {
        let byte = |index: usize| u32::from(chunk.get(index).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            let index = (bits >> (18 - 6 * digit) & 63) as usize;
            out.push(if digit <= chunk.len() { char::from(DIGITS[index]) } else { '=' });
        }
    }
}

fn json(
    value: &Value<'_>,
    dialect: Dialect,
    depth: usize,
    out: &mut String,
) -> Result<(), EvalError> {
    if depth > DEPTH_MAX {
        return Err(EvalError::Depth);
    }
    match value {
        Value::Bool(value) => put(value, out),
        Value::Int(value) => put(value, out),
        Value::Double(value) if !value.is_finite() => return Err(EvalError::NotJson),
        Value::Double(value) => double(*value, out),
        Value::Text(text) => json_string(text, dialect, out),
        Value::Bytes(bytes) if !bytes.is_empty() => {
            out.push('"');
            base64(bytes, out);
            out.push('"');
        }
        Value::List(list) => json_list(*list, dialect, depth, out)?,
        Value::Map(map) => json_map(*map, dialect, depth, out)?,
        _ => out.push_str("null"),
    }
    Ok(())
}

fn json_list(
    list: List<'_>,
    dialect: Dialect,
    depth: usize,
    out: &mut String,
) -> Result<(), EvalError> {
    out.push('[');
    for (index, item) in list.items().enumerate() {
        if index > 0 {
            out.push(',');
        }
        json(&item?, dialect, depth + 1, out)?;
    }
    out.push(']');
    Ok(())
}

/// Keys are sorted; of keys that are there twice the last is written.
fn json_map(
    map: Map<'_>,
    dialect: Dialect,
    depth: usize,
    out: &mut String,
) -> Result<(), EvalError> {
    let mut pairs = Vec::new();
    for entry in map.entries() {
        let entry = entry?;
        pairs.push((entry.key()?, Value::of(entry.value()?)?));
    }
    pairs.sort_by_key(|(key, _)| *key);
    let mut first = true;
    out.push('{');
    for (index, (key, value)) in pairs.iter().enumerate() {
        if pairs.get(index + 1).is_some_and(|(next, _)| next == key) {
            continue;
        }
        if !std::mem::take(&mut first) {
            out.push(',');
        }
        json_string(key.as_bytes(), dialect, out);
        out.push(':');
        json(value, dialect, depth + 1, out)?;
    }
    out.push('}');
    Ok(())
}

/// Each byte that is not UTF-8 becomes U+FFFD.
fn json_string(text: &[u8], dialect: Dialect, out: &mut String) {
    out.push('"');
    for chunk in text.utf8_chunks() {
        chunk.valid().chars().for_each(|char| json_char(char, dialect, out));
        chunk.invalid().iter().for_each(|_| out.push_str("\\ufffd"));
    }
    out.push('"');
}

fn json_char(char: char, dialect: Dialect, out: &mut String) {
    match char {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\u{8}' => out.push_str("\\b"),
        '\u{c}' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '<' | '>' | '&' if dialect == Dialect::Plain => out.push(char),
        '\0'..='\u{1f}' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
            put(format_args!("\\u{:04x}", u32::from(char)), out);
        }
        char => out.push(char),
    }
}

const SECOND: i128 = 1_000_000_000;
const DAY: i128 = 86_400;

/// In quotes, in UTC, with as many digits of a second as it takes.
fn rfc3339(at: i128, out: &mut String) {
    let (seconds, nanos) = (at.div_euclid(SECOND), at.rem_euclid(SECOND));
    let (year, month, day) = date(seconds.div_euclid(DAY));
    let time = seconds.rem_euclid(DAY);
    let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60);
    put(format_args!("\"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"), out);
    if nanos > 0 {
        let digits = format!("{nanos:09}");
        put(format_args!(".{}", digits.trim_end_matches('0')), out);
    }
    out.push_str("Z\"");
}

/// The date of a day counted from 1970-01-01, by the proleptic Gregorian calendar.
fn date(day: i128) -> (i128, i128, i128) {
    // Days from 0000-03-01, in eras of 400 years, so that leap days come last.
    let shifted = day + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let in_next_year = month >= 10;
    let month = if in_next_year { month - 9 } else { month + 3 };
    (era * 400 + year + i128::from(in_next_year), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(value: &Value<'_>) -> String {
        String::from_utf8(text_like(value).unwrap().unwrap().into_owned()).unwrap()
    }

    #[test]
    fn texts_are_those_of_go() {
        assert_eq!(shown(&Value::Double(1e21)), "1e+21");
        assert_eq!(shown(&Value::Double(1.5e-7)), "1.5e-7");
        assert_eq!(shown(&Value::Double(100_000_000.0)), "100000000");
        assert_eq!(shown(&Value::Bytes(vec![0, 0xab].into())), "00ab");
        assert_eq!(shown(&Value::Time(0)), "\"1970-01-01T00:00:00Z\"");
        let leap_day = 951_782_400 * SECOND + 120_000_000;
        assert_eq!(shown(&Value::Time(leap_day)), "\"2000-02-29T00:00:00.12Z\"");
        assert_eq!(shown(&Value::Time(-1)), "\"1969-12-31T23:59:59.999999999Z\"");
        assert_eq!(text_like(&Value::Double(f64::NAN)), Err(EvalError::NotJson));
        assert_eq!(&*as_string(&Value::Double(f64::NAN)).unwrap(), b"NaN");
        assert_eq!(&*as_string(&Value::Bytes(vec![0, 0xab].into())).unwrap(), b"AKs=");
    }
}
