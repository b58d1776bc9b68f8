//! Durations as Go writes them: `1m30s`, `200ms`, `1.5h`.

use std::time::Duration;

/// Largest duration in Go: 2^63 - 1 nanoseconds, about 292 years.
const MAX_NANOS: f64 = i64::MAX as f64;

/// Reads a duration. The error is Go's message, and a duration below zero is an error too: no
/// setting of the Collector means anything by one.
pub(super) fn parse(text: &str) -> Result<Duration, String> {
    let invalid = || format!("time: invalid duration {text:?}");
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if unsigned == "0" {
        return Ok(Duration::ZERO);
    }
    if unsigned.is_empty() {
        return Err(invalid());
    }
    let mut nanos = 0.0;
    let mut rest = unsigned;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, tail) = rest.split_at(digits);
        let number: f64 = match number.trim_matches('.') {
            "" => return Err(invalid()),
            _ => number.parse().map_err(|_| invalid())?,
        };
        let end = tail.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(end);
        nanos += number * nanos_per(unit, text)?;
        rest = tail;
    }
    if nanos > MAX_NANOS {
        return Err(invalid());
    }
    if text.starts_with('-') && nanos > 0.0 {
        return Err("must be non-negative".to_owned());
    }
    Ok(Duration::from_nanos(nanos.round() as u64))
}

fn nanos_per(unit: &str, text: &str) -> Result<f64, String> {
    match unit {
        "ns" => Ok(1.0),
        "us" | "\u{b5}s" | "\u{3bc}s" => Ok(1e3),
        "ms" => Ok(1e6),
        "s" => Ok(1e9),
        "m" => Ok(60e9),
        "h" => Ok(3600e9),
        "" => Err(format!("time: missing unit in duration {text:?}")),
        _ => Err(format!("time: unknown unit {unit:?} in duration {text:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_like_go_does() {
        let cases: &[(&str, Result<u64, &str>)] = &[
            ("0", Ok(0)),
            ("-0", Ok(0)),
            ("0s", Ok(0)),
            ("200ms", Ok(200_000_000)),
            ("1m30s", Ok(90_000_000_000)),
            ("1.5h", Ok(5_400_000_000_000)),
            (".5s", Ok(500_000_000)),
            ("1us", Ok(1_000)),
            ("7ns", Ok(7)),
            ("+5s", Ok(5_000_000_000)),
            ("-5s", Err("must be non-negative")),
            ("", Err("time: invalid duration \"\"")),
            ("-", Err("time: invalid duration \"-\"")),
            ("s", Err("time: invalid duration \"s\"")),
            (".s", Err("time: invalid duration \".s\"")),
            ("1.2.3s", Err("time: invalid duration \"1.2.3s\"")),
            ("5", Err("time: missing unit in duration \"5\"")),
            ("5d", Err("time: unknown unit \"d\" in duration \"5d\"")),
            ("1m5", Err("time: missing unit in duration \"1m5\"")),
            ("9999999h", Err("time: invalid duration \"9999999h\"")),
        ];
        for (text, expected) in cases {
            let expected = expected.map(Duration::from_nanos).map_err(str::to_owned);
            assert_eq!(parse(text), expected, "{text:?}");
        }
    }
}
