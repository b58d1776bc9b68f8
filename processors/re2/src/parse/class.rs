//! Character classes: `[...]`, `\d`, `[:alpha:]`, `\pL`, and case folding.

use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange};

use super::{Parser, unicode};
use crate::error::{Error, Problem};

impl Parser<'_> {
    /// From `[` to the `]` that closes it. What sets and nested classes are elsewhere is literal in Go.
    pub(super) fn class(&mut self) -> Result<Class, Error> {
        let start = self.at;
        self.bump();
        let negated = self.peek() == Some('^');
        if negated {
            self.bump();
        }
        let mut class = ClassUnicode::empty();
        let mut first = true;
        while first || self.peek() != Some(']') {
            first = false;
            self.class_item(start, &mut class)?;
        }
        self.bump();
        if negated {
            class.negate();
        }
        Ok(Class::Unicode(class))
    }

    fn class_item(&mut self, class_start: usize, class: &mut ClassUnicode) -> Result<(), Error> {
        if self.rest().starts_with("[:")
            && let Some(len) = self.rest()[2..].find(":]")
        {
            let name = &self.rest()[2..2 + len];
            let end = self.at + len + 4;
            let Some(named) = posix(name, self.flags.fold_case) else {
                return Err(self.error(Problem::ClassRange, self.at, end));
            };
            self.at = end;
            class.union(&named);
            return Ok(());
        }
        if let Some(Class::Unicode(escaped)) = self.escaped_class()? {
            class.union(&escaped);
            return Ok(());
        }
        let start = self.at;
        let low = self.class_rune(class_start)?;
        let mut high = low;
        // A hyphen before the closing bracket stands for itself.
        let mut ahead = self.rest().chars();
        if ahead.next() == Some('-') && ahead.next().is_some_and(|c| c != ']') {
            self.bump();
            high = self.class_rune(class_start)?;
            if high < low {
                return Err(self.error(Problem::ClassRange, start, self.at));
            }
        }
        let mut range = runes(low, high);
        if self.flags.fold_case {
            fold(&mut range);
        }
        class.union(&range);
        Ok(())
    }

    fn class_rune(&mut self, class_start: usize) -> Result<u32, Error> {
        match self.peek() {
            None => Err(self.error(Problem::MissingBracket, class_start, self.pattern.len())),
            Some('\\') => self.escaped_rune(),
            Some(c) => {
                self.bump();
                Ok(c.into())
            }
        }
    }

    /// `\d` and its like or `\p{..}`, if that is what stands here.
    pub(super) fn escaped_class(&mut self) -> Result<Option<Class>, Error> {
        let Some(name) = self.rest().strip_prefix('\\').and_then(|rest| rest.chars().next()) else {
            return Ok(None);
        };
        let class = match name {
            'p' | 'P' => self.unicode_class()?,
            _ => {
                let Some(class) = perl(name, self.flags.fold_case) else { return Ok(None) };
                self.at += 2;
                class
            }
        };
        Ok(Some(Class::Unicode(class)))
    }

    /// `\pL`, `\p{Greek}`, `\P{..}`, `\p{^..}`.
    fn unicode_class(&mut self) -> Result<ClassUnicode, Error> {
        let start = self.at;
        let body = &self.rest()[2..];
        let (name, len) = match body.chars().next() {
            None => return Err(self.error(Problem::ClassRange, start, self.pattern.len())),
            Some('{') => match body.find('}') {
                None => return Err(self.error(Problem::ClassRange, start, self.pattern.len())),
                Some(end) => (&body[1..end], end + 1),
            },
            Some(c) => (&body[..c.len_utf8()], c.len_utf8()),
        };
        let end = start + 2 + len;
        let (bare, caret) = match name.strip_prefix('^') {
            Some(bare) => (bare, true),
            None => (name, false),
        };
        let Some(mut class) = unicode::class(bare) else {
            return Err(self.error(Problem::ClassRange, start, end));
        };
        if self.flags.fold_case {
            fold(&mut class);
        }
        if self.rest().starts_with("\\P") != caret {
            class.negate();
        }
        self.at = end;
        Ok(class)
    }
}

/// All characters that are equal to `c` when case is folded.
pub(super) fn folded(c: char) -> Class {
    let mut class = ClassUnicode::new([ClassUnicodeRange::new(c, c)]);
    fold(&mut class);
    Class::Unicode(class)
}

fn fold(class: &mut ClassUnicode) {
    // Fails only without the tables, and they are a feature that this crate asks for.
    let folded = class.try_case_fold_simple();
    debug_assert!(folded.is_ok(), "built with unicode-case");
}

/// The characters between two runes; the surrogates between them are no characters.
fn runes(low: u32, high: u32) -> ClassUnicode {
    let low = char::from_u32(low).unwrap_or('\u{E000}');
    let high = char::from_u32(high).unwrap_or('\u{D7FF}');
    if low > high {
        return ClassUnicode::empty();
    }
    ClassUnicode::new([ClassUnicodeRange::new(low, high)])
}

fn perl(name: char, fold_case: bool) -> Option<ClassUnicode> {
    let ranges: &[(char, char)] = match name.to_ascii_lowercase() {
        'd' => &[('0', '9')],
        's' => &[('\t', '\n'), ('\x0C', '\r'), (' ', ' ')],
        'w' => &[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')],
        _ => return None,
    };
    Some(group(ranges, fold_case, name.is_ascii_uppercase()))
}

fn posix(name: &str, fold_case: bool) -> Option<ClassUnicode> {
    let (name, negated) = match name.strip_prefix('^') {
        Some(name) => (name, true),
        None => (name, false),
    };
    let ranges: &[(char, char)] = match name {
        "alnum" => &[('0', '9'), ('A', 'Z'), ('a', 'z')],
        "alpha" => &[('A', 'Z'), ('a', 'z')],
        "ascii" => &[('\0', '\x7F')],
        "blank" => &[('\t', '\t'), (' ', ' ')],
        "cntrl" => &[('\0', '\x1F'), ('\x7F', '\x7F')],
        "digit" => &[('0', '9')],
        "graph" => &[('!', '~')],
        "lower" => &[('a', 'z')],
        "print" => &[(' ', '~')],
        "punct" => &[('!', '/'), (':', '@'), ('[', '`'), ('{', '~')],
        "space" => &[('\t', '\r'), (' ', ' ')],
        "upper" => &[('A', 'Z')],
        "word" => &[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')],
        "xdigit" => &[('0', '9'), ('A', 'F'), ('a', 'f')],
        _ => return None,
    };
    Some(group(ranges, fold_case, negated))
}

/// A named group; negation comes after folding.
fn group(ranges: &[(char, char)], fold_case: bool, negated: bool) -> ClassUnicode {
    let ranges = ranges.iter().map(|&(low, high)| ClassUnicodeRange::new(low, high));
    let mut class = ClassUnicode::new(ranges);
    if fold_case {
        fold(&mut class);
    }
    if negated {
        class.negate();
    }
    class
}
