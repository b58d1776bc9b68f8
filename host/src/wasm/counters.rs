//! Numbers shared by all instances of one processor: budgets and rate limits that hold over all of
//! them. In memory; the trait is where a shared store can stand later.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use dashmap::DashMap;

use super::bindings::counters::{Bound, Claim};

/// Most keys of one processor. A claim of one more is refused.
pub const MAX_KEYS: usize = 1_000_000;

/// Most bytes of a key.
pub const MAX_COUNTER_KEY: usize = 256;

/// Keys at least, before idle ones are looked for.
const SWEEP_FROM: usize = 10_000;

/// Sweeps are at least so far apart: each looks at every key.
const SWEEP_INTERVAL: Duration = Duration::from_secs(1);

/// A store of counters.
pub trait Counters: Send + Sync {
    /// Takes `claim.n` if all of it is there. `now` is that of one monotonic clock.
    fn take(&self, claim: Claim, now: Duration) -> Option<Grant>;

    /// Gives back what an earlier `take` granted and the call that asked for it did not use.
    fn give_back(&self, grant: &Grant);
}

/// What was taken, and from which window: one that has passed takes nothing back.
#[derive(Clone, Debug)]
pub struct Grant {
    pub claim: Claim,
    window: Option<u128>,
}

/// The counters of one processor, in this process.
#[derive(Debug, Default)]
pub struct InMemory {
    budgets: DashMap<Vec<u8>, Budget>,
    /// Milliseconds on the clock before which no sweep is due.
    next_sweep: AtomicU64,
}

#[derive(Debug)]
enum Budget {
    Window { index: u128, millis: u32, taken: u64 },
    Bucket { tokens: f64, at: Duration, rate: f64, burst: u64 },
}

impl Counters for InMemory {
    fn take(&self, claim: Claim, now: Duration) -> Option<Grant> {
        if !self.budgets.contains_key(&claim.key) && !self.has_room(now) {
            return None;
        }
        let mut budget =
            self.budgets.entry(claim.key.clone()).or_insert_with(|| Budget::new(&claim.bound, now));
        budget.refill(&claim.bound, now);
        let granted = budget.take(&claim.bound, claim.n);
        let window = budget.window();
        drop(budget);
        granted.then_some(Grant { claim, window })
    }

    fn give_back(&self, grant: &Grant) {
        let n = grant.claim.n;
        if let Some(mut budget) = self.budgets.get_mut(&grant.claim.key) {
            match budget.value_mut() {
                Budget::Window { index, taken, .. } if Some(*index) == grant.window => {
                    *taken = taken.saturating_sub(n);
                }
                Budget::Window { .. } => {}
                Budget::Bucket { tokens, burst, .. } => {
                    *tokens = (*tokens + n as f64).min(*burst as f64);
                }
            }
        }
    }
}

impl InMemory {
    /// Whether one more key fits, after forgetting those that are as good as new.
    fn has_room(&self, now: Duration) -> bool {
        let millis = |time: Duration| time.as_millis() as u64;
        let due = millis(now) >= self.next_sweep.load(Ordering::Relaxed);
        if due && self.budgets.len() >= SWEEP_FROM {
            self.next_sweep.store(millis(now + SWEEP_INTERVAL), Ordering::Relaxed);
            self.budgets.retain(|_, budget| !budget.is_full(now));
        }
        self.budgets.len() < MAX_KEYS
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

    fn window(&self) -> Option<u128> {
        match self {
            Self::Window { index, .. } => Some(*index),
            Self::Bucket { .. } => None,
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
        assert!(counters.take(window(10), at(1)).is_some());
        assert!(counters.take(window(1), at(999)).is_none());
        let grant = counters.take(window(1), at(1000)).unwrap();
        counters.give_back(&grant);
        assert!(counters.take(window(10), at(1001)).is_some());
        // The window of this grant is over: the new one owes it nothing.
        assert!(counters.take(window(10), at(2000)).is_some());
        counters.give_back(&grant);
        assert!(counters.take(window(1), at(2001)).is_none());
    }

    #[test]
    fn a_bucket_starts_full_and_refills_at_its_rate() {
        let counters = InMemory::default();
        let bucket = |n| claim(n, Bound::Bucket((10.0, 20)));
        let at = Duration::from_millis;
        assert!(counters.take(bucket(21), at(0)).is_none());
        assert!(counters.take(bucket(20), at(0)).is_some());
        assert!(counters.take(bucket(1), at(99)).is_none());
        assert!(counters.take(bucket(1), at(100)).is_some());
        assert!(counters.take(bucket(20), at(10_000)).is_some());
    }

    #[test]
    fn idle_keys_are_forgotten() {
        let counters = InMemory::default();
        let key = |n: usize| Claim {
            key: n.to_be_bytes().to_vec(),
            n: 1,
            bound: Bound::Window((1, 1000)),
        };
        for n in 0..SWEEP_FROM {
            counters.take(key(n), Duration::ZERO);
        }
        counters.take(key(SWEEP_FROM), Duration::from_secs(5));
        assert_eq!(counters.budgets.len(), 1);
    }
}
