//! A hold store on disk: which records there are, and what stands in them.
//!
//! | table | sequence of | value |
//! |---|---|---|
//! | `v` | 0 | the version of this format, one byte |
//! | `f` | a fragment | [`encode`] |
//! | `r` | a fragment that is released and not accepted yet | empty, or 1 and the memo: to be rewritten |
//! | `m` | a call that left memos | [`super::memos::Chunk`] |
//!
//! A newer version of tamis may add tables and values; it then raises the version, which an older one
//! refuses.

use std::collections::HashMap;

use bytes::{Buf, BufMut, Bytes};

use super::fragment::{Fragment, Payload};
use super::memos::Chunk;
use crate::batch::Signal;
use crate::storage::{Changes, Namespace, RecordId, StorageError};

/// What this version writes, and the only one that it reads.
const VERSION: u8 = 1;

/// The table of fragments: what waits.
pub const FRAGMENTS: u8 = b'f';
const RELEASED: u8 = b'r';
const MEMOS: u8 = b'm';

/// Records that are read at once, in bytes.
const PAGE_BYTES: usize = 4 << 20;

/// What a record takes beside the payload and the key: its header here and in the storage.
pub(super) const RECORD_OVERHEAD: usize = 64;

const COMPRESSED: u8 = 1;

/// Why what was held cannot be read at start.
#[derive(Debug, thiserror::Error)]
pub enum RecoveryError {
    #[error("{0}")]
    Storage(#[from] StorageError),
    #[error(
        "{directory}: what is held there was written by a newer version of tamis (format \
         {found}; this one knows {VERSION}); use that version, or another directory"
    )]
    Version { directory: String, found: u8 },
    #[error(
        "{directory}: the files there are broken: {message}. Move them away to begin anew without what \
         they hold"
    )]
    Broken { directory: String, message: String },
}

/// The records of one hold store.
#[derive(Debug)]
pub(super) struct Journal(Namespace);

/// What a former life of the process has left.
#[derive(Debug, Default)]
pub(super) struct Left {
    /// In order of arrival.
    pub fragments: Vec<(u64, Fragment)>,
    /// Of released fragments: by sequence the memo, where they are to be rewritten.
    pub released: HashMap<u64, Option<Vec<u8>>>,
    pub memos: Vec<Chunk>,
    /// Above those of all records, so that no remnant is taken for part of what comes.
    pub next_sequence: u64,
    /// Records that make no sense.
    pub broken: Vec<RecordId>,
}

impl Journal {
    pub(super) fn new(namespace: Namespace) -> Self {
        Self(namespace)
    }

    /// Makes the changes, all of them or none, and returns when they are as durable as the storage
    /// was told to be.
    pub(super) async fn write(&self, changes: Changes) -> Result<(), StorageError> {
        if changes.is_empty() { Ok(()) } else { self.0.write(changes).await }
    }

    /// Whether the storage takes payloads at the moment.
    pub(super) fn has_room(&self) -> bool {
        self.0.has_room()
    }

    /// Says how many bytes of records are still needed.
    pub(super) fn set_live(&self, bytes: usize) {
        self.0.set_live(bytes as u64);
    }

    /// Reads payloads that are only on disk, in a thread that may wait. `None` for what is not there or
    /// is broken.
    pub(super) async fn read(
        &self,
        sequences: Vec<u64>,
    ) -> Result<Vec<Option<Payload>>, StorageError> {
        let namespace = self.0.clone();
        let read = move || {
            let payload = |sequence| {
                let record = namespace.read(fragment_id(sequence))?;
                Ok(record.and_then(decode).map(|fragment| fragment.payload))
            };
            sequences.into_iter().map(payload).collect()
        };
        tokio::task::spawn_blocking(read).await.unwrap_or(Err(StorageError::Closed))
    }

    /// Reads everything. Blocks. Payloads beyond `memory` bytes stay on disk.
    pub(super) fn recover(&self, memory: usize) -> Result<Left, RecoveryError> {
        let mut left = Left::default();
        match self.0.read(RecordId { table: b'v', sequence: 0 })?.as_deref() {
            Some([VERSION]) | None => {}
            Some(other) => {
                let directory = self.directory();
                let found = other.first().copied().unwrap_or_default();
                return Err(RecoveryError::Version { directory, found });
            }
        }
        let released = self.each(RELEASED, |sequence, value| match value {
            Some(value) => {
                let memo = value.first().map(|_| value[1..].to_vec());
                left.released.insert(sequence, memo);
            }
            None => left.broken.push(release_id(sequence)),
        })?;
        let chunk = |sequence, value: Option<Bytes>| Chunk::read(sequence, value?);
        let memos = self.each(MEMOS, |sequence, value| match chunk(sequence, value) {
            Some(chunk) => left.memos.push(chunk),
            None => left.broken.push(memo_id(sequence)),
        })?;
        let mut copied = 0;
        let fragments = self.each(FRAGMENTS, |sequence, value| match value.and_then(decode) {
            Some(mut fragment) => {
                copied += fragment.payload.stored_len() + fragment.overhead();
                if copied > memory {
                    copied -= fragment.payload.spill();
                }
                left.fragments.push((sequence, fragment));
            }
            None => left.broken.push(fragment_id(sequence)),
        })?;
        let is_left =
            |sequence| left.fragments.binary_search_by_key(sequence, |(found, _)| *found).is_ok();
        let of_nothing = left.released.keys().filter(|sequence| !is_left(*sequence));
        left.broken.extend(of_nothing.map(|sequence| release_id(*sequence)));
        left.next_sequence = released.max(memos).max(fragments);
        Ok(left)
    }

