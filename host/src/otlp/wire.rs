//! The protobuf wire format: varints, tags, lengths, and what can be wrong with them.

/// Why bytes are not an OTLP request. Names the message and the field, never a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}: field {field}: {reason}")]
pub struct Malformed {
    /// The message that holds the fault, by its name in the OTLP definitions.
    pub message: &'static str,
    /// The number of the field at fault; 0 where its tag could not be read.
    pub field: u32,
    pub reason: Reason,
}

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    #[error("the bytes end inside the field")]
    Truncated,
    #[error("a varint is longer than 64 bits")]
    Varint,
    #[error("illegal field number")]
    FieldNumber,
    #[error("wrong wire type")]
    WireType,
    #[error("illegal length of an id")]
    IdLength,
    #[error("nested too deep")]
    Depth,
    #[error("instrumentation libraries are not read since OTLP 0.20: scopes belong in field 2")]
    OldScopes,
}

pub(crate) const VARINT: u8 = 0;
pub(crate) const FIXED64: u8 = 1;
pub(crate) const LEN: u8 = 2;
pub(crate) const FIXED32: u8 = 5;

/// Reads a varint off the front.
#[inline(always)]
pub(crate) fn varint(rest: &mut &[u8]) -> Result<u64, Reason> {
    match **rest {
        [byte, ref tail @ ..] if byte < 0x80 => {
            *rest = tail;
            Ok(u64::from(byte))
        }
        [low, high, ref tail @ ..] if high < 0x80 => {
            *rest = tail;
            Ok(u64::from(low & 0x7f) | u64::from(high) << 7)
        }
        _ => long_varint(rest),
    }
}

#[inline(never)]
fn long_varint(rest: &mut &[u8]) -> Result<u64, Reason> {
    let mut value = 0;
    for (index, &byte) in rest.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte < 0x80 {
            // Of the tenth byte only one bit is left in 64.
            if index == 9 && byte > 1 {
                return Err(Reason::Varint);
            }
            *rest = &rest[index + 1..];
            return Ok(value);
        }
    }
    Err(if rest.len() < 10 { Reason::Truncated } else { Reason::Varint })
}

/// Reads a tag off the front: the field number and the wire type.
#[inline(always)]
pub(crate) fn tag(rest: &mut &[u8]) -> Result<(u32, u8), Reason> {
    let tag = varint(rest)?;
    match u32::try_from(tag) {
        Ok(tag) if tag >= 8 => Ok((tag >> 3, (tag & 7) as u8)),
        _ => Err(Reason::FieldNumber),
    }
}

/// Reads so many bytes off the front.
#[inline(always)]
pub(crate) fn take<'a>(rest: &mut &'a [u8], len: usize) -> Result<&'a [u8], Reason> {
    let (taken, tail) = rest.split_at_checked(len).ok_or(Reason::Truncated)?;
    *rest = tail;
    Ok(taken)
}

/// Reads a length and so many bytes off the front.
#[inline(always)]
pub(crate) fn delimited<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], Reason> {
    let len = varint(rest)?;
    take(rest, usize::try_from(len).map_err(|_| Reason::Truncated)?)
}

/// Appends a varint.
pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}
