//! Go's regular expression grammar, parsed to the HIR of `regex-syntax`.
//!
//! The grammar is that of Go's `regexp/syntax` with the flags of `regexp.Compile` (Perl). Groups do not
//! capture: nobody here asks for their text.

use regex_syntax::hir::{Dot, Hir, Look, Repetition};

use crate::error::{Error, Problem};

mod class;
mod escape;
mod unicode;

/// How deep groups may nest. Parsing and compiling recurse, and a guest's stack is small.
pub const NEST_LIMIT: usize = 200;

/// The most that a counted repetition, or nested ones multiplied, may ask for. Go's own limit.
const REPEAT_LIMIT: u32 = 1000;

/// Parses a whole pattern.
pub(crate) fn parse(pattern: &str) -> Result<Hir, Error> {
    let mut parser = Parser { pattern, at: 0, depth: 0, flags: Flags::default() };
    let node = parser.alternation()?;
    if parser.peek().is_some() {
        return Err(parser.error(Problem::UnexpectedParen, 0, pattern.len()));
    }
    Ok(node.hir)
}

#[derive(Debug, Clone, Copy, Default)]
struct Flags {
    /// `i`
    fold_case: bool,
    /// `m`
    multi_line: bool,
    /// `s`
    dot_matches_newline: bool,
    /// `U`
    swap_greed: bool,
}

/// A part of the pattern, and what the limit on repetitions must know of it.
struct Node {
    hir: Hir,
    /// The product of the counted repetitions on the worst path down from here.
    repeats: u32,
}

impl Node {
    fn leaf(hir: Hir) -> Self {
        Self { hir, repeats: 1 }
    }
}

struct Parser<'p> {
    pattern: &'p str,
    at: usize,
    depth: usize,
    flags: Flags,
}

/// The branches of an alternation, the last of them still growing.
#[derive(Default)]
struct Branches {
    done: Vec<Hir>,
    current: Vec<Hir>,
    /// Of each node in `current`, see [`Node::repeats`].
    current_repeats: Vec<u32>,
    repeats: u32,
}

impl Branches {
    fn push(&mut self, node: Node) {
        self.current.push(node.hir);
        self.current_repeats.push(node.repeats);
    }

    fn pop(&mut self) -> Option<Node> {
        Some(Node { hir: self.current.pop()?, repeats: self.current_repeats.pop()? })
    }

    fn bar(&mut self) {
        self.repeats = self.current_repeats.drain(..).fold(self.repeats, u32::max);
        self.done.push(Hir::concat(std::mem::take(&mut self.current)));
    }

    fn finish(mut self) -> Node {
        self.bar();
        Node { hir: Hir::alternation(self.done), repeats: self.repeats.max(1) }
    }
}

impl<'p> Parser<'p> {
    /// Up to the end, or to the parenthesis that closes the group, which is left.
    fn alternation(&mut self) -> Result<Node, Error> {
        let mut branches = Branches::default();
        // Where the repetition starts that ended just here: it may not be repeated again.
        let mut last_repeat = None;
        while let Some(next) = self.peek() {
            let start = self.at;
            let mut repeat = None;
            match next {
                ')' => break,
                '|' => {
                    self.bump();
                    branches.bar();
                }
                '*' | '+' | '?' => {
                    self.bump();
                    let (min, max) = match next {
                        '*' => (0, None),
                        '+' => (1, None),
                        _ => (0, Some(1)),
                    };
                    self.repeat(&mut branches, start, last_repeat, min, max, false)?;
                    repeat = Some(start);
                }
                '{' => match self.counts() {
                    None => {
                        self.bump();
                        branches.push(Node::leaf(self.literal('{')));
                    }
                    Some((min, max)) => {
                        self.repeat(&mut branches, start, last_repeat, min, max, true)?;
                        repeat = Some(start);
                    }
                },
                '(' => {
                    if let Some(group) = self.group()? {
                        branches.push(group);
                    }
                }
                '\\' if self.rest().starts_with("\\Q") => self.quoted(&mut branches),
                _ => {
                    let hir = self.atom(next)?;
                    branches.push(Node::leaf(hir));
                }
            }
            last_repeat = repeat;
        }
        Ok(branches.finish())
    }

    fn atom(&mut self, next: char) -> Result<Hir, Error> {
        if next == '[' {
            return self.class().map(Hir::class);
        }
        if next == '\\' {
            return self.escape();
        }
        self.bump();
        Ok(match next {
            '^' if self.flags.multi_line => Hir::look(Look::StartLF),
            '^' => Hir::look(Look::Start),
            '$' if self.flags.multi_line => Hir::look(Look::EndLF),
            '$' => Hir::look(Look::End),
            '.' if self.flags.dot_matches_newline => Hir::dot(Dot::AnyChar),
            '.' => Hir::dot(Dot::AnyCharExceptLF),
            c => self.literal(c),
        })
    }

