//! What this processor writes itself: so that a second pass replaces it, and does not take it for a
//! cost that somebody else reports. Names that others use too count as ours only beside the status.

use crate::meaning::Meaning::{Own, OwnReported, OwnStatus};
use crate::meaning::{Name, weak};
use crate::write::names;

pub(super) const NAMES: &[Name] = &[
    weak(names::STATUS, OwnStatus),
    weak(names::REASON, Own),
    weak(names::SOURCE, Own),
    weak(names::PRICE_TABLE, Own),
    weak(names::CURRENCY, Own),
    weak(names::REPORTED, OwnReported),
    weak(names::INPUT, Own),
    weak(names::CACHE_READ, Own),
    weak(names::CACHE_WRITE, Own),
    weak(names::OUTPUT, Own),
    weak(names::REASONING, Own),
    weak(names::OTHER, Own),
];
