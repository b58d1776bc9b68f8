//! What is to change in a batch: records that give way to others.
//!
//! A batch is examined without touching it, which is all there is to do for most; what is found goes
//! into one flat list by offset, and only the messages on the way to those offsets are entered.

use std::cmp::Reverse;
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
    target: Target,
    /// Where in the replacements its records lie.
    replacement: Range<usize>,
}

/// What a change is made to; ranges are of the batch.
#[derive(Debug, PartialEq, Eq)]
enum Target {
    /// This record gives way.
    Record(Range<usize>),
    /// The records come at the end of this message.
    End(Range<usize>),
}

impl Target {
    fn range(&self) -> &Range<usize> {
        match self {
            Self::Record(range) | Self::End(range) => range,
        }
    }

    /// In the order of a walk: the end of an inner message comes before that of an outer one, and both
    /// before a record that starts there.
    fn order(&self) -> (usize, bool, Reverse<usize>) {
        match self {
            Self::Record(record) => (record.start, true, Reverse(0)),
            Self::End(message) => (message.end, false, Reverse(message.start)),
        }
    }
}

impl Changes {
    pub(crate) fn clear(&mut self) {
        self.list.clear();
        self.replacement.clear();
    }

    /// Puts the records that `fill` writes in place of the record at these bytes of the batch. A record
    /// changes once, and none may lie in another that changes.
    pub(crate) fn replace(&mut self, record: Range<usize>, fill: impl FnOnce(&mut Writer<'_>)) {
        self.push(Target::Record(record), fill);
    }

    pub(crate) fn remove(&mut self, record: Range<usize>) {
        self.replace(record, |_| ());
    }

    /// Puts the records that `fill` writes at the end of a message.
    pub(crate) fn append(&mut self, message: Range<usize>, fill: impl FnOnce(&mut Writer<'_>)) {
        self.push(Target::End(message), fill);
    }

    fn push(&mut self, target: Target, fill: impl FnOnce(&mut Writer<'_>)) {
        let start = self.replacement.len();
        fill(&mut Writer::new(&mut self.replacement));
        self.list.push(Change { target, replacement: start..self.replacement.len() });
    }

    /// What becomes of the batch.
    pub(crate) fn apply(&mut self, batch: &[u8]) -> Result<Outcome, Fault> {
        if self.list.is_empty() {
            return Ok(Outcome::Unchanged);
        }
        self.list.sort_by_key(|change| change.target.order());
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
    /// Makes all changes that lie in the message. It recurses as deep as the changes lie, which the
    /// examination has bounded.
    fn message(&mut self, cursor: &mut Cursor<'_, '_>) -> Result<(), wire::Error> {
        let message = cursor.message().range();
        while let Some((change, rest)) = self.changes.split_first()
            && encloses(&message, change.target.range())
        {
            let records = &self.replacement[change.replacement.clone()];
            if change.target == Target::End(message.clone()) {
                cursor.append(|out| out.records(records))?;
                self.changes = rest;
                continue;
            }
            let Some(field) = cursor.next()? else { return Ok(()) };
            if change.target == Target::Record(field.record()) {
                cursor.replace_record(field, |out| out.records(records))?;
                self.changes = rest;
            } else if encloses(&field.range(), change.target.range()) {
                self.message(&mut cursor.enter(field)?)?;
            }
        }
        Ok(())
    }
}

fn encloses(outer: &Range<usize>, inner: &Range<usize>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}
