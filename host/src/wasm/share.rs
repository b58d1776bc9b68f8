//! How the keys of a processor are spread over its instances.

use std::hash::RandomState;

use bytes::Bytes;

use super::bindings::types::Partition;
use crate::batch::Batch;
use crate::otlp::{self, CutError, Key};

/// The keys of one processor in as many shares as it has instances. Which key is in which share is
/// another in every process.
#[derive(Clone, Debug)]
pub struct Keys {
    key: Key,
    shares: u32,
    hashing: RandomState,
}

impl Keys {
    /// None where one instance takes everything, or any takes anything.
    pub fn new(partition: Partition, shares: u32) -> Option<Self> {
        let key = match partition {
            Partition::TraceId => Key::TraceId,
            Partition::Metric => Key::MetricName,
            Partition::Any | Partition::Whole => return None,
        };
        (shares > 1).then(|| Self { key, shares, hashing: RandomState::new() })
    }

    pub fn shares(self) -> impl Iterator<Item = Share> {
        (0..self.shares).map(move |index| Share { index, keys: Some(self.clone()) })
    }

    /// The batch in parts, each with the index of its share.
    pub fn split(&self, batch: &Batch) -> Result<Vec<(u32, Bytes)>, CutError> {
        otlp::parts(batch.signal, &batch.bytes, self.key, self.shares, &self.hashing)
    }
}

/// The keys that one instance sees; all of them by default.
#[derive(Debug, Default)]
pub struct Share {
    index: u32,
    keys: Option<Keys>,
}

impl Share {
    /// Its number; 0 where it is the only one.
    pub fn index(&self) -> u32 {
        self.index
    }

    /// Whether a key of `hold` is one of them.
    pub fn has(&self, key: &[u8]) -> bool {
        let part = |keys: &Keys| otlp::part_of(keys.key, key, keys.shares, &keys.hashing);
        self.keys.as_ref().is_none_or(|keys| part(keys) == self.index)
    }
}
