//! A cumulative stream that continues under another identity.

use tamis_sdk::wire::{Message, Writer};

use crate::{Invalid, Kind, Last, Step};

/// Writes the fields of the data point `point` with what it has more than `base`, counted from `start`.
/// Everything else is copied: attributes, time, flags, exemplars, unknown fields. Minimum and maximum
/// are left out, because those since `start` are not known.
///
/// [`Step::Fell`]: the stream was reset since `base`, nothing is written, and the point is to be passed
/// as it is. So it is for points that are not cumulative.
pub fn write_since(
    point: Message<'_>,
    kind: Kind,
    base: &Last,
    start: u64,
    out: &mut Writer<'_>,
) -> Result<Step, Invalid> {
    let _ = (point, kind, base, start, out);
    Err(Invalid::Kind)
}
