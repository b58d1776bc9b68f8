//! Change a batch by its differences.
//!
//! An [`Editor`] collects what is to be replaced; nothing else is copied, neither here nor over the
//! boundary to the host. A [`Cursor`] walks one message, forwards only. On its current field it can
//! [`enter`](Cursor::enter) a nested message, [`replace`](Cursor::replace) the payload,
//! [`remove`](Cursor::remove) the record, or put other records in its place. When a cursor goes out
//! of scope and the size of its message changed, the message's length prefix is rewritten.
//!
//! A walk that changes nothing costs little more than reading: a cursor notes how many changes there
//! were when it began and compares at its end.
//!
//! ```
//! use tamis_sdk::edit::{Editor, apply};
//! use tamis_sdk::{Outcome, wire::Writer};
//!
//! let mut batch = Vec::new();
//! Writer::new(&mut batch).message(1, |inner| inner.bytes(5, "secret"));
//!
//! let mut editor = Editor::new(&batch);
//! let mut outer = editor.root();
//! while let Some(field) = outer.next()? {
//!     let mut inner = outer.enter(field)?;
//!     while let Some(field) = inner.next()? {
//!         if field.number() == 5 {
//!             inner.replace(field, b"***")?;
//!         }
//!     }
//! }
//! drop(outer);
//! let Outcome::Edited(edits) = editor.finish()? else { panic!("nothing changed") };
//!
//! let mut wanted = Vec::new();
//! Writer::new(&mut wanted).message(1, |inner| inner.bytes(5, "***"));
//! assert_eq!(apply(&batch, &edits), Some(wanted));
//! # Ok::<(), tamis_sdk::wire::Error>(())
//! ```

mod apply;
mod patch;

pub use apply::apply;
pub use patch::{Patch, patch};

use crate::contract::{Edits, Outcome, Splice};
use crate::wire::{Error, Field, Fields, Kind, Message, WireType, Writer};
use crate::wire::{insert_varint, put_varint};

/// Collects the differences to one batch.
#[derive(Debug)]
pub struct Editor<'a> {
    batch: &'a [u8],
    changes: Vec<Change>,
    replacement: Vec<u8>,
    /// Nothing before this offset can change any more.
    frontier: usize,
}

/// As [`Splice`], before lengths are known to fit.
#[derive(Debug)]
struct Change {
    offset: usize,
    length: usize,
    replacement_length: usize,
}

impl<'a> Editor<'a> {
    /// An editor with no changes yet. Allocates on the first change.
    #[must_use]
    pub fn new(batch: &'a [u8]) -> Self {
        Self { batch, changes: Vec::new(), replacement: Vec::new(), frontier: 0 }
    }

    /// A cursor over the batch itself, before its first field.
    pub fn root(&mut self) -> Cursor<'_, 'a> {
        let message = Message::new(self.batch);
        Cursor::new(self, message, 0)
    }

    /// What became of the batch: [`Outcome::Unchanged`] when there was no change, else
    /// [`Outcome::Edited`]. Neighbouring changes become one splice.
    ///
    /// # Errors
    ///
    /// [`Kind::Size`] when the batch passes 4 GiB.
    pub fn finish(self) -> Result<Outcome, Error> {
        if self.changes.is_empty() {
            return Ok(Outcome::Unchanged);
        }
        let fits = |length| u32::try_from(length).map_err(|_| Error::new(Kind::Size, 0));
        // Every offset and length below is at most one of these two.
        fits(self.batch.len())?;
        fits(self.replacement.len())?;
        let mut splices: Vec<Splice> = Vec::with_capacity(self.changes.len());
        for change in self.changes {
            let next = Splice {
                offset: fits(change.offset)?,
                length: fits(change.length)?,
                replacement_length: fits(change.replacement_length)?,
            };
            match splices.last_mut() {
                Some(last) if last.offset + last.length == next.offset => {
                    last.length += next.length;
                    last.replacement_length += next.replacement_length;
                }
                _ => splices.push(next),
            }
        }
        Ok(Outcome::Edited(Edits { splices, replacement: self.replacement }))
    }

    /// Puts what `fill` writes in place of the bytes from `start` to `end`.
    fn splice(
        &mut self,
        start: usize,
        end: usize,
        fill: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), Error> {
        if start < self.frontier {
            return Err(Error::new(Kind::Order, start));
        }
        let before = self.replacement.len();
        fill(&mut self.replacement);
        let replacement_length = self.replacement.len() - before;
        self.changes.push(Change { offset: start, length: end - start, replacement_length });
        self.frontier = end;
        Ok(())
    }

    /// Rewrites the length prefix of a message if its size changed: the message of `length` bytes at
    /// `start`, within the record at `record`, by the changes from `first` on.
    ///
    /// The prefix stands before all those changes and is known only after them, so it is inserted:
    /// each change moves at most once per level.
    #[cold]
    #[inline(never)]
    fn rewrite_length(&mut self, first: usize, record: usize, start: usize, length: usize) {
        let changes = self.changes.get(first..).unwrap_or_default();
        let gone: usize = changes.iter().map(|change| change.length).sum();
        let come: usize = changes.iter().map(|change| change.replacement_length).sum();
        if gone == come {
            return;
        }
        let at = self.replacement.len() - come;
        let used = insert_varint(&mut self.replacement, at, (length + come - gone) as u64);
        let tag = self.batch.get(record..start).unwrap_or_default();
        let offset = record + tag.iter().take_while(|byte| **byte >= 0x80).count() + 1;
        let change = Change { offset, length: start - offset, replacement_length: used };
        self.changes.insert(first, change);
    }
}

