//! What is to change in a batch: records that give way to others.
//!
//! A batch is examined without touching it, which is all there is to do for most; what is found goes
//! into one flat list by offset, and only the messages on the way to those offsets are entered.

use std::ops::Range;

use tamis_sdk::Outcome;
use tamis_sdk::edit::{Cursor, Editor};
use tamis_sdk::wire::{self, Writer};

use crate::value::Fault;

/// Changes of one batch.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    list: Vec<Change>,
    /// The replacements, one after the other.
    replacement: Vec<u8>,
}

#[derive(Debug)]
struct Change {
    /// Where the record lies in the batch.
    record: Range<usize>,
    /// Where its replacement lies.
    replacement: Range<usize>,
}

impl Changes {
    pub(crate) fn clear(&mut self) {
        self.list.clear();
        self.replacement.clear();
    }

    /// Puts the records that `fill` writes in place of the record at these bytes of the batch. Of two
    /// changes to one record the later counts; no record may lie in another that changes.
    pub(crate) fn replace(&mut self, record: Range<usize>, fill: impl FnOnce(&mut Writer<'_>)) {
        let start = self.replacement.len();
        fill(&mut Writer::new(&mut self.replacement));
        let replacement = start..self.replacement.len();
        self.list.push(Change { record, replacement });
    }

    pub(crate) fn remove(&mut self, record: Range<usize>) {
        self.replace(record, |_| ());
    }

    /// How many there are: a mark for [`append`](Self::append).
    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    /// Puts records behind the record at these bytes of the batch. It may itself have changed, but not
    /// before `mark`.
    pub(crate) fn append(
        &mut self,
        batch: &[u8],
        record: Range<usize>,
        mark: usize,
        fill: impl FnOnce(&mut Writer<'_>),
    ) {
        let recent = self.list.iter().skip(mark);
        let changed = recent.rev().position(|change| change.record == record);
        let changed = changed.map(|from_end| self.list.len() - 1 - from_end);
        let now = match changed.map(|index| self.list.remove(index)) {
            Some(change) => self.replacement[change.replacement].to_vec(),
            None => batch[record.clone()].to_vec(),
        };
        self.replace(record, |out| {
            out.records(&now);
            fill(out);
        });
    }

    /// What becomes of the batch.
    pub(crate) fn apply(&mut self, batch: &[u8]) -> Result<Outcome, Fault> {
        if self.list.is_empty() {
            return Ok(Outcome::Unchanged);
        }
        // Stable: of two changes to one record the later stays behind the earlier, and is kept.
        self.list.sort_by_key(|change| change.record.start);
        self.list.dedup_by(|later, earlier| {
            let same = later.record == earlier.record;
            if same {
                std::mem::swap(later, earlier);
            }
            same
        });
        let mut editor = Editor::new(batch);
        let mut walk = Walk { changes: &self.list, replacement: &self.replacement };
        walk.message(&mut editor.root())?;
        if !walk.changes.is_empty() {
            return Err(Fault::Unapplied);
        }
        Ok(editor.finish()?)
    }
}

struct Walk<'c> {
    /// Those that are still to be made.
    changes: &'c [Change],
    replacement: &'c [u8],
}

impl Walk<'_> {
    /// Makes all changes that lie in the message. Messages nest as deep as the changes lie, which the
    /// examination has bounded.
    fn message(&mut self, cursor: &mut Cursor<'_, '_>) -> Result<(), wire::Error> {
        let end = cursor.message().range().end;
        while let Some((change, rest)) = self.changes.split_first()
            && change.record.end <= end
        {
            let Some(field) = cursor.next()? else { return Ok(()) };
            if field.record() == change.record {
                let records = &self.replacement[change.replacement.clone()];
                cursor.replace_record(field, |out| out.records(records))?;
                self.changes = rest;
            } else if field.range().contains(&change.record.start) {
                self.message(&mut cursor.enter(field)?)?;
            }
        }
        Ok(())
    }
}
