//! Why a pattern was refused.

use thiserror::Error;

/// A pattern that Go's `regexp.Compile` refuses too, or that cannot mean the same here.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Error {
    /// Go refuses it as well. The wording of `problem` is Go's.
    #[error("error parsing regexp: {problem}: `{construct}` at byte {offset}")]
    Syntax {
        problem: Problem,
        /// The part of the pattern that is wrong.
        construct: String,
        /// Where `construct` starts, in bytes from the start of the pattern.
        offset: usize,
    },
    /// Groups nested deeper than this crate's [`crate::NEST_LIMIT`] (Go allows 1,000).
    #[error("groups nested deeper than {limit} at byte {offset}")]
    Nesting { limit: usize, offset: usize },
    /// The compiled form passes [`crate::SIZE_LIMIT`].
    #[error("regexp compiles to more than {limit} bytes")]
    Size { limit: usize },
    /// The regular expression engine refused what the parser accepted.
    #[error("regexp cannot be compiled: {0}")]
    Engine(String),
}

/// What is wrong with the syntax.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Problem {
    #[error("invalid escape sequence")]
    Escape,
    #[error("invalid character class range")]
    ClassRange,
    #[error("missing closing ]")]
    MissingBracket,
    #[error("missing closing )")]
    MissingParen,
    #[error("unexpected )")]
    UnexpectedParen,
    #[error("missing argument to repetition operator")]
    MissingRepeatArgument,
    #[error("invalid nested repetition operator")]
    NestedRepeat,
    #[error("invalid repeat count")]
    RepeatCount,
    #[error("invalid named capture")]
    NamedCapture,
    #[error("invalid or unsupported Perl syntax")]
    PerlSyntax,
    #[error("trailing backslash at end of expression")]
    TrailingBackslash,
}
