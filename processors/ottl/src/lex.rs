//! A condition's text as tokens.

use crate::error::Fault;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A keyword, a piece of a path, an enum or the name of a converter.
    Word,
    /// With its quotes.
    String,
    Float,
    Int,
    /// `0x...`
    Bytes,
    /// `==` and its like.
    Compare,
    /// `+` and `-`.
    Sign,
    /// `*` and `/`.
    Factor,
    /// `=>`
    Arrow,
    /// One of `=(){}:,.[]`.
    Punctuation,
    End,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Token<'t> {
    pub(crate) kind: Kind,
    pub(crate) text: &'t str,
    /// Offset in bytes.
    pub(crate) at: usize,
}

/// The tokens; the last is the only [`Kind::End`].
pub(crate) fn lex(text: &str) -> Result<Vec<Token<'_>>, Fault> {
    let mut tokens = Vec::new();
    let mut at = 0;
    loop {
        let rest = &text[at..];
        let blank = rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r', '\u{c}']).len();
        at += blank;
        let rest = &rest[blank..];
        let Some(first) = rest.chars().next() else {
            tokens.push(Token { kind: Kind::End, text: "", at });
            return Ok(tokens);
        };
        let (kind, length) = token(rest, first, at)?;
        tokens.push(Token { kind, text: &rest[..length], at });
        at += length;
    }
}

fn token(rest: &str, first: char, at: usize) -> Result<(Kind, usize), Fault> {
    let bytes = rest.as_bytes();
    let second = bytes.get(1).copied().unwrap_or_default();
    match first {
        'a'..='z' | 'A'..='Z' => Ok((Kind::Word, run(bytes, 0, is_word))),
        '0'..='9' => Ok(number(bytes)),
        '.' if second.is_ascii_digit() => Ok(number(bytes)),
        '"' => string(bytes)
            .map(|length| (Kind::String, length))
            .ok_or_else(|| Fault::new(at, "the string has no end: a closing `\"` is missing")),
        '=' if second == b'>' => Ok((Kind::Arrow, 2)),
        '=' | '!' | '<' | '>' if second == b'=' => Ok((Kind::Compare, 2)),
        '<' | '>' => Ok((Kind::Compare, 1)),
        '+' | '-' => Ok((Kind::Sign, 1)),
        '*' | '/' => Ok((Kind::Factor, 1)),
        '=' | '(' | ')' | '{' | '}' | ':' | ',' | '.' | '[' | ']' => Ok((Kind::Punctuation, 1)),
        '\'' => Err(Fault::new(at, "strings stand in double quotes, as in \"text\"")),
        '&' | '|' => Err(Fault::new(at, "write `and` and `or`")),
        '!' => Err(Fault::new(at, "write `not`")),
        other => Err(Fault::new(at, format!("`{other}` has no meaning here"))),
    }
}

/// How many bytes from `start` satisfy `belongs`, plus `start`.
fn run(bytes: &[u8], start: usize, belongs: impl Fn(u8) -> bool) -> usize {
    start + bytes[start..].iter().take_while(|byte| belongs(**byte)).count()
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn number(bytes: &[u8]) -> (Kind, usize) {
    if bytes.starts_with(b"0x") {
        let end = run(bytes, 2, |byte| byte.is_ascii_hexdigit());
        if end > 2 {
            return (Kind::Bytes, end);
        }
    }
    let whole = run(bytes, 0, |byte| byte.is_ascii_digit());
    if bytes.get(whole) != Some(&b'.') {
        return (Kind::Int, whole);
    }
    let end = run(bytes, whole + 1, |byte| byte.is_ascii_digit());
    (Kind::Float, exponent(bytes, end).unwrap_or(end))
}

/// Where the exponent that starts at `start` ends, if there is one.
fn exponent(bytes: &[u8], start: usize) -> Option<usize> {
    if !matches!(bytes.get(start)?, b'e' | b'E') {
        return None;
    }
    let signed = matches!(bytes.get(start + 1)?, b'+' | b'-');
    let digits = start + 1 + usize::from(signed);
    let end = run(bytes.get(..)?, digits.min(bytes.len()), |byte| byte.is_ascii_digit());
    (end > digits).then_some(end)
}

/// The length of the string with both quotes. None: it does not end.
fn string(bytes: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' if bytes.get(at + 1) == Some(&b'\n') => return None,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<(Kind, &str)> {
        lex(text).unwrap().iter().map(|token| (token.kind, token.text)).collect()
    }

    #[test]
    fn tokens_are_told_apart() {
        use Kind::*;
        assert_eq!(
            kinds("a.b_1[\"k\\\"\"]>=0x0aF -1.5e-3*.5 12 and IsMatch(x=nil)"),
            [
                (Word, "a"),
                (Punctuation, "."),
                (Word, "b_1"),
                (Punctuation, "["),
                (String, "\"k\\\"\""),
                (Punctuation, "]"),
                (Compare, ">="),
                (Bytes, "0x0aF"),
                (Sign, "-"),
                (Float, "1.5e-3"),
                (Factor, "*"),
                (Float, ".5"),
                (Int, "12"),
                (Word, "and"),
                (Word, "IsMatch"),
                (Punctuation, "("),
                (Word, "x"),
                (Punctuation, "="),
                (Word, "nil"),
                (Punctuation, ")"),
                (End, ""),
            ]
        );
    }

    #[test]
    fn an_exponent_needs_digits() {
        assert_eq!(kinds("1.e")[..2], [(Kind::Float, "1."), (Kind::Word, "e")]);
        assert_eq!(kinds("1.5e+")[1], (Kind::Word, "e"));
    }

    #[test]
    fn what_is_no_token_is_refused_where_it_stands() {
        for (text, at) in [("a == \"b", 5), ("a && b", 2), ("a == 'b'", 5), ("ä", 0), ("!a", 0)] {
            assert_eq!(lex(text).unwrap_err().at, at, "{text}");
        }
    }
}
