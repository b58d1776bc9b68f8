//! The time as guests and their budgets see it: the machine's, or set by hand where a case says what
//! happens when.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Where a processor's time comes from. Clones share it.
#[derive(Clone, Debug)]
pub enum Clock {
    Machine {
        /// The origin of the monotonic clock.
        started: Instant,
    },
    /// Stands still until it is set: nanoseconds since the Unix epoch, on both clocks. Nothing ticks
    /// by itself on it.
    Manual(Arc<AtomicU64>),
}

impl Default for Clock {
    fn default() -> Self {
        Self::Machine { started: Instant::now() }
    }
}

impl Clock {
    /// A clock that stands at the Unix epoch.
    pub fn manual() -> Self {
        Self::Manual(Arc::default())
    }

    /// Sets a manual clock; the machine's goes its own way.
    pub fn set(&self, nanos: u64) {
        if let Self::Manual(now) = self {
            now.store(nanos, Ordering::Relaxed);
        }
    }

    /// Nanoseconds since the Unix epoch.
    pub fn wall(&self) -> u64 {
        match self {
            Self::Machine { .. } => unix_nanos(SystemTime::now()),
            Self::Manual(now) => now.load(Ordering::Relaxed),
        }
    }

    /// Time since a moment that is fixed for this clock; never goes back.
    pub fn monotonic(&self) -> Duration {
        match self {
            Self::Machine { started } => started.elapsed(),
            Self::Manual(now) => Duration::from_nanos(now.load(Ordering::Relaxed)),
        }
    }

    /// Whether time passes without being told to.
    pub fn runs(&self) -> bool {
        matches!(self, Self::Machine { .. })
    }
}

/// Nanoseconds since the Unix epoch; 0 before it.
pub fn unix_nanos(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
