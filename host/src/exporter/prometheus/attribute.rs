//! Attributes as text, in the Collector's way: lists and maps as JSON, bytes as base64.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};

use super::number;

pub(super) fn text(attribute: &KeyValue) -> String {
    let Some(value) = attribute.value.as_ref().and_then(|value| value.value.as_ref()) else {
        return String::new();
    };
    match value {
        Value::StringValue(text) => text.clone(),
        Value::BoolValue(value) => value.to_string(),
        Value::IntValue(value) => value.to_string(),
        Value::DoubleValue(value) => number::attribute(*value),
        Value::BytesValue(bytes) => base64(bytes),
        Value::ArrayValue(_) | Value::KvlistValue(_) => {
            let mut out = String::new();
            // A number that JSON has not makes nothing of the whole, as in Go.
            json(Some(value), &mut out).map_or_else(String::new, |()| out)
        }
        // A reference into the tables of profiles, which metrics have not.
        Value::StringValueStrindex(_) => String::new(),
    }
}

fn json(value: Option<&Value>, out: &mut String) -> Option<()> {
    match value {
        None | Some(Value::StringValueStrindex(_)) => out.push_str("null"),
        Some(Value::StringValue(text)) => json_string(text, out),
        Some(Value::BoolValue(value)) => out.push_str(if *value { "true" } else { "false" }),
        Some(Value::IntValue(value)) => out.push_str(&value.to_string()),
        Some(Value::DoubleValue(value)) if value.is_finite() => {
            out.push_str(&number::attribute(*value));
        }
        Some(Value::DoubleValue(_)) => return None,
        Some(Value::BytesValue(bytes)) => json_string(&base64(bytes), out),
        Some(Value::ArrayValue(list)) => {
            out.push('[');
            for (index, value) in list.values.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                json(inner(value), out)?;
            }
            out.push(']');
        }
        Some(Value::KvlistValue(list)) => {
            // In the order of the keys; the last of equal ones counts.
            let entries: BTreeMap<&str, Option<&AnyValue>> =
                list.values.iter().map(|entry| (&*entry.key, entry.value.as_ref())).collect();
            out.push('{');
            for (index, (key, value)) in entries.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                json_string(key, out);
                out.push(':');
                json(value.and_then(inner), out)?;
            }
            out.push('}');
        }
    }
    Some(())
}

fn inner(value: &AnyValue) -> Option<&Value> {
    value.value.as_ref()
}

fn json_string(text: &str, out: &mut String) {
    let quoted = serde_json::Value::from(text).to_string();
    // Go escapes the two for the sake of JavaScript.
    out.push_str(&quoted.replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029"));
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let at = |index: usize| u32::from(chunk.get(index).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for index in 0..4 {
            if index <= chunk.len() {
                let digit = bits >> (18 - 6 * index) & 63;
                out.push(char::from(ALPHABET[digit as usize]));
            } else {
                out.push('=');
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::common::v1::{ArrayValue, KeyValueList};

    use super::*;

    fn entry(key: &str, value: Value) -> KeyValue {
        let value = Some(AnyValue { value: Some(value) });
        KeyValue { key: key.to_owned(), value, ..KeyValue::default() }
    }

    #[test]
    fn every_kind_of_value_has_a_text() {
        let nested = Value::KvlistValue(KeyValueList {
            values: vec![
                entry("z", Value::StringValue("<\"a\u{2028}\n>".into())),
                entry("b", Value::DoubleValue(2.0)),
                entry("b", Value::BytesValue(vec![1])),
                KeyValue { key: "n".into(), ..KeyValue::default() },
            ],
        });
        let list = |values: Vec<Value>| {
            let values = values.into_iter().map(|value| AnyValue { value: Some(value) });
            Value::ArrayValue(ArrayValue { values: values.collect() })
        };
        let cases = [
            (Value::StringValue("a b".into()), "a b"),
            (Value::BoolValue(true), "true"),
            (Value::IntValue(-7), "-7"),
            (Value::DoubleValue(1.5), "1.5"),
            (Value::BytesValue(vec![]), ""),
            (Value::BytesValue(vec![255, 238]), "/+4="),
            (Value::BytesValue(b"abc".to_vec()), "YWJj"),
            (nested, r#"{"b":"AQ==","n":null,"z":"<\"a\u2028\n>"}"#),
            (list(vec![Value::IntValue(1), list(vec![]), Value::BoolValue(false)]), "[1,[],false]"),
            (list(vec![Value::DoubleValue(f64::NAN)]), ""),
        ];
        for (value, want) in cases {
            assert_eq!(text(&entry("k", value)), want);
        }
        assert_eq!(text(&KeyValue::default()), "");
    }
}
