//! Bounds of buckets, kept once for all that have the same.

use std::cell::RefCell;
use std::collections::HashSet;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::rc::Rc;

use crate::{Invalid, POINT_BUCKETS_MAX};

/// Ascending bounds. Equal ones share their memory, as long as one of them is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bounds(Shared);

/// A thin pointer: every source of a histogram has one.
#[derive(Clone, Debug)]
struct Shared(Rc<Box<[f64]>>);

thread_local! {
    static SHARED: RefCell<HashSet<Shared>> = RefCell::default();
}

impl Bounds {
    /// Little-endian doubles that need not be ascending.
    pub(crate) fn decoded(bytes: &[u8]) -> Result<Self, Invalid> {
        let bounds: Vec<f64> = doubles(bytes).collect();
        Self::checked(bounds).ok_or(Invalid::Bounds)
    }

    /// None unless ascending.
    pub(crate) fn checked(bounds: Vec<f64>) -> Option<Self> {
        let ascending = bounds.windows(2).all(|pair| matches!(pair, [a, b] if a < b));
        // One alone has nothing to be compared with.
        let sound = ascending && !bounds.iter().any(|bound| bound.is_nan());
        (sound && bounds.len() < POINT_BUCKETS_MAX).then(|| Self::shared(bounds))
    }

    /// The bounds that both have.
    pub(crate) fn common(&self, other: &Self) -> Self {
        if self == other {
            return self.clone();
        }
        let mut others = other.iter().peekable();
        let is_common = |bound: &f64| {
            while others.next_if(|other| *other < bound).is_some() {}
            others.peek() == Some(&bound)
        };
        Self::shared(self.iter().copied().filter(is_common).collect())
    }

    /// The counts of buckets with these bounds, in the fewer buckets of `wider`, which has no bound
    /// that is not here.
    pub(crate) fn coarsened(&self, counts: impl Iterator<Item = u64>, wider: &Self) -> Vec<u64> {
        if self == wider {
            return counts.collect();
        }
        let mut sums = Vec::with_capacity(wider.len() + 1);
        let mut sum = 0_u64;
        for (index, count) in counts.enumerate() {
            sum = sum.wrapping_add(count);
            let bound = self.get(index);
            if bound.is_none() || bound == wider.get(sums.len()) {
                sums.push(sum);
                sum = 0;
            }
        }
        sums
    }

    /// Whether the little-endian doubles are these.
    #[inline]
    pub(crate) fn are(&self, bytes: &[u8]) -> bool {
        let (chunks, rest) = bytes.as_chunks();
        rest.is_empty()
            && chunks.len() == self.len()
            && chunks.iter().zip(self.iter()).all(|(a, b)| u64::from_le_bytes(*a) == b.to_bits())
    }

    fn shared(bounds: Vec<f64>) -> Self {
        let new = Shared(Rc::new(bounds.into()));
        let known = SHARED.try_with(|shared| {
            let mut shared = shared.borrow_mut();
            if let Some(known) = shared.get(&new) {
                return known.clone();
            }
            shared.insert(new.clone());
            new.clone()
        });
        Self(known.unwrap_or(new))
    }
}

impl Drop for Bounds {
    fn drop(&mut self) {
        // This and the table.
        if Rc::strong_count(&self.0.0) == 2 {
            let taken = SHARED.try_with(|shared| shared.borrow_mut().take(&self.0));
            drop(taken);
        }
    }
}

impl Deref for Bounds {
    type Target = [f64];

    fn deref(&self) -> &[f64] {
        &self.0.0
    }
}

/// Little-endian doubles; 0 has no sign, so that equal bounds have equal bits.
fn doubles(bytes: &[u8]) -> impl Iterator<Item = f64> {
    bytes.as_chunks().0.iter().map(|bytes| f64::from_le_bytes(*bytes) + 0.0)
}

impl PartialEq for Shared {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0) || self.0 == other.0
    }
}

impl Eq for Shared {}

impl Hash for Shared {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.iter().for_each(|bound| bound.to_bits().hash(state));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(bounds: &[f64]) -> Bounds {
        Bounds::checked(bounds.to_vec()).unwrap()
    }

    #[test]
    fn equal_ones_are_kept_once_and_not_for_ever() {
        let first = bounds(&[1.0, 2.5]);
        let second = bounds(&[1.0, 2.5]);
        assert!(Rc::ptr_eq(&first.0.0, &second.0.0));
        drop(first);
        assert_eq!(SHARED.with_borrow(HashSet::len), 1);
        drop(second);
        assert_eq!(SHARED.with_borrow(HashSet::len), 0);
    }

    #[test]
    fn what_is_not_ascending_is_refused() {
        for wrong in [&[1.0, 1.0][..], &[2.0, 1.0], &[f64::NAN], &[1.0, f64::NAN]] {
            assert_eq!(Bounds::checked(wrong.to_vec()), None);
        }
        assert!(Bounds::checked(vec![0.0; 0]).is_some());
        let bytes = [(-0.0_f64).to_le_bytes(), f64::INFINITY.to_le_bytes()].concat();
        assert_eq!(Bounds::decoded(&bytes).unwrap(), bounds(&[0.0, f64::INFINITY]));
    }

    #[test]
    fn counts_between_common_bounds_are_added() {
        let fine = bounds(&[1.0, 2.0, 3.0, 4.0]);
        let common = fine.common(&bounds(&[0.5, 2.0, 2.5, 4.0]));
        assert_eq!(common, bounds(&[2.0, 4.0]));
        assert_eq!(fine.coarsened([1, 2, 4, 8, 16].into_iter(), &common), [3, 12, 16]);
        let none = fine.common(&bounds(&[7.0]));
        assert_eq!(fine.coarsened([1, 2, 4, 8, 16].into_iter(), &none), [31]);
    }
}
