//! Validates an Export request to full depth and counts its items, in one pass and without copies.

use super::schema::{self, Field, KEY_VALUE, Message};
use super::wire::{self, Malformed, Reason};
use crate::batch::Signal;

/// How many messages may lie in one another below the request. An attribute that holds an array of
/// arrays costs two levels an array.
pub const MAX_DEPTH: u32 = 100;

/// Walks the Export request of `signal` and counts its spans, data points or log records.
///
/// Every tag, length and varint is checked down to the last leaf, and so is the wire type of every
/// known field; unknown fields are skipped. Groups are refused: OTLP never had any; so are the scopes of
/// OTLP before 0.20, which a Collector behind us would take for scopes of today. Ids are empty or
/// of their one legal length, like in the Collector. Text is not checked for UTF-8, like in the
/// Collector.
///
/// # Errors
///
/// The first fault that was met.
pub fn walk(signal: Signal, request: &[u8]) -> Result<usize, Malformed> {
    let mut items = 0;
    message(schema::request(signal), request, MAX_DEPTH, &mut items)?;
    Ok(items)
}

/// Walks one message. `levels` are left below it.
fn message(
    schema: &'static Message,
    mut rest: &[u8],
    levels: u32,
    items: &mut usize,
) -> Result<(), Malformed> {
    while !rest.is_empty() {
        let (number, wire_type) = match wire::tag(&mut rest) {
            Ok(tag) => tag,
            Err(reason) => return Err(fault(schema, 0, reason)),
        };
        let field = schema.field(number);
        let outcome = match wire_type {
            wire::LEN => match wire::delimited(&mut rest) {
                Ok(payload) => match field {
                    Field::Bytes | Field::Unknown => Ok(()),
                    Field::KeyValue if levels >= 2 && is_plain_attribute(payload) => {
                        skip_plain_attributes(&mut rest, number);
                        Ok(())
                    }
                    Field::KeyValue => {
                        child(schema, number, &KEY_VALUE, payload, levels, items)?;
                        Ok(())
                    }
                    Field::Message(inner) => {
                        child(schema, number, inner, payload, levels, items)?;
                        Ok(())
                    }
                    Field::Item(inner) => {
                        *items += 1;
                        child(schema, number, inner, payload, levels, items)?;
                        Ok(())
                    }
                    _ => leaf(field, payload),
                },
                Err(reason) => Err(reason),
            },
            wire::VARINT => match field {
                Field::Varint | Field::Varints | Field::Unknown => {
                    wire::varint(&mut rest).map(|_| ())
                }
                _ => Err(Reason::WireType),
            },
            wire::FIXED64 => match field {
                Field::Fixed64 | Field::Fixed64s | Field::Unknown => {
                    wire::take(&mut rest, 8).map(|_| ())
                }
                _ => Err(Reason::WireType),
            },
            wire::FIXED32 => match field {
                Field::Fixed32 | Field::Unknown => wire::take(&mut rest, 4).map(|_| ()),
                _ => Err(Reason::WireType),
            },
            _ => Err(Reason::WireType),
        };
        if let Err(reason) = outcome {
            return Err(fault(schema, number, reason));
        }
    }
    Ok(())
}

#[inline(always)]
fn child(
    parent: &'static Message,
    number: u32,
    schema: &'static Message,
    payload: &[u8],
    levels: u32,
    items: &mut usize,
) -> Result<(), Malformed> {
    if levels == 0 {
        return Err(fault(parent, number, Reason::Depth));
    }
    message(schema, payload, levels - 1, items)
}

/// Whether the bytes of a `KeyValue` are a key and a string value, both shorter than 128 bytes and in
/// the order in which every SDK writes them. That is nearly every attribute there is, and knowing it by
/// its four tags saves two levels of the general walk.
#[inline(always)]
fn is_plain_attribute(bytes: &[u8]) -> bool {
    const KEY: u8 = 1 << 3 | wire::LEN;
    const VALUE: u8 = 2 << 3 | wire::LEN;
    const STRING: u8 = 1 << 3 | wire::LEN;
    let [KEY, key_len @ ..0x80, rest @ ..] = bytes else { return false };
    let Some(rest) = rest.get(usize::from(*key_len)..) else { return false };
    let [VALUE, value_len @ ..0x80, STRING, string_len @ ..0x80, string @ ..] = rest else {
        return false;
    };
    string.len() == usize::from(*string_len) && *value_len == *string_len + 2
}

/// Skips the attributes that follow one another in the same field and are plain. Attributes come in
/// runs, and nothing needs to be looked up between two of them.
#[inline(always)]
fn skip_plain_attributes(rest: &mut &[u8], number: u32) {
    let tag = (number as u8) << 3 | wire::LEN;
    while let [first, len @ ..0x80, tail @ ..] = rest
        && *first == tag
        && let Some((payload, tail)) = tail.split_at_checked(usize::from(*len))
        && is_plain_attribute(payload)
    {
        *rest = tail;
    }
}

/// A length-delimited field that is neither a message nor free bytes.
fn leaf(field: Field, payload: &[u8]) -> Result<(), Reason> {
    match field {
        Field::Id(len) if payload.is_empty() || payload.len() == len => Ok(()),
        Field::Id(_) => Err(Reason::IdLength),
        Field::OldScopes => Err(Reason::OldScopes),
        Field::Fixed64s if payload.len().is_multiple_of(8) => Ok(()),
        Field::Fixed64s => Err(Reason::Truncated),
        Field::Varints => {
            let mut rest = payload;
            while !rest.is_empty() {
                wire::varint(&mut rest)?;
            }
            Ok(())
        }
        _ => Err(Reason::WireType),
    }
}

#[cold]
fn fault(schema: &'static Message, field: u32, reason: Reason) -> Malformed {
    Malformed { message: schema.name, field, reason }
}

#[cfg(test)]
mod tests;
