//! What all instances of one processor share.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use prometheus::{Histogram, IntCounter, IntGauge};

use super::bindings::logging::Level;
use super::bindings::metrics::Measurement;
use super::bindings::types::Error;
use super::clock::Clock;
use super::counters::{Counters, InMemory};
use super::files::Files;
use super::hold::HoldStore;
use super::instance::Trap;
use super::outbox::Outbox;
use super::own_metrics::{Families, OwnMetrics};
use super::settings::GuestOptions;
use super::snapshot::{SnapshotError, Snapshots};
use crate::telemetry::metrics::Metrics;

/// Lines of one processor that reach the log in one second.
pub const LOG_LINES_PER_SECOND: u32 = 10;

/// Most bytes of a guest's log line.
pub const MAX_LOG_LINE: usize = 1024;

/// Buckets of the duration of a call, in seconds.
const DURATIONS: [f64; 12] = [1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1, 1.0, 3.0];

/// One processor of the configuration.
pub struct Shared {
    /// The component id.
    pub id: String,
    pub options: GuestOptions,
    pub clock: Clock,
    pub metrics: GuestMetrics,
    pub counters: Box<dyn Counters>,
    pub hold: HoldStore,
    pub outbox: Outbox,
    pub snapshots: Snapshots,
    /// Set once, after the first instance has said which it wants.
    files: OnceLock<Files>,
    /// Its partition is such that held items find their instance again.
    may_hold: AtomicBool,
    /// The guest exports `rewriter`.
    pub rewrites: bool,
    own_metrics: OwnMetrics,
    log: Mutex<LogWindow>,
    /// What the host has to say about the guest, apart from what the guest says.
    complaints: Mutex<LogWindow>,
}

/// What the host counts about a guest.
#[derive(Clone, Debug)]
pub struct GuestMetrics {
    pub calls: IntCounter,
    /// Batches that the host's scan proved clean, so that the guest was not called.
    pub skipped: IntCounter,
    pub duration: Histogram,
    /// Errors that the guest returned.
    pub errors: IntCounter,
    /// Answers that did not fit: bad edits, bytes that are no OTLP.
    pub bad_output: IntCounter,
    /// Instances that the memory watermark had replaced.
    pub recycled: IntCounter,
    pub instances: IntGauge,
    /// Linear memory of all instances, in bytes.
    pub memory: IntGauge,
    /// Items that were taken into the hold store.
    pub held: IntCounter,
    /// Held items that the guest let go of.
    pub discarded: IntCounter,
    /// Held items that the next stage accepted.
    pub released: IntCounter,
    /// Held items that were given up: refused for good, or still waiting at shutdown.
    pub hold_failed: IntCounter,
    /// Held items taken out because they trapped the guest in replay.
    pub quarantined: IntCounter,
    traps: [IntCounter; 5],
}

/// Why an instance died; the label `cause` of `tamis_wasm_traps`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A trap of WebAssembly: panic, abort, out of bounds.
    Trap,
    Deadline,
    Memory,
    Output,
    /// What the call did could not be stored.
    Storage,
}

impl Cause {
    const ALL: [Self; 5] = [Self::Trap, Self::Deadline, Self::Memory, Self::Output, Self::Storage];

    fn name(self) -> &'static str {
        match self {
            Self::Trap => "trap",
            Self::Deadline => "deadline",
            Self::Memory => "memory",
            Self::Output => "output",
            Self::Storage => "storage",
        }
    }
}

impl GuestMetrics {
    pub fn new(metrics: &Metrics, id: &str) -> Self {
        let labels = [("processor", id)];
        let counter = |name: &str, help: &str| metrics.counter(name, help, &labels);
        let gauge = |name: &str, help: &str| metrics.gauge(name, help, &labels);
        Self {
            calls: counter("tamis_wasm_calls", "Calls of the guest with a batch"),
            skipped: counter("tamis_wasm_skipped", "Batches proven clean by the host's scan"),
            duration: metrics.histogram(
                "tamis_wasm_call_duration_seconds",
                "Time of a call with a batch, waiting for the CPU included",
                &DURATIONS,
                &labels,
            ),
            errors: counter("tamis_wasm_errors", "Errors that the guest returned"),
            bad_output: counter("tamis_wasm_bad_output", "Answers of the guest that do not fit"),
            recycled: counter("tamis_wasm_recycled", "Instances replaced at the memory watermark"),
            instances: gauge("tamis_wasm_instances", "Instances alive"),
            memory: gauge("tamis_wasm_memory_bytes", "Linear memory of all instances"),
            held: counter("tamis_hold_held_items", "Items taken into the hold store"),
            discarded: counter("tamis_hold_discarded_items", "Held items dropped by the guest"),
            released: counter("tamis_hold_released_items", "Held items that were forwarded"),
            hold_failed: counter("tamis_hold_failed_items", "Held items that were given up"),
            quarantined: counter("tamis_hold_quarantined_items", "Held items that trap the guest"),
            traps: Cause::ALL.map(|cause| {
                metrics.counter(
                    "tamis_wasm_traps",
                    "Calls that ended the instance",
                    &[("processor", id), ("cause", cause.name())],
                )
            }),
        }
    }

