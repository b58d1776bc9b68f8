//! Calculation, and numbers out of other values, as Go does both.

use crate::ast::Operator;
use crate::error::EvalError;
use crate::value::Value;

/// Integers wrap around; times and durations can be added and subtracted.
pub(crate) fn calculate<'a>(
    left: &Value<'_>,
    operator: Operator,
    right: &Value<'_>,
) -> Result<Value<'a>, EvalError> {
    use Operator as O;
    use Value as V;
    Ok(match (left, operator, right) {
        (V::Int(left), _, V::Int(right)) => V::Int(ints(*left, operator, *right)?),
        (V::Int(left), _, V::Double(right)) => V::Double(doubles(*left as f64, operator, *right)?),
        (V::Double(left), _, V::Int(right)) => V::Double(doubles(*left, operator, *right as f64)?),
        (V::Double(left), _, V::Double(right)) => V::Double(doubles(*left, operator, *right)?),
        (V::Time(time), O::Add, V::Duration(length))
        | (V::Duration(length), O::Add, V::Time(time)) => V::Time(time + i128::from(*length)),
        (V::Time(left), O::Subtract, V::Time(right)) => V::Duration(saturated(left - right)),
        (V::Time(time), O::Subtract, V::Duration(length)) => V::Time(time - i128::from(*length)),
        (V::Duration(left), O::Add, V::Duration(right)) => V::Duration(left.wrapping_add(*right)),
        (V::Duration(left), O::Subtract, V::Duration(right)) => {
            V::Duration(left.wrapping_sub(*right))
        }
        _ => return Err(unfit(left, right)),
    })
}

fn unfit(left: &Value<'_>, right: &Value<'_>) -> EvalError {
    match left {
        Value::Int(_) | Value::Double(_) => {
            EvalError::Type { wanted: "int64 or float64", got: right.type_name() }
        }
        Value::Time(_) | Value::Duration(_) => EvalError::Type {
            wanted: "a sum or difference of times and durations",
            got: right.type_name(),
        },
        _ => EvalError::Type { wanted: "int64, float64, time or duration", got: left.type_name() },
    }
}

fn ints(left: i64, operator: Operator, right: i64) -> Result<i64, EvalError> {
    Ok(match operator {
        Operator::Add => left.wrapping_add(right),
        Operator::Subtract => left.wrapping_sub(right),
        Operator::Multiply => left.wrapping_mul(right),
        Operator::Divide if right == 0 => return Err(EvalError::DivisionByZero),
        Operator::Divide => left.wrapping_div(right),
    })
}

fn doubles(left: f64, operator: Operator, right: f64) -> Result<f64, EvalError> {
    Ok(match operator {
        Operator::Add => left + right,
        Operator::Subtract => left - right,
        Operator::Multiply => left * right,
        Operator::Divide if right == 0.0 => return Err(EvalError::DivisionByZero),
        Operator::Divide => left / right,
    })
}

/// Durations stop at the ends of 64 bits.
fn saturated(nanos: i128) -> i64 {
    i64::try_from(nanos).unwrap_or(if nanos < 0 { i64::MIN } else { i64::MAX })
}

pub(crate) fn negate<'a>(value: &Value<'_>) -> Result<Value<'a>, EvalError> {
    match value {
        Value::Int(value) => Ok(Value::Int(value.wrapping_neg())),
        Value::Double(value) => Ok(Value::Double(-value)),
        other => Err(EvalError::Type { wanted: "int64 or float64", got: other.type_name() }),
    }
}

/// None: nil.
pub(crate) fn int_like(value: &Value<'_>) -> Result<Option<i64>, EvalError> {
    Ok(Some(match value {
        Value::Nil => return Ok(None),
        Value::Int(value) => *value,
        Value::Double(value) => truncated(*value),
        Value::Bool(value) => i64::from(*value),
        Value::Text(text) => {
            let digits = std::str::from_utf8(text).ok();
            let parsed = digits.and_then(|digits| digits.parse().ok());
            parsed.ok_or(EvalError::Unreadable("an integer"))?
        }
        other => return Err(unlike("int64", other)),
    }))
}

/// What does not fit is the least integer, as on amd64.
fn truncated(value: f64) -> i64 {
    const BOUND: f64 = 9_223_372_036_854_775_808.0;
    if (-BOUND..BOUND).contains(&value) { value as i64 } else { i64::MIN }
}

/// None: nil.
pub(crate) fn double_like(value: &Value<'_>) -> Result<Option<f64>, EvalError> {
    Ok(Some(match value {
        Value::Nil => return Ok(None),
        Value::Int(value) => *value as f64,
        Value::Double(value) => *value,
        Value::Bool(value) => f64::from(u8::from(*value)),
        Value::Text(text) => read_double(text).ok_or(EvalError::Unreadable("a number"))?,
        other => return Err(unlike("float64", other)),
    }))
}

/// None: nil.
pub(crate) fn bool_like(value: &Value<'_>) -> Result<Option<bool>, EvalError> {
    Ok(Some(match value {
        Value::Nil => return Ok(None),
        Value::Bool(value) => *value,
        Value::Int(value) => *value != 0,
        Value::Double(value) => *value != 0.0,
        Value::Text(text) => match &**text {
            b"1" | b"t" | b"T" | b"true" | b"TRUE" | b"True" => true,
            b"0" | b"f" | b"F" | b"false" | b"FALSE" | b"False" => false,
            _ => return Err(EvalError::Unreadable("a boolean")),
        },
        other => return Err(unlike("bool", other)),
    }))
}

fn unlike(wanted: &'static str, value: &Value<'_>) -> EvalError {
    EvalError::Type { wanted, got: value.type_name() }
}

/// `ParseFloat` without hexadecimal forms. Digits may be parted by underscores.
fn read_double(text: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(text).ok()?;
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let starts_as_number =
        unsigned.starts_with(|first: char| first == '.' || first.is_ascii_digit());
    if !starts_as_number {
        // Infinity and NaN, which has no sign.
        let value: f64 = text.parse().ok()?;
        return (!value.is_nan() || unsigned.len() == text.len()).then_some(value);
    }
    let value: f64 = if text.contains('_') {
        let bytes = text.as_bytes();
        let is_digit = |at: Option<&u8>| at.is_some_and(u8::is_ascii_digit);
        let parted = bytes.iter().enumerate().all(|(at, byte)| {
            *byte != b'_' || at > 0 && is_digit(bytes.get(at - 1)) && is_digit(bytes.get(at + 1))
        });
        if !parted {
            return None;
        }
        text.replace('_', "").parse().ok()?
    } else {
        text.parse().ok()?
    };
    value.is_finite().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_go_reads_them() {
        for (text, value) in [
            ("1", Some(1.0)),
            ("+.5e1", Some(5.0)),
            ("1_000.5", Some(1000.5)),
            ("1__0", None),
            ("_1", None),
            ("1_", None),
            ("1e400", None),
            ("-Infinity", Some(f64::NEG_INFINITY)),
            ("inf", Some(f64::INFINITY)),
            ("", None),
            (" 1", None),
            ("e5", None),
            ("-nan", None),
        ] {
            assert_eq!(read_double(text.as_bytes()), value, "{text}");
        }
        assert!(read_double(b"nan").is_some_and(f64::is_nan));
        assert_eq!(truncated(f64::NAN), i64::MIN);
        assert_eq!(truncated(1e19), i64::MIN);
        assert_eq!(truncated(-1.9), -1);
    }
}
