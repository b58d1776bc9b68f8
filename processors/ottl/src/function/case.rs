//! Upper and lower case as Go maps it: character by character, never one to many.

use std::borrow::Cow;

pub(super) fn lower(text: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    match text.is_ascii() {
        true if !text.iter().any(u8::is_ascii_uppercase) => text,
        true => text.to_ascii_lowercase().into(),
        false => map(&text, |char| match char {
            // Its full lower case has two characters; the simple one is plain.
            '\u{130}' => 'i',
            char => only(char.to_lowercase(), char),
        }),
    }
}

pub(super) fn upper(text: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    match text.is_ascii() {
        true if !text.iter().any(u8::is_ascii_lowercase) => text,
        true => text.to_ascii_uppercase().into(),
        false => map(&text, |char| only(char.to_uppercase(), simple_upper(char))),
    }
}

/// Greek letters with an iota below have a simple upper case beside the full one of two letters.
fn simple_upper(char: char) -> char {
    let code = u32::from(char);
    let moved = match code {
        0x1f80..=0x1f87 | 0x1f90..=0x1f97 | 0x1fa0..=0x1fa7 => code + 8,
        0x1fb3 | 0x1fc3 | 0x1ff3 => code + 9,
        _ => code,
    };
    char::from_u32(moved).unwrap_or(char)
}

/// The character of a mapping to one character.
fn only(mut mapped: impl Iterator<Item = char>, otherwise: char) -> char {
    match (mapped.next(), mapped.next()) {
        (Some(char), None) => char,
        _ => otherwise,
    }
}

/// Each byte that is not UTF-8 becomes U+FFFD.
fn map<'a>(text: &[u8], change: impl Fn(char) -> char) -> Cow<'a, [u8]> {
    let mut out = String::with_capacity(text.len());
    for chunk in text.utf8_chunks() {
        out.extend(chunk.valid().chars().map(&change));
        out.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    out.into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_character_becomes_two() {
        let lower = |text: &'static str| lower(text.as_bytes().into());
        let upper = |text: &'static str| upper(text.as_bytes().into());
        assert_eq!(&*lower("ÄBC"), "äbc".as_bytes());
        assert_eq!(&*lower("İΣ"), "iσ".as_bytes());
        assert_eq!(&*upper("straße ŉ"), "STRAßE ŉ".as_bytes());
        assert_eq!(&*upper("ᾳ"), "ᾼ".as_bytes());
    }
}
