//! When which trace is due.

use std::collections::BTreeMap;

/// Slots of traces by the time at which they are due. A slot may be there more than once, or for a
/// trace that is gone: whoever takes it out looks again.
#[derive(Debug)]
pub(crate) struct Calendar {
    /// Nanoseconds in a page.
    grain: u64,
    pages: BTreeMap<u64, Vec<u32>>,
}

impl Calendar {
    pub(crate) fn new(grain: u64) -> Self {
        Self { grain: grain.max(1), pages: BTreeMap::new() }
    }

    pub(crate) fn add(&mut self, due: u64, slot: u32) {
        self.pages.entry(due / self.grain).or_default().push(slot);
    }

    /// Takes out the earliest page, if it begins no later than `now`. Not everything on it need be due.
    pub(crate) fn take_page(&mut self, now: u64) -> Option<Vec<u32>> {
        let page = self.pages.first_entry()?;
        (*page.key() <= now / self.grain).then(|| page.remove())
    }
}
