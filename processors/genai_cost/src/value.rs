//! Attributes and values, read from the wire.

use std::borrow::Cow;

use tamis_sdk::otlp::common::{AnyValue, KeyValue};
use tamis_sdk::wire::{Error, Message};

/// What an `AnyValue` holds, as far as it matters here.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'a> {
    /// Nothing, or something that is neither number nor text nor map.
    Other,
    Text(&'a [u8]),
    Bool(bool),
    Int(i64),
    Double(f64),
    List,
    Map(Message<'a>),
}

/// Key and value of an attribute or of an entry of a map.
#[inline]
pub(crate) fn pair(message: Message<'_>) -> Result<(&[u8], Option<Message<'_>>), Error> {
    let (mut key, mut value) = (&[][..], None);
    for field in message.fields() {
        let field = field?;
        match field.number() {
            KeyValue::KEY => key = field.bytes()?,
            KeyValue::VALUE => value = Some(field.message()?),
            _ => {}
        }
    }
    Ok((key, value))
}

impl<'a> Value<'a> {
    /// The last member that is there, as a decoder would see it.
    pub(crate) fn read(any: Option<Message<'a>>) -> Result<Self, Error> {
        let mut value = Self::Other;
        let Some(any) = any else { return Ok(value) };
        for field in any.fields() {
            let field = field?;
            value = match field.number() {
                AnyValue::STRING_VALUE => Self::Text(field.bytes()?),
                AnyValue::BOOL_VALUE => Self::Bool(field.varint()? != 0),
                AnyValue::INT_VALUE => Self::Int(field.varint()? as i64),
                AnyValue::DOUBLE_VALUE => Self::Double(f64::from_bits(field.fixed64()?)),
                AnyValue::ARRAY_VALUE => Self::List,
                AnyValue::KVLIST_VALUE => Self::Map(field.message()?),
                _ => Self::Other,
            };
        }
        Ok(value)
    }

    /// The text, if it is one and not empty.
    pub(crate) fn text(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Text(bytes) if !bytes.is_empty() => Some(text(bytes)),
            _ => None,
        }
    }
}

/// As `String::from_utf8_lossy`, which takes ASCII byte by byte.
#[inline]
pub(crate) fn text(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(bytes),
    }
}
