//! State that guests carry over from one life of the process to the next: on disk from a clean
//! shutdown to the first call of the next life.
//!
//! A snapshot is good for one life. What a life sends after it has begun is not in it, so that it would
//! be wrong to begin with it again after a crash: before the first call it is deleted.
//!
//! | table | sequence of | value |
//! |---|---|---|
//! | `s` | 0 | the mark: version, number of records. Without it there is no snapshot |
//! | `p` | a record | parts, one after the other ([`record`]) |
//! | `h` | 0 | the hash seed of the processor, in every life the same: state may be full of hashes |

mod record;
mod restore;
mod take;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::{Buf, BufMut, Bytes};
use prometheus::IntCounter;
use tokio::sync::Mutex;

pub use self::restore::restore;
pub use self::take::take;
use crate::storage::{Changes, Namespace, RecordId, StorageError};
use crate::telemetry::metrics::Metrics;

/// Most answers of one instance to `snapshot`.
pub const MAX_ANSWERS: usize = 10_000;

/// Most bytes of a processor's snapshot, keys and states over all of its instances.
pub const MAX_SNAPSHOT_BYTES: usize = 256 << 20;

/// A snapshot has so long to be taken and written; what takes longer is given up.
pub const SNAPSHOT_TIME: Duration = Duration::from_secs(5);

/// Bytes of parts that one call of `restore` hands over, and that one record holds; more where a single
/// part is larger.
pub const RESTORE_BYTES: usize = 4 << 20;

/// The table of parts.
pub const PARTS: u8 = b'p';

const MARK: RecordId = RecordId { table: b's', sequence: 0 };

const SEED: RecordId = RecordId { table: b'h', sequence: 0 };

/// What this version writes, and the only one that it reads.
const VERSION: u8 = 1;

/// The snapshot of one processor.
#[derive(Debug)]
pub struct Snapshots {
    /// None: nothing outlives the process.
    namespace: Option<Namespace>,
    /// What a former life has left is still on disk.
    is_left: AtomicBool,
    /// What there is to delete, for one who does it.
    left: Mutex<Vec<RecordId>>,
    /// What this life hashes with: as the former one did, where that has written it.
    hash_seed: u64,
    /// Records of a former life, where they can be read.
    records: Result<u64, SnapshotError>,
    metrics: SnapshotMetrics,
}

/// What is counted about snapshots.
#[derive(Clone, Debug)]
pub struct SnapshotMetrics {
    /// Parts that were handed to instances.
    restored: IntCounter,
    /// Instances whose state was not kept or not restored.
    failed: IntCounter,
}

impl SnapshotMetrics {
    pub fn new(metrics: &Metrics, id: &str) -> Self {
        let counter = |name: &str, help: &str| metrics.counter(name, help, &[("processor", id)]);
        Self {
            restored: counter("tamis_snapshot_restored_parts", "Parts of state carried over"),
            failed: counter(
                "tamis_snapshot_failures",
                "Instances whose state could not be kept or restored",
            ),
        }
    }
}

/// Why state was not carried over.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SnapshotError {
    #[error("{0}")]
    Storage(#[from] StorageError),
    #[error("it was written by another version of tamis (format {0}; this one knows {VERSION})")]
    Version(u8),
    #[error("its records are broken")]
    Broken,
    #[error("the processor trapped: {0}")]
    Trapped(String),
    #[error("the processor refused: {0}")]
    Refused(String),
    #[error("it has more than {MAX_SNAPSHOT_BYTES} bytes")]
    TooLarge,
    #[error("the processor answered more than {MAX_ANSWERS} times")]
    Endless,
}

impl Snapshots {
    /// Looks for what a former life of the process has left in `namespace`. `hash_seed`: what to hash with
    /// where it has left nothing. Blocks.
    pub fn open(namespace: Option<Namespace>, metrics: SnapshotMetrics, hash_seed: u64) -> Self {
        let mut left = Vec::new();
        let records = match &namespace {
            Some(namespace) => look(namespace, &mut left),
            None => Ok(0),
        };
        let is_left = records.is_err() || !left.is_empty();
        let seed = namespace.as_ref().and_then(|namespace| namespace.read(SEED).ok()?);
        let seed = seed.and_then(|mut seed| seed.try_get_u64().ok());
        let hash_seed = seed.unwrap_or(hash_seed);
        let (is_left, left) = (AtomicBool::new(is_left), Mutex::new(left));
        Self { namespace, is_left, left, hash_seed, records, metrics }
    }

    /// What guests of this life hash with.
    pub fn hash_seed(&self) -> u64 {
        self.hash_seed
    }

    /// Deletes what a former life has left, before anything happens that it does not know of. May be
    /// called any number of times; once it is gone this costs nothing.
    pub async fn consume(&self) -> Result<(), StorageError> {
        if !self.is_left.load(Ordering::Acquire) {
            return Ok(());
        }
        let Some(namespace) = &self.namespace else { return Ok(()) };
        let mut left = self.left.lock().await;
        if self.is_left.load(Ordering::Acquire) {
            let mut removals = left.clone();
            removals.push(MARK);
            namespace.write(Changes { puts: Vec::new(), removals, urgent: true }).await?;
            left.clear();
            self.is_left.store(false, Ordering::Release);
        }
        Ok(())
    }
}

/// The number of records of a snapshot, and all records that are there: also those without a mark, which
/// a shutdown did not finish.
fn look(namespace: &Namespace, left: &mut Vec<RecordId>) -> Result<u64, SnapshotError> {
    let mark = namespace.read(MARK)?;
    let mut from = 0;
    loop {
        let page = namespace.scan(PARTS, from, RESTORE_BYTES)?;
        let Some((last, _)) = page.last() else { break };
        from = last + 1;
        left.extend(page.into_iter().map(|(sequence, _)| part_id(sequence)));
    }
    mark.map_or(Ok(0), read_mark)
}

fn seed(hash_seed: u64) -> Bytes {
    Bytes::copy_from_slice(&hash_seed.to_be_bytes())
}

fn mark(records: u64) -> Bytes {
    let mut mark = Vec::with_capacity(9);
    mark.put_u8(VERSION);
    mark.put_u64(records);
    mark.into()
}

fn read_mark(mut mark: Bytes) -> Result<u64, SnapshotError> {
    match mark.try_get_u8() {
        Ok(VERSION) => mark.try_get_u64().map_err(|_| SnapshotError::Broken),
        Ok(version) => Err(SnapshotError::Version(version)),
        Err(_) => Err(SnapshotError::Broken),
    }
}

fn part_id(sequence: u64) -> RecordId {
    RecordId { table: PARTS, sequence }
}

#[cfg(test)]
mod tests;
