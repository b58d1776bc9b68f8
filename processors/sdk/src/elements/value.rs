//! Values that a processor sets.

use crate::otlp::common::{AnyValue, ArrayValue};
use crate::wire::Writer;

/// A new value of an attribute. Made by `into()` of `&str`, `bool`, `i64`, `f64` and lists of `&str`.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum NewValue<'v> {
    /// A string.
    String(&'v str),
    /// A Boolean.
    Bool(bool),
    /// A signed integer.
    Int(i64),
    /// A floating-point number.
    Double(f64),
    /// Raw bytes.
    Bytes(&'v [u8]),
    /// A list of strings.
    Strings(&'v [&'v str]),
    /// A value of the same or another batch, copied as it is.
    Copied(AnyValue<'v>),
}

impl NewValue<'_> {
    /// Writes the fields of an `AnyValue`.
    pub(super) fn write(self, writer: &mut Writer<'_>) {
        match self {
            Self::String(value) => writer.bytes(AnyValue::STRING_VALUE, value),
            Self::Bool(value) => writer.varint(AnyValue::BOOL_VALUE, u64::from(value)),
            Self::Int(value) => writer.varint(AnyValue::INT_VALUE, value as u64),
            Self::Double(value) => writer.fixed64(AnyValue::DOUBLE_VALUE, value.to_bits()),
            Self::Bytes(value) => writer.bytes(AnyValue::BYTES_VALUE, value),
            Self::Strings(values) => writer.message(AnyValue::ARRAY_VALUE, |array| {
                for value in values {
                    array.message(ArrayValue::VALUES, |item| {
                        item.bytes(AnyValue::STRING_VALUE, value);
                    });
                }
            }),
            Self::Copied(value) => writer.records(value.wire().bytes()),
        }
    }
}

impl<'v> From<&'v str> for NewValue<'v> {
    fn from(value: &'v str) -> Self {
        Self::String(value)
    }
}

impl From<bool> for NewValue<'_> {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for NewValue<'_> {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<f64> for NewValue<'_> {
    fn from(value: f64) -> Self {
        Self::Double(value)
    }
}

impl<'v> From<&'v [&'v str]> for NewValue<'v> {
    fn from(values: &'v [&'v str]) -> Self {
        Self::Strings(values)
    }
}

impl<'v> From<AnyValue<'v>> for NewValue<'v> {
    fn from(value: AnyValue<'v>) -> Self {
        Self::Copied(value)
    }
}
