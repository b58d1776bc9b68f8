//! One condition, and lists of them.

use std::fmt;

use crate::ast::{self, Met};
use crate::compile::compile;
use crate::context::{Context, PRIORITY};
use crate::error::{EvalError, Fault, ParseError};
use crate::expression::Test;
use crate::function::Signature;
use crate::item::Item;
use crate::parse::parse;

/// A compiled condition.
pub struct Condition {
    context: Context,
    text: String,
    test: Test,
}

impl Condition {
    /// Compiles a condition on items of `context`. Its paths may begin with the name of a context
    /// (`span.name`, `resource.attributes["k"]`) or leave out their own (`name`).
    ///
    /// # Errors
    ///
    /// What is wrong first, and where.
    pub fn new(text: &str, context: Context) -> Result<Self, ParseError> {
        let made = parse(text).and_then(|tree| compile(&tree, context, true));
        match made {
            Ok(test) => Ok(Self { context, text: text.to_owned(), test }),
            Err(fault) => Err(ParseError::new(text, fault)),
        }
    }

    /// Compiles a condition whose context is told by its paths, all of which must begin with one:
    /// the most special of them, or a more special one of `contexts` where a converter or an enum
    /// needs that.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new); or no path tells a context, or another one than in `contexts`.
    pub fn infer(text: &str, contexts: &[Context]) -> Result<Self, ParseError> {
        let made = parse(text).and_then(|tree| {
            let context = infer(&tree, contexts)?;
            compile(&tree, context, false).map(|test| (context, test))
        });
        match made {
            Ok((context, test)) => Ok(Self { context, text: text.to_owned(), test }),
            Err(fault) => Err(ParseError::new(text, fault)),
        }
    }

    /// What it is evaluated on.
    #[must_use]
    pub fn context(&self) -> Context {
        self.context
    }

    /// As it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it holds for an item of its context.
    ///
    /// # Errors
    ///
    /// The item has not what the condition needs; what becomes of that is what `error_mode` says.
    #[inline]
    pub fn eval(&self, item: &Item<'_>) -> Result<bool, EvalError> {
        if item.context() != self.context {
            return Err(EvalError::Context);
        }
        self.test.eval(item)
    }
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Condition({}: {})", self.context.name(), self.text)
    }
}

fn infer(tree: &ast::Test, contexts: &[Context]) -> Result<Context, Fault> {
    let mut told: Option<Context> = None;
    let (mut names, mut enums, mut unknown) = (Vec::new(), Vec::new(), None);
    let priority = |context: Context| PRIORITY.iter().position(|known| *known == context);
    tree.visit(&mut |met| match met {
        Met::Call(name) => names.push(name),
        Met::Enum(name) => enums.push(name),
        Met::Path(segments, at) => {
            let first = segments.first().map_or("", |first| first.name.as_str());
            match Context::named(first).filter(|_| segments.len() > 1) {
                Some(context) if told.is_none_or(|told| priority(context) < priority(told)) => {
                    told = Some(context);
                }
                Some(_) => {}
                None => unknown = unknown.or(Some((first, at))),
            }
        }
    });
    let known = || contexts.iter().map(|context| context.name()).collect::<Vec<_>>().join(", ");
    let Some(told) = told else {
        let message = match unknown {
            Some((name, _)) => {
                let own = contexts.last().map_or("span", |context| context.name());
                format!(
                    "`{name}` is not a context; paths begin with one of {}, as in `{own}.{name}`",
                    known()
                )
            }
            None => format!(
                "no path tells what the condition is about; name one of {}, or give the context",
                known()
            ),
        };
        return Err(Fault::new(unknown.map_or(0, |(_, at)| at), message));
    };
    if !contexts.contains(&told) {
        let name = told.name();
        return Err(Fault::new(0, format!("{name} is not a context here; there are {}", known())));
    }
    let fits = |context: &Context| {
        let has = |name: &&str| Signature::named(name).is_some_and(|found| found.is_in(*context));
        names.iter().all(has) && enums.iter().all(|name| context.enum_value(name).is_some())
    };
    let is_wider =
        |context: &Context| contexts.contains(context) && context.reach().contains(&told);
    let wider = PRIORITY.into_iter().filter(is_wider).find(fits);
    // Where none fits, compiling says what is missing.
    Ok(if fits(&told) { told } else { wider.unwrap_or(told) })
}

/// What becomes of a condition that cannot be evaluated on an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ErrorMode {
    /// It is told about and does not hold.
    #[default]
    Ignore,
    /// It does not hold.
    Silent,
    /// The error is handed on.
    Propagate,
}

impl ErrorMode {
    /// The mode of that name, in any case.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "ignore" => Some(Self::Ignore),
            "silent" => Some(Self::Silent),
            "propagate" => Some(Self::Propagate),
            _ => None,
        }
    }
}

/// Conditions joined by `or`, each with its own errors.
#[derive(Debug, Default)]
pub struct Conditions {
    list: Vec<Condition>,
    error_mode: ErrorMode,
}

impl Conditions {
    /// All must be for one context.
    #[must_use]
    pub fn new(list: Vec<Condition>, error_mode: ErrorMode) -> Self {
        Self { list, error_mode }
    }

    /// Without conditions nothing ever holds.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether one of them holds. `ignored` is told what goes wrong in [`ErrorMode::Ignore`].
    ///
    /// # Errors
    ///
    /// In [`ErrorMode::Propagate`], of the first condition that cannot be evaluated; in any mode
    /// [`EvalError::Malformed`] and [`EvalError::Context`], which are not about the condition.
    pub fn eval(
        &self,
        item: &Item<'_>,
        mut ignored: impl FnMut(&Condition, EvalError),
    ) -> Result<bool, EvalError> {
        for condition in &self.list {
            match condition.eval(item) {
                Ok(true) => return Ok(true),
                Ok(false) => {}
                Err(error @ (EvalError::Malformed(_) | EvalError::Context)) => return Err(error),
                Err(error) => match self.error_mode {
                    ErrorMode::Propagate => return Err(error),
                    ErrorMode::Ignore => ignored(condition, error),
                    ErrorMode::Silent => {}
                },
            }
        }
        Ok(false)
    }
}
