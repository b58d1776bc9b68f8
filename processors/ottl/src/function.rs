//! Converters: their signatures, and a call of one.

mod call;
mod case;

pub(crate) use call::{Argument, Call};

use crate::Context;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Function {
    Bool,
    Concat,
    ContainsValue,
    Double,
    Duration,
    HasAttrKeyOnDatapoint,
    HasAttrOnDatapoint,
    HasPrefix,
    HasSuffix,
    Int,
    IsBool,
    IsDouble,
    IsEmpty,
    IsInt,
    IsList,
    IsMap,
    IsMatch,
    IsRootSpan,
    IsString,
    Len,
    Milliseconds,
    Nanoseconds,
    SpanId,
    String,
    Substring,
    ToLowerCase,
    ToUpperCase,
    TraceId,
}

/// What a converter takes for one of its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wants {
    Any,
    /// A string and nothing else; the same for the next four.
    Text,
    Int,
    Double,
    Bool,
    Map,
    /// A map or something that can become one.
    List,
    Duration,
    /// What can be converted; nil is allowed.
    TextLike,
    IntLike,
    DoubleLike,
    BoolLike,
    BytesLike,
    /// A regular expression, compiled in advance where it is a literal.
    Pattern,
    /// A list literal of what can become a string.
    Texts,
    /// Written out, not computed.
    LiteralText,
    LiteralBool,
}

pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) wants: Wants,
    pub(crate) optional: bool,
}

pub(crate) struct Signature {
    pub(crate) name: &'static str,
    pub(crate) function: Function,
    pub(crate) parameters: &'static [Parameter],
    /// What it answers is always, or can be, a boolean.
    pub(crate) answers_bool: bool,
    /// None: all.
    pub(crate) only_in: Option<Context>,
}

const fn needs(name: &'static str, wants: Wants) -> Parameter {
    Parameter { name, wants, optional: false }
}

const fn converter(
    name: &'static str,
    function: Function,
    parameters: &'static [Parameter],
) -> Signature {
    Signature { name, function, parameters, answers_bool: false, only_in: None }
}

const fn test(
    name: &'static str,
    function: Function,
    parameters: &'static [Parameter],
) -> Signature {
    Signature { name, function, parameters, answers_bool: true, only_in: None }
}

impl Signature {
    const fn only_in(mut self, context: Context) -> Self {
        self.only_in = Some(context);
        self
    }

    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        SIGNATURES.iter().find(|signature| signature.name == name)
    }

    pub(crate) fn is_in(&self, context: Context) -> bool {
        self.only_in.is_none_or(|only| only == context)
    }

    /// For messages: the names of all converters of a context.
    pub(crate) fn names(context: Context) -> String {
        let names = SIGNATURES.iter().filter(|signature| signature.is_in(context));
        names.map(|signature| signature.name).collect::<Vec<_>>().join(", ")
    }
}

use Function as F;
use Wants as W;

static SIGNATURES: &[Signature] = &[
    test("Bool", F::Bool, &[needs("target", W::BoolLike)]),
    converter("Concat", F::Concat, &[needs("vals", W::Texts), needs("delimiter", W::Text)]),
    test("ContainsValue", F::ContainsValue, &[needs("target", W::List), needs("item", W::Any)]),
    converter("Double", F::Double, &[needs("target", W::DoubleLike)]),
    converter("Duration", F::Duration, &[needs("duration", W::Text)]),
    test("HasAttrKeyOnDatapoint", F::HasAttrKeyOnDatapoint, &[needs("key", W::LiteralText)])
        .only_in(Context::Metric),
    test(
        "HasAttrOnDatapoint",
        F::HasAttrOnDatapoint,
        &[needs("key", W::LiteralText), needs("expected_val", W::LiteralText)],
    )
    .only_in(Context::Metric),
    test("HasPrefix", F::HasPrefix, &[needs("target", W::Text), needs("prefix", W::Text)]),
    test("HasSuffix", F::HasSuffix, &[needs("target", W::Text), needs("suffix", W::Text)]),
    converter("Int", F::Int, &[needs("target", W::IntLike)]),
    test("IsBool", F::IsBool, &[needs("target", W::Bool)]),
    test("IsDouble", F::IsDouble, &[needs("target", W::Double)]),
    test("IsEmpty", F::IsEmpty, &[needs("target", W::Any)]),
    test("IsInt", F::IsInt, &[needs("target", W::Int)]),
    test("IsList", F::IsList, &[needs("target", W::Any)]),
    test("IsMap", F::IsMap, &[needs("target", W::Map)]),
    test("IsMatch", F::IsMatch, &[needs("target", W::TextLike), needs("pattern", W::Pattern)]),
    test("IsRootSpan", F::IsRootSpan, &[]).only_in(Context::Span),
    test("IsString", F::IsString, &[needs("target", W::Text)]),
    converter("Len", F::Len, &[needs("target", W::Any)]),
    converter("Milliseconds", F::Milliseconds, &[needs("duration", W::Duration)]),
    converter("Nanoseconds", F::Nanoseconds, &[needs("duration", W::Duration)]),
    converter("SpanID", F::SpanId, &[needs("target", W::BytesLike)]),
    converter("String", F::String, &[needs("target", W::TextLike)]),
    converter(
        "Substring",
        F::Substring,
        &[
            needs("target", W::Text),
            needs("start", W::Int),
            needs("length", W::Int),
            Parameter { name: "utf8_safe", wants: W::LiteralBool, optional: true },
        ],
    ),
    converter("ToLowerCase", F::ToLowerCase, &[needs("target", W::Text)]),
    converter("ToUpperCase", F::ToUpperCase, &[needs("target", W::Text)]),
    converter("TraceID", F::TraceId, &[needs("target", W::BytesLike)]),
];
