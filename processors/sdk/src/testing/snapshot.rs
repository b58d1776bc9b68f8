//! Plays the end of one life of a gateway and the start of the next.

use crate::contract::{Error, Part};
use crate::processor::Snapshotter;

/// As many answers of one instance a gateway takes.
const MAX_ANSWERS: usize = 10_000;

/// Takes the whole snapshot of one instance, as a gateway does at a clean shutdown.
///
/// # Errors
///
/// What the processor answers, or that it never comes to an end.
pub fn take_snapshot<P: Snapshotter>(processor: &mut P) -> Result<Vec<Part>, Error> {
    let mut parts = Vec::new();
    for _ in 0..MAX_ANSWERS {
        let more = processor.snapshot()?;
        if more.is_empty() {
            return Ok(parts);
        }
        parts.extend(more);
    }
    Err(Error::Permanent(format!("more than {MAX_ANSWERS} answers of snapshot")))
}

/// Hands parts to a new instance, in calls of at most so many bytes unless a single part is larger. A
/// gateway has 4 MiB; fewer show whether the processor takes its state in pieces. Which parts an instance
/// gets is up to the caller, as it is up to the gateway's partition.
///
/// # Errors
///
/// What the processor answers.
pub fn restore<P: Snapshotter>(
    processor: &mut P,
    parts: &[Part],
    bytes: usize,
) -> Result<(), Error> {
    let (mut from, mut size) = (0, 0);
    for (index, part) in parts.iter().enumerate() {
        let own = part.key.len() + part.state.len();
        if index > from && size + own > bytes {
            processor.restore(&parts[from..index])?;
            (from, size) = (index, 0);
        }
        size += own;
    }
    if from < parts.len() {
        processor.restore(&parts[from..])?;
    }
    Ok(())
}
