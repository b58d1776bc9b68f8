//! Applying the edits that a guest answered with.

use bytes::{Bytes, BytesMut};

use super::bindings::types::Edits;

/// Edits that do not fit their batch: a fault of the guest.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    #[error("splice {0} starts before the end of the one before it")]
    Order(usize),
    #[error("splice {0} reaches past the end of the batch")]
    Bounds(usize),
    #[error("the replacement has {actual} bytes, the splices add up to {expected}")]
    Replacement { expected: u64, actual: usize },
}

/// The batch with its splices in place.
pub fn apply(batch: &[u8], edits: &Edits) -> Result<Bytes, EditError> {
    let size = checked_size(batch, edits)?;
    let mut out = BytesMut::with_capacity(size);
    let mut copied = 0;
    let mut replacement = edits.replacement.as_slice();
    for splice in &edits.splices {
        let (put, rest) = replacement.split_at(splice.replacement_length as usize);
        out.extend_from_slice(&batch[copied..splice.offset as usize]);
        out.extend_from_slice(put);
        copied = splice.offset as usize + splice.length as usize;
        replacement = rest;
    }
    out.extend_from_slice(&batch[copied..]);
    Ok(out.freeze())
}

/// Checks every splice and gives the size of the result.
fn checked_size(batch: &[u8], edits: &Edits) -> Result<usize, EditError> {
    let mut end = 0u64;
    let (mut removed, mut added) = (0u64, 0u64);
    for (index, splice) in edits.splices.iter().enumerate() {
        let offset = u64::from(splice.offset);
        if offset < end {
            return Err(EditError::Order(index));
        }
        end = offset + u64::from(splice.length);
        if end > batch.len() as u64 {
            return Err(EditError::Bounds(index));
        }
        removed += u64::from(splice.length);
        added += u64::from(splice.replacement_length);
    }
    if added != edits.replacement.len() as u64 {
        return Err(EditError::Replacement { expected: added, actual: edits.replacement.len() });
    }
    Ok((batch.len() as u64 - removed + added) as usize)
}

#[cfg(test)]
mod tests {
    use super::super::bindings::types::Splice;
    use super::*;

    fn edits(splices: &[(u32, u32, u32)], replacement: &[u8]) -> Edits {
        let splices = splices
            .iter()
            .map(|&(offset, length, replacement_length)| Splice {
                offset,
                length,
                replacement_length,
            })
            .collect();
        Edits { splices, replacement: replacement.to_vec() }
    }

    #[test]
    fn splices_replace_insert_and_remove() {
        let result = apply(b"0123456789", &edits(&[(0, 1, 2), (3, 0, 1), (5, 2, 0)], b"abc"));
        assert_eq!(result.unwrap(), "ab12c34789");
    }

    #[test]
    fn edits_that_do_not_fit_are_refused() {
        let cases = [
            (edits(&[(2, 2, 0), (3, 0, 0)], b""), EditError::Order(1)),
            (edits(&[(8, 3, 0)], b""), EditError::Bounds(0)),
            (edits(&[(11, 0, 0)], b""), EditError::Bounds(0)),
            (edits(&[(0, 0, 2)], b"a"), EditError::Replacement { expected: 2, actual: 1 }),
            (edits(&[(0, 0, 1)], b"ab"), EditError::Replacement { expected: 1, actual: 2 }),
        ];
        for (edits, expected) in cases {
            assert_eq!(apply(b"0123456789", &edits), Err(expected));
        }
    }
}
