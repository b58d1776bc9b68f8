//! `time.ParseDuration`: numbers with units, `1h15m30.5s`.

/// In nanoseconds. None: not a duration, or longer than 64 bits hold.
pub(crate) fn parse(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?;
    let (negative, mut rest) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut nanos: i128 = 0;
    while !rest.is_empty() {
        let number = rest.find(|char: char| !char.is_ascii_digit() && char != '.')?;
        let (digits, behind) = rest.split_at(number);
        let end = behind.find(|char: char| char.is_ascii_digit() || char == '.');
        let (unit, behind) = behind.split_at(end.unwrap_or(behind.len()));
        nanos += in_nanos(digits, unit_nanos(unit)?)?;
        if nanos > i128::from(i64::MAX) + i128::from(negative) {
            return None;
        }
        rest = behind;
    }
    i64::try_from(if negative { -nanos } else { nanos }).ok()
}

fn unit_nanos(unit: &str) -> Option<i128> {
    Some(match unit {
        "ns" => 1,
        "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    })
}

fn in_nanos(digits: &str, unit: i128) -> Option<i128> {
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
        return None;
    }
    let mut nanos = 0;
    if !whole.is_empty() {
        let whole: i64 = whole.parse().ok()?;
        nanos = i128::from(whole) * unit;
    }
    // 18 digits are finer than a nanosecond of an hour.
    let fraction = fraction.get(..fraction.len().min(18))?;
    if !fraction.is_empty() {
        let scale = 10_i128.pow(u32::try_from(fraction.len()).ok()?);
        nanos += fraction.parse::<i128>().ok()? * unit / scale;
    }
    Some(nanos)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn durations_are_those_of_go() {
        for (text, nanos) in [
            ("0", Some(0)),
            ("1h15m30.918s", Some(4_530_918_000_000)),
            ("-1.5h", Some(-5_400_000_000_000)),
            ("1.s", Some(1_000_000_000)),
            (".5ms", Some(500_000)),
            ("1µs", Some(1_000)),
            ("2540400h10m10.000000000s", Some(9_145_440_610_000_000_000)),
            ("-9223372036854775808ns", None),
            ("3000000h", None),
            ("1", None),
            ("", None),
            ("-", None),
            (".s", None),
            ("1d", None),
            ("1..5s", None),
        ] {
            assert_eq!(parse(text.as_bytes()), nanos, "{text}");
        }
    }
}
