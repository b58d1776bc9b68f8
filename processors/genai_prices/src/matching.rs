//! Which names a line of the table matches.
//!
//! Words of which any has to hold: `=name`, `^beginning`, `$end`, `*part`, `~pattern`, and groups
//! `any( ... )`, `all( ... )`, `not( ... )`. They are read where they stand, each time: answers are
//! remembered, so that this happens once for a name, and a start need not build trees of 2,300 models.

use hashbrown::HashMap;
use tamis_re2::Regex;

/// Groups within groups.
const DEPTH_MAX: usize = 8;

/// Compiled patterns. A pattern is compiled when a name comes that it could match.
#[derive(Default)]
pub(crate) struct Patterns(HashMap<Box<str>, Option<Regex>, foldhash::fast::FixedState>);

impl Patterns {
    fn is_match(&mut self, pattern: &str, name: &str) -> bool {
        if !begins_alike(pattern, name) {
            return false;
        }
        let compiled = self.0.entry_ref(pattern).or_insert_with(|| Regex::new(pattern).ok());
        compiled.as_ref().is_some_and(|regex| regex.is_match(name.as_bytes()))
    }
}

/// False where the pattern begins with letters that the name does not begin with.
fn begins_alike(pattern: &str, name: &str) -> bool {
    let Some(anchored) = pattern.strip_prefix('^') else { return true };
    if pattern.contains('|') {
        return true;
    }
    let (mut rest, mut name) = (anchored.bytes().peekable(), name.bytes());
    while let Some(byte) = rest.next() {
        let literal = match byte {
            b'\\' => match rest.next() {
                Some(escaped) if escaped.is_ascii_punctuation() => escaped,
                _ => return true,
            },
            b'-' | b'/' | b'_' | b':' | b'@' => byte,
            _ if byte.is_ascii_alphanumeric() => byte,
            _ => return true,
        };
        let is_repeated = matches!(rest.peek(), Some(b'?' | b'*' | b'+' | b'{'));
        if is_repeated {
            return true;
        }
        if name.next() != Some(literal) {
            return false;
        }
    }
    true
}

/// Whether any of the clauses holds for the name, which is in lower case.
pub(crate) fn is_match(clauses: &str, name: &str, patterns: &mut Patterns) -> bool {
    !clauses.is_empty() && group(Kind::Any, &mut Words(clauses), name, patterns)
}

/// The words of a line; faster than `split`, which looks at one byte at a time.
struct Words<'a>(&'a str);

impl<'a> Iterator for Words<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        if self.0.is_empty() {
            return None;
        }
        let end = memchr::memchr(b' ', self.0.as_bytes()).unwrap_or(self.0.len());
        let word = self.0.get(..end)?;
        self.0 = self.0.get(end + 1..).unwrap_or_default();
        Some(word)
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Any,
    All,
    Not,
}

impl Kind {
    fn of(word: &str) -> Option<Self> {
        match word {
            "any(" => Some(Self::Any),
            "all(" => Some(Self::All),
            "not(" => Some(Self::Not),
            _ => None,
        }
    }
}

/// Reads to the end of the group, also where the answer is known before.
fn group(kind: Kind, words: &mut Words<'_>, name: &str, patterns: &mut Patterns) -> bool {
    let (mut any, mut all) = (false, true);
    while let Some(word) = words.next() {
        let holds = match word.as_bytes() {
            [b'=', text @ ..] => text == name.as_bytes(), // Nearly all are these.
            [b')'] => break,
            _ => match Kind::of(word) {
                Some(kind) => group(kind, words, name, patterns),
                None => clause(word, name, patterns),
            },
        };
        any |= holds;
        all &= holds;
    }
    match kind {
        Kind::Any => any,
        Kind::All => all,
        Kind::Not => !any,
    }
}

fn clause(word: &str, name: &str, patterns: &mut Patterns) -> bool {
    let Some(text) = word.get(1..) else { return false };
    match word.as_bytes().first() {
        Some(b'^') => name.starts_with(text),
        Some(b'$') => name.ends_with(text),
        Some(b'*') => name.contains(text),
        Some(b'~') => patterns.is_match(text, name),
        _ => false,
    }
}

/// Whether the clauses are well-formed.
pub(crate) fn check(clauses: &str) -> Result<(), String> {
    let mut depth = 0;
    for word in clauses.split(' ').filter(|_| !clauses.is_empty()) {
        if Kind::of(word).is_some() {
            depth += 1;
            if depth > DEPTH_MAX {
                return Err(format!("more than {DEPTH_MAX} groups within groups"));
            }
        } else if word == ")" {
            depth = usize::checked_sub(depth, 1).ok_or("a group ends that did not begin")?;
        } else if let Some(pattern) = word.strip_prefix('~') {
            Regex::new(pattern).map_err(|error| error.to_string())?;
        } else if word.len() < 2 || !word.starts_with(['=', '^', '$', '*']) {
            return Err("expected one of = ^ $ * ~ and a text".to_owned());
        }
    }
    if depth > 0 { Err("a group does not end".to_owned()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::{Patterns, begins_alike, check, is_match};

    #[test]
    fn clauses_hold_for_what_they_say() {
        for (clauses, yes, no) in [
            ("=gpt-5 =gpt-5-latest", "gpt-5-latest", "gpt-5-"),
            ("^gpt-", "gpt-6", "a-gpt-6"),
            ("$:free", "a:free", "a:free:b"),
            ("*claude", "an/claude-2", "claud"),
            (r"~^o[134]", "o3-mini", "o2"),
            ("all( *huggingface *groq )", "groq.huggingface", "huggingface"),
            (r"all( ^a not( ~^.*-tts(?:\n?$|-) ) ) =b", "a-ttsx", "a-tts"),
            (r"all( ^a not( ~^.*-tts(?:\n?$|-) ) ) =b", "b", "a-tts\n"),
            ("not( any( =a =b ) all( ^c $d ) )", "a2", "cd"),
            ("all( )", "anything", ""),
        ] {
            check(clauses).unwrap();
            let mut patterns = Patterns::default();
            assert!(is_match(clauses, yes, &mut patterns), "{clauses}: {yes}");
            if !no.is_empty() {
                assert!(!is_match(clauses, no, &mut patterns), "{clauses}: {no}");
            }
        }
        assert!(!is_match("", "", &mut Patterns::default()));
    }

    #[test]
    fn a_beginning_is_only_what_must_be_there() {
        for (pattern, name, fits) in [
            (r"^gpt-5\.4-\d{4}", "gpt-5.4-2", true),
            (r"^gpt-5\.4-\d{4}", "gpt-5x4-2", false),
            (r"^ab?c", "ac", true),
            (r"^ab?c", "bc", false),
            (r"^a{0}b", "b", true),
            (r"^a|b", "b", true),
            (r"^(a)?b", "b", true),
            (r"a", "b", true),
            (r"^abc", "ab", false),
        ] {
            assert_eq!(begins_alike(pattern, name), fits, "{pattern}: {name}");
        }
    }

    #[test]
    fn what_is_not_well_formed_is_refused() {
        for clauses in ["gpt", "=", "all( =a", "=a )", "~(", "=a  =b", &"any( ".repeat(9)] {
            assert!(check(clauses.trim_end()).is_err(), "{clauses}");
        }
        assert_eq!(check(""), Ok(()));
    }
}
