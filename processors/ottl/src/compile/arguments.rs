//! Calls: is there such a converter, and do the arguments fit it?

use tamis_re2::Regex;

use super::{Compiler, literal};
use crate::ast::{self, Form, Node};
use crate::error::Fault;
use crate::expression::Expression;
use crate::function::{Argument, Call, Function, Parameter, Signature, Wants};

/// Whether a call answers the same for every item.
pub(super) fn are_constant(call: &Call) -> bool {
    let of_the_item = matches!(
        call.function,
        Function::IsRootSpan | Function::HasAttrKeyOnDatapoint | Function::HasAttrOnDatapoint
    );
    !of_the_item
        && call.arguments.iter().all(|argument| match argument {
            Argument::Value(expression) => expression.is_constant(),
            Argument::Values(expressions) => expressions.iter().all(Expression::is_constant),
            _ => true,
        })
}

impl Compiler {
    /// A call that stands for a condition.
    pub(super) fn truth(&self, call: &ast::Call) -> Result<Expression, Fault> {
        let (expression, signature) = self.call(call)?;
        if !signature.answers_bool {
            let message = format!("{} does not answer true or false; compare it", call.name);
            return Err(Fault::new(call.at, message));
        }
        self.folded(expression, call.at)
    }

    pub(super) fn call(&self, call: &ast::Call) -> Result<(Expression, &'static Signature), Fault> {
        let signature = self.signature(call)?;
        let nodes = in_order(call, signature)?;
        let mut arguments = Vec::with_capacity(nodes.len());
        for (parameter, node) in signature.parameters.iter().zip(nodes) {
            arguments.push(match node {
                Some(node) => self.argument(node, parameter, signature)?,
                None => Argument::Absent,
            });
        }
        let function = signature.function;
        Ok((Expression::Call(Box::new(Call { function, arguments })), signature))
    }

    fn signature(&self, call: &ast::Call) -> Result<&'static Signature, Fault> {
        let name = &call.name;
        let message = match Signature::named(name) {
            Some(signature) if signature.is_in(self.context) => return Ok(signature),
            Some(Signature { only_in: Some(only), .. }) => {
                let here = self.context.name();
                format!("{name} is for conditions on a {}, not on a {here}", only.name())
            }
            _ => {
                let names = Signature::names(self.context);
                format!("there is no converter {name} here; there are {names}")
            }
        };
        Err(Fault::new(call.at, message))
    }

    fn argument(
        &self,
        node: &Node,
        parameter: &Parameter,
        signature: &Signature,
    ) -> Result<Argument, Fault> {
        let wrong = |wanted: &str| {
            let (converter, name) = (signature.name, parameter.name);
            Fault::new(node.at, format!("`{name}` of {converter} must be {wanted}"))
        };
        match (parameter.wants, &node.form) {
            (Wants::LiteralText, Form::Text(text)) => Ok(Argument::Text(text.clone())),
            (Wants::LiteralText, _) => Err(wrong("a string, written out")),
            (Wants::LiteralBool, Form::Bool(value)) => Ok(Argument::Bool(*value)),
            (Wants::LiteralBool, _) => Err(wrong("true or false, written out")),
            (Wants::Pattern, Form::Text(pattern)) => Regex::new(pattern)
                .map(Argument::Pattern)
                .map_err(|error| Fault::new(node.at, error.to_string())),
            (Wants::Texts, Form::List(nodes)) => {
                let expressions = nodes.iter().map(|node| self.expression(node));
                Ok(Argument::Values(expressions.collect::<Result<_, _>>()?))
            }
            (Wants::Texts, _) => Err(wrong("a list, written as [...]")),
            (wants, _) => {
                if let Some(wanted) = refused_literal(wants, node) {
                    let got = literal::type_name(node);
                    return Err(wrong(&format!("{wanted}, and this is always {got}")));
                }
                self.expression(node).map(Argument::Value)
            }
        }
    }
}

/// The arguments by parameter, whether they were named or not.
fn in_order<'c>(
    call: &'c ast::Call,
    signature: &Signature,
) -> Result<Vec<Option<&'c Node>>, Fault> {
    let mut nodes = vec![None; signature.parameters.len()];
    let mut named_before = false;
    for (index, argument) in call.arguments.iter().enumerate() {
        let at = argument.value.at;
        let place = match &argument.name {
            Some(name) => {
                named_before = true;
                let found = signature.parameters.iter().position(|known| known.name == name);
                found.ok_or_else(|| {
                    let names: Vec<_> =
                        signature.parameters.iter().map(|known| known.name).collect();
                    let names = names.join(", ");
                    Fault::new(at, format!("{} has no `{name}`; it has {names}", signature.name))
                })?
            }
            None if named_before => {
                return Err(Fault::new(at, "behind a named argument all must be named"));
            }
            None => index,
        };
        match nodes.get_mut(place) {
            Some(free) if free.is_none() => *free = Some(&argument.value),
            Some(_) => return Err(Fault::new(at, "the same argument is given twice")),
            None => return Err(count(call, signature)),
        }
    }
    let missing =
        |(node, parameter): (&Option<&Node>, &Parameter)| node.is_none() && !parameter.optional;
    if nodes.iter().zip(signature.parameters).any(missing) {
        return Err(count(call, signature));
    }
    Ok(nodes)
}

fn count(call: &ast::Call, signature: &Signature) -> Fault {
    let shown = signature.parameters.iter().map(|parameter| match parameter.optional {
        true => format!("[{}]", parameter.name),
        false => parameter.name.to_owned(),
    });
    let shown = shown.collect::<Vec<_>>().join(", ");
    let given = call.arguments.len();
    Fault::new(call.at, format!("{}({shown}) was given {given} arguments", signature.name))
}

/// What is wanted instead, where a literal can never fit.
fn refused_literal(wants: Wants, node: &Node) -> Option<&'static str> {
    if !literal::is_literal(node) {
        return None;
    }
    let (wanted, types): (_, &[&str]) = match wants {
        Wants::Text | Wants::Pattern => ("a string", &["string"]),
        Wants::Int => ("an integer", &["int64"]),
        Wants::Double => ("a floating-point number", &["float64"]),
        Wants::Bool => ("a boolean", &["bool"]),
        Wants::Map => ("a map", &["map"]),
        Wants::List => ("a list", &["list"]),
        Wants::Duration => ("a duration", &[]),
        Wants::IntLike | Wants::DoubleLike | Wants::BoolLike => {
            ("a number, boolean or string", &["nil", "bool", "int64", "float64", "string"])
        }
        Wants::BytesLike => ("bytes or a string", &["bytes", "string", "int64", "float64"]),
        _ => return None,
    };
    (!types.contains(&literal::type_name(node))).then_some(wanted)
}