/// Walks one message of a batch and changes it on the way.
#[derive(Debug)]
pub struct Cursor<'e, 'a> {
    editor: &'e mut Editor<'a>,
    fields: Fields<'a>,
    /// Where the message starts.
    start: usize,
    /// Where the record starts that holds the message; at `start` for the batch itself, which has
    /// neither tag nor length.
    record: usize,
    /// Where the current record starts; [`TAKEN`] before the first and once it is changed.
    current: usize,
    /// How many changes there were before this cursor.
    changes_before: usize,
}

const TAKEN: usize = usize::MAX;

impl<'a> Cursor<'_, 'a> {
    #[inline(always)]
    fn new<'e>(editor: &'e mut Editor<'a>, message: Message<'a>, record: usize) -> Cursor<'e, 'a> {
        Cursor {
            changes_before: editor.changes.len(),
            fields: message.fields(),
            start: message.range().start,
            record,
            current: TAKEN,
            editor,
        }
    }

    /// The next field, which becomes the current one; none at the end of the message.
    ///
    /// # Errors
    ///
    /// As [`Fields`]: the message is malformed.
    #[inline(always)]
    #[expect(clippy::should_implement_trait, reason = "transposed: the loop reads `while let`")]
    pub fn next(&mut self) -> Result<Option<Field<'a>>, Error> {
        self.current = self.fields.offset();
        self.fields.next().transpose()
    }

    /// The whole message as it was handed over, whatever was changed since.
    #[inline]
    #[must_use]
    pub fn message(&self) -> Message<'a> {
        self.fields.message(self.start)
    }

    /// A cursor over the message that is the payload of the current field.
    ///
    /// # Errors
    ///
    /// [`Kind::Unexpected`] when the payload cannot be a message; [`Kind::Order`] when `field` is
    /// not the current field.
    #[inline(always)]
    pub fn enter(&mut self, field: Field<'a>) -> Result<Cursor<'_, 'a>, Error> {
        self.take(field)?;
        let message = field.message()?;
        Ok(Cursor::new(self.editor, message, field.record().start))
    }

    /// Puts another payload into the current field, a string, bytes or an encoded message.
    ///
    /// # Errors
    ///
    /// [`Kind::Unexpected`] when the field has no such payload; [`Kind::Order`] when `field` is not
    /// the current field or was already changed.
    pub fn replace(&mut self, field: Field<'a>, payload: &[u8]) -> Result<(), Error> {
        let old = field.bytes()?;
        self.take(field)?;
        let range = field.range();
        if old.len() == payload.len() {
            return self
                .editor
                .splice(range.start, range.end, |out| out.extend_from_slice(payload));
        }
        self.editor.splice(field.after_tag(), range.end, |out| {
            put_varint(out, payload.len() as u64);
            out.extend_from_slice(payload);
        })
    }

    /// Puts another number into the current field: a varint's value, or the bits of a fixed64 or
    /// fixed32 (whose upper half is ignored).
    ///
    /// # Errors
    ///
    /// As [`replace`](Self::replace).
    pub fn replace_number(&mut self, field: Field<'a>, value: u64) -> Result<(), Error> {
        if field.wire_type() == WireType::Length {
            return Err(Error::new(Kind::Unexpected, field.record().start));
        }
        self.take(field)?;
        let range = field.range();
        self.editor.splice(range.start, range.end, |out| match field.wire_type() {
            WireType::Fixed64 => out.extend_from_slice(&value.to_le_bytes()),
            WireType::Fixed32 => out.extend_from_slice(&(value as u32).to_le_bytes()),
            WireType::Varint | WireType::Length => put_varint(out, value),
        })
    }

    /// Puts the records that `fill` writes in place of the current one.
    ///
    /// # Errors
    ///
    /// [`Kind::Order`] when `field` is not the current field or was already changed.
    pub fn replace_record(
        &mut self,
        field: Field<'a>,
        fill: impl FnOnce(&mut Writer<'_>),
    ) -> Result<(), Error> {
        self.take(field)?;
        let record = field.record();
        self.editor.splice(record.start, record.end, |out| fill(&mut Writer::new(out)))
    }

    /// Takes the current field out of its message.
    ///
    /// # Errors
    ///
    /// As [`replace_record`](Self::replace_record).
    pub fn remove(&mut self, field: Field<'a>) -> Result<(), Error> {
        self.replace_record(field, |_| ())
    }

    /// Puts the records that `fill` writes at the end of the message. After that no field of it can
    /// be changed; appending again is possible.
    ///
    /// # Errors
    ///
    /// [`Kind::Order`] when something behind the message was already changed.
    pub fn append(&mut self, fill: impl FnOnce(&mut Writer<'_>)) -> Result<(), Error> {
        let end = self.fields.end();
        self.editor.splice(end, end, |out| fill(&mut Writer::new(out)))
    }

    /// The current field may be changed once, and only by the cursor that stands on it: else the
    /// length of a message between the two would stay as it was.
    #[inline]
    fn take(&mut self, field: Field<'a>) -> Result<(), Error> {
        if self.current == field.record().start {
            self.current = TAKEN;
            Ok(())
        } else {
            Err(Error::new(Kind::Order, field.record().start))
        }
    }
}

impl Drop for Cursor<'_, '_> {
    #[inline(always)]
    fn drop(&mut self) {
        if self.editor.changes.len() != self.changes_before && self.record != self.start {
            let length = self.fields.end() - self.start;
            self.editor.rewrite_length(self.changes_before, self.record, self.start, length);
        }
    }
}
