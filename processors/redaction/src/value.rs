//! Attributes and values, read from the wire as a decoder would see them.

use tamis_sdk::otlp::common::{AnyValue, KeyValue};
use tamis_sdk::wire::{self, Message, WireType};

/// Why a batch cannot be examined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    #[error(transparent)]
    Wire(#[from] wire::Error),
    #[error("values are nested too deeply")]
    Depth,
    /// A mistake in this processor; what was to be redacted must not leave because of it.
    #[error("a change lies at no record of the batch")]
    Unapplied,
}

impl From<Fault> for tamis_sdk::Error {
    /// The same bytes would fail again.
    fn from(fault: Fault) -> Self {
        Self::Permanent(fault.to_string())
    }
}

/// An attribute, or an entry of a map.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pair<'a> {
    /// The last one, if there are many.
    pub(crate) key: &'a [u8],
    pub(crate) any: Any<'a>,
}

/// What an `AnyValue` holds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Any<'a> {
    /// What a decoder sees: the last member that is there.
    pub(crate) value: Value<'a>,
    /// There is something that a decoder does not see: a value beside it, which it overwrites. No
    /// encoder writes that, so whoever did has something to hide.
    pub(crate) irregular: bool,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Value<'a> {
    Empty,
    String(&'a [u8]),
    Bool(bool),
    Int(i64),
    Double(f64),
    Bytes(&'a [u8]),
    List(Message<'a>),
    Map(Message<'a>),
    /// A kind that came to OTLP after this was written, by its encoding: searched like a string.
    Unknown(&'a [u8]),
}

#[inline]
pub(crate) fn read_pair(message: Message<'_>) -> Result<Pair<'_>, Fault> {
    match read_plain_pair(message.bytes()) {
        Some((key, text)) => {
            Ok(Pair { key, any: Any { value: Value::String(text), irregular: false } })
        }
        None => read_any_pair(message),
    }
}

/// A key and a string, each there once, in this order and alone: what nearly all attributes are. None:
/// it is something else, or malformed.
#[inline]
fn read_plain_pair(pair: &[u8]) -> Option<(&[u8], &[u8])> {
    const KEY: u8 = (KeyValue::KEY << 3 | 2) as u8;
    const VALUE: u8 = (KeyValue::VALUE << 3 | 2) as u8;
    const STRING: u8 = (AnyValue::STRING_VALUE << 3 | 2) as u8;
    let (key, rest) = short_field(pair, KEY)?;
    let (value, rest) = short_field(rest, VALUE)?;
    let (text, rest_of_value) = short_field(value, STRING)?;
    (rest.is_empty() && rest_of_value.is_empty()).then_some((key, text))
}

/// A field of that tag whose length takes one byte or two, and what follows it.
#[inline]
fn short_field(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    match *bytes {
        [first, length @ 0..0x80, ref rest @ ..] if first == tag => {
            rest.split_at_checked(usize::from(length))
        }
        [first, low, high @ 0..0x80, ref rest @ ..] if first == tag => {
            rest.split_at_checked(usize::from(low & 0x7F) | usize::from(high) << 7)
        }
        _ => None,
    }
}

fn read_any_pair(message: Message<'_>) -> Result<Pair<'_>, Fault> {
    let (mut key, mut any) = (None, None);
    let mut irregular = false;
    for field in message.fields() {
        let field = field?;
        match field.number() {
            KeyValue::KEY => irregular |= key.replace(field.bytes()?).is_some(),
            KeyValue::VALUE => irregular |= any.replace(read_any(field.message()?)?).is_some(),
            _ => {}
        }
    }
    let any = any.unwrap_or(Any { value: Value::Empty, irregular: false });
    let any = Any { irregular: irregular || any.irregular, ..any };
    Ok(Pair { key: key.unwrap_or_default(), any })
}

pub(crate) fn read_any(message: Message<'_>) -> Result<Any<'_>, Fault> {
    let mut any = Any { value: Value::Empty, irregular: false };
    for field in message.fields() {
        let field = field?;
        let value = match field.number() {
            AnyValue::STRING_VALUE => Value::String(field.bytes()?),
            AnyValue::BOOL_VALUE => Value::Bool(field.varint()? != 0),
            AnyValue::INT_VALUE => Value::Int(field.varint()? as i64),
            AnyValue::DOUBLE_VALUE => Value::Double(f64::from_bits(field.fixed64()?)),
            AnyValue::ARRAY_VALUE => Value::List(field.message()?),
            AnyValue::KVLIST_VALUE => Value::Map(field.message()?),
            AnyValue::BYTES_VALUE => Value::Bytes(field.bytes()?),
            _ if field.wire_type() == WireType::Length => Value::Unknown(field.bytes()?),
            // A number of an unknown kind: like a number of a known kind it is no text.
            _ => continue,
        };
        any.irregular |= !matches!(any.value, Value::Empty);
        any.value = value;
    }
    Ok(any)
}