    /// Removes what was broken, and says who writes here from now on.
    pub(super) async fn begin(&self, broken: Vec<RecordId>) -> Result<(), StorageError> {
        let version = RecordId { table: b'v', sequence: 0 };
        let puts = vec![(version, Bytes::from_static(&[VERSION]))];
        self.0.write(Changes { puts, removals: broken, urgent: false }).await
    }

    fn directory(&self) -> String {
        self.0.directory().display().to_string()
    }

    /// Visits the records of a table; answers the sequence behind the last one.
    fn each(
        &self,
        table: u8,
        mut visit: impl FnMut(u64, Option<Bytes>),
    ) -> Result<u64, RecoveryError> {
        let mut from = 0;
        loop {
            let page = self.0.scan(table, from, PAGE_BYTES).map_err(|error| match error {
                StorageError::Broken(message) => {
                    RecoveryError::Broken { directory: self.directory(), message }
                }
                other => other.into(),
            })?;
            let Some((last, _)) = page.last() else { return Ok(from) };
            from = last + 1;
            for (sequence, value) in page {
                visit(sequence, value);
            }
        }
    }
}

pub(super) fn fragment_id(sequence: u64) -> RecordId {
    RecordId { table: FRAGMENTS, sequence }
}

pub(super) fn release_id(sequence: u64) -> RecordId {
    RecordId { table: RELEASED, sequence }
}

pub(super) fn memo_id(sequence: u64) -> RecordId {
    RecordId { table: MEMOS, sequence }
}

/// The mark of a released fragment.
pub(super) fn release_mark(rewrite: Option<&[u8]>) -> Bytes {
    match rewrite {
        Some(memo) => [&[1], memo].concat().into(),
        None => Bytes::new(),
    }
}

/// A fragment as a record: signal, flags, time, items, size before compression, key, payload.
pub(super) fn encode(fragment: &Fragment) -> Bytes {
    let (bytes, flags, size) = match &fragment.payload {
        Payload::Plain(bytes) => (bytes.as_ref(), 0, bytes.len()),
        Payload::Compressed { bytes, size } => (bytes.as_ref(), COMPRESSED, *size),
        // Is on disk already: nobody asks for that.
        Payload::Stored { .. } => return Bytes::new(),
    };
    let mut record = Vec::with_capacity(27 + fragment.key.len() + bytes.len());
    record.put_u8(fragment.signal.index() as u8);
    record.put_u8(flags);
    record.put_u64(fragment.received);
    record.put_u64(fragment.items as u64);
    record.put_u64(size as u64);
    // A key has at most 64 bytes.
    record.put_u8(fragment.key.len() as u8);
    record.put_slice(&fragment.key);
    record.put_slice(bytes);
    record.into()
}

/// None where the record is not whole, or is of an unknown kind.
fn decode(mut record: Bytes) -> Option<Fragment> {
    let signal = *Signal::ALL.get(usize::from(record.try_get_u8().ok()?))?;
    let flags = record.try_get_u8().ok()?;
    let received = record.try_get_u64().ok()?;
    let items = usize::try_from(record.try_get_u64().ok()?).ok()?;
    let size = usize::try_from(record.try_get_u64().ok()?).ok()?;
    let key_len = usize::from(record.try_get_u8().ok()?);
    if record.len() < key_len {
        return None;
    }
    let key = record.split_to(key_len).as_ref().into();
    // A copy, so that it does not hold on to the storage's block.
    let bytes = Bytes::copy_from_slice(&record);
    let payload = match flags {
        0 if size == bytes.len() => Payload::Plain(bytes),
        COMPRESSED => Payload::Compressed { bytes, size },
        _ => return None,
    };
    Some(Fragment { key, signal, received, items, payload })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fragment_is_read_as_it_was_written() {
        let bytes = Bytes::from_static(b"payload");
        let compressed = Payload::Compressed { bytes: bytes.clone(), size: 99 };
        for payload in [Payload::Plain(bytes), compressed] {
            let fragment = Fragment {
                key: b"key".as_slice().into(),
                signal: Signal::Logs,
                received: 7,
                items: 3,
                payload,
            };
            let record = encode(&fragment);
            assert_eq!(decode(record.clone()), Some(fragment));
            assert_eq!(decode(record.slice(..20)), None);
        }
    }
}
