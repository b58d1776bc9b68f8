//! Work beside the data path that comes again and again.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{self, MissedTickBehavior};

/// Moments at a distance, the first of them one distance from now. What takes longer than it puts off
/// the next.
pub struct Interval {
    interval: time::Interval,
}

impl Interval {
    pub fn new(distance: Duration) -> Self {
        let first = time::Instant::now() + distance;
        let mut interval = time::interval_at(first, distance);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { interval }
    }

    /// Waits for the next; false once the sender of `stopped` is gone. Only the wait is cut short: work
    /// that has begun goes on to its end, because it holds instances with their state.
    pub async fn passes(&mut self, stopped: &mut watch::Receiver<()>) -> bool {
        tokio::select! {
            _ = self.interval.tick() => true,
            _ = stopped.changed() => false,
        }
    }
}
