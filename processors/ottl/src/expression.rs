//! Compiled expressions and tests, and their evaluation.

use tamis_sdk::otlp::common::KeyValueList;
use tamis_sdk::wire::Message;

use crate::ast::{Comparison, Operator};
use crate::compare::compare;
use crate::error::EvalError;
use crate::function::Call;
use crate::item::Item;
use crate::number::{calculate, negate};
use crate::path::Path;
use crate::value::{List, Map, Value};

/// Something that has a value.
pub(crate) enum Expression {
    Constant(Value<'static>),
    /// An encoded `ArrayValue`.
    List(Vec<u8>),
    /// An encoded `KeyValueList`.
    Map(Vec<u8>),
    Path(Path),
    Call(Box<Call>),
    Math {
        operator: Operator,
        sides: Box<[Expression; 2]>,
    },
    Negate(Box<Expression>),
}

impl Expression {
    #[inline]
    pub(crate) fn eval<'v>(&'v self, item: &Item<'v>) -> Result<Value<'v>, EvalError> {
        match self {
            Self::Constant(value) => Ok(value.borrowed()),
            Self::List(encoded) => Ok(Value::List(List(Message::new(encoded)))),
            Self::Map(encoded) => {
                Ok(Value::Map(Map::of(KeyValueList::from(Message::new(encoded)))))
            }
            Self::Path(path) => path.eval(item),
            Self::Call(call) => call.eval(item),
            Self::Math { operator, sides } => {
                let [left, right] = &**sides;
                calculate(&left.eval(item)?, *operator, &right.eval(item)?)
            }
            Self::Negate(inner) => negate(&inner.eval(item)?),
        }
    }

    /// Whether it answers the same for every item.
    pub(crate) fn is_constant(&self) -> bool {
        matches!(self, Self::Constant(_) | Self::List(_) | Self::Map(_))
    }
}

/// Something that holds or does not.
pub(crate) enum Test {
    Literal(bool),
    Compare {
        operator: Comparison,
        left: Expression,
        right: Expression,
    },
    /// What a converter answers, which must be a boolean.
    Truth(Expression),
    Not(Box<Test>),
    All(Vec<Test>),
    Any(Vec<Test>),
}

impl Test {
    pub(crate) fn eval<'v>(&'v self, item: &Item<'v>) -> Result<bool, EvalError> {
        match self {
            Self::Literal(value) => Ok(*value),
            Self::Compare { operator, left, right } => {
                compare(&left.eval(item)?, *operator, &right.eval(item)?)
            }
            Self::Truth(expression) => match expression.eval(item)? {
                Value::Bool(value) => Ok(value),
                other => Err(EvalError::Type { wanted: "bool", got: other.type_name() }),
            },
            Self::Not(test) => test.eval(item).map(|holds| !holds),
            Self::All(tests) => {
                for test in tests {
                    if !test.eval(item)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Self::Any(tests) => {
                for test in tests {
                    if test.eval(item)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
        }
    }

    /// `and`: one literal false makes all false, also where another part would fail.
    pub(crate) fn all(tests: Vec<Self>) -> Self {
        Self::joined(tests, true, Self::All)
    }

    /// `or`: one literal true makes all true, also where another part would fail.
    pub(crate) fn any(tests: Vec<Self>) -> Self {
        Self::joined(tests, false, Self::Any)
    }

    /// Leaves out literals that change nothing.
    fn joined(tests: Vec<Self>, neutral: bool, join: fn(Vec<Self>) -> Self) -> Self {
        let decided = |test: &Self| matches!(test, Self::Literal(value) if *value != neutral);
        if tests.iter().any(decided) {
            return Self::Literal(!neutral);
        }
        let mut open: Vec<Self> =
            tests.into_iter().filter(|test| !matches!(test, Self::Literal(_))).collect();
        match open.pop() {
            None => Self::Literal(neutral),
            Some(only) if open.is_empty() => only,
            Some(last) => {
                open.push(last);
                join(open)
            }
        }
    }
}
