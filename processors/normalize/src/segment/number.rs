//! Dates, versions and other things made of digits in a segment.

use crate::bytes::{all_digits, all_letters, number, run};

/// `2024-01-31`, `2024_01_31`, `2024.01.31`, alone or with a time behind it: the length of the date.
pub(crate) fn date(bytes: &[u8]) -> Option<usize> {
    let year = number(bytes, 0, 4)?;
    let [month, day] = [number(bytes, 5, 2)?, number(bytes, 8, 2)?];
    let [first, second] = [*bytes.get(4)?, *bytes.get(7)?];
    let joined = first == second && matches!(first, b'-' | b'_' | b'.');
    let fits = (1900..2200).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    (joined && fits).then_some(10)
}

/// What stands behind the date in a version of an API: `2024-08-01-preview`.
const STAGES: [&[u8]; 8] =
    [b"preview", b"privatepreview", b"beta", b"alpha", b"stable", b"rc", b"ga", b"legacy"];

pub(crate) fn is_dated_version(bytes: &[u8]) -> bool {
    let Some(rest) = date(bytes).and_then(|length| bytes.get(length..)) else { return false };
    let Some((b'-' | b'.', stage)) = rest.split_first() else { return false };
    STAGES.iter().any(|known| stage.eq_ignore_ascii_case(known))
}

/// `v1`, `v2beta1`, `V3`, `v1.2`, `v1alpha`, `1.1`.
pub(crate) fn is_version(bytes: &[u8]) -> bool {
    let rest = match bytes {
        [b'v' | b'V', rest @ ..] => rest,
        _ => return is_pair(bytes),
    };
    let major = run(rest, 0, u8::is_ascii_digit);
    let tail = rest.get(major..).unwrap_or_default();
    (1..=3).contains(&major) && (tail.is_empty() || is_minor(tail) || is_stage(tail))
}

/// Two numbers of at most two digits: `1.1`, `2.0`.
fn is_pair(bytes: &[u8]) -> bool {
    let major = run(bytes, 0, u8::is_ascii_digit);
    let tail = bytes.get(major..).unwrap_or_default();
    (1..=2).contains(&major) && tail.starts_with(b".") && is_minor(tail)
}

fn is_minor(tail: &[u8]) -> bool {
    matches!(tail, [b'.' | b'_' | b'-', minor @ ..] if all_digits(minor) && minor.len() <= 2)
}

/// `beta1`, `alpha`, `p2beta3`.
fn is_stage(tail: &[u8]) -> bool {
    let tail = match tail {
        [b'p', digit, rest @ ..] if digit.is_ascii_digit() => rest,
        _ => tail,
    };
    let word = run(tail, 0, u8::is_ascii_alphabetic);
    let (word, digits) = tail.split_at(word);
    let known: [&[u8]; 6] = [b"", b"alpha", b"beta", b"rc", b"preview", b"internal"];
    known.contains(&word) && digits.len() <= 2 && digits.iter().all(u8::is_ascii_digit)
}

/// Nothing but digits and what stands between them: phone numbers, IPv4, ranges, negative numbers.
pub(crate) fn is_numeric(bytes: &[u8]) -> bool {
    let fits = |byte: &u8| byte.is_ascii_digit() || b"+-._:()~ ".contains(byte);
    bytes.iter().all(fits) && bytes.iter().any(u8::is_ascii_digit)
}

/// `2024-01`.
pub(crate) fn is_year_and_month(bytes: &[u8]) -> bool {
    let [year, month] = [number(bytes, 0, 4), number(bytes, 5, 2)];
    bytes.len() == 7
        && bytes.get(4) == Some(&b'-')
        && year.is_some_and(|year| (1900..2200).contains(&year))
        && month.is_some_and(|month| (1..=12).contains(&month))
}

/// `2024-Q1`, `2024-W05`, `2024-Jan`: a year and one of its parts.
pub(crate) fn is_part_of_year(bytes: &[u8]) -> bool {
    let Some(1900..2200) = number(bytes, 0, 4) else { return false };
    match bytes.get(4..) {
        Some([b'-', b'Q' | b'q' | b'W' | b'w' | b'H' | b'h', part @ ..]) => {
            all_digits(part) && part.len() <= 2
        }
        Some([b'-', month @ ..]) => month.len() == 3 && all_letters(month) && is_month(month),
        _ => false,
    }
}

const MONTHS: [&[u8; 3]; 12] = [
    b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec",
];

pub(crate) fn is_month(bytes: &[u8]) -> bool {
    MONTHS.iter().any(|month| bytes.eq_ignore_ascii_case(*month))
}