    pub fn traps(&self, cause: Cause) -> &IntCounter {
        &self.traps[cause as usize]
    }
}

impl Shared {
    pub fn new(
        id: &str,
        options: GuestOptions,
        clock: Clock,
        (hold, outbox, snapshots): (HoldStore, Outbox, Snapshots),
        rewrites: bool,
        metrics: &Metrics,
        families: &Arc<Mutex<Families>>,
    ) -> Self {
        Self {
            id: id.to_owned(),
            clock,
            metrics: GuestMetrics::new(metrics, id),
            counters: Box::new(InMemory::default()),
            hold,
            outbox,
            snapshots,
            files: OnceLock::new(),
            may_hold: AtomicBool::new(false),
            rewrites,
            own_metrics: OwnMetrics::new(metrics, families, id),
            log: Mutex::new(LogWindow::new()),
            complaints: Mutex::new(LogWindow::new()),
            options,
        }
    }

    /// Lets the guest hold items.
    pub fn allow_hold(&self) {
        self.may_hold.store(true, Ordering::Relaxed);
    }

    pub fn may_hold(&self) -> bool {
        self.may_hold.load(Ordering::Relaxed)
    }

    pub fn set_files(&self, files: Files) -> &Files {
        self.files.get_or_init(|| files)
    }

    /// The files that the guest reads.
    pub fn files(&self) -> &Files {
        self.files.get_or_init(Files::default)
    }

    /// Records measurements of the guest's own metrics.
    pub fn record(&self, measurements: Vec<(u32, Measurement)>) {
        for (share, measurement) in measurements {
            self.own_metrics.record(share, measurement);
        }
    }

    /// Counts a trap in `snapshot` or `restore`.
    pub fn snapshot_trapped(&self, trap: &Trap) -> SnapshotError {
        self.metrics.traps(trap.cause).inc();
        SnapshotError::Trapped(trap.to_string())
    }

    /// Counts an error of `snapshot` or `restore`.
    pub fn snapshot_refused(&self, error: &Error) -> SnapshotError {
        self.metrics.errors.inc();
        let (Error::Permanent(message) | Error::Retryable(message)) = error;
        SnapshotError::Refused(message[..message.floor_char_boundary(MAX_LOG_LINE)].to_owned())
    }

    /// Logs a fault of the guest, unless there were too many.
    pub fn complain(&self, message: &str) {
        let window = self.complaints.lock().unwrap_or_else(PoisonError::into_inner).admit();
        if let Some(suppressed) = window {
            tracing::error!(processor = self.id, suppressed, "{message}");
        }
    }

    /// Writes a guest's line to the log, unless it has written too many.
    pub fn log(&self, level: Level, message: &str) {
        let Some(suppressed) = self.log.lock().unwrap_or_else(PoisonError::into_inner).admit()
        else {
            return;
        };
        let message = &message[..message.floor_char_boundary(MAX_LOG_LINE)];
        let processor = &self.id;
        match level {
            Level::Debug => tracing::debug!(processor, suppressed, "{message}"),
            Level::Info => tracing::info!(processor, suppressed, "{message}"),
            Level::Warn => tracing::warn!(processor, suppressed, "{message}"),
            Level::Error => tracing::error!(processor, suppressed, "{message}"),
        }
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The lines of the current second.
#[derive(Debug)]
struct LogWindow {
    started: Instant,
    lines: u32,
    suppressed: u64,
}

impl LogWindow {
    fn new() -> Self {
        Self { started: Instant::now(), lines: 0, suppressed: 0 }
    }

    /// Whether one more line may pass, and how many were suppressed since the last that did.
    fn admit(&mut self) -> Option<u64> {
        if self.started.elapsed() >= Duration::from_secs(1) {
            self.started = Instant::now();
            self.lines = 0;
        }
        self.lines += 1;
        if self.lines > LOG_LINES_PER_SECOND {
            self.suppressed += 1;
            return None;
        }
        Some(std::mem::take(&mut self.suppressed))
    }
}
