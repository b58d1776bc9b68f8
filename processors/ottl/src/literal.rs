//! Literals: from their spelling to their value.

use crate::error::Fault;

/// The text of a string token, which still has its quotes.
pub(crate) fn string(quoted: &str, at: usize) -> Result<String, Fault> {
    let inner = quoted.get(1..quoted.len() - 1).unwrap_or_default();
    let mut text = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(backslash) = rest.find('\\') {
        text.push_str(&rest[..backslash]);
        let (char, length) = escape(&rest[backslash + 1..]).ok_or_else(|| {
            let shown: String = rest[backslash..].chars().take(2).collect();
            let offset = inner.len() - rest.len() + backslash;
            let message =
                format!("`{shown}` is not an escape; a backslash itself is written `\\\\`");
            Fault::new(at + 1 + offset, message)
        })?;
        text.push(char);
        rest = &rest[backslash + 1 + length..];
    }
    text.push_str(rest);
    Ok(text)
}

/// What stands for the characters behind a backslash, and how many bytes those are.
fn escape(rest: &str) -> Option<(char, usize)> {
    let simple = |char| Some((char, 1));
    match rest.as_bytes().first()? {
        b'a' => simple('\u{7}'),
        b'b' => simple('\u{8}'),
        b'f' => simple('\u{c}'),
        b'n' => simple('\n'),
        b'r' => simple('\r'),
        b't' => simple('\t'),
        b'v' => simple('\u{b}'),
        b'\\' => simple('\\'),
        b'"' => simple('"'),
        b'x' => code(rest, 1, 2, 16),
        b'u' => code(rest, 1, 4, 16),
        b'U' => code(rest, 1, 8, 16),
        // Three octal digits, up to 255.
        b'0'..=b'7' => code(rest, 0, 3, 8).filter(|(char, _)| u32::from(*char) < 256),
        _ => None,
    }
}

fn code(rest: &str, start: usize, digits: usize, radix: u32) -> Option<(char, usize)> {
    let digits = rest.get(start..start + digits)?;
    if !digits.chars().all(|digit| digit.is_digit(radix)) {
        return None;
    }
    let char = char::from_u32(u32::from_str_radix(digits, radix).ok()?)?;
    Some((char, start + digits.len()))
}

/// A whole number; with a leading 0 it is octal.
pub(crate) fn int(digits: &str, at: usize) -> Result<i64, Fault> {
    let parsed = match digits.strip_prefix('0') {
        Some(octal) if !octal.is_empty() => i64::from_str_radix(octal, 8),
        _ => digits.parse(),
    };
    parsed.map_err(|_| {
        let message = "not a 64-bit integer; a number with a leading 0 is octal";
        Fault::new(at, message)
    })
}

pub(crate) fn double(digits: &str, at: usize) -> Result<f64, Fault> {
    match digits.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(value),
        _ => Err(Fault::new(at, "not a number that a double can hold")),
    }
}

/// `0x` and pairs of hexadecimal digits.
pub(crate) fn bytes(digits: &str, at: usize) -> Result<Vec<u8>, Fault> {
    let digits = digits.get(2..).unwrap_or_default();
    if digits.len() % 2 == 1 {
        return Err(Fault::new(at, "bytes need an even number of hexadecimal digits"));
    }
    let byte = |start| u8::from_str_radix(digits.get(start..start + 2).unwrap_or("0"), 16);
    (0..digits.len())
        .step_by(2)
        .map(|start| byte(start).map_err(|_| Fault::new(at, "not hexadecimal")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_those_of_go() {
        let text = string(r#""a\n\t\\\"\x41\u00e4\U0001F600\101\377""#, 0);
        assert_eq!(text.as_deref(), Ok("a\n\t\\\"Aä😀A\u{ff}"));
        for (quoted, at) in [(r#""a\d""#, 2), (r#""\'""#, 1), (r#""\x4""#, 1), (r#""\477""#, 1)] {
            assert_eq!(string(quoted, 0).unwrap_err().at, at, "{quoted}");
        }
    }

    #[test]
    fn numbers_have_bounds() {
        assert_eq!(int("010", 0), Ok(8));
        assert_eq!(int("0", 0), Ok(0));
        assert_eq!(int("9223372036854775807", 0), Ok(i64::MAX));
        assert!(int("9223372036854775808", 0).is_err());
        assert!(int("08", 0).is_err());
        assert!(bytes("0xabc", 0).is_err());
        assert_eq!(bytes("0xaB01", 0), Ok(vec![0xab, 1]));
    }
}
