//! Protobuf read in place: the fields of a message, one after the other, without a copy.
//!
//! <https://protobuf.dev/programming-guides/encoding/>
//!
//! All positions are offsets in bytes from the start of the batch, however deep the message lies.
//! The reader refuses what is malformed and never skips what it cannot read. It takes no group
//! (wire types 3 and 4): OTLP has none.

mod error;
mod writer;

pub use error::{Error, Kind};
pub use writer::Writer;
pub(crate) use writer::{insert_varint, put_varint};

use std::ops::Range;

/// How the payload of a field is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WireType {
    /// int32, int64, uint32, uint64, sint32, sint64, bool and enums.
    Varint,
    /// fixed64, sfixed64 and double.
    Fixed64,
    /// string, bytes, messages and packed repeated scalars.
    Length,
    /// fixed32, sfixed32 and float.
    Fixed32,
}

/// One message within a batch.
///
/// Its slice starts at the start of the batch and stops where the message stops, so one bounds
/// check serves for both the end of the message and the safety of the read.
#[derive(Clone, Copy)]
pub struct Message<'a> {
    upto: &'a [u8],
    start: usize,
}

impl<'a> Message<'a> {
    /// The batch itself as a message.
    #[inline]
    #[must_use]
    pub fn new(batch: &'a [u8]) -> Self {
        Self { upto: batch, start: 0 }
    }

    /// The message's encoded fields.
    #[inline]
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.upto.get(self.start..).unwrap_or_default()
    }

    /// Where the message lies in the batch: from the first byte after its length prefix. `start` is
    /// what `hold` wants for an item.
    #[inline]
    #[must_use]
    pub fn range(&self) -> Range<usize> {
        self.start..self.upto.len()
    }

    /// All fields in wire order, known or not.
    #[inline]
    #[must_use]
    pub fn fields(&self) -> Fields<'a> {
        Fields { upto: self.upto, at: self.start }
    }

    /// The fields of one number in wire order, and the error where the message is malformed.
    #[inline]
    pub fn fields_of(
        &self,
        number: u32,
    ) -> impl Iterator<Item = Result<Field<'a>, Error>> + use<'a> {
        self.fields().filter(move |field| match field {
            Ok(field) => field.number() == number,
            Err(_) => true,
        })
    }
}

impl std::fmt::Debug for Message<'_> {
    /// The place only: telemetry must not reach a log through `{:?}`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Message({:?})", self.range())
    }
}

/// Iterator over the fields of a message; ends after the first error.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    upto: &'a [u8],
    at: usize,
}

impl<'a> Fields<'a> {
    /// Offset of the next record, or of the end of the message.
    #[inline]
    pub(crate) fn offset(&self) -> usize {
        self.at
    }

    /// Offset of the end of the message.
    #[inline]
    pub(crate) fn end(&self) -> usize {
        self.upto.len()
    }

    /// The message whose fields these are, given where it starts.
    #[inline]
    pub(crate) fn message(&self, start: usize) -> Message<'a> {
        Message { upto: self.upto, start }
    }

    #[inline(always)]
    fn after_tag(&self, record: usize, tag: u32, at: usize) -> Result<Field<'a>, Error> {
        let (start, end) = match tag & 7 {
            LENGTH => match self.upto.get(at) {
                Some(&short) if short < 0x80 => (at + 1, at + 1 + usize::from(short)),
                _ => self.long_length(at)?,
            },
            VARINT => match self.upto.get(at) {
                Some(&short) if short < 0x80 => (at, at + 1),
                _ => (at, read_varint(self.upto, at)?.1),
            },
            FIXED64 => (at, at + 8),
            FIXED32 => (at, at + 4),
            _ => return Err(Error::new(Kind::WireType, record)),
        };
        match self.upto.get(..end) {
            Some(upto) => Ok(Field { tag, record, start, upto }),
            None => Err(Error::new(Kind::Truncated, record)),
        }
    }

    #[cold]
    #[inline(never)]
    fn after_long_tag(&self, record: usize) -> Result<Field<'a>, Error> {
        let (tag, at) = read_varint(self.upto, record)?;
        match u32::try_from(tag) {
            Ok(tag) if tag >= FIRST_TAG => self.after_tag(record, tag, at),
            _ => Err(Error::new(Kind::FieldNumber, record)),
        }
    }

    #[cold]
    #[inline(never)]
    fn long_length(&self, at: usize) -> Result<(usize, usize), Error> {
        let (length, start) = read_varint(self.upto, at)?;
        usize::try_from(length)
            .ok()
            .and_then(|length| start.checked_add(length))
            .map(|end| (start, end))
            .ok_or(Error::new(Kind::Truncated, at))
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<Field<'a>, Error>;

    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        let record = self.at;
        let &first = self.upto.get(record)?;
        let field = if (FIRST_TAG..0x80).contains(&u32::from(first)) {
            self.after_tag(record, u32::from(first), record + 1)
        } else {
            self.after_long_tag(record)
        };
        self.at = match &field {
            Ok(field) => field.upto.len(),
            Err(_) => self.upto.len(),
        };
        Some(field)
    }
}

/// One record: tag and payload.
#[derive(Clone, Copy)]
pub struct Field<'a> {
    tag: u32,
    record: usize,
    start: usize,
    upto: &'a [u8],
}

impl<'a> Field<'a> {
    /// The field's number; never 0.
    #[inline]
    #[must_use]
    pub fn number(&self) -> u32 {
        self.tag >> 3
    }

