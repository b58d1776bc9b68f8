//! What can be wrong with a condition, before and while it is evaluated.

use tamis_sdk::wire;

/// A condition cannot be compiled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {message}")]
pub struct ParseError {
    /// Line within the condition's text; the first is 1.
    pub line: usize,
    /// Column in characters; the first is 1.
    pub column: usize,
    /// What is wrong and what to write instead.
    pub message: String,
}

impl ParseError {
    pub(crate) fn new(text: &str, fault: Fault) -> Self {
        let before = text.get(..fault.at).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            message: fault.message,
        }
    }
}

/// As [`ParseError`], with a place that does not need the text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Offset in bytes within the condition's text.
    pub(crate) at: usize,
    pub(crate) message: String,
}

impl Fault {
    pub(crate) fn new(at: usize, message: impl Into<String>) -> Self {
        Self { at, message: message.into() }
    }
}

/// A condition cannot be evaluated on an item. Holds no value of the telemetry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EvalError {
    /// The batch is not sound OTLP. No `error_mode` covers this.
    #[error(transparent)]
    Malformed(#[from] wire::Error),
    /// The item is of another context than the condition was compiled for: an error of the caller.
    #[error("the condition is for another kind of item")]
    Context,
    /// A value has another type than a function or an operator needs.
    #[error("expected {wanted} but got {got}")]
    Type {
        /// What is needed.
        wanted: &'static str,
        /// What was there.
        got: &'static str,
    },
    /// Something other than a map or a list is indexed.
    #[error("a {0} cannot be indexed")]
    NotIndexable(&'static str),
    /// A list is indexed with a number that it does not have.
    #[error("index out of bounds")]
    OutOfBounds,
    /// An integer is divided by 0.
    #[error("division by zero")]
    DivisionByZero,
    /// A text is not what a conversion can read.
    #[error("the text is not {0}")]
    Unreadable(&'static str),
    /// JSON has no word for it.
    #[error("a map or list with a NaN or an infinity has no text")]
    NotJson,
    /// Lists and maps are nested deeper than [`DEPTH_MAX`](crate::DEPTH_MAX).
    #[error("lists and maps are nested too deep")]
    Depth,
    /// `Substring` was asked for more than there is.
    #[error("start and length do not fit the text")]
    Range,
    /// A pattern that came out of the data is none.
    #[error("the pattern is not a valid regular expression")]
    Pattern,
    /// `HasAttrOnDatapoint` of a metric without data.
    #[error("unknown metric type")]
    UnknownMetricType,
}
