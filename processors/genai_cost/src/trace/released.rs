//! Traces that were let go of, as far as they told of usage: a span that comes later would find nothing
//! left below it.

use std::collections::{HashSet, VecDeque};

use foldhash::fast::SeedableRandomState;

use super::TraceId;

/// So many an instance remembers, some 3 MB; the host as many for the next instance.
pub(crate) const RELEASED_MAX: u32 = 65_536;

/// The newest [`RELEASED_MAX`].
pub(super) struct Released {
    known: HashSet<TraceId, SeedableRandomState>,
    /// Oldest first.
    order: VecDeque<TraceId>,
}

impl Released {
    pub(super) fn new(hashing: SeedableRandomState) -> Self {
        Self { known: HashSet::with_hasher(hashing), order: VecDeque::new() }
    }

    pub(super) fn contains(&self, id: &TraceId) -> bool {
        self.known.contains(id)
    }

    pub(super) fn add(&mut self, id: TraceId) {
        if !self.known.insert(id) {
            return;
        }
        if self.order.len() >= RELEASED_MAX as usize
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        self.order.push_back(id);
    }
}

#[cfg(test)]
mod tests {
    use foldhash::SharedSeed;

    use super::*;

    #[test]
    fn the_newest_are_remembered() {
        let hashing = SeedableRandomState::with_seed(1, SharedSeed::global_fixed());
        let mut released = Released::new(hashing);
        let id = |number: u32| {
            let mut id = [0; 16];
            id[..4].copy_from_slice(&number.to_be_bytes());
            id
        };
        (0..RELEASED_MAX).for_each(|number| released.add(id(number)));
        released.add(id(7));
        assert!(released.contains(&id(0)));
        released.add(id(RELEASED_MAX));
        assert!(!released.contains(&id(0)));
        assert!(released.contains(&id(1)) && released.contains(&id(RELEASED_MAX)));
        assert_eq!(released.known.len(), released.order.len());
    }
}
