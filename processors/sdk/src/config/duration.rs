//! Durations as Go writes them: `1m30s`, `200ms`, `1.5h`.

use std::time::Duration;

/// Most nanoseconds of a duration in Go, about 292 years.
const NANOSECONDS_MAX: f64 = i64::MAX as f64;

/// Reads a duration. None: not one, or below zero, or too long.
pub(super) fn parse(text: &str) -> Option<Duration> {
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest == "0" {
        return Some(Duration::ZERO);
    }
    let mut nanoseconds = 0.0;
    loop {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(digits);
        let end = tail.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(end);
        nanoseconds += number.parse::<f64>().ok()? * nanoseconds_per(unit)?;
        rest = tail;
        if rest.is_empty() {
            break;
        }
    }
    (nanoseconds <= NANOSECONDS_MAX).then(|| Duration::from_nanos(nanoseconds.round() as u64))
}

fn nanoseconds_per(unit: &str) -> Option<f64> {
    match unit {
        "ns" => Some(1.0),
        "us" | "\u{b5}s" | "\u{3bc}s" => Some(1e3),
        "ms" => Some(1e6),
        "s" => Some(1e9),
        "m" => Some(60e9),
        "h" => Some(3600e9),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_like_go_does() {
        let nanoseconds = |text| parse(text).map(|duration| duration.as_nanos());
        assert_eq!(nanoseconds("1m30s"), Some(90_000_000_000));
        assert_eq!(nanoseconds("1.5s"), Some(1_500_000_000));
        assert_eq!(nanoseconds("200ms"), Some(200_000_000));
        assert_eq!(nanoseconds("0"), Some(0));
        assert_eq!(nanoseconds("0s"), Some(0));
        for text in ["", "s", "1", "1x", "-1s", "1h2", ".s", "300000000h"] {
            assert_eq!(nanoseconds(text), None, "{text}");
        }
    }
}