    /// A backslash outside of a class.
    fn escape(&mut self) -> Result<Hir, Error> {
        let start = self.at;
        let look = match self.rest().as_bytes().get(1) {
            Some(b'A') => Some(Look::Start),
            Some(b'z') => Some(Look::End),
            Some(b'b') => Some(Look::WordAscii),
            Some(b'B') => Some(Look::WordAsciiNegate),
            _ => None,
        };
        if let Some(look) = look {
            self.at = start + 2;
            return Ok(Hir::look(look));
        }
        if let Some(class) = self.escaped_class()? {
            return Ok(Hir::class(class));
        }
        let rune = self.escaped_rune()?;
        // A surrogate is a rune to Go, but no text holds one.
        Ok(char::from_u32(rune).map_or_else(Hir::fail, |c| self.literal(c)))
    }

    /// `\Q...\E`: all between is literal, and a repetition after it belongs to the last character.
    fn quoted(&mut self, branches: &mut Branches) {
        let body = &self.rest()[2..];
        let (quoted, skip) = match body.find("\\E") {
            Some(end) => (&body[..end], 2 + end + 2),
            None => (body, 2 + body.len()),
        };
        for c in quoted.chars() {
            branches.push(Node::leaf(self.literal(c)));
        }
        self.at += skip;
    }

    fn group(&mut self) -> Result<Option<Node>, Error> {
        let start = self.at;
        let outer = self.flags;
        if self.rest().starts_with("(?") {
            if !self.perl_group()? {
                return Ok(None);
            }
        } else {
            self.bump();
        }
        self.depth += 1;
        if self.depth > NEST_LIMIT {
            return Err(Error::Nesting { limit: NEST_LIMIT, offset: start });
        }
        let node = self.alternation()?;
        if self.peek() != Some(')') {
            return Err(self.error(Problem::MissingParen, start, self.pattern.len()));
        }
        self.bump();
        self.depth -= 1;
        self.flags = outer;
        Ok(Some(node))
    }

    /// What starts with `(?`. True: a group was opened. False: only flags were set.
    fn perl_group(&mut self) -> Result<bool, Error> {
        let start = self.at;
        for opening in ["(?P<", "(?<"] {
            // Go asks for one byte more, so that `(?P<` alone is bad syntax and not a bad name.
            if self.rest().len() > opening.len() && self.rest().starts_with(opening) {
                return self.named(start + opening.len()).map(|()| true);
            }
        }
        self.at += 2;
        let mut flags = self.flags;
        let mut value = true;
        let mut seen = false;
        while let Some(c) = self.bump() {
            let flag = match c {
                'i' => &mut flags.fold_case,
                'm' => &mut flags.multi_line,
                's' => &mut flags.dot_matches_newline,
                'U' => &mut flags.swap_greed,
                '-' if value => {
                    (value, seen) = (false, false);
                    continue;
                }
                ':' | ')' if value || seen => {
                    if c == ')' {
                        self.flags = flags;
                        return Ok(false);
                    }
                    self.flags = flags;
                    return Ok(true);
                }
                _ => break,
            };
            *flag = value;
            seen = true;
        }
        Err(self.error(Problem::PerlSyntax, start, self.at))
    }

    fn named(&mut self, name_at: usize) -> Result<(), Error> {
        let start = self.at;
        let rest = &self.pattern[name_at..];
        let Some(len) = rest.find('>') else {
            return Err(self.error(Problem::NamedCapture, start, self.pattern.len()));
        };
        let valid = |b: u8| b == b'_' || b.is_ascii_alphanumeric();
        if len == 0 || !rest[..len].bytes().all(valid) {
            return Err(self.error(Problem::NamedCapture, start, name_at + len + 1));
        }
        self.at = name_at + len + 1;
        Ok(())
    }

    /// Repeats the last node. The operator itself was read, a `?` after it was not.
    fn repeat(
        &mut self,
        branches: &mut Branches,
        start: usize,
        last_repeat: Option<usize>,
        min: u32,
        max: Option<u32>,
        counted: bool,
    ) -> Result<(), Error> {
        let lazy = self.peek() == Some('?');
        if lazy {
            self.bump();
        }
        if let Some(last) = last_repeat {
            return Err(self.error(Problem::NestedRepeat, last, self.at));
        }
        let Some(node) = branches.pop() else {
            return Err(self.error(Problem::MissingRepeatArgument, start, self.at));
        };
        let times = match max {
            Some(0) => 0,
            Some(max) => max,
            None => min.max(1),
        };
        let repeats = match (counted, times) {
            (false, _) => node.repeats,
            (true, 0) => 1,
            (true, times) => node.repeats.saturating_mul(times),
        };
        if counted && (min >= 2 || max.is_some_and(|max| max >= 2)) && repeats > REPEAT_LIMIT {
            return Err(self.error(Problem::RepeatCount, start, self.at));
        }
        let greedy = lazy == self.flags.swap_greed;
        let hir = Hir::repetition(Repetition { min, max, greedy, sub: Box::new(node.hir) });
        branches.push(Node { hir, repeats });
        Ok(())
    }

    fn literal(&self, c: char) -> Hir {
        if self.flags.fold_case {
            Hir::class(class::folded(c))
        } else {
            Hir::literal(c.encode_utf8(&mut [0; 4]).as_bytes())
        }
    }

    fn rest(&self) -> &'p str {
        &self.pattern[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn bump(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn error(&self, problem: Problem, start: usize, end: usize) -> Error {
        let construct = self.pattern.get(start..end).unwrap_or_default().to_owned();
        Error::Syntax { problem, construct, offset: start }
    }
}
