//! Changes that were decided on beforehand, by place.

use super::{Cursor, Editor};
use crate::contract::Outcome;
use crate::wire::Error;

/// What becomes of one record, wherever in the batch it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patch {
    /// Where the record starts: the `start` of [`Field::record`](crate::wire::Field::record).
    pub record: usize,
    /// Another payload for it; none: the record goes.
    pub payload: Option<Vec<u8>>,
}

impl Patch {
    /// The record goes.
    #[must_use]
    pub fn remove(record: usize) -> Self {
        Self { record, payload: None }
    }

    /// The record gets another payload: a string, bytes or an encoded message.
    #[must_use]
    pub fn replace(record: usize, payload: Vec<u8>) -> Self {
        Self { record, payload: Some(payload) }
    }
}

/// Makes these changes, which ascend and of which none lies within another, and puts whole records at
/// the end of the batch. A walk can so decide first, and let a parent go whose children have all gone.
///
/// # Errors
///
/// As [`Editor`]: the batch is malformed, or too large when it is changed.
pub fn patch(batch: &[u8], patches: &[Patch], appended: &[u8]) -> Result<Outcome, Error> {
    let mut editor = Editor::new(batch);
    let mut root = editor.root();
    let mut left = patches;
    enter(&mut root, &mut left)?;
    if !appended.is_empty() {
        root.append(|out| out.records(appended))?;
    }
    drop(root);
    editor.finish()
}

fn enter(message: &mut Cursor<'_, '_>, left: &mut &[Patch]) -> Result<(), Error> {
    while let [next, rest @ ..] = *left {
        let Some(field) = message.next()? else { return Ok(()) };
        let record = field.record();
        if record.start == next.record {
            match &next.payload {
                Some(payload) => message.replace(field, payload)?,
                None => message.remove(field)?,
            }
            *left = rest;
        } else if record.contains(&next.record) {
            enter(&mut message.enter(field)?, left)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edit::apply;
    use crate::wire::{Message, Writer};

    fn batch(names: &[&[&str]]) -> Vec<u8> {
        let mut batch = Vec::new();
        let mut writer = Writer::new(&mut batch);
        for group in names {
            writer.message(1, |writer| group.iter().for_each(|name| writer.bytes(2, name)));
        }
        batch
    }

    fn places(batch: &[u8]) -> Vec<usize> {
        let groups = Message::new(batch).fields().map(Result::unwrap);
        let within = |group: crate::wire::Field<'_>| {
            group.message().unwrap().fields().map(|name| name.unwrap().record().start).collect()
        };
        groups.flat_map(|group| -> Vec<usize> { within(group) }).collect()
    }

    #[test]
    fn records_go_or_change_in_place_and_others_come_at_the_end() {
        let old = batch(&[&["one", "two"], &["three"], &["four"]]);
        let at = places(&old);
        let whole = Message::new(&old).fields().nth(1).unwrap().unwrap().record().start;
        let patches = [
            Patch::remove(at[0]),
            Patch::replace(at[1], b"a longer two".to_vec()),
            Patch::remove(whole),
        ];
        let Outcome::Edited(edits) = patch(&old, &patches, &batch(&[&["five"]])).unwrap() else {
            panic!("nothing changed")
        };
        let wanted = batch(&[&["a longer two"], &["four"], &["five"]]);
        assert_eq!(apply(&old, &edits), Some(wanted));
    }

    #[test]
    fn without_a_change_the_batch_is_unchanged() {
        let old = batch(&[&["one"]]);
        assert_eq!(patch(&old, &[], &[]), Ok(Outcome::Unchanged));
    }
}
