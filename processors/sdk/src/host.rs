//! What the host offers: log, clock, metrics, counters, emit, hold.
//!
//! All calls answer at once. What they change takes effect when the exported function that made them
//! returns OK and is discarded when it returns an error or panics. Built natively, they meet the
//! stand-in of the `testing` module (feature `testing`).

#[cfg(not(target_arch = "wasm32"))]
pub(crate) mod native;
#[cfg(not(target_arch = "wasm32"))]
use native as imports;

#[cfg(target_arch = "wasm32")]
use crate::export::imports;

/// Lines for the gateway's log. At most 10 a second per processor; the rest is counted.
pub mod logging {
    /// How much a line matters.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
    pub enum Level {
        /// For the author.
        Debug,
        /// For the record.
        Info,
        /// Somebody should look, some day.
        Warn,
        /// Somebody should look now.
        Error,
    }

    /// Writes a line. `message` must not hold any value of the telemetry; it is cut at 1,024 bytes.
    pub fn log(level: Level, message: &str) {
        super::imports::log(level, message);
    }
}

/// Time.
pub mod clock {
    /// Nanoseconds since the Unix epoch.
    #[must_use]
    pub fn wall() -> u64 {
        super::imports::wall()
    }

    /// Nanoseconds since a moment that is fixed for one instance; never goes back.
    #[must_use]
    pub fn monotonic() -> u64 {
        super::imports::monotonic()
    }
}

/// Metrics of the processor's own, on the gateway's metrics endpoint.
pub mod metrics {
    /// What a value does to its metric.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Kind {
        /// The value is added; it must not be negative.
        Counter,
        /// The value replaces the last one.
        Gauge,
        /// The value is one observation.
        Histogram,
    }

    /// One value for one metric.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Measurement {
        /// What the value does.
        pub kind: Kind,
        /// A Prometheus name, `[a-zA-Z_:][a-zA-Z0-9_:]*`.
        pub name: String,
        /// Label names and values; no value of the telemetry without a bound on how many there are.
        pub labels: Vec<(String, String)>,
        /// The value.
        pub value: f64,
    }

    /// Records all of them. Measurements beyond 1,000 label sets per processor are counted and
    /// discarded, as are those whose name is not valid or is used with another kind or other label
    /// names.
    pub fn record_all(measurements: Vec<Measurement>) {
        super::imports::record_all(measurements);
    }
}

/// Numbers shared by all instances of one processor.
pub mod counters {
    /// What is wanted of one budget.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Claim {
        /// Which budget.
        pub key: Vec<u8>,
        /// How much of it.
        pub n: u64,
        /// What it is bounded by.
        pub bound: Bound,
    }

    /// How a budget is bounded.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub enum Bound {
        /// At most `limit` in one window; windows start at multiples of their length on a monotonic
        /// clock of the host's.
        Window {
            /// How much in one window.
            limit: u64,
            /// Its length in milliseconds.
            length_ms: u32,
        },
        /// A token bucket. It starts full.
        Bucket {
            /// Tokens per second.
            rate: f64,
            /// How many tokens it holds.
            burst: u64,
        },
    }

    /// Takes n from each budget if all n are there, in order; answers which were granted. Atomic
    /// over instances. What was granted is given back when the call that took it fails.
    #[must_use]
    pub fn take(claims: Vec<Claim>) -> Vec<bool> {
        super::imports::take(claims)
    }
}

/// Telemetry of the processor's own, for the pipelines that name this component as their receiver.
pub mod emitter {
    use crate::contract::Signal;

    /// Sends one Export request of the signal, of at most 16 MiB, to the pipelines that take it
    /// ([`Configuration::feeds`](crate::Configuration::feeds)); they get it when the function that
    /// called this has returned OK. The host tries until they accept.
    ///
    /// Answers false when too much is waiting for them already: nothing of this batch was taken.
    #[must_use]
    pub fn emit(signal: Signal, batch: &[u8]) -> bool {
        super::imports::emit(signal, batch)
    }
}

/// Let the host keep items while the processor waits for more of their kind.
pub mod hold {
    /// Items of the batch in hand, to be kept under a key.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Portion {
        /// 1 to 64 bytes. With [`Partition::TraceId`](crate::Partition::TraceId) it is the trace id or
        /// begins with it, with [`Partition::Metric`](crate::Partition::Metric) it is the name.
        pub key: Vec<u8>,
        /// Offsets of the items' messages, ascending: the `start` of
        /// [`Message::range`](crate::wire::Message::range) of a span, a metric or a log record.
        pub items: Vec<u32>,
    }

    /// What is decided about a key.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Decision {
        /// The key.
        pub key: Vec<u8>,
        /// For [`Replayer::replay`](crate::Replayer::replay) in a later life, and for
        /// [`Rewriter::rewrite`](crate::Rewriter::rewrite); at most 256 bytes. An empty one is not
        /// remembered.
        pub memo: Vec<u8>,
    }

    /// Keeps the items of the batch in hand; only within `process`. They leave the batch by the
    /// outcome: a processor that holds must also edit them out, or answer `Dropped`.
    ///
    /// Answers false when the bound of the store is reached: nothing of this call was kept.
    #[must_use]
    pub fn hold(portions: Vec<Portion>) -> bool {
        super::imports::hold(portions)
    }

    /// How full the store of this processor is, over all its instances.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct Fullness {
        /// Bytes in use, those of the call in progress included.
        pub used: u64,
        /// Bytes at which [`hold`] answers false.
        pub bound: u64,
    }

    /// How full the store is: a processor that would rather decide early than refuse makes room
    /// before it is needed. What it lets go of is free when the call has returned, what it releases
    /// when the next stage has accepted it.
    #[must_use]
    pub fn usage() -> Fullness {
        super::imports::usage()
    }

    /// Forwards everything held under these keys to the next stage; with `rewrite` through
    /// [`Rewriter::rewrite`](crate::Rewriter::rewrite) first.
    pub fn release(decisions: Vec<Decision>, rewrite: bool) {
        super::imports::release(decisions, rewrite);
    }

    /// Lets go of everything held under these keys. It counts as dropped.
    pub fn discard(decisions: Vec<Decision>) {
        super::imports::discard(decisions);
    }
}
