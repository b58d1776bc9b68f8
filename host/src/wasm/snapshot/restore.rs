//! The start of a life: what the former one has left, handed to new instances.

use bytes::Bytes;

use super::{PARTS, SnapshotError, Snapshots, record};
use crate::wasm::bindings::snapshotter::Part;
use crate::wasm::instance::Instance;
use crate::wasm::pool::Pool;
use crate::wasm::shared::Shared;

/// Where one is restored: the instance of a pool, until it fails.
struct Heir<'a> {
    pool: &'a Pool,
    instance: Option<Instance>,
    parts: usize,
}

/// Hands the snapshot, where there is one, to an instance of each pool, which then waits for its first
/// call. Nothing of it is deleted yet. What cannot be restored is logged and counted, and begins empty.
pub async fn restore(pools: &[Pool], shared: &Shared) {
    let snapshots = &shared.snapshots;
    match snapshots.records {
        Ok(0) => return,
        Ok(_) => {}
        Err(ref error) => return give_up(shared, pools.len(), error),
    }
    let mut heirs = Vec::with_capacity(pools.len());
    for pool in pools {
        match pool.heir().await {
            Ok(instance) => heirs.push(Heir { pool, instance: Some(instance), parts: 0 }),
            Err(error) => {
                give_up(shared, 1, &SnapshotError::Trapped(error.to_string()));
                heirs.push(Heir { pool, instance: None, parts: 0 });
            }
        }
    }
    if let Err(error) = hand_over(&mut heirs, shared).await {
        // Part of a state is worse than none.
        return give_up(shared, pools.len(), &error);
    }
    let restored = heirs.iter().filter(|heir| heir.instance.is_some());
    let parts: usize = restored.map(|heir| heir.parts).sum();
    snapshots.metrics.restored.inc_by(parts as u64);
    if parts > 0 {
        tracing::info!(processor = shared.id, parts, "state of the former life is back");
    }
    for heir in heirs {
        if let Some(instance) = heir.instance {
            heir.pool.take_in(instance).await;
        }
    }
}

async fn hand_over(heirs: &mut [Heir<'_>], shared: &Shared) -> Result<(), SnapshotError> {
    let snapshots = &shared.snapshots;
    let mut found = 0;
    let mut from = 0;
    while let Some((sequence, record)) = next_record(snapshots, from)? {
        (found, from) = (found + 1, sequence + 1);
        let parts = record.and_then(record::unpack).ok_or(SnapshotError::Broken)?;
        for heir in &mut *heirs {
            let own = parts.iter().filter(|part| heir.pool.has(&part.key)).cloned().collect();
            if let Err(error) = heir.take(own, shared).await {
                heir.instance = None;
                give_up(shared, 1, &error);
            }
        }
    }
    if snapshots.records.as_ref().is_ok_and(|records| *records == found) {
        Ok(())
    } else {
        Err(SnapshotError::Broken)
    }
}

impl Heir<'_> {
    async fn take(&mut self, parts: Vec<Part>, shared: &Shared) -> Result<(), SnapshotError> {
        let Some(instance) = self.instance.as_mut().filter(|_| !parts.is_empty()) else {
            return Ok(());
        };
        match instance.restore(&parts).await {
            Some(Ok(Ok(()))) | None => {}
            Some(Ok(Err(error))) => return Err(shared.snapshot_refused(&error)),
            Some(Err(trap)) => return Err(shared.snapshot_trapped(&trap)),
        }
        self.parts += parts.len();
        Ok(())
    }
}

/// The first record from a sequence on. At the start nothing else waits for this thread.
fn next_record(
    snapshots: &Snapshots,
    from: u64,
) -> Result<Option<(u64, Option<Bytes>)>, SnapshotError> {
    let Some(namespace) = &snapshots.namespace else { return Ok(None) };
    let page = tokio::task::block_in_place(|| namespace.scan(PARTS, from, 1))?;
    Ok(page.into_iter().next())
}

fn give_up(shared: &Shared, instances: usize, error: &SnapshotError) {
    shared.snapshots.metrics.failed.inc_by(instances as u64);
    tracing::error!(
        processor = shared.id,
        instances,
        "state of the former life of the process is lost: {error}"
    );
}
