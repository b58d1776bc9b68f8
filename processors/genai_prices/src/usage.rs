//! What one call used.

use crate::unit::Unit;

/// What one call used.
///
/// As in genai-prices, the wider count includes the narrower ones: `InputTokens` includes cached, audio,
/// image ... input, `OutputTokens` includes reasoning. Whole units, except durations
/// ([`Unit::is_duration`]), which are in nanoseconds. Nothing is allocated; clearing is one store.
#[derive(Clone)]
pub struct Usage {
    /// Units that were set, 0 included.
    reported: u64,
    /// Units that were set to more than 0.
    used: u64,
    values: [u64; Unit::COUNT],
}

impl Usage {
    /// Nothing reported.
    #[must_use]
    pub fn new() -> Self {
        Self { reported: 0, used: 0, values: [0; Unit::COUNT] }
    }

    /// Forgets what was set.
    pub fn clear(&mut self) {
        (self.reported, self.used) = (0, 0);
    }

    /// Reports a value; a later one replaces it.
    ///
    /// An explicit 0 is not the same as nothing: where cached input is reported, input must be too.
    pub fn set(&mut self, unit: Unit, value: u64) {
        self.reported |= unit.bit();
        self.used = self.used & !unit.bit() | (u64::from(value > 0) << unit.index());
        self.values[unit.index()] = value;
    }

    /// What was reported, if anything.
    #[must_use]
    pub fn get(&self, unit: Unit) -> Option<u64> {
        (self.reported & unit.bit() != 0).then(|| self.values[unit.index()])
    }

    /// What was reported, in the order of [`Unit::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = (Unit, u64)> + '_ {
        Unit::ALL.iter().filter_map(|&unit| Some((unit, self.get(unit)?)))
    }

    /// Whether nothing was reported, not even a 0.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.reported == 0
    }

    /// The set of units of which there is more than 0.
    pub(crate) fn used(&self) -> u64 {
        self.used
    }
}

impl Default for Usage {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Usage {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_map().entries(self.iter().map(|(unit, value)| (unit.name(), value))).finish()
    }
}

impl PartialEq for Usage {
    fn eq(&self, other: &Self) -> bool {
        self.reported == other.reported && self.iter().eq(other.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::{Unit, Usage};

    #[test]
    fn the_last_value_counts_and_zero_is_reported() {
        let mut usage = Usage::new();
        assert!(usage.is_empty());
        usage.set(Unit::InputTokens, 5);
        usage.set(Unit::InputTokens, 0);
        usage.set(Unit::Requests, 7);
        assert_eq!(usage.get(Unit::InputTokens), Some(0));
        assert_eq!(usage.used(), Unit::Requests.bit());
        assert!(usage.iter().eq([(Unit::InputTokens, 0), (Unit::Requests, 7)]));
        usage.clear();
        assert!(usage.is_empty() && usage.get(Unit::Requests).is_none());
        assert_eq!(usage, Usage::new());
    }
}
