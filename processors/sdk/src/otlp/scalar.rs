//! How accessors read: the last of a field, the only one, all of them.

use crate::wire::{Error, Field, Fields, Kind, Message, Text, WireType, read_varint};
use std::marker::PhantomData;

/// What a repeated field can hold beside numbers: strings and messages.
pub trait Read<'a>: Sized {
    /// Reads one record.
    fn read(field: &Field<'a>) -> Result<Self, Error>;
}

impl<'a> Read<'a> for Text<'a> {
    #[inline]
    fn read(field: &Field<'a>) -> Result<Self, Error> {
        field.text()
    }
}

/// The value of the last record of that number.
#[inline]
pub(super) fn last<'a, T>(
    message: Message<'a>,
    number: u32,
    read: impl Fn(&Field<'a>) -> Result<T, Error>,
) -> Result<Option<T>, Error> {
    let mut found = None;
    for field in message.fields() {
        let field = field?;
        if field.number() == number {
            found = Some(read(&field)?);
        }
    }
    Ok(found)
}

/// The payload of the only record of that number.
#[inline]
pub(super) fn once(message: Message<'_>, number: u32) -> Result<Option<Message<'_>>, Error> {
    let mut found = None;
    for field in message.fields() {
        let field = field?;
        if field.number() == number && found.replace(field.message()?).is_some() {
            return Err(repeated(&field));
        }
    }
    Ok(found)
}

#[cold]
pub(super) fn repeated(field: &Field<'_>) -> Error {
    Error::new(Kind::Repeated, field.record().start)
}

#[inline]
pub(super) fn bytes<'a>(field: &Field<'a>) -> Result<&'a [u8], Error> {
    field.bytes()
}

#[inline]
pub(super) fn string<'a>(field: &Field<'a>) -> Result<Text<'a>, Error> {
    field.text()
}

#[inline]
pub(super) fn boolean(field: &Field<'_>) -> Result<bool, Error> {
    Ok(field.varint()? != 0)
}

// Protobuf takes the lower 32 bits of a varint for the 32-bit types.

#[inline]
pub(super) fn uint32(field: &Field<'_>) -> Result<u32, Error> {
    Ok(field.varint()? as u32)
}

#[inline]
pub(super) fn int32(field: &Field<'_>) -> Result<i32, Error> {
    Ok(field.varint()? as i32)
}

#[inline]
pub(super) fn sint32(field: &Field<'_>) -> Result<i32, Error> {
    let zigzag = uint32(field)?;
    Ok((zigzag >> 1) as i32 ^ -((zigzag & 1) as i32))
}

#[inline]
pub(super) fn int64(field: &Field<'_>) -> Result<i64, Error> {
    Ok(field.varint()? as i64)
}

#[inline]
pub(super) fn fixed32(field: &Field<'_>) -> Result<u32, Error> {
    field.fixed32()
}

#[inline]
pub(super) fn fixed64(field: &Field<'_>) -> Result<u64, Error> {
    field.fixed64()
}

#[inline]
pub(super) fn sfixed64(field: &Field<'_>) -> Result<i64, Error> {
    Ok(field.fixed64()? as i64)
}

#[inline]
pub(super) fn double(field: &Field<'_>) -> Result<f64, Error> {
    field.fixed64().map(f64::from_bits)
}

/// Iterator over the values of a repeated string or message field.
#[derive(Clone)]
pub struct Repeated<'a, T> {
    fields: Fields<'a>,
    number: u32,
    value: PhantomData<T>,
}

impl<'a, T: Read<'a>> Repeated<'a, T> {
    #[inline]
    pub(crate) fn new(message: Message<'a>, number: u32) -> Self {
        Self { fields: message.fields(), number, value: PhantomData }
    }
}

impl<'a, T: Read<'a>> Iterator for Repeated<'a, T> {
    type Item = Result<T, Error>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.fields.next()? {
                Ok(field) if field.number() == self.number => return Some(T::read(&field)),
                Ok(_) => {}
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// How one kind of number is read.
pub(super) struct Number<T> {
    wire_type: WireType,
    from_bits: fn(u64) -> T,
}

/// The kinds of numbers that are repeated somewhere in OTLP.
pub(super) mod number {
    #![expect(non_upper_case_globals, reason = "named as the protobuf types")]
    use super::{Number, WireType};

    pub(in super::super) const uint64: Number<u64> =
        Number { wire_type: WireType::Varint, from_bits: |bits| bits };
    pub(in super::super) const fixed64: Number<u64> =
        Number { wire_type: WireType::Fixed64, from_bits: |bits| bits };
    pub(in super::super) const double: Number<f64> =
        Number { wire_type: WireType::Fixed64, from_bits: f64::from_bits };
}

/// Iterator over the values of a repeated number, packed or one by one.
#[derive(Clone)]
pub struct Numbers<'a, T> {
    fields: Fields<'a>,
    number: u32,
    wire_type: WireType,
    from_bits: fn(u64) -> T,
    /// The record being read: all of it up to its end, and where the next value starts.
    packed: &'a [u8],
    offset: usize,
    value: PhantomData<T>,
}

impl<'a, T> Numbers<'a, T> {
    pub(super) fn new(message: Message<'a>, number: u32, read: Number<T>) -> Self {
        Self {
            fields: message.fields(),
            number,
            wire_type: read.wire_type,
            from_bits: read.from_bits,
            packed: &[],
            offset: 0,
            value: PhantomData,
        }
    }

    /// The next value of the packed record in hand.
    fn unpack(&mut self) -> Result<T, Error> {
        let (bits, used) = match self.wire_type {
            WireType::Varint => read_varint(self.packed, 0)
                .map_err(|error| Error::new(error.kind(), self.offset))?,
            _ => match self.packed.first_chunk() {
                Some(bytes) => (u64::from_le_bytes(*bytes), bytes.len()),
                None => return Err(Error::new(Kind::Truncated, self.offset)),
            },
        };
        self.packed = self.packed.get(used..).unwrap_or_default();
        self.offset += used;
        Ok((self.from_bits)(bits))
    }

    fn single(&self, field: &Field<'a>) -> Result<T, Error> {
        let bits = match self.wire_type {
            WireType::Varint => field.varint(),
            _ => field.fixed64(),
        };
        bits.map(self.from_bits)
    }
}

impl<T> Iterator for Numbers<'_, T> {
    type Item = Result<T, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if !self.packed.is_empty() {
                let value = self.unpack();
                if value.is_err() {
                    self.packed = &[];
                    self.fields = Message::new(&[]).fields();
                }
                return Some(value);
            }
            let field = match self.fields.next()? {
                Ok(field) => field,
                Err(error) => return Some(Err(error)),
            };
            if field.number() != self.number {
                continue;
            }
            if field.wire_type() != WireType::Length {
                return Some(self.single(&field));
            }
            self.packed = field.payload();
            self.offset = field.range().start;
        }
    }
}
