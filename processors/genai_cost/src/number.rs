//! Counts and amounts of money out of what senders write for them.

use tamis_genai_prices::Amount;

use crate::value::Value;

/// More of anything in one call is a mistake, and not a use: the largest contexts hold some ten million
/// tokens. It also catches -1 in 32 bits.
pub(crate) const COUNT_MAX: u64 = 1_000_000_000;

/// A number that cannot be: negative, broken, not a number, or more than [`COUNT_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Invalid;

/// A count; `None` where nothing is said. Text is read as the number that it spells.
pub(crate) fn count(value: Value<'_>) -> Result<Option<u64>, Invalid> {
    match value {
        Value::Other => Ok(None),
        Value::Int(number) => u64::try_from(number).map_err(|_| Invalid).and_then(bounded),
        Value::Double(number) => whole(number),
        Value::Text(text) => text_count(text),
        Value::Bool(_) | Value::List | Value::Map(_) => Err(Invalid),
    }
}

/// Text that spells a count; empty text, `null` and `None` say nothing.
pub(crate) fn text_count(text: &[u8]) -> Result<Option<u64>, Invalid> {
    let text = text.trim_ascii();
    if matches!(text, b"" | b"null" | b"None" | b"undefined") {
        return Ok(None);
    }
    let text = std::str::from_utf8(text).map_err(|_| Invalid)?;
    if let Ok(number) = text.parse::<u64>() {
        return bounded(number);
    }
    text.parse::<f64>().map_err(|_| Invalid).and_then(whole)
}

pub(crate) fn whole(number: f64) -> Result<Option<u64>, Invalid> {
    // Neither holds of what is not a number.
    let is_count = number >= 0.0 && number <= COUNT_MAX as f64 && number.fract() == 0.0;
    if is_count { Ok(Some(number as u64)) } else { Err(Invalid) }
}

fn bounded(number: u64) -> Result<Option<u64>, Invalid> {
    if number <= COUNT_MAX { Ok(Some(number)) } else { Err(Invalid) }
}

/// An amount of money, exactly as written; of a double the shortest decimal that is read as it. `None`:
/// it is none, or negative.
pub(crate) fn amount(value: Value<'_>) -> Option<Amount> {
    match value {
        Value::Int(number) => Amount::new(i128::from(u64::try_from(number).ok()?), 0),
        Value::Double(number) => double_amount(number),
        Value::Text(text) => text_amount(text),
        _ => None,
    }
}

/// More for one call is a mistake.
const AMOUNT_MAX: f64 = 1e9;

pub(crate) fn double_amount(number: f64) -> Option<Amount> {
    // Its shortest form may have more decimals than an amount: then it is as good as 0.
    let is_amount = (0.0..=AMOUNT_MAX).contains(&number);
    is_amount.then(|| number.to_string().parse().ok()).flatten()
}

pub(crate) fn text_amount(text: &[u8]) -> Option<Amount> {
    let text = std::str::from_utf8(text.trim_ascii()).ok()?;
    let text = text.strip_prefix('$').unwrap_or(text);
    let number = text.parse::<f64>().ok()?;
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let exact = plain.then(|| text.parse().ok()).flatten();
    let is_amount = (0.0..=AMOUNT_MAX).contains(&number);
    is_amount.then(|| exact.or_else(|| double_amount(number))).flatten()
}
