//! What the host itself knows of OTLP bytes: it walks, counts and splits them, and never decodes.

mod parts;
mod portion;
mod schema;
mod split;
#[cfg(test)]
pub(crate) mod testing;
mod walk;
pub(crate) mod wire;

pub use parts::{Key, part_of, parts};
pub use portion::{CutError, cut};
pub use split::{Parts, split};
pub use walk::{MAX_DEPTH, walk};
pub use wire::{Malformed, Reason};
