//! The types of the contract between host and guest, `wit/processor.wit`, as plain Rust.

/// One kind of telemetry. <https://opentelemetry.io/docs/specs/otel/glossary/#signals>
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Signal {
    /// Spans.
    Traces,
    /// Data points.
    Metrics,
    /// Log records.
    Logs,
}

/// What the host knows about a batch beside its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// Which Export request the batch is.
    pub signal: Signal,
    /// When the receiver had the whole request: nanoseconds since the Unix epoch, UTC.
    pub received: u64,
    /// Client metadata (gRPC metadata, HTTP headers), keys in lower case; a key may repeat. Empty
    /// unless the receiver's `include_metadata` is on.
    pub metadata: Vec<(String, String)>,
    /// Where the triggers of the descriptor matched in the batch, ascending by `offset`. None when
    /// the descriptor has no triggers, or when the host did not scan: then look for yourself.
    pub hits: Option<Vec<Hit>>,
}

impl Context {
    /// A context without metadata and hits, received at 0; for tests.
    #[must_use]
    pub fn new(signal: Signal) -> Self {
        Self { signal, received: 0, metadata: Vec::new(), hits: None }
    }
}

/// One match of a trigger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Offset in bytes of the first matched byte, from the start of the batch.
    pub offset: u32,
    /// Index of the trigger in the descriptor's list.
    pub trigger: u32,
}

/// What became of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Forward the batch as it was handed over.
    Unchanged,
    /// Forward the batch with these ranges replaced; [`Editor::finish`](crate::edit::Editor::finish)
    /// makes them.
    Edited(Edits),
    /// Forward these bytes instead: one Export request of the same signal.
    Replaced(Vec<u8>),
    /// Forward nothing. Items that were held in this call count as held, all others as dropped.
    Dropped,
}

/// A batch written as its differences.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edits {
    /// Ascending by `offset`; no two overlap.
    pub splices: Vec<Splice>,
    /// What is put in place, of all splices one after the other.
    pub replacement: Vec<u8>,
}

/// `length` bytes at `offset` give way to the next `replacement_length` bytes of the replacement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Splice {
    /// In bytes from the start of the batch.
    pub offset: u32,
    /// How many bytes go; 0 is an insertion.
    pub length: u32,
    /// How many bytes come; 0 is a removal.
    pub replacement_length: u32,
}

/// Why a batch was not processed. The message reaches logs and the sender: it must not hold any
/// value of the telemetry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The same batch would fail again: the sender must not retry.
    #[error("{0}")]
    Permanent(String),
    /// May pass later: the sender is asked to retry.
    #[error("{0}")]
    Retryable(String),
}

impl From<crate::wire::Error> for Error {
    fn from(error: crate::wire::Error) -> Self {
        Self::Permanent(error.to_string())
    }
}

/// One thing that is wrong in the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Keys and indices from the processor's own config downwards, `["blocked_values", "2"]`.
    /// Empty: the config as a whole.
    pub path: Vec<String>,
    /// What is wrong and what to write instead.
    pub message: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path.join("::"))?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for Problem {}

/// How the host may spread the batches of one processor over instances.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Partition {
    /// Stateless: any instance takes any batch.
    #[default]
    Any,
    /// All spans (or log records) of one trace id meet the same instance. A key in
    /// [`hold`](crate::hold) is the trace id or begins with it.
    TraceId,
    /// All data points of one metric name meet the same instance. A key in [`hold`](crate::hold) is
    /// the name.
    Metric,
    /// One instance takes everything.
    Whole,
}

/// What a configured processor tells the host about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// The YAML type name.
    pub name: String,
    /// Of the processor, not of the contract; for people.
    pub version: String,
    /// A pipeline of any other signal is refused at start.
    pub signals: Vec<Signal>,
    /// How batches may be spread over instances.
    pub partition: Partition,
    /// Ask for [`Ticker::tick`](crate::Ticker::tick) this often, in milliseconds; none: never.
    pub tick_interval: Option<u32>,
    /// What the host scans for; at most 64. Empty: no scan.
    pub triggers: Vec<crate::Trigger>,
    /// Without a hit the batch is unchanged by definition: the host need not call. Only with
    /// triggers.
    pub skip_without_hit: bool,
    /// How many memos of decisions each instance wants back when it is replayed: the newest so many
    /// are kept. 0: none.
    pub memos: u32,
    /// The files that the configuration names and the processor wants to read; it must be a
    /// [`Watcher`](crate::Watcher).
    pub files: Vec<WatchedFile>,
}

/// A file that the host reads for the processor, and watches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchedFile {
    /// Where the configuration names it, as in [`Problem::path`]: for complaints about it.
    pub path: Vec<String>,
    /// Its name, as it stands there; relative to the gateway's working directory.
    pub name: String,
}

impl Descriptor {
    /// A stateless processor of these signals: no ticks, no triggers.
    #[must_use]
    pub fn new(name: &str, version: &str, signals: &[Signal]) -> Self {
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            signals: signals.to_vec(),
            partition: Partition::Any,
            tick_interval: None,
            triggers: Vec::new(),
            skip_without_hit: false,
            memos: 0,
            files: Vec::new(),
        }
    }
}

/// One held fragment: the items of one key out of one batch, with their resource and scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The key it was held under.
    pub key: Vec<u8>,
    /// Which Export request `batch` is.
    pub signal: Signal,
    /// When its batch was received: nanoseconds since the Unix epoch.
    pub received: u64,
    /// One Export request.
    pub batch: Vec<u8>,
}

/// A decision that was already taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Memo {
    /// The key that was decided.
    pub key: Vec<u8>,
    /// What [`Decision::memo`](crate::hold::Decision) said then.
    pub memo: Vec<u8>,
}

/// State of one key, as a [`Snapshotter`](crate::Snapshotter) writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The key of the partition: the metric name, or the trace id (or what begins with it); empty for
    /// what has none, and with [`Partition::Whole`].
    pub key: Vec<u8>,
    /// The processor's own.
    pub state: Vec<u8>,
}
