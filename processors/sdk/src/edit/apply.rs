//! Carries out edits; in a gateway the host does this.

use crate::contract::Edits;

/// The batch with its edits carried out. None when the edits do not fit the batch: splices that
/// overlap, descend or pass the end, or a replacement of another length than the splices use.
#[must_use]
pub fn apply(batch: &[u8], edits: &Edits) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(batch.len() + edits.replacement.len());
    let mut at = 0_usize;
    let mut replacement = edits.replacement.as_slice();
    for splice in &edits.splices {
        let offset = usize::try_from(splice.offset).ok()?;
        let length = usize::try_from(splice.length).ok()?;
        let used = usize::try_from(splice.replacement_length).ok()?;
        out.extend_from_slice(batch.get(at..offset)?);
        let (now, later) = replacement.split_at_checked(used)?;
        out.extend_from_slice(now);
        replacement = later;
        at = offset.checked_add(length)?;
    }
    out.extend_from_slice(batch.get(at..)?);
    replacement.is_empty().then_some(out)
}
