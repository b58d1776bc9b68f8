//! From JSON to the wire without anything in between: memory is that of the result.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::schema::{Field, Kind, Message};
use crate::otlp::wire;

/// The fields of a message, appended to `out`.
pub(super) struct Fields<'o> {
    pub(super) of: &'static Message,
    pub(super) out: &'o mut Vec<u8>,
}

/// The value of a field, or of an element of a packed list, which has no number of its own.
struct Value<'o> {
    number: Option<u32>,
    kind: &'static Kind,
    out: &'o mut Vec<u8>,
}

/// Finds the field of a key.
struct Key(&'static Message);

impl<'de> DeserializeSeed<'de> for Fields<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Fields<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a message")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(field) = map.next_key_seed(Key(self.of))? {
            match field {
                Some(Field { number, kind, .. }) => {
                    map.next_value_seed(Value { number: Some(*number), kind, out: self.out })?;
                }
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Option<&'static Field>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key {
    type Value = Option<&'static Field>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Self::Value, E> {
        Ok(self.0.field(key))
    }
}

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of another type")
    }

    /// `null` is the same as no key.
    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        match self.kind {
            Kind::Bool => self.varint(u64::from(value)),
            _ => Err(wrong_type()),
        }
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.integer(i128::from(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.integer(i128::from(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        match self.kind {
            Kind::Double => self.fixed64(value.to_bits()),
            _ => Err(wrong_type()),
        }
    }

    fn visit_str<E: Error>(mut self, text: &str) -> Result<(), E> {
        match self.kind {
            Kind::Text => self.delimited(|out| {
                out.extend_from_slice(text.as_bytes());
                Ok(())
            }),
            Kind::Hex => self.delimited(|out| hex(text.as_bytes(), out).ok_or_else(wrong_type)),
            Kind::Base64 => {
                self.delimited(|out| base64(text.as_bytes(), out).ok_or_else(wrong_type))
            }
            Kind::Double => {
                let value = match text {
                    "NaN" => f64::NAN,
                    "Infinity" => f64::INFINITY,
                    "-Infinity" => f64::NEG_INFINITY,
                    number => number.parse().map_err(|_| wrong_type())?,
                };
                self.fixed64(value.to_bits())
            }
            _ => self.integer(text.parse().map_err(|_| wrong_type())?),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        match self.kind {
            Kind::List(kind) => {
                let number = self.number;
                while list.next_element_seed(Value { number, kind, out: self.out })?.is_some() {}
                Ok(())
            }
            Kind::Packed(kind) => self.delimited(|out| {
                while list.next_element_seed(Value { number: None, kind, out })?.is_some() {}
                Ok(())
            }),
            _ => Err(wrong_type()),
        }
    }

    fn visit_map<A: MapAccess<'de>>(mut self, map: A) -> Result<(), A::Error> {
        match self.kind {
            Kind::Message(of) => self.delimited(|out| Fields { of, out }.visit_map(map)),
            _ => Err(wrong_type()),
        }
    }
}

impl Value<'_> {
    /// A whole number, within the bounds of its kind.
    fn integer<E: Error>(mut self, value: i128) -> Result<(), E> {
        let out_of_bounds = |_| wrong_type();
        match self.kind {
            Kind::Uint32 => self.varint(u32::try_from(value).map_err(out_of_bounds)?.into()),
            Kind::Uint64 => self.varint(value.try_into().map_err(out_of_bounds)?),
            // Negative ones are sign-extended.
            Kind::Int32 => {
                let value = i32::try_from(value).map_err(out_of_bounds)?;
                self.varint(i64::from(value) as u64)
            }
            Kind::Int64 => self.varint(i64::try_from(value).map_err(out_of_bounds)? as u64),
            Kind::Sint32 => {
                let value = i32::try_from(value).map_err(out_of_bounds)?;
                self.varint(u64::from((value << 1 ^ value >> 31) as u32))
            }
            Kind::Fixed64 => self.fixed64(value.try_into().map_err(out_of_bounds)?),
            Kind::Sfixed64 => self.fixed64(i64::try_from(value).map_err(out_of_bounds)? as u64),
            Kind::Double => self.fixed64((value as f64).to_bits()),
            Kind::Fixed32 => {
                let value = u32::try_from(value).map_err(out_of_bounds)?;
                self.tag(wire::FIXED32);
                self.out.extend_from_slice(&value.to_le_bytes());
                Ok(())
            }
            _ => Err(wrong_type()),
        }
    }

    fn varint<E>(mut self, value: u64) -> Result<(), E> {
        self.tag(wire::VARINT);
        wire::put_varint(self.out, value);
        Ok(())
    }

    fn fixed64<E>(mut self, value: u64) -> Result<(), E> {
        self.tag(wire::FIXED64);
        self.out.extend_from_slice(&value.to_le_bytes());
        Ok(())
    }

    /// What `write` appends, behind its length.
    fn delimited<E>(&mut self, write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>) -> Result<(), E> {
        self.tag(wire::LEN);
        let start = self.out.len();
        write(self.out)?;
        let end = self.out.len();
        wire::put_varint(self.out, (end - start) as u64);
        // The length was written behind.
        let len_of_len = self.out.len() - end;
        self.out[start..].rotate_right(len_of_len);
        Ok(())
    }

    fn tag(&mut self, wire_type: u8) {
        if let Some(number) = self.number {
            wire::put_varint(self.out, u64::from(number) << 3 | u64::from(wire_type));
        }
    }
}

fn wrong_type<E: Error>() -> E {
    E::custom("a value of another type was expected")
}

/// Appends the bytes of a hexadecimal text; `None` where it is none.
fn hex(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let digit = |digit: u8| char::from(digit).to_digit(16);
    if !text.len().is_multiple_of(2) {
        return None;
    }
    for pair in text.chunks(2) {
        out.push((digit(pair[0])? << 4 | digit(pair[1])?) as u8);
    }
    Some(())
}

/// Appends the bytes of a base64 text in either alphabet, padded or not; `None` where it is none.
fn base64(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let unpadded = text.strip_suffix(b"==").or_else(|| text.strip_suffix(b"=")).unwrap_or(text);
    for chunk in unpadded.chunks(4) {
        let mut bits = 0;
        for &digit in chunk {
            let value = match digit {
                b'A'..=b'Z' => digit - b'A',
                b'a'..=b'z' => digit - b'a' + 26,
                b'0'..=b'9' => digit - b'0' + 52,
                b'+' | b'-' => 62,
                b'/' | b'_' => 63,
                _ => return None,
            };
            bits = bits << 6 | u32::from(value);
        }
        let [_, bytes @ ..] = (bits << (6 * (4 - chunk.len()))).to_be_bytes();
        let len = match chunk.len() {
            4 => 3,
            3 => 2,
            2 => 1,
            _ => return None,
        };
        out.extend_from_slice(&bytes[..len]);
    }
    Some(())
}
