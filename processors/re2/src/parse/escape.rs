//! Escapes of single characters, and the counts of `{n,m}`.

use super::{Parser, REPEAT_LIMIT};
use crate::error::{Error, Problem};

/// Go reads a count beyond this as too big without reading on.
const HUGE_COUNT: u32 = 100_000_000;

impl Parser<'_> {
    /// A backslash and what it stands for, in a class or outside. May be a surrogate, which Go takes for
    /// a rune like any other.
    pub(super) fn escaped_rune(&mut self) -> Result<u32, Error> {
        let start = self.at;
        self.bump();
        let Some(c) = self.bump() else {
            return Err(self.error(Problem::TrailingBackslash, start, self.at));
        };
        let rune = match c {
            '1'..='7' if !matches!(self.peek(), Some('0'..='7')) => None,
            '0'..='7' => Some(self.octal(c)),
            'x' => self.hexadecimal(),
            'a' => Some(0x07),
            'f' => Some(0x0C),
            'n' => Some(0x0A),
            'r' => Some(0x0D),
            't' => Some(0x09),
            'v' => Some(0x0B),
            c if c.is_ascii() && !c.is_ascii_alphanumeric() => Some(c.into()),
            _ => None,
        };
        rune.ok_or_else(|| self.error(Problem::Escape, start, self.at))
    }

    /// Up to three digits, the first of which was read.
    fn octal(&mut self, first: char) -> u32 {
        let mut rune = first.to_digit(8).unwrap_or_default();
        for _ in 0..2 {
            let Some(digit) = self.peek().and_then(|c| c.to_digit(8)) else { break };
            self.bump();
            rune = rune * 8 + digit;
        }
        rune
    }

    /// `41` or `{10FFFF}`; the `x` was read.
    fn hexadecimal(&mut self) -> Option<u32> {
        let first = self.bump()?;
        if first != '{' {
            let high = first.to_digit(16);
            let low = self.bump()?.to_digit(16)?;
            return Some(high? * 16 + low);
        }
        let mut rune = None;
        loop {
            let c = self.bump()?;
            if c == '}' {
                return rune;
            }
            let next = rune.unwrap_or(0) * 16 + c.to_digit(16)?;
            if next > u32::from(char::MAX) {
                return None;
            }
            rune = Some(next);
        }
    }

    /// `{n}`, `{n,}` or `{n,m}` at the parser's place; anything else is a literal brace and None. Counts
    /// that Go refuses come out above the limit, for `repeat` to refuse.
    pub(super) fn counts(&mut self) -> Option<(u32, Option<u32>)> {
        let rest = &self.rest()[1..];
        let (min, rest) = count(rest)?;
        let (max, rest) = match rest.strip_prefix(',') {
            None => (Some(min), rest),
            Some(rest) if rest.starts_with('}') => (None, rest),
            Some(rest) => {
                let (max, rest) = count(rest)?;
                (Some(max), rest)
            }
        };
        let rest = rest.strip_prefix('}')?;
        self.at = self.pattern.len() - rest.len();
        let refused = min > REPEAT_LIMIT || max.is_some_and(|max| max > REPEAT_LIMIT || max < min);
        Some(if refused { (HUGE_COUNT, Some(HUGE_COUNT)) } else { (min, max) })
    }
}

/// A decimal count without leading zeros.
fn count(text: &str) -> Option<(u32, &str)> {
    let len = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at(len);
    if digits.is_empty() || (len > 1 && digits.starts_with('0')) {
        return None;
    }
    Some((digits.parse().unwrap_or(HUGE_COUNT).min(HUGE_COUNT), rest))
}
