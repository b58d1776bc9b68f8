//! Forwards what guests release, after their last word where they want it. A batch leaves the store
//! when the next stage has accepted it; until then it is tried again.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use futures_util::future::join_all;

use super::backoff::Backoff;
use super::call::Caller;
use super::hold::{Fragment, Loaded, Release};
use super::rewrite::Rewriter;
use crate::batch::{Batch, Signal};
use crate::consumer::Consumer;

/// Releases of one processor that are on their way at once. Their payloads are copied, so this also
/// bounds memory: by so many times [`super::hold::RELEASE_BATCH_BYTES`], or keys to be rewritten.
pub const RELEASES_IN_FLIGHT: usize = 4;

/// Runs until the store is closed and nothing more is to be released, or is safe on disk. At shutdown
/// the caller bounds it in time and counts what is left ([`Abandoned`]).
pub async fn run(caller: Arc<Caller>, next: Arc<dyn Consumer>) {
    // Counts what is left in the store however this task ends.
    let _abandoned = Abandoned(Arc::clone(&caller));
    join_all((0..RELEASES_IN_FLIGHT).map(|_| one_by_one(&caller, next.as_ref()))).await;
}

async fn one_by_one(caller: &Caller, next: &dyn Consumer) {
    let hold = &caller.shared.hold;
    loop {
        let changed = hold.changed.notified();
        if hold.is_closed() && hold.is_durable() {
            return;
        }
        match hold.take_release() {
            Some(release) => {
                if forward(caller, next, &release).await {
                    hold.gone(&release).await;
                }
            }
            None if hold.is_closed() => return,
            None => changed.await,
        }
    }
}

/// What of a release goes on.
pub struct Outgoing {
    pub signal: Signal,
    pub received: u64,
    /// One Export request.
    pub bytes: Vec<u8>,
    pub items: usize,
}

/// Answers whether the release is done with: forwarded, or given up. It is not where the process ends
/// and it can be forwarded again in the next life.
async fn forward(caller: &Caller, next: &dyn Consumer, release: &Release) -> bool {
    let mut tries = Tries::new(caller);
    let loaded = loop {
        match caller.shared.hold.load(release).await {
            Ok(loaded) => break loaded,
            Err(error) => {
                caller.shared.complain(&format!("what was released cannot be read: {error}"));
                if !tries.wait(None).await {
                    return false;
                }
            }
        }
    };
    let Some(outgoing) = prepare(caller, &mut tries, loaded).await else { return false };
    let metrics = &caller.shared.metrics;
    let Outgoing { signal, received, bytes, items } = outgoing;
    if items == 0 {
        return true;
    }
    let bytes = Bytes::from(bytes);
    loop {
        match next.consume(batch(signal, bytes.clone(), items, received)).await {
            Ok(()) => {
                metrics.released.inc_by(items as u64);
                caller.metrics.outgoing.add(signal, items);
                return true;
            }
            Err(error) if error.permanent => {
                metrics.hold_failed.inc_by(items as u64);
                tracing::error!(
                    processor = caller.shared.id,
                    items,
                    "released items were refused for good"
                );
                return true;
            }
            Err(error) => {
                if !tries.wait(error.retry_after).await {
                    return false;
                }
            }
        }
    }
}

/// The fragments as one batch, with what the guest has to say about them; none where that cannot be
/// asked any more.
async fn prepare(caller: &Caller, tries: &mut Tries<'_>, loaded: Loaded) -> Option<Outgoing> {
    let first = loaded.iter().flat_map(|(_, fragments)| fragments).next();
    let (signal, received) =
        first.map_or((Signal::Traces, 0), |first| (first.signal, first.received));
    let mut outgoing = Outgoing { signal, received, bytes: Vec::new(), items: 0 };
    let mut rewriter = Rewriter::new(caller);
    for (key, fragments) in loaded {
        let (bytes, items) = concatenated(&fragments);
        let Some(memo) = &key.rewrite else {
            outgoing.bytes.extend_from_slice(&bytes);
            outgoing.items += items;
            continue;
        };
        let bytes = Bytes::from(bytes);
        while let Err(error) =
            rewriter.rewrite(&key.key, memo, bytes.clone(), items, &mut outgoing).await
        {
            caller.shared.complain(&format!("no instance: {error}"));
            if !tries.wait(None).await {
                return None;
            }
        }
    }
    rewriter.end();
    Some(outgoing)
}

/// Fragments of one signal one after the other: that is one Export request.
fn concatenated(fragments: &[Fragment]) -> (Vec<u8>, usize) {
    let mut bytes = Vec::with_capacity(fragments.iter().map(|one| one.payload.size()).sum());
    let mut items = 0;
    for fragment in fragments {
        bytes.extend_from_slice(&fragment.payload.unpack().unwrap_or_default());
        items += fragment.items;
    }
    (bytes, items)
}

/// What no single request has brought: items of many senders travel together, so no sender's metadata
/// fits. `received` is in nanoseconds since the Unix epoch.
pub fn batch(signal: Signal, bytes: Bytes, items: usize, received: u64) -> Batch {
    let received = UNIX_EPOCH + Duration::from_nanos(received);
    Batch { signal, bytes, items, received, metadata: Arc::from([]) }
}

/// Waits between tries, longer and longer.
struct Tries<'a> {
    caller: &'a Caller,
    backoff: Backoff,
}

impl<'a> Tries<'a> {
    fn new(caller: &'a Caller) -> Self {
        Self { caller, backoff: Backoff::default() }
    }

    /// Waits. Answers whether to try again: not where the process ends and the next one will.
    async fn wait(&mut self, wanted: Option<Duration>) -> bool {
        let hold = &self.caller.shared.hold;
        if !(hold.is_closed() && hold.is_durable()) {
            let closed = hold.closed();
            tokio::select! {
                () = tokio::time::sleep(self.backoff.next(wanted)) => {}
                () = closed, if hold.is_durable() => {}
            }
        }
        !(hold.is_closed() && hold.is_durable())
    }
}

/// What is still in the store when its releaser ends is lost with the process, unless it is on disk:
/// count it and say so.
struct Abandoned(Arc<Caller>);

impl Drop for Abandoned {
    fn drop(&mut self) {
        let shared = &self.0.shared;
        let items = shared.hold.items();
        if items == 0 {
            return;
        }
        if shared.hold.is_durable() {
            tracing::info!(processor = shared.id, items, "held items wait for the next start");
        } else {
            shared.metrics.hold_failed.inc_by(items as u64);
            tracing::error!(processor = shared.id, items, "held items were given up at shutdown");
        }
    }
}
