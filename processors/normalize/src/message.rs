//! Messages, word by word.

mod address;
mod number;
mod time;

use crate::bytes::{is_uuid, run};
use crate::segment::{is_0x, is_hex, measure};

/// What stands in the place of a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Value {
    Uuid,
    Timestamp,
    Email,
    Ip,
    Hex,
    Id,
    Number,
}

impl Value {
    fn placeholder(self) -> &'static str {
        match self {
            Self::Uuid => "{UUID}",
            Self::Timestamp => "{TIMESTAMP}",
            Self::Email => "{EMAIL}",
            Self::Ip => "{IP}",
            Self::Hex => "{HEX}",
            Self::Id => "{ID}",
            Self::Number => "{NUMBER}",
        }
    }
}

/// A value in a text: from, to (exclusive).
struct Found {
    from: usize,
    to: usize,
    value: Value,
}

/// Appends a message with placeholders for the values in it: `user 123 failed from 10.0.0.1` is
/// `user {NUMBER} failed from {IP}`. True: it differs from `text`.
///
/// A template again is the same template.
pub fn message(text: &str, out: &mut String) -> bool {
    let mut scan = Scan { text, bytes: text.as_bytes(), copied: 0, at: 0, out };
    while let Some(next) = scan.next_sign() {
        scan.look(next);
    }
    let changed = scan.copied > 0;
    scan.copy_to(text.len());
    changed
}

struct Scan<'a, 'b> {
    text: &'a str,
    bytes: &'a [u8],
    /// Everything before is in `out`.
    copied: usize,
    /// Everything before has been looked at.
    at: usize,
    out: &'b mut String,
}

impl Scan<'_, '_> {
    /// The next digit or `@`: no value is without one.
    fn next_sign(&self) -> Option<usize> {
        let rest = self.bytes.get(self.at..)?;
        let found = rest.iter().position(|byte| byte.is_ascii_digit() || *byte == b'@');
        found.map(|index| self.at + index)
    }

    fn copy_to(&mut self, to: usize) {
        self.out.push_str(self.text.get(self.copied..to).unwrap_or_default());
        self.copied = to;
    }

    fn put(&mut self, found: &Found) {
        self.copy_to(found.from);
        self.out.push_str(found.value.placeholder());
        self.copied = found.to;
        self.at = found.to;
    }

    /// What the word with this digit or `@` is.
    fn look(&mut self, sign: usize) {
        let from = self.back(sign, u8::is_ascii_alphanumeric);
        if let Some(found) = self.long(sign, from) {
            return self.put(&found);
        }
        if self.bytes.get(sign) == Some(&b'@') {
            self.at = sign + 1;
            return;
        }
        let to = from + run(self.bytes, from, u8::is_ascii_alphanumeric);
        if self.bytes.get(from).is_some_and(u8::is_ascii_digit) {
            self.digits(from, to);
        } else {
            self.word(from, to);
        }
    }

    /// The first byte of the run that ends before `at`, not further than what was looked at.
    fn back(&self, at: usize, is: impl Fn(&u8) -> bool) -> usize {
        let before = self.bytes.get(self.at..at).unwrap_or_default();
        at - before.iter().rev().take_while(|byte| is(byte)).count()
    }

    /// Values of more than one word, the longest first, then those that are a word of their own.
    fn long(&self, sign: usize, from: usize) -> Option<Found> {
        let bytes = self.bytes;
        let found = |from, to, value| Some(Found { from, to, value });
        let local = self.back(sign, address::is_local);
        if let Some(to) = address::email(bytes, local, sign) {
            return found(local, to, Value::Email);
        }
        let boundary = |to: usize| !bytes.get(to).is_some_and(u8::is_ascii_alphanumeric);
        if is_uuid(bytes.get(from..)?) && boundary(from + 36) {
            return found(from, from + 36, Value::Uuid);
        }
        if let Some(time) = time::find(bytes, self.at, from) {
            return found(time.0, time.1, Value::Timestamp);
        }
        let colons = self.back(sign, |byte| byte.is_ascii_hexdigit() || *byte == b':');
        let joined = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'}';
        if bytes.get(sign)?.is_ascii_digit()
            && !colons.checked_sub(1).and_then(|at| bytes.get(at)).is_some_and(joined)
            && let Some((to, value)) = address::colons(bytes, colons)
        {
            return found(colons, to, value);
        }
        if let Some(to) = address::v4(bytes, from) {
            return found(from, to, Value::Ip);
        }
        let to = from + run(bytes, from, u8::is_ascii_alphanumeric);
        let word = bytes.get(from..to)?;
        // The hash of a Java object may be short.
        let length_min = if from > 0 && bytes.get(from - 1) == Some(&b'@') { 5 } else { 8 };
        if is_0x(word) || is_hex(word, length_min) {
            return found(from, to, Value::Hex);
        }
        None
    }

    /// A word that begins with a digit and is nothing special.
    fn digits(&mut self, from: usize, to: usize) {
        if let Some((end, rest)) = number::number(self.bytes, from, to) {
            let from = number::sign(self.bytes, self.copied, from);
            self.put(&Found { from, to: end, value: Value::Number });
            self.at = rest;
            return;
        }
        let measure = measure(self.bytes.get(from..to).unwrap_or_default());
        if measure.is_short_code() || measure.is_token(false) {
            return self.put(&Found { from, to, value: Value::Id });
        }
        self.runs(from, to);
    }

    /// A word that begins with a letter.
    fn word(&mut self, from: usize, to: usize) {
        let word = self.bytes.get(from..to).unwrap_or_default();
        if let Some(length) = number::term(self.bytes, from, to) {
            self.at = from + length;
            return;
        }
        let measure = measure(word);
        if measure.is_token(self.is_prefixed(from)) || measure.turns >= 2 && word.len() < 12 {
            return self.put(&Found { from, to, value: Value::Id });
        }
        let letters = run(word, 0, u8::is_ascii_alphabetic);
        let number = number::number(self.bytes, from + letters, to);
        // A digit within a word is a part of its name: `web2py`.
        if let Some((end, rest)) = number.filter(|(end, _)| *end >= to) {
            self.put(&Found { from: from + letters, to: end, value: Value::Number });
            self.at = rest;
        } else {
            self.at = to;
        }
    }

    /// Behind a short word and `_`: `cus_`.
    fn is_prefixed(&self, from: usize) -> bool {
        let Some(joint) = from.checked_sub(1) else { return false };
        let prefix = joint - self.back(joint, u8::is_ascii_lowercase);
        self.bytes.get(joint) == Some(&b'_') && (2..=6).contains(&prefix)
    }

    /// Every run of digits by itself: `1h30m`.
    fn runs(&mut self, from: usize, to: usize) {
        let mut at = from;
        while at < to {
            let mut length = run(self.bytes, at, u8::is_ascii_digit);
            if at + length == to {
                length = number::dotted(self.bytes, to) - at;
            }
            if length > 0 {
                self.put(&Found { from: at, to: at + length, value: Value::Number });
            }
            at += length.max(1);
        }
        self.at = at.max(to);
    }
}
