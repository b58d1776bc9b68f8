//! Attributes that are encoded at compile time: what is written on every call is copied, not put together.

use tamis_sdk::otlp::common::{AnyValue, KeyValue};

/// Bytes of an encoded text beside key and text: the record's length, and tag and length of key, value and
/// text.
pub(super) const AROUND_TEXT: usize = 7;

/// Bytes of an encoded double beside the key and the double's own eight.
pub(super) const AROUND_DOUBLE: usize = 6;

const DOUBLE_BYTES: usize = 8;

/// An attribute with a text, without its tag.
macro_rules! text {
    ($key:expr, $text:expr) => {{
        const READY: &[u8; $key.len() + $text.len() + ready::AROUND_TEXT] =
            &ready::of_text($key, $text);
        READY
    }};
}

/// An attribute with a double, without its tag and without the double, which is at its end.
macro_rules! double {
    ($key:expr) => {{
        const READY: &[u8; $key.len() + ready::AROUND_DOUBLE] = &ready::of_double($key);
        READY
    }};
}

pub(super) use {double, text};

pub(super) const fn of_text<const N: usize>(key: &str, text: &str) -> [u8; N] {
    let mut out = [0; N];
    let value = text.len() + 2;
    let at = begin(&mut out, key, value);
    out[at] = tag(AnyValue::STRING_VALUE, LENGTH);
    out[at + 1] = short(text.len());
    let end = put(&mut out, at + 2, text);
    assert!(end == N);
    out
}

pub(super) const fn of_double<const N: usize>(key: &str) -> [u8; N] {
    let mut out = [0; N];
    let at = begin(&mut out, key, DOUBLE_BYTES + 1);
    out[at] = tag(AnyValue::DOUBLE_VALUE, FIXED64);
    assert!(at + 1 == N);
    out
}

/// Writes all that comes before a value of so many bytes, and answers where it goes on.
const fn begin(out: &mut [u8], key: &str, value: usize) -> usize {
    out[0] = short(key.len() + value + 4);
    out[1] = tag(KeyValue::KEY, LENGTH);
    out[2] = short(key.len());
    let at = put(out, 3, key);
    out[at] = tag(KeyValue::VALUE, LENGTH);
    out[at + 1] = short(value);
    at + 2
}

const fn put(out: &mut [u8], mut at: usize, text: &str) -> usize {
    let mut from = 0;
    while from < text.len() {
        out[at] = text.as_bytes()[from];
        (at, from) = (at + 1, from + 1);
    }
    at
}

const FIXED64: u32 = 1;
const LENGTH: u32 = 2;

const fn tag(number: u32, wire_type: u32) -> u8 {
    short((number << 3 | wire_type) as usize)
}

/// A varint of one byte.
const fn short(value: usize) -> u8 {
    assert!(value < 0x80);
    value as u8
}

#[cfg(test)]
mod tests {
    use tamis_sdk::otlp::common::{AnyValue, KeyValue};
    use tamis_sdk::wire::Writer;

    use crate::write::{names, ready};

    #[test]
    fn what_is_ready_is_what_a_writer_makes() {
        let (mut out, mut wanted) = (Vec::new(), Vec::new());
        let mut writer = Writer::new(&mut out);
        writer.length_delimited(9);
        writer.records(ready::text!(names::CURRENCY, "USD"));
        writer.length_delimited(9);
        writer.records(ready::double!(names::AMOUNT));
        writer.records(&0.25_f64.to_le_bytes());
        let mut writer = Writer::new(&mut wanted);
        writer.message(9, |pair| {
            pair.bytes(KeyValue::KEY, names::CURRENCY);
            pair.message(KeyValue::VALUE, |any| any.bytes(AnyValue::STRING_VALUE, "USD"));
        });
        writer.message(9, |pair| {
            pair.bytes(KeyValue::KEY, names::AMOUNT);
            let bits = 0.25_f64.to_bits();
            pair.message(KeyValue::VALUE, |any| any.fixed64(AnyValue::DOUBLE_VALUE, bits));
        });
        assert_eq!(out, wanted);
    }
}
