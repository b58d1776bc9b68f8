//! What moves through a pipeline: the items of one signal as one OTLP Export request, in bytes.

use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;

/// One kind of telemetry; every pipeline carries exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Signal {
    Traces,
    Metrics,
    Logs,
}

impl Signal {
    pub const ALL: [Self; 3] = [Self::Traces, Self::Metrics, Self::Logs];

    /// The signal's name in a pipeline id: `traces`, `metrics`, `logs`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Traces => "traces",
            Self::Metrics => "metrics",
            Self::Logs => "logs",
        }
    }

    /// What the signal's items are called in the Collector's metric names.
    pub fn item_name(self) -> &'static str {
        match self {
            Self::Traces => "spans",
            Self::Metrics => "metric_points",
            Self::Logs => "log_records",
        }
    }

    /// A dense index, for arrays that hold one value per signal in the order of [`Signal::ALL`].
    pub fn index(self) -> usize {
        self as usize
    }
}

/// Client metadata of a request (gRPC metadata or HTTP headers), kept only where the receiver's
/// `include_metadata` is on. Keys are lower case; a key may repeat.
pub type Metadata = Arc<[(String, String)]>;

/// The items of one signal that move together. Cloning shares the bytes.
#[derive(Clone, Debug)]
pub struct Batch {
    pub signal: Signal,
    /// One protobuf message: the `Export{Trace,Metrics,Logs}ServiceRequest` of the signal. It has
    /// been walked to full depth ([`crate::otlp::walk`]), so its tags and lengths are known to be sound.
    pub bytes: Bytes,
    /// Spans, data points or log records in `bytes`.
    pub items: usize,
    /// When the receiver had the whole request.
    pub received: SystemTime,
    pub metadata: Metadata,
}
