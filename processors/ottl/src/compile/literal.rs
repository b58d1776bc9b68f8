//! Literals as expressions. Lists and maps are encoded as they would lie in a batch, so that they
//! compare with those of the data in place.

use tamis_sdk::otlp::common::{AnyValue, ArrayValue, KeyValue, KeyValueList};
use tamis_sdk::wire::Writer;

use crate::ast::{Form, Node};
use crate::context::Context;
use crate::error::Fault;
use crate::expression::Expression;
use crate::value::Value;

/// Whether it is written out in full.
pub(super) fn is_literal(node: &Node) -> bool {
    match &node.form {
        Form::Path(_) | Form::Call(_) | Form::Math { .. } | Form::Negate(_) => false,
        Form::List(nodes) => nodes.iter().all(is_literal),
        Form::Map(pairs) => pairs.iter().all(|(_, node)| is_literal(node)),
        _ => true,
    }
}

/// The type of a literal, in the words of [`Value::type_name`].
pub(super) fn type_name(node: &Node) -> &'static str {
    match &node.form {
        Form::Nil => "nil",
        Form::Bool(_) => "bool",
        Form::Int(_) | Form::Enum(_) => "int64",
        Form::Double(_) => "float64",
        Form::Text(_) => "string",
        Form::Bytes(_) => "bytes",
        Form::List(_) => "list",
        Form::Map(_) => "map",
        _ => "a computed value",
    }
}

pub(super) fn expression(node: &Node, context: Context) -> Result<Expression, Fault> {
    Ok(Expression::Constant(match &node.form {
        Form::List(nodes) => {
            let mut encoded = Vec::new();
            write_list(nodes, context, &mut Writer::new(&mut encoded))?;
            return Ok(Expression::List(encoded));
        }
        Form::Map(pairs) => {
            let mut encoded = Vec::new();
            write_map(pairs, context, &mut Writer::new(&mut encoded))?;
            return Ok(Expression::Map(encoded));
        }
        Form::Bool(value) => Value::Bool(*value),
        Form::Int(value) => Value::Int(*value),
        Form::Enum(name) => Value::Int(enum_value(name, context, node.at)?),
        Form::Double(value) => Value::Double(*value),
        Form::Text(text) => Value::text(text.clone().into_bytes()),
        Form::Bytes(bytes) => Value::Bytes(bytes.clone().into()),
        _ => Value::Nil,
    }))
}

fn enum_value(name: &str, context: Context, at: usize) -> Result<i64, Fault> {
    context.enum_value(name).ok_or_else(|| {
        let of = context.name();
        let message = match context.enum_names().as_str() {
            "" => format!("{of} has no enums; a name in upper case is one"),
            names => format!("{of} has no enum `{name}`; there are {names} and so on"),
        };
        Fault::new(at, message)
    })
}

fn write_list(nodes: &[Node], context: Context, out: &mut Writer<'_>) -> Result<(), Fault> {
    for node in nodes {
        if matches!(node.form, Form::Map(_)) {
            // The Collector compares such a list with nothing.
            return Err(Fault::new(node.at, "a map within a list never equals anything"));
        }
        let mut written = Ok(());
        out.message(ArrayValue::VALUES, |any| written = write_any(node, context, any));
        written?;
    }
    Ok(())
}

/// Of keys that are there twice the last counts.
fn write_map(
    pairs: &[(String, Node)],
    context: Context,
    out: &mut Writer<'_>,
) -> Result<(), Fault> {
    for (index, (key, node)) in pairs.iter().enumerate() {
        if pairs.iter().skip(index + 1).any(|(later, _)| later == key) {
            write_any(node, context, &mut Writer::new(&mut Vec::new()))?;
            continue;
        }
        let mut written = Ok(());
        out.message(KeyValueList::VALUES, |pair| {
            pair.bytes(KeyValue::KEY, key);
            pair.message(KeyValue::VALUE, |any| written = write_any(node, context, any));
        });
        written?;
    }
    Ok(())
}

fn write_any(node: &Node, context: Context, any: &mut Writer<'_>) -> Result<(), Fault> {
    match &node.form {
        Form::Nil => {}
        Form::Bool(value) => any.varint(AnyValue::BOOL_VALUE, u64::from(*value)),
        Form::Int(value) => any.varint(AnyValue::INT_VALUE, *value as u64),
        Form::Enum(name) => {
            any.varint(AnyValue::INT_VALUE, enum_value(name, context, node.at)? as u64);
        }
        Form::Double(value) => any.fixed64(AnyValue::DOUBLE_VALUE, value.to_bits()),
        Form::Text(text) => any.bytes(AnyValue::STRING_VALUE, text),
        Form::Bytes(bytes) => any.bytes(AnyValue::BYTES_VALUE, bytes),
        Form::List(nodes) => {
            let mut written = Ok(());
            any.message(AnyValue::ARRAY_VALUE, |list| written = write_list(nodes, context, list));
            written?;
        }
        Form::Map(pairs) => {
            let mut written = Ok(());
            any.message(AnyValue::KVLIST_VALUE, |map| written = write_map(pairs, context, map));
            written?;
        }
        _ => {
            let message = "lists and maps can hold literals only, no paths and no converters";
            return Err(Fault::new(node.at, message));
        }
    }
    Ok(())
}
