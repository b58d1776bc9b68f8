//! What a plain YAML scalar means, by the rules of Go's yaml.v3, which the Collector reads with:
//! YAML 1.2 with the octal, binary and `_` of 1.1, but without its `yes` and `on`.

use super::node::Value;

/// Types an unquoted scalar.
pub(super) fn resolve(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Value::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Value::Float(f64::NEG_INFINITY),
        ".nan" | ".NaN" | ".NAN" => Value::Float(f64::NAN),
        _ => number(text).unwrap_or_else(|| Value::String(text.to_owned())),
    }
}

/// A number, if the text is one.
pub(super) fn number(text: &str) -> Option<Value> {
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')) {
        return None;
    }
    let digits = text.replace('_', "");
    if let Some(int) = integer(&digits) {
        return Some(Value::Int(int));
    }
    if is_float(&digits) { digits.parse().ok().map(Value::Float) } else { None }
}

/// An integer with an optional sign and base: `0x`, `0o`, `0b`, or `0` for octal.
fn integer(digits: &str) -> Option<i128> {
    let (negative, digits) = match digits.as_bytes().first()? {
        b'-' => (true, &digits[1..]),
        b'+' => (false, &digits[1..]),
        _ => (false, digits),
    };
    let (base, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', b'o' | b'O', ..] => (8, &digits[2..]),
        [b'0', b'b' | b'B', ..] => (2, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    // `from_str_radix` would take a second sign.
    if !digits.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return None;
    }
    let magnitude = i128::from_str_radix(digits, base).ok()?;
    let value = if negative { -magnitude } else { magnitude };
    (i128::from(i64::MIN)..=i128::from(u64::MAX)).contains(&value).then_some(value)
}

/// `[-+]? ( .digits | digits [.digits] ) [ e [-+]? digits ]`
fn is_float(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent_is_sound = exponent.is_none_or(|exponent| {
        let digits = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !digits.is_empty() && all_digits(digits)
    });
    !(whole.is_empty() && fraction.is_empty())
        && all_digits(whole)
        && all_digits(fraction)
        && exponent_is_sound
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_are_typed_like_the_collector_does() {
        let cases: &[(&str, Value)] = &[
            ("", Value::Null),
            ("~", Value::Null),
            ("NULL", Value::Null),
            ("nULL", Value::String("nULL".into())),
            ("True", Value::Bool(true)),
            ("yes", Value::String("yes".into())),
            ("on", Value::String("on".into())),
            ("0", Value::Int(0)),
            ("-12", Value::Int(-12)),
            ("+12", Value::Int(12)),
            ("1_000", Value::Int(1000)),
            ("0123", Value::Int(0o123)),
            ("0o17", Value::Int(0o17)),
            ("0x1F", Value::Int(31)),
            ("-0x10", Value::Int(-16)),
            ("0b101", Value::Int(5)),
            ("089", Value::Float(89.0)),
            ("18446744073709551615", Value::Int(i128::from(u64::MAX))),
            ("18446744073709551616", Value::Float(18_446_744_073_709_551_616.0)),
            ("1.5", Value::Float(1.5)),
            ("1.", Value::Float(1.0)),
            (".5", Value::Float(0.5)),
            ("1e3", Value::Float(1000.0)),
            ("-1.5E-2", Value::Float(-0.015)),
            (".inf", Value::Float(f64::INFINITY)),
            (".", Value::String(".".into())),
            ("-", Value::String("-".into())),
            ("--1", Value::String("--1".into())),
            ("0x", Value::String("0x".into())),
            ("1.2.3", Value::String("1.2.3".into())),
            ("1e", Value::String("1e".into())),
            ("5s", Value::String("5s".into())),
            ("2001-01-01", Value::String("2001-01-01".into())),
            ("0.0.0.0:4317", Value::String("0.0.0.0:4317".into())),
        ];
        for (text, expected) in cases {
            assert_eq!(&resolve(text), expected, "{text:?}");
        }
    }
}