    /// How the payload is laid out.
    #[inline]
    #[must_use]
    pub fn wire_type(&self) -> WireType {
        match self.tag & 7 {
            VARINT => WireType::Varint,
            FIXED64 => WireType::Fixed64,
            LENGTH => WireType::Length,
            _ => WireType::Fixed32,
        }
    }

    /// Where the whole record lies in the batch, tag included.
    #[inline]
    #[must_use]
    pub fn record(&self) -> Range<usize> {
        self.record..self.upto.len()
    }

    /// Where the payload lies in the batch, without its length prefix.
    #[inline]
    #[must_use]
    pub fn range(&self) -> Range<usize> {
        self.start..self.upto.len()
    }

    /// The payload as it stands, of any wire type.
    #[inline]
    #[must_use]
    pub fn payload(&self) -> &'a [u8] {
        self.upto.get(self.start..).unwrap_or_default()
    }

    /// The payload of a bytes field.
    #[inline]
    pub fn bytes(&self) -> Result<&'a [u8], Error> {
        self.expect(LENGTH)?;
        Ok(self.payload())
    }

    /// The payload of a string field.
    #[inline]
    pub fn text(&self) -> Result<Text<'a>, Error> {
        self.bytes().map(Text)
    }

    /// The payload of a message field.
    #[inline]
    pub fn message(&self) -> Result<Message<'a>, Error> {
        self.expect(LENGTH)?;
        Ok(Message { upto: self.upto, start: self.start })
    }

    /// The value of a varint field.
    #[inline]
    pub fn varint(&self) -> Result<u64, Error> {
        self.expect(VARINT)?;
        Ok(read_varint(self.upto, self.start)?.0)
    }

    /// The value of a fixed64 field.
    #[inline]
    pub fn fixed64(&self) -> Result<u64, Error> {
        self.expect(FIXED64)?;
        self.payload()
            .try_into()
            .map(u64::from_le_bytes)
            .map_err(|_| Error::new(Kind::Truncated, self.start))
    }

    /// The value of a fixed32 field.
    #[inline]
    pub fn fixed32(&self) -> Result<u32, Error> {
        self.expect(FIXED32)?;
        self.payload()
            .try_into()
            .map(u32::from_le_bytes)
            .map_err(|_| Error::new(Kind::Truncated, self.start))
    }

    /// Where the record's tag stops: where the length prefix, if any, starts.
    pub(crate) fn after_tag(&self) -> usize {
        let tag = self.upto.get(self.record..).unwrap_or_default();
        self.record + tag.iter().take_while(|byte| **byte >= 0x80).count() + 1
    }

    #[inline]
    fn expect(&self, wire_type: u32) -> Result<(), Error> {
        if self.tag & 7 == wire_type {
            Ok(())
        } else {
            Err(Error::new(Kind::Unexpected, self.record))
        }
    }
}

impl std::fmt::Debug for Field<'_> {
    /// The place only: telemetry must not reach a log through `{:?}`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Field({} {:?} {:?})", self.number(), self.wire_type(), self.range())
    }
}

/// A protobuf string. Senders exist that put other bytes than UTF-8 there, and the SDK lets them
/// pass: what is not looked at must not fail.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Text<'a>(&'a [u8]);

impl<'a> Text<'a> {
    /// The bytes as sent.
    #[inline]
    #[must_use]
    pub fn as_bytes(&self) -> &'a [u8] {
        self.0
    }

    /// The text, when it is UTF-8.
    pub fn as_str(&self) -> Result<&'a str, std::str::Utf8Error> {
        std::str::from_utf8(self.0)
    }

    /// The text, with U+FFFD for what is not UTF-8.
    #[must_use]
    pub fn to_string_lossy(&self) -> std::borrow::Cow<'a, str> {
        String::from_utf8_lossy(self.0)
    }
}

impl PartialEq<&str> for Text<'_> {
    fn eq(&self, other: &&str) -> bool {
        self.0 == other.as_bytes()
    }
}

impl std::fmt::Debug for Text<'_> {
    /// The length only: telemetry must not reach a log through `{:?}`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Text({} bytes)", self.0.len())
    }
}

/// Reads the varint at `at`; answers its value and the offset after it.
#[inline]
pub(crate) fn read_varint(bytes: &[u8], at: usize) -> Result<(u64, usize), Error> {
    match bytes.get(at) {
        Some(&byte) if byte < 0x80 => Ok((u64::from(byte), at + 1)),
        _ => read_long_varint(bytes, at),
    }
}

#[inline(never)]
fn read_long_varint(bytes: &[u8], at: usize) -> Result<(u64, usize), Error> {
    let mut value = 0;
    let encoded = bytes.get(at..).unwrap_or_default();
    for (index, &byte) in encoded.iter().take(VARINT_BYTES_MAX).enumerate() {
        // The tenth byte holds the 64th bit only.
        if index == VARINT_BYTES_MAX - 1 && byte > 1 {
            break;
        }
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte < 0x80 {
            return Ok((value, at + index + 1));
        }
    }
    let kind = if encoded.len() < VARINT_BYTES_MAX { Kind::Truncated } else { Kind::Varint };
    Err(Error::new(kind, at))
}

const VARINT_BYTES_MAX: usize = 10;
/// Tag of field 1, wire type 0.
const FIRST_TAG: u32 = 8;
const VARINT: u32 = 0;
const FIXED64: u32 = 1;
const LENGTH: u32 = 2;
const FIXED32: u32 = 5;
