//! The thread that gives space back: removed records leave their files only when these are compacted.

use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use super::Shared;
use super::space::{FREE_FOR_PAYLOADS, Space};

/// How often the files are looked at.
const INTERVAL: Duration = Duration::from_secs(2);

/// The files of a namespace may have so many bytes beside twice those that are needed.
const SLACK: u64 = 128 << 20;

/// Runs until the sender of `stopped` is gone.
pub(super) fn run(shared: &Shared, stopped: &Receiver<()>) {
    let mut space = Space::new();
    while stopped.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
        let live: Vec<_> = shared.lock_live().clone();
        for (name, live) in live {
            // The lock is let go between two of them: opening again after a failure waits for it.
            let engine = shared.read_engine();
            let Some(engine) = engine.as_ref() else { continue };
            let needed = live.load(Ordering::Relaxed);
            if engine.tree_space(&name) > needed.saturating_mul(2).saturating_add(SLACK)
                && let Err(error) = engine.compact(&name)
            {
                // The next write meets it too, and opens the files again.
                tracing::warn!("a storage cannot be compacted: {error}");
            }
        }
        if let Some(engine) = shared.read_engine().as_ref() {
            shared.metrics.disk.set(i64::try_from(engine.disk_space()).unwrap_or(i64::MAX));
        }
        // Without writes nobody else sees that there is room again.
        if space.free(&shared.settings.directory) >= FREE_FOR_PAYLOADS {
            shared.has_room.store(true, Ordering::Relaxed);
        }
    }
}
