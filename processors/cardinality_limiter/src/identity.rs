//! What tells one series from another, as a number.
//!
//! An identity is a hash of 128 bits over resource, scope, metric and labels, seeded at random in each
//! process, so that no sender can choose two that are the same. Labels are a set: their hashes are added,
//! so their order is nothing. With a million series the
//! odds that any two fall together are one in 10^26.

use std::hash::{BuildHasher, Hasher};

use foldhash::{fast, quality};

/// Of a series, or of a part of what makes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Identity(pub(crate) u128);

impl Identity {
    /// With one part more; in no order.
    pub(crate) fn plus(self, part: Self) -> Self {
        Self(self.0.wrapping_add(part.0))
    }

    /// For hash tables and sketches: the half with nothing but good bits.
    pub(crate) fn short(self) -> u64 {
        // Truncation wanted.
        self.0 as u64
    }
}

/// The two hashes that an identity is made of.
#[derive(Debug, Clone)]
pub(crate) struct Hashing {
    /// What tables and sketches take.
    low: quality::FixedState,
    /// Only ever compared as a whole, so that the last stirring is left out.
    high: fast::FixedState,
}

/// Which part of a series is hashed: the same bytes mean something else elsewhere.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Part {
    Scope,
    Metric,
    Group,
    Claim,
    Incarnation,
}

impl Hashing {
    pub(crate) fn new(seed: u64) -> Self {
        // Any other seed will do.
        let other = seed.rotate_left(32) ^ 0x9e37_79b9_7f4a_7c15;
        let (low, high) =
            (quality::FixedState::with_seed(seed), fast::FixedState::with_seed(other));
        Self { low, high }
    }

    /// Of a record of a label, key and value as encoded.
    #[inline]
    pub(crate) fn label(&self, record: &[u8]) -> Identity {
        // Not by `hash_one`, which hashes the length too: that is told by what is in it.
        let (mut low, mut high) = (self.low.build_hasher(), self.high.build_hasher());
        low.write(record);
        high.write(record);
        Identity(u128::from(high.finish()) << 64 | u128::from(low.finish()))
    }

    /// Of a part of a series.
    pub(crate) fn part(&self, part: Part, bytes: &[u8]) -> Identity {
        self.mixed(part, self.label(bytes).0, bytes.len() as u128)
    }

    /// Of two things in this order.
    pub(crate) fn pair(&self, part: Part, one: Identity, other: Identity) -> Identity {
        self.mixed(part, one.0, other.0)
    }

    fn mixed(&self, part: Part, one: u128, other: u128) -> Identity {
        let whole = (part as u8, one, other);
        Identity(u128::from(self.high.hash_one(whole)) << 64 | u128::from(self.low.hash_one(whole)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_labels_is_nothing_and_their_values_are_everything() {
        let hashing = Hashing::new(7);
        let [a, b, c] = ["a", "b", "c"].map(|record| hashing.label(record.as_bytes()));
        assert_eq!(a.plus(b).plus(c), c.plus(a).plus(b));
        assert_ne!(a.plus(a), a);
        assert_ne!(a.plus(b), a.plus(c));
    }

    #[test]
    fn the_same_bytes_are_something_else_in_another_part_and_with_another_seed() {
        let hashing = Hashing::new(7);
        let of = |part| hashing.part(part, b"x");
        assert_ne!(of(Part::Metric), of(Part::Scope));
        assert_ne!(of(Part::Metric), Hashing::new(8).part(Part::Metric, b"x"));
        let (one, other) = (hashing.label(b"1"), hashing.label(b"2"));
        assert_ne!(hashing.pair(Part::Claim, one, other), hashing.pair(Part::Claim, other, one));
    }
}
