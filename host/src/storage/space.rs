//! How much space a disk has left.

use std::path::Path;
use std::time::{Duration, Instant};

/// Below, payloads are refused. What is left then is for removals, and for the compactions that
/// make space of them.
pub(super) const FREE_FOR_PAYLOADS: u64 = 256 << 20;

/// Below, nothing is written any more.
pub(super) const FREE_FOR_REMOVALS: u64 = 64 << 20;

/// How often the disk is asked.
const INTERVAL: Duration = Duration::from_millis(100);

/// Asks at intervals.
pub(super) struct Space {
    asked: Option<Instant>,
    free: u64,
}

impl Space {
    pub(super) fn new() -> Self {
        Self { asked: None, free: u64::MAX }
    }

    /// Bytes that are free, lately. Where the disk does not say, there is enough.
    pub(super) fn free(&mut self, directory: &Path) -> u64 {
        if self.asked.is_none_or(|asked| asked.elapsed() >= INTERVAL) {
            self.asked = Some(Instant::now());
            self.free = rustix::fs::statvfs(directory)
                .map_or(u64::MAX, |disk| disk.f_bavail.saturating_mul(disk.f_frsize));
        }
        self.free
    }
}
