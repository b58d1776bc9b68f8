//! Compiled patterns: one, and many at once.

use std::ops::Range;

use regex_automata::meta::{self, BuildError};
use regex_automata::util::syntax;
use regex_automata::{Input, MatchKind};
use regex_syntax::hir::Hir;

use crate::error::Error;
use crate::haystack::Haystack;
use crate::necessary::{Sequence, necessary};
use crate::parse::parse;

/// The most bytes that a compiled pattern may take.
pub const SIZE_LIMIT: usize = 8 << 20;

/// Of the lazy DFA, per engine. Beyond it states are thrown away and built again.
const CACHE_CAPACITY: usize = 1 << 20;

/// One pattern.
#[derive(Debug, Clone)]
pub struct Regex {
    engine: meta::Regex,
    hir: Hir,
}

impl Regex {
    /// Compiles `pattern`, or says why that is impossible.
    pub fn new(pattern: &str) -> Result<Self, Error> {
        let hir = parse(pattern)?;
        let engine = compile(&[&hir])?;
        Ok(Self { engine, hir })
    }

    /// `Regexp.Match`: is there a match anywhere?
    pub fn is_match(&self, haystack: &[u8]) -> bool {
        self.engine.is_match(Haystack::new(haystack).text())
    }

    /// `Regexp.FindIndex`: the leftmost match.
    pub fn find(&self, haystack: &[u8]) -> Option<Range<usize>> {
        let haystack = Haystack::new(haystack);
        let found = self.engine.find(haystack.text())?;
        Some(haystack.original(found.start())..haystack.original(found.end()))
    }

    /// `Regexp.ReplaceAllFunc`: writes `haystack` to `out` with every match replaced by what `replace`
    /// writes. Without a match nothing is written, and the answer is false.
    pub fn replace_all(
        &self,
        haystack: &[u8],
        out: &mut Vec<u8>,
        mut replace: impl FnMut(&[u8], &mut Vec<u8>),
    ) -> bool {
        let text = Haystack::new(haystack);
        let mut copied = 0;
        let mut found_any = false;
        for found in Matches::new(&self.engine, text.text()) {
            found_any = true;
            let (start, end) = (text.original(found.start), text.original(found.end));
            out.extend_from_slice(&haystack[copied..start]);
            replace(&haystack[start..end], out);
            copied = end;
        }
        if found_any {
            out.extend_from_slice(&haystack[copied..]);
        }
        found_any
    }

    /// What every match of this pattern must contain: see [`necessary`].
    pub fn necessary(&self) -> Option<Vec<Sequence>> {
        necessary(&self.hir)
    }
}

/// Many patterns, to ask of a text whether any of them matches.
#[derive(Debug, Clone)]
pub struct Set {
    /// One for all patterns, or one for each where together they pass [`SIZE_LIMIT`].
    engines: Vec<meta::Regex>,
}

impl Set {
    /// Compiles the patterns together.
    pub fn new<'r>(patterns: impl IntoIterator<Item = &'r Regex>) -> Result<Self, Error> {
        let patterns: Vec<&Regex> = patterns.into_iter().collect();
        let hirs: Vec<&Hir> = patterns.iter().map(|regex| &regex.hir).collect();
        let engines = match compile(&hirs) {
            Ok(engine) => vec![engine],
            // Slower, but each of them was small enough.
            Err(Error::Size { .. }) => patterns.iter().map(|regex| regex.engine.clone()).collect(),
            Err(error) => return Err(error),
        };
        Ok(Self { engines })
    }

    /// Does any pattern match anywhere?
    pub fn is_match(&self, haystack: &[u8]) -> bool {
        let haystack = Haystack::new(haystack);
        self.engines.iter().any(|engine| engine.is_match(haystack.text()))
    }
}

fn compile(hirs: &[&Hir]) -> Result<meta::Regex, Error> {
    let config = meta::Config::new()
        .match_kind(MatchKind::LeftmostFirst)
        // Empty matches only between characters.
        .utf8_empty(true)
        .nfa_size_limit(Some(SIZE_LIMIT))
        .hybrid_cache_capacity(CACHE_CAPACITY);
    meta::Builder::new()
        .configure(config)
        .syntax(syntax::Config::new().utf8(true))
        .build_many_from_hir(hirs)
        .map_err(refused)
}

