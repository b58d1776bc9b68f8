//! What is held: the items of one key out of one batch, as they came or compressed.

use std::sync::Arc;

use bytes::Bytes;

use crate::batch::Signal;

/// What a fragment costs in memory beside its payload and its key, wherever the payload lies: its
/// entry, and its share of the tables.
pub(super) const FRAGMENT_OVERHEAD: usize = 256;

/// Of zstd: the fastest that still halves telemetry.
const COMPRESSION_LEVEL: i32 = 1;

/// A key, shared by all fragments under it.
pub type Key = Arc<[u8]>;

/// The items of one key out of one batch.
#[derive(Clone, Debug, PartialEq)]
pub struct Fragment {
    pub key: Key,
    pub signal: Signal,
    /// Nanoseconds since the Unix epoch.
    pub received: u64,
    pub items: usize,
    /// One Export request.
    pub payload: Payload,
}

impl Fragment {
    /// Bytes of memory that it takes wherever its payload lies.
    pub fn overhead(&self) -> usize {
        FRAGMENT_OVERHEAD + self.key.len()
    }
}

/// The bytes of a fragment.
#[derive(Clone, Debug, PartialEq)]
pub enum Payload {
    Plain(Bytes),
    Compressed {
        bytes: Bytes,
        /// Bytes before.
        size: usize,
    },
    /// Only on disk, where it takes so many bytes.
    Stored {
        len: usize,
        /// Bytes when it is unpacked.
        size: usize,
    },
}

impl Payload {
    /// Bytes that it takes, in memory or on disk.
    pub fn len(&self) -> usize {
        match self {
            Self::Plain(bytes) | Self::Compressed { bytes, .. } => bytes.len(),
            Self::Stored { len, .. } => *len,
        }
    }

    /// Bytes when it is unpacked.
    pub fn size(&self) -> usize {
        match self {
            Self::Plain(bytes) => bytes.len(),
            Self::Compressed { size, .. } | Self::Stored { size, .. } => *size,
        }
    }

    /// Forgets the copy in memory of a payload that is on disk as well; answers the bytes that this
    /// frees.
    pub fn spill(&mut self) -> usize {
        let (len, size) = (self.len(), self.size());
        match std::mem::replace(self, Self::Stored { len, size }) {
            Self::Stored { .. } => 0,
            _ => len,
        }
    }

    /// The Export request; none where it lies on disk only, or is not what it was.
    pub fn unpack(&self) -> Option<Bytes> {
        match self {
            Self::Plain(bytes) => Some(bytes.clone()),
            Self::Compressed { bytes, size } => {
                zstd::bulk::decompress(bytes, *size).ok().map(Bytes::from)
            }
            Self::Stored { .. } => None,
        }
    }
}

/// Makes payloads of the fragments of one call.
pub struct Packer(Option<zstd::bulk::Compressor<'static>>);

impl Packer {
    pub fn new(compress: bool) -> Self {
        // Without a compressor it is only larger.
        Self(compress.then(|| zstd::bulk::Compressor::new(COMPRESSION_LEVEL).ok()).flatten())
    }

    pub fn pack(&mut self, bytes: Bytes) -> Payload {
        let Some(compressor) = &mut self.0 else { return Payload::Plain(bytes) };
        match compressor.compress(&bytes) {
            Ok(packed) if packed.len() < bytes.len() => {
                let size = bytes.len();
                Payload::Compressed { bytes: packed.into_boxed_slice().into(), size }
            }
            _ => Payload::Plain(bytes),
        }
    }
}
