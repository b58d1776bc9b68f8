//! What a match must contain, pattern by pattern.

use super::*;
use crate::Regex;

/// The sequences in a readable form: `4[0-9][0-9] or @`.
fn readable(pattern: &str) -> Option<String> {
    let sequences = Regex::new(pattern).unwrap().necessary()?;
    let one = |sequence: &Sequence| sequence.iter().map(readable_set).collect::<String>();
    Some(sequences.iter().map(one).collect::<Vec<_>>().join(" or "))
}

fn readable_set(set: &ByteSet) -> String {
    let bytes: Vec<u8> = set.iter().collect();
    if let [byte] = bytes[..] {
        return (byte as char).to_string();
    }
    let mut ranges: Vec<(u8, u8)> = Vec::new();
    for byte in bytes {
        match ranges.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(byte) => *last = byte,
            _ => ranges.push((byte, byte)),
        }
    }
    let one = |&(first, last): &(u8, u8)| match first == last {
        true => (first as char).to_string(),
        false => format!("{}-{}", first.escape_ascii(), last.escape_ascii()),
    };
    format!("[{}]", ranges.iter().map(one).collect::<String>())
}

fn check(pattern: &str, expected: &str) {
    assert_eq!(readable(pattern).as_deref(), Some(expected), "{pattern}");
}

#[test]
fn card_numbers_are_a_run_of_digits() {
    check("4[0-9]{3}(?:[0-9]{3})?", "4[0-9][0-9][0-9]");
    check(r"\b\d{3}-\d{2}\b", "[0-9][0-9][0-9]-[0-9][0-9]");
}

#[test]
fn an_address_is_an_at_sign_between_two_of_its_characters() {
    check("[a-z]+@[a-z.]+", "[a-z]@[.a-z]");
}

#[test]
fn the_rarest_part_is_chosen() {
    check("a.*token=.*b", "token=");
    check("[a-z]{3}.*XQ", "XQ");
}

#[test]
fn of_branches_each_has_its_own() {
    check("ghp_[a-z]{3}|XOX[bp]-", "ghp_[a-z][a-z][a-z] or XOX[bp]-");
    check("(?:12|34)567", "[13][24]567");
}

#[test]
fn what_may_be_missing_is_not_necessary() {
    assert_eq!(readable("(?:secret)?"), None);
    assert_eq!(readable("secret|"), None);
    assert_eq!(readable(r"\w+"), None);
    assert_eq!(readable(".*"), None);
    check("x(?:12345)*KEY", "KEY");
}

#[test]
fn what_folds_beyond_ascii_ends_a_sequence() {
    // `k` is also the Kelvin sign, of three bytes: only the last of them stands before the `z`.
    check("(?i)zqkzqzq", r"[Kk\x80-\xff][Zz][Qq][Zz][Qq]");
}

#[test]
fn the_replacement_character_stands_for_any_bad_byte() {
    check("QXZ\u{FFFD}", r"QXZ[\x80-\xff]");
}

#[test]
fn sequences_have_a_bound() {
    let sequences = Regex::new("[0-9]{100}").unwrap().necessary().unwrap();
    assert_eq!(sequences[0].len(), MAX_SEQUENCE_LEN);
}
