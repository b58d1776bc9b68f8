//! The host's stand-in for native builds: one per thread, so that tests do not meet each other.

use super::counters::{Bound, Claim};
use super::hold::{Decision, Fullness, Portion};
use super::logging::Level;
use super::metrics::Measurement;
use crate::contract::Signal;
use std::cell::RefCell;
use std::collections::HashMap;

/// What was asked of the host, and what it is to answer.
#[derive(Debug, Default)]
pub(crate) struct Host {
    pub(crate) logs: Vec<(Level, String)>,
    pub(crate) measurements: Vec<Measurement>,
    pub(crate) portions: Vec<Portion>,
    /// And whether it is to be rewritten.
    pub(crate) released: Vec<(Decision, bool)>,
    pub(crate) discarded: Vec<Decision>,
    pub(crate) emitted: Vec<(Signal, Vec<u8>)>,
    pub(crate) outbox_full: bool,
    /// So many batches more; none: without end.
    pub(crate) outbox_room: Option<usize>,
    /// The one clock for both kinds, in nanoseconds; set by the test, never moves by itself.
    pub(crate) now: u64,
    pub(crate) store_full: bool,
    pub(crate) usage: Fullness,
    /// Plays `hold` where a test drives the processor as a gateway does.
    #[cfg(feature = "testing")]
    pub(crate) store: Option<crate::testing::Store>,
    budgets: HashMap<Vec<u8>, Budget>,
}

/// What was taken of a budget, as of a moment: of a window its number, of a bucket the time.
#[derive(Clone, Copy, Debug)]
struct Budget {
    left: f64,
    at: u64,
}

/// Of each kind this many are kept; what comes later is lost. Benchmarks run processors natively
/// without ever reading what they logged.
const RECORDS_MAX: usize = 10_000;

thread_local! {
    static HOST: RefCell<Host> = RefCell::default();
}

/// Gives access to the stand-in of this thread.
pub(crate) fn with<T>(access: impl FnOnce(&mut Host) -> T) -> T {
    HOST.with_borrow_mut(access)
}

fn keep<T>(records: &mut Vec<T>, more: impl IntoIterator<Item = T>) {
    let room = RECORDS_MAX.saturating_sub(records.len());
    records.extend(more.into_iter().take(room));
}

pub(super) fn log(level: Level, message: &str) {
    with(|host| keep(&mut host.logs, [(level, message.to_owned())]));
}

pub(super) fn wall() -> u64 {
    with(|host| host.now)
}

pub(super) fn monotonic() -> u64 {
    with(|host| host.now)
}

pub(super) fn record_all(measurements: Vec<Measurement>) {
    with(|host| keep(&mut host.measurements, measurements));
}

pub(super) fn take(claims: Vec<Claim>) -> Vec<bool> {
    with(|host| claims.into_iter().map(|claim| host.take(claim)).collect())
}

pub(super) fn emit(signal: Signal, batch: &[u8]) -> bool {
    with(|host| {
        let has_room = !host.outbox_full && host.outbox_room != Some(0);
        if has_room {
            host.outbox_room = host.outbox_room.map(|room| room - 1);
            keep(&mut host.emitted, [(signal, batch.to_vec())]);
        }
        has_room
    })
}

pub(super) fn hold(portions: Vec<Portion>) -> bool {
    with(|host| {
        #[cfg(feature = "testing")]
        if let Some(store) = &mut host.store {
            return store.hold(portions);
        }
        if !host.store_full {
            keep(&mut host.portions, portions);
        }
        !host.store_full
    })
}

pub(super) fn usage() -> Fullness {
    with(|host| {
        #[cfg(feature = "testing")]
        if let Some(store) = &host.store {
            return store.usage();
        }
        host.usage
    })
}

pub(super) fn release(decisions: Vec<Decision>, rewrite: bool) {
    with(|host| {
        #[cfg(feature = "testing")]
        if let Some(store) = &mut host.store {
            return store.release(decisions, rewrite);
        }
        let released = decisions.into_iter().map(|decision| (decision, rewrite));
        keep(&mut host.released, released);
    });
}

pub(super) fn discard(decisions: Vec<Decision>) {
    with(|host| {
        #[cfg(feature = "testing")]
        if let Some(store) = &mut host.store {
            return store.discard(decisions);
        }
        keep(&mut host.discarded, decisions);
    });
}

impl Host {
    fn take(&mut self, claim: Claim) -> bool {
        let now = self.now;
        let (full, at) = match claim.bound {
            Bound::Window { limit, length_ms } => {
                (limit as f64, now / (u64::from(length_ms).max(1) * 1_000_000))
            }
            Bound::Bucket { burst, .. } => (burst as f64, now),
        };
        let budget = self.budgets.entry(claim.key).or_insert(Budget { left: full, at });
        match claim.bound {
            Bound::Window { .. } if budget.at != at => budget.left = full,
            Bound::Window { .. } => {}
            Bound::Bucket { rate, .. } => {
                let seconds = now.saturating_sub(budget.at) as f64 / 1e9;
                budget.left = full.min(budget.left + seconds * rate);
            }
        }
        budget.at = at;
        let wanted = claim.n as f64;
        let granted = wanted <= budget.left;
        if granted {
            budget.left -= wanted;
        }
        granted
    }
}
