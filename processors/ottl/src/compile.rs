//! From a tree to an expression that knows its context: everything that can be wrong is found here.

mod arguments;
mod literal;

use crate::ast::{self, Form, Node, Segment};
use crate::context::Context;
use crate::error::Fault;
use crate::expression::{Expression, Test};
use crate::item::{Item, Owner};
use crate::path::{Field, Index, Key, Path};

pub(crate) struct Compiler {
    context: Context,
    /// Whether a path may leave the name of the context out.
    bare_paths: bool,
}

/// Compiles for a context that is known.
pub(crate) fn compile(test: &ast::Test, context: Context, bare_paths: bool) -> Result<Test, Fault> {
    Compiler { context, bare_paths }.test(test)
}

impl Compiler {
    fn test(&self, test: &ast::Test) -> Result<Test, Fault> {
        let all = |tests: &[ast::Test]| -> Result<Vec<Test>, Fault> {
            tests.iter().map(|test| self.test(test)).collect()
        };
        Ok(match test {
            ast::Test::Literal(value) => Test::Literal(*value),
            ast::Test::Call(call) => Test::Truth(self.truth(call)?),
            ast::Test::Not(inner) => match self.test(inner)? {
                Test::Literal(value) => Test::Literal(!value),
                inner => Test::Not(Box::new(inner)),
            },
            ast::Test::All(tests) => Test::all(all(tests)?),
            ast::Test::Any(tests) => Test::any(all(tests)?),
            ast::Test::Compare { operator, left, right } => {
                let is_literal = literal::is_literal(left) && literal::is_literal(right);
                let at = left.at;
                let (left, right) = (self.expression(left)?, self.expression(right)?);
                let test = Test::Compare { operator: *operator, left, right };
                match is_literal {
                    true => Test::Literal(
                        test.eval(&nothing()).map_err(|error| Fault::new(at, error.to_string()))?,
                    ),
                    false => test,
                }
            }
        })
    }

    fn expression(&self, node: &Node) -> Result<Expression, Fault> {
        let expression = match &node.form {
            Form::Path(segments) => return self.path(segments, node.at),
            Form::Call(call) => self.call(call)?.0,
            Form::Math { operator, left, right } => {
                let sides = [self.expression(left)?, self.expression(right)?];
                Expression::Math { operator: *operator, sides: Box::new(sides) }
            }
            Form::Negate(inner) => Expression::Negate(Box::new(self.expression(inner)?)),
            _ => return literal::expression(node, self.context),
        };
        self.folded(expression, node.at)
    }

    /// What does not depend on the item is computed now.
    fn folded(&self, expression: Expression, at: usize) -> Result<Expression, Fault> {
        let constant = match &expression {
            Expression::Call(call) => arguments::are_constant(call),
            Expression::Math { sides, .. } => sides.iter().all(Expression::is_constant),
            Expression::Negate(inner) => inner.is_constant(),
            _ => false,
        };
        if !constant {
            return Ok(expression);
        }
        let value = expression
            .eval(&nothing())
            .map_err(|error| Fault::new(at, format!("this can only fail: {error}")))?;
        Ok(value.into_owned().map_or(expression, Expression::Constant))
    }

    fn path(&self, segments: &[Segment], at: usize) -> Result<Expression, Fault> {
        let (context, segments) = self.context_of(segments, at)?;
        let (last, before) = segments
            .split_last()
            .ok_or_else(|| Field::find(context, "", at).err())
            .map_err(|fault| fault.unwrap_or(Fault::new(at, "this is not a path")))?;
        if let Some(key) = before.iter().flat_map(|segment| &segment.keys).next() {
            return Err(Fault::new(key.at, "only the last part of a path can be indexed"));
        }
        let names: Vec<&str> = segments.iter().map(|segment| segment.name.as_str()).collect();
        let at = segments.first().map_or(at, |first| first.at);
        let field = Field::find(context, &names.join("."), at)?;
        self.check_keys(field, last)?;
        let keys = last.keys.iter().map(|key| self.key(key)).collect::<Result<_, _>>()?;
        Ok(Expression::Path(Path::new(field, keys)))
    }

    /// Which context a path is about, and its parts behind the name of that.
    fn context_of<'s>(
        &self,
        segments: &'s [Segment],
        at: usize,
    ) -> Result<(Context, &'s [Segment]), Fault> {
        let named = segments.split_first().and_then(|(first, rest)| {
            let context = Context::named(&first.name)?;
            (first.keys.is_empty() && (!rest.is_empty() || context != self.context))
                .then_some((context, rest))
        });
        match named {
            Some((context, rest)) if self.context.reach().contains(&context) => Ok((context, rest)),
            Some((context, _)) => {
                let names: Vec<&str> =
                    self.context.reach().iter().map(|context| context.name()).collect();
                let message = format!(
                    "a condition on {} cannot look at a {}; it can look at {}",
                    self.context.name(),
                    context.name(),
                    names.join(", ")
                );
                Err(Fault::new(at, message))
            }
            None if segments.first().is_some_and(|first| first.name == "otelcol") => {
                Err(Fault::new(at, "client metadata (`otelcol`) is not supported"))
            }
            None if self.bare_paths => Ok((self.context, segments)),
            None => {
                let name = segments.first().map_or("", |first| first.name.as_str());
                let context = self.context.name();
                let message = format!(
                    "the path does not say what it is about; write `{context}.{name}`, or with \
                     another context"
                );
                Err(Fault::new(at, message))
            }
        }
    }

    fn check_keys(&self, field: Field, last: &Segment) -> Result<(), Fault> {
        let Some(first) = last.keys.first() else { return Ok(()) };
        let is_text = matches!(first.form, Form::Text(_));
        match field.index() {
            Index::None => Err(Fault::new(first.at, format!("`{}` cannot be indexed", last.name))),
            Index::Map if literal::is_literal(first) && !is_text => {
                Err(Fault::new(first.at, "attributes are indexed by a string, as in [\"key\"]"))
            }
            Index::TraceState if last.keys.len() > 1 || !is_text => {
                Err(Fault::new(first.at, "trace_state is indexed by one string, as in [\"key\"]"))
            }
            _ => Ok(()),
        }
    }

    fn key(&self, key: &Node) -> Result<Key, Fault> {
        Ok(match &key.form {
            Form::Text(name) => Key::Name(name.clone().into_bytes()),
            Form::Int(index) => Key::Index(*index),
            _ => Key::Computed(self.expression(key)?),
        })
    }
}

/// For what does not look at its item.
fn nothing() -> Item<'static> {
    Item::resource(Owner::default())
}
