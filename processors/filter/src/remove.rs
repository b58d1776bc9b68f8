//! Takes records out of a batch, wherever they are.

use tamis_sdk::Outcome;
use tamis_sdk::edit::{Cursor, Editor};
use tamis_sdk::wire::Error;

/// Removes the records that start at these offsets, which ascend; none lies within another.
pub(crate) fn records(batch: &[u8], mut removed: &[usize]) -> Result<Outcome, Error> {
    let mut editor = Editor::new(batch);
    if !removed.is_empty() {
        remove(&mut editor.root(), &mut removed)?;
    }
    editor.finish()
}

fn remove(message: &mut Cursor<'_, '_>, removed: &mut &[usize]) -> Result<(), Error> {
    while let [next, rest @ ..] = *removed {
        let Some(field) = message.next()? else { return Ok(()) };
        let record = field.record();
        if record.start == *next {
            message.remove(field)?;
            *removed = rest;
        } else if record.contains(next) {
            remove(&mut message.enter(field)?, removed)?;
        }
    }
    Ok(())
}
