//! The end of a life: what its instances want the next one to know, written down.

use super::{
    MARK, MAX_ANSWERS, MAX_SNAPSHOT_BYTES, RESTORE_BYTES, SEED, SnapshotError, mark, part_id,
    record, seed,
};
use crate::storage::{Changes, Namespace, RecordId};
use crate::wasm::bindings::snapshotter::Part;
use crate::wasm::instance::Instance;
use crate::wasm::shared::Shared;

/// Takes the state of instances that get no more calls, and writes it where there is a storage. It is a
/// snapshot only once all of it is written. What a former life has left, and nobody has asked for yet,
/// stays as it is: nothing has happened since.
pub async fn take(shared: &Shared, instances: Vec<Instance>) {
    let snapshots = &shared.snapshots;
    let Some(namespace) = &snapshots.namespace else { return };
    if snapshots.is_left.load(std::sync::atomic::Ordering::Acquire) {
        return;
    }
    let hash_seed = snapshots.hash_seed;
    let given_up = Vec::new();
    let mut writer = Writer { namespace, hash_seed, next: 0, records: 0, bytes: 0, given_up };
    for instance in instances {
        let (from, bytes) = (writer.next, writer.bytes);
        match take_one(instance, shared, &mut writer).await {
            Ok(()) => writer.records += writer.next - from,
            Err(error) => {
                give_up(shared, &error);
                if matches!(error, SnapshotError::Storage(_)) {
                    return;
                }
                writer.given_up.extend((from..writer.next).map(part_id));
                writer.bytes = bytes;
            }
        }
    }
    let records = writer.records;
    match writer.finish().await {
        Ok(()) if records == 0 => {}
        Ok(()) => tracing::info!(
            processor = shared.id,
            records,
            "state waits for the next start of the process"
        ),
        Err(error) => give_up(shared, &error),
    }
}

async fn take_one(
    mut instance: Instance,
    shared: &Shared,
    writer: &mut Writer<'_>,
) -> Result<(), SnapshotError> {
    for _ in 0..MAX_ANSWERS {
        let parts = match instance.snapshot().await {
            None => return Ok(()),
            Some(Ok(Ok(parts))) if parts.is_empty() => return Ok(()),
            Some(Ok(Ok(parts))) => parts,
            Some(Ok(Err(error))) => return Err(shared.snapshot_refused(&error)),
            Some(Err(trap)) => return Err(shared.snapshot_trapped(&trap)),
        };
        writer.write(&parts).await?;
    }
    Err(SnapshotError::Endless)
}

struct Writer<'a> {
    namespace: &'a Namespace,
    hash_seed: u64,
    /// The next sequence.
    next: u64,
    /// Records of instances that are done.
    records: u64,
    /// Keys and states so far.
    bytes: usize,
    /// Records of instances whose state is not kept.
    given_up: Vec<RecordId>,
}

impl Writer<'_> {
    async fn write(&mut self, parts: &[Part]) -> Result<(), SnapshotError> {
        self.bytes = self.bytes.saturating_add(parts.iter().map(record::size).sum());
        if self.bytes > MAX_SNAPSHOT_BYTES {
            return Err(SnapshotError::TooLarge);
        }
        for parts in records(parts, RESTORE_BYTES) {
            let record = record::pack(parts).ok_or(SnapshotError::TooLarge)?;
            let puts = vec![(part_id(self.next), record)];
            self.namespace.write(Changes { puts, ..Changes::default() }).await?;
            self.next += 1;
        }
        Ok(())
    }

    /// Makes a snapshot of what is written.
    async fn finish(self) -> Result<(), SnapshotError> {
        let puts = match self.records {
            0 => Vec::new(),
            records => vec![(MARK, mark(records)), (SEED, seed(self.hash_seed))],
        };
        let changes = Changes { puts, removals: self.given_up, urgent: false };
        if !changes.is_empty() {
            self.namespace.write(changes).await?;
        }
        Ok(())
    }
}

/// Parts in order, in runs of at most so many bytes unless a single one is larger.
fn records(parts: &[Part], bytes: usize) -> impl Iterator<Item = &[Part]> {
    let mut rest = parts;
    std::iter::from_fn(move || {
        let mut size = record::size(rest.first()?);
        let more = rest[1..].iter().take_while(|part| {
            size += record::size(part);
            size <= bytes
        });
        let (record, after) = rest.split_at(1 + more.count());
        rest = after;
        Some(record)
    })
}

fn give_up(shared: &Shared, error: &SnapshotError) {
    shared.snapshots.metrics.failed.inc();
    tracing::error!(processor = shared.id, "state is not kept for the next start: {error}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_cut_at_their_bound_and_hold_all_in_order() {
        let part = |size: usize| Part { key: vec![1], state: vec![0; size - 1] };
        let parts: Vec<Part> = [3, 4, 4, 11, 1, 9, 1].map(part).to_vec();
        let sizes: Vec<Vec<usize>> =
            records(&parts, 10).map(|record| record.iter().map(record::size).collect()).collect();
        assert_eq!(sizes, [vec![3, 4], vec![4], vec![11], vec![1, 9], vec![1]]);
    }
}
