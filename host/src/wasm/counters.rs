//! Numbers shared by all instances of one processor: budgets and rate limits that hold over all of
//! them. In memory; the trait is where a shared store can stand later.

use std::time::{Duration, Instant};

use dashmap::DashMap;

use super::bindings::counters::{Bound, Claim};

/// Most keys of one processor. A claim of one more is refused.
pub const MAX_KEYS: usize = 1_000_000;

/// Keys at least, before idle ones are looked for.
const SWEEP_FROM: usize = 10_000;

/// A store of counters.
pub trait Counters: Send + Sync {
    /// Takes `claim.n` if all of it is there.
    fn take(&self, claim: &Claim) -> bool;

    /// Gives back what an earlier `take` granted and the call that asked for it did not use.
    fn give_back(&self, claim: &Claim);
}

/// The counters of one processor, in this process.
#[derive(Debug)]
pub struct InMemory {
    started: Instant,
    budgets: DashMap<Vec<u8>, Budget>,
}

#[derive(Debug)]
enum Budget {
    Window { index: u128, millis: u32, taken: u64 },
    Bucket { tokens: f64, at: Duration, rate: f64, burst: u64 },
}

impl Default for InMemory {
    fn default() -> Self {
        Self { started: Instant::now(), budgets: DashMap::new() }
    }
}

impl InMemory {
    fn take_at(&self, claim: &Claim, now: Duration) -> bool {
        if self.budgets.len() >= SWEEP_FROM && !self.budgets.contains_key(&claim.key) {
            self.budgets.retain(|_, budget| !budget.is_full(now));
            if self.budgets.len() >= MAX_KEYS {
                return false;
            }
        }
        let mut budget =
            self.budgets.entry(claim.key.clone()).or_insert_with(|| Budget::new(&claim.bound, now));
        budget.refill(&claim.bound, now);
        budget.take(&claim.bound, claim.n)
    }
}

impl Counters for InMemory {
    fn take(&self, claim: &Claim) -> bool {
        self.take_at(claim, self.started.elapsed())
    }

    fn give_back(&self, claim: &Claim) {
        if let Some(mut budget) = self.budgets.get_mut(&claim.key) {
            match budget.value_mut() {
                Budget::Window { taken, .. } => *taken = taken.saturating_sub(claim.n),
                Budget::Bucket { tokens, burst, .. } => {
                    *tokens = (*tokens + claim.n as f64).min(*burst as f64);
                }
            }
        }
    }
}

impl Budget {
    fn new(bound: &Bound, now: Duration) -> Self {
        match *bound {
            Bound::Window((_, millis)) => {
                Self::Window { index: window_index(now, millis), millis, taken: 0 }
            }
            Bound::Bucket((rate, burst)) => {
                Self::Bucket { tokens: burst as f64, at: now, rate, burst }
            }
        }
    }

    /// Brings the budget to `now`; one whose kind changed starts anew.
    fn refill(&mut self, bound: &Bound, now: Duration) {
        match (&mut *self, *bound) {
            (Self::Window { index, millis, taken }, Bound::Window((_, new))) => {
                let current = window_index(now, new);
                if *index != current || *millis != new {
                    (*index, *millis, *taken) = (current, new, 0);
                }
            }
            (Self::Bucket { tokens, at, rate, burst }, Bound::Bucket(new)) => {
                (*rate, *burst) = new;
                let elapsed = now.saturating_sub(*at).as_secs_f64();
                *tokens = (*tokens + elapsed * *rate).min(*burst as f64);
                *at = now;
            }
            (budget, bound) => *budget = Self::new(&bound, now),
        }
    }

    fn take(&mut self, bound: &Bound, n: u64) -> bool {
        match (self, *bound) {
            (Self::Window { taken, .. }, Bound::Window((limit, _))) => {
                let granted = taken.checked_add(n).is_some_and(|sum| sum <= limit);
                if granted {
                    *taken += n;
                }
                granted
            }
            (Self::Bucket { tokens, .. }, _) => {
                let granted = n as f64 <= *tokens;
                if granted {
                    *tokens -= n as f64;
                }
                granted
            }
            (Self::Window { .. }, Bound::Bucket(_)) => false,
        }
    }

    /// As good as new, so that forgetting it changes nothing.
    fn is_full(&self, now: Duration) -> bool {
        match *self {
            Self::Window { index, millis, taken } => {
                taken == 0 || index != window_index(now, millis)
            }
            Self::Bucket { tokens, at, rate, burst } => {
                tokens + now.saturating_sub(at).as_secs_f64() * rate >= burst as f64
            }
        }
    }
}

fn window_index(now: Duration, millis: u32) -> u128 {
    now.as_millis() / u128::from(millis.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(n: u64, bound: Bound) -> Claim {
        Claim { key: b"k".to_vec(), n, bound }
    }

    #[test]
    fn a_window_grants_its_limit_and_starts_anew() {
        let counters = InMemory::default();
        let window = |n| claim(n, Bound::Window((10, 1000)));
        let at = Duration::from_millis;
        assert!(counters.take_at(&window(10), at(1)));
        assert!(!counters.take_at(&window(1), at(999)));
        assert!(counters.take_at(&window(1), at(1000)));
        counters.give_back(&window(1));
        assert!(counters.take_at(&window(10), at(1001)));
    }

    #[test]
    fn a_bucket_starts_full_and_refills_at_its_rate() {
        let counters = InMemory::default();
        let bucket = |n| claim(n, Bound::Bucket((10.0, 20)));
        let at = Duration::from_millis;
        assert!(!counters.take_at(&bucket(21), at(0)));
        assert!(counters.take_at(&bucket(20), at(0)));
        assert!(!counters.take_at(&bucket(1), at(99)));
        assert!(counters.take_at(&bucket(1), at(100)));
        assert!(counters.take_at(&bucket(20), at(10_000)));
    }
}
