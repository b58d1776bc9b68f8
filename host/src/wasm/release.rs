//! Forwards what guests release. A batch leaves the store when the next stage has accepted it; until
//! then it is tried again.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use super::hold::Released;
use super::shared::Shared;
use crate::batch::Batch;
use crate::consumer::Consumer;
use crate::telemetry::metrics::ProcessorMetrics;

/// Wait before the first try again; doubles up to [`LONGEST_WAIT`].
const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Runs until the store is closed and empty. At shutdown the caller bounds it in time and counts
/// what is left ([`Abandoned`]).
pub async fn run(shared: Arc<Shared>, next: Arc<dyn Consumer>, metrics: ProcessorMetrics) {
    // Counts what is left in the store however this task ends.
    let _abandoned = Abandoned(Arc::clone(&shared));
    loop {
        let changed = shared.hold.changed.notified();
        match shared.hold.next_release() {
            Some(released) => forward(&shared, next.as_ref(), &metrics, released).await,
            None if shared.hold.is_closed() => return,
            None => changed.await,
        }
    }
}

async fn forward(
    shared: &Shared,
    next: &dyn Consumer,
    metrics: &ProcessorMetrics,
    released: Released,
) {
    let mut wait = FIRST_WAIT;
    loop {
        match next.consume(batch(&released)).await {
            Ok(()) => {
                shared.metrics.released.inc_by(released.items as u64);
                metrics.outgoing.add(released.signal, released.items);
                break;
            }
            Err(error) if error.permanent => {
                shared.metrics.hold_failed.inc_by(released.items as u64);
                tracing::error!(
                    processor = shared.id,
                    items = released.items,
                    "released items were refused for good"
                );
                break;
            }
            Err(error) => {
                tokio::time::sleep(error.retry_after.unwrap_or(wait)).await;
                wait = (wait * 2).min(LONGEST_WAIT);
            }
        }
    }
    shared.hold.forwarded(&released);
}

fn batch(released: &Released) -> Batch {
    Batch {
        signal: released.signal,
        bytes: released.bytes.clone(),
        items: released.items,
        received: UNIX_EPOCH + Duration::from_nanos(released.received),
        // Items of many senders travel together, so no sender's metadata fits.
        metadata: Arc::from([]),
    }
}

/// What is still in the store when its releaser ends is lost with the process: count it and say so.
struct Abandoned(Arc<Shared>);

impl Drop for Abandoned {
    fn drop(&mut self) {
        let items: usize = self.0.hold.items().iter().sum();
        if items > 0 {
            self.0.metrics.hold_failed.inc_by(items as u64);
            tracing::error!(processor = self.0.id, items, "held items were given up at shutdown");
        }
    }
}
