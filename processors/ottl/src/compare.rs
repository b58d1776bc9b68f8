//! Comparison of any two values, as the Collector defines it: values of different types are unequal
//! and not ordered, but for integers and doubles; nothing but nil equals nil.

use std::cmp::Ordering;

use crate::DEPTH_MAX;
use crate::ast::Comparison;
use crate::error::EvalError;
use crate::value::{List, Map, Value};

pub(crate) fn compare(
    left: &Value<'_>,
    operator: Comparison,
    right: &Value<'_>,
) -> Result<bool, EvalError> {
    use Value as V;
    // Empty bytes are nil in the Collector, on either side.
    let is_nil = |value: &V<'_>| match value {
        V::Nil => true,
        V::Bytes(bytes) => bytes.is_empty(),
        _ => false,
    };
    if is_nil(left) || is_nil(right) {
        return Ok(match is_nil(left) && is_nil(right) {
            true => holds(operator, Ordering::Equal),
            false => operator == Comparison::NotEqual,
        });
    }
    let ordering = match (left, right) {
        (V::Bool(left), V::Bool(right)) => left.cmp(right),
        (V::Int(left), V::Int(right)) => left.cmp(right),
        (V::Int(left), V::Double(right)) => return Ok(doubles(*left as f64, operator, *right)),
        (V::Double(left), V::Int(right)) => return Ok(doubles(*left, operator, *right as f64)),
        (V::Double(left), V::Double(right)) => return Ok(doubles(*left, operator, *right)),
        (V::Text(left), V::Text(right)) | (V::Bytes(left), V::Bytes(right)) => left.cmp(right),
        (V::Duration(left), V::Duration(right)) => left.cmp(right),
        (V::Time(left), V::Time(right)) => left.cmp(right),
        _ => {
            return match operator {
                Comparison::Equal => equal(left, right, 0),
                Comparison::NotEqual => equal(left, right, 0).map(|equal| !equal),
                _ => Ok(false),
            };
        }
    };
    Ok(holds(operator, ordering))
}

fn doubles(left: f64, operator: Comparison, right: f64) -> bool {
    match left.partial_cmp(&right) {
        Some(ordering) => holds(operator, ordering),
        None => operator == Comparison::NotEqual,
    }
}

fn holds(operator: Comparison, ordering: Ordering) -> bool {
    match operator {
        Comparison::Equal => ordering.is_eq(),
        Comparison::NotEqual => ordering.is_ne(),
        Comparison::Less => ordering.is_lt(),
        Comparison::LessOrEqual => ordering.is_le(),
        Comparison::Greater => ordering.is_gt(),
        Comparison::GreaterOrEqual => ordering.is_ge(),
    }
}

/// Within lists and maps an integer does not equal a double.
fn equal(left: &Value<'_>, right: &Value<'_>, depth: usize) -> Result<bool, EvalError> {
    use Value as V;
    if depth > DEPTH_MAX {
        return Err(EvalError::Depth);
    }
    Ok(match (left, right) {
        (V::Nil, V::Nil) => true,
        (V::Bool(left), V::Bool(right)) => left == right,
        (V::Int(left), V::Int(right)) => left == right,
        (V::Double(left), V::Double(right)) => left == right,
        (V::Text(left), V::Text(right)) | (V::Bytes(left), V::Bytes(right)) => left == right,
        (V::TraceId(left), V::TraceId(right)) => left == right,
        (V::SpanId(left), V::SpanId(right)) => left == right,
        (V::Items(left), V::Items(right)) => left.kind == right.kind,
        (V::List(left), V::List(right)) => equal_lists(*left, *right, depth)?,
        (V::Map(left), V::Map(right)) => equal_maps(*left, *right, depth)?,
        _ => false,
    })
}

fn equal_lists(left: List<'_>, right: List<'_>, depth: usize) -> Result<bool, EvalError> {
    let mut others = right.items();
    for item in left.items() {
        let Some(other) = others.next() else { return Ok(false) };
        if !equal(&item?, &other?, depth + 1)? {
            return Ok(false);
        }
    }
    Ok(others.next().is_none())
}

fn equal_maps(left: Map<'_>, right: Map<'_>, depth: usize) -> Result<bool, EvalError> {
    if left.len()? != right.len()? {
        return Ok(false);
    }
    for entry in left.entries() {
        let entry = entry?;
        let value = Value::of(entry.value()?)?;
        match right.get(entry.key()?.as_bytes())? {
            Some(other) if equal(&value, &other, depth + 1)? => {}
            _ => return Ok(false),
        }
    }
    Ok(true)
}
