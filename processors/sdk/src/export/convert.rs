//! Between the generated types and those of the SDK, field by field.

use super::worlds::replayer_world::exports::tamis::processor::replayer;
use super::worlds::snapshotter_world::exports::tamis::processor::snapshotter;
use super::worlds::types;
use crate::contract;

impl From<types::Signal> for contract::Signal {
    fn from(signal: types::Signal) -> Self {
        match signal {
            types::Signal::Traces => Self::Traces,
            types::Signal::Metrics => Self::Metrics,
            types::Signal::Logs => Self::Logs,
        }
    }
}

impl From<contract::Signal> for types::Signal {
    fn from(signal: contract::Signal) -> Self {
        match signal {
            contract::Signal::Traces => Self::Traces,
            contract::Signal::Metrics => Self::Metrics,
            contract::Signal::Logs => Self::Logs,
        }
    }
}

impl From<types::Context> for contract::Context {
    fn from(context: types::Context) -> Self {
        let hit = |hit: types::Hit| contract::Hit { offset: hit.offset, trigger: hit.trigger };
        Self {
            signal: context.signal.into(),
            received: context.received,
            metadata: context.metadata,
            hits: context.hits.map(|hits| hits.into_iter().map(hit).collect()),
        }
    }
}

impl From<contract::Outcome> for types::Outcome {
    fn from(outcome: contract::Outcome) -> Self {
        match outcome {
            contract::Outcome::Unchanged => Self::Unchanged,
            contract::Outcome::Edited(edits) => Self::Edited(edits.into()),
            contract::Outcome::Replaced(bytes) => Self::Replaced(bytes),
            contract::Outcome::Dropped => Self::Dropped,
        }
    }
}

impl From<contract::Edits> for types::Edits {
    fn from(edits: contract::Edits) -> Self {
        let splice = |splice: contract::Splice| types::Splice {
            offset: splice.offset,
            length: splice.length,
            replacement_length: splice.replacement_length,
        };
        Self {
            splices: edits.splices.into_iter().map(splice).collect(),
            replacement: edits.replacement,
        }
    }
}

impl From<contract::Error> for types::Error {
    fn from(error: contract::Error) -> Self {
        match error {
            contract::Error::Permanent(message) => Self::Permanent(message),
            contract::Error::Retryable(message) => Self::Retryable(message),
        }
    }
}

impl From<contract::Problem> for types::Problem {
    fn from(problem: contract::Problem) -> Self {
        Self { path: problem.path, message: problem.message }
    }
}

impl From<contract::Descriptor> for types::Descriptor {
    fn from(descriptor: contract::Descriptor) -> Self {
        let trigger = |trigger: crate::Trigger| types::Trigger {
            sets: trigger.sets().iter().map(|set| set.words().into()).collect(),
        };
        Self {
            name: descriptor.name,
            version: descriptor.version,
            signals: descriptor.signals.into_iter().map(Into::into).collect(),
            partition: match descriptor.partition {
                contract::Partition::Any => types::Partition::Any,
                contract::Partition::TraceId => types::Partition::TraceId,
                contract::Partition::Metric => types::Partition::Metric,
                contract::Partition::Whole => types::Partition::Whole,
            },
            tick_interval: descriptor.tick_interval,
            triggers: descriptor.triggers.into_iter().map(trigger).collect(),
            skip_without_hit: descriptor.skip_without_hit,
            memos: descriptor.memos,
            files: descriptor.files.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<contract::WatchedFile> for types::WatchedFile {
    fn from(file: contract::WatchedFile) -> Self {
        Self { path: file.path, name: file.name }
    }
}

impl From<replayer::Entry> for contract::Entry {
    fn from(entry: replayer::Entry) -> Self {
        Self {
            key: entry.key,
            signal: entry.signal.into(),
            received: entry.received,
            batch: entry.batch,
        }
    }
}

impl From<replayer::Memo> for contract::Memo {
    fn from(memo: replayer::Memo) -> Self {
        Self { key: memo.key, memo: memo.memo }
    }
}

impl From<snapshotter::Part> for contract::Part {
    fn from(part: snapshotter::Part) -> Self {
        Self { key: part.key, state: part.state }
    }
}

impl From<contract::Part> for snapshotter::Part {
    fn from(part: contract::Part) -> Self {
        Self { key: part.key, state: part.state }
    }
}
