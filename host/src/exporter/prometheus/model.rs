//! What is served: families of series, in the shape from which every format is written.

use std::sync::Arc;

/// All series of one name.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Family {
    pub(super) name: Arc<str>,
    pub(super) help: Arc<str>,
    pub(super) kind: Kind,
    pub(super) samples: Vec<Sample>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Counter,
    Gauge,
    Summary,
    Histogram,
}

/// One series with its value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sample {
    pub(super) labels: Labels,
    pub(super) value: Value,
    /// Milliseconds since the epoch, where the settings want it.
    pub(super) time: Option<i64>,
}

/// In the order of their names.
pub(super) type Labels = Arc<[Label]>;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Label {
    pub(super) name: Box<str>,
    pub(super) value: Box<str>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Counter(Counter),
    Gauge(f64),
    Summary(Summary),
    Histogram(Histogram),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Counter {
    pub(super) value: f64,
    pub(super) exemplar: Option<Exemplar>,
    pub(super) created: Option<Nanos>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Summary {
    pub(super) count: u64,
    pub(super) sum: f64,
    /// Quantile and value, in the order of the quantiles.
    pub(super) quantiles: Vec<(f64, f64)>,
    pub(super) created: Option<Nanos>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Histogram {
    pub(super) count: u64,
    pub(super) sum: f64,
    /// In the order of their bounds; that of infinity may be left out.
    pub(super) buckets: Vec<Bucket>,
    pub(super) native: Option<Native>,
    pub(super) created: Option<Nanos>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Bucket {
    pub(super) upper_bound: f64,
    pub(super) cumulative_count: u64,
    pub(super) exemplar: Option<Exemplar>,
}

/// What a native histogram has instead of buckets; only the protobuf format can say it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Native {
    pub(super) schema: i32,
    pub(super) zero_threshold: f64,
    pub(super) zero_count: u64,
    pub(super) positive: NativeBuckets,
    pub(super) negative: NativeBuckets,
    pub(super) exemplars: Vec<Exemplar>,
}

/// Counts of buckets that follow one another from an index on.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct NativeBuckets {
    pub(super) first: i32,
    pub(super) counts: Vec<u64>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Exemplar {
    pub(super) labels: Vec<Label>,
    pub(super) value: f64,
    pub(super) time: Option<Nanos>,
}

/// Nanoseconds since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Nanos(pub(super) u64);

impl Nanos {
    /// None for 0, which OTLP has for "unknown".
    pub(super) fn known(nanos: u64) -> Option<Self> {
        (nanos > 0).then_some(Self(nanos))
    }

    pub(super) fn seconds(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// Rounded down.
    pub(super) fn millis(self) -> i64 {
        i64::try_from(self.0 / 1_000_000).unwrap_or(i64::MAX)
    }
}

impl Label {
    pub(super) fn new(name: &str, value: &str) -> Self {
        Self { name: name.into(), value: value.into() }
    }
}

impl Kind {
    /// In the classic text format, and in OpenMetrics but for counters.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Summary => "summary",
            Self::Histogram => "histogram",
        }
    }
}