fn refused(error: BuildError) -> Error {
    match error.size_limit() {
        Some(limit) => Error::Size { limit },
        None => Error::Engine(error.to_string()),
    }
}

/// The matches that Go's `ReplaceAllFunc` replaces, in order.
///
/// Go replaces an empty match unless it stands right behind the match before it, and moves on by one
/// character where a search did not.
struct Matches<'a> {
    engine: &'a meta::Regex,
    text: &'a [u8],
    search_from: usize,
    last_end: usize,
}

impl<'a> Matches<'a> {
    fn new(engine: &'a meta::Regex, text: &'a [u8]) -> Self {
        Self { engine, text, search_from: 0, last_end: 0 }
    }
}

impl Iterator for Matches<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        while self.search_from <= self.text.len() {
            let input = Input::new(self.text).span(self.search_from..self.text.len());
            let Some(found) = self.engine.search(&input) else {
                self.search_from = self.text.len() + 1;
                return None;
            };
            let replaced = found.end() > self.last_end || found.start() == 0;
            self.last_end = found.end();
            self.search_from = found.end().max(next_char(self.text, self.search_from));
            if replaced {
                return Some(found.range());
            }
        }
        None
    }
}

/// The offset behind the character that starts at `at`; at the end, one more.
fn next_char(text: &[u8], at: usize) -> usize {
    let continuation = |b: &&u8| **b & 0xC0 == 0x80;
    at + 1 + text.iter().skip(at + 1).take_while(continuation).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(pattern: &str, haystack: &str) -> String {
        let mut out = Vec::new();
        let regex = Regex::new(pattern).unwrap();
        if !regex.replace_all(haystack.as_bytes(), &mut out, |_, out| out.extend_from_slice(b"*")) {
            return haystack.to_owned();
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn empty_matches_are_replaced_as_go_does() {
        assert_eq!(masked(".*", ""), "*");
        assert_eq!(masked(".*", "abc"), "*");
        assert_eq!(masked(".*", "abc\ndef"), "*\n*");
        assert_eq!(masked(".*", "\n"), "*\n*");
        assert_eq!(masked("b*", "abäb"), "*a*ä*");
        assert_eq!(masked("", "aä"), "*a*ä*");
    }

    #[test]
    fn a_bad_byte_is_replaced_alone_and_handed_over_as_it_is() {
        let mut seen = Vec::new();
        let mut out = Vec::new();
        let regex = Regex::new("[^a-z]").unwrap();
        assert!(regex.replace_all(b"a\xE2\x82b", &mut out, |found, _| seen.push(found.to_vec())));
        assert_eq!(seen, [b"\xE2".to_vec(), b"\x82".to_vec()]);
        assert_eq!(out, b"ab");
    }

    #[test]
    fn a_pattern_beyond_the_size_limit_is_refused() {
        let error = Regex::new(r"(?:\pL{1000})").unwrap_err();
        assert_eq!(error, Error::Size { limit: SIZE_LIMIT });
    }

    #[test]
    fn patterns_that_are_too_large_together_are_a_set_all_the_same() {
        let large = ('a'..='z').map(|first| format!(r"{first}\pL{{60}}"));
        let patterns: Vec<Regex> = large
            .chain(["needle".to_owned()])
            .map(|pattern| Regex::new(&pattern).unwrap())
            .collect();
        let hirs: Vec<&Hir> = patterns.iter().map(|pattern| &pattern.hir).collect();
        assert_eq!(compile(&hirs).unwrap_err(), Error::Size { limit: SIZE_LIMIT });
        let set = Set::new(&patterns).unwrap();
        assert!(set.is_match(b"a needle"));
        assert!(set.is_match(format!("c{}", "x".repeat(60)).as_bytes()));
        assert!(!set.is_match(b"hay"));
    }

    #[test]
    fn a_set_matches_when_one_of_its_patterns_does() {
        let patterns = ["ab+", r"\d$"].map(|pattern| Regex::new(pattern).unwrap());
        let set = Set::new(&patterns).unwrap();
        assert!(set.is_match(b"xab"));
        assert!(set.is_match(b"x1"));
        assert!(!set.is_match(b"1a"));
        assert!(!Set::new(&[]).unwrap().is_match(b""));
    }
}
