//! Test a processor natively: what it asked of the host, and cases in files.
//!
//! Natively the functions of [`host`](crate::host) meet a stand-in, one per thread, that records
//! what they were given. Its clock stands still until a test sets it; staging is not played: what
//! was asked stays even when the call fails.
//!
//! A processor that waits is driven through scenarios instead ([`run_scenarios`]): there the store of
//! held items is played, with staging, replay and rewriting.
//!
//! Needs the feature `testing`, as a dev-dependency.

mod cases;
mod cut;
mod driver;
mod json;
mod scan;
mod scenario;
mod short;
mod snapshot;
mod store;
mod table;

pub use cases::{CaseError, Failure, run_cases};
pub use driver::{Driver, Native};
pub use scan::scan;
pub use scenario::run_scenarios;
pub use snapshot::{restore, take_snapshot};
pub(crate) use store::Store;
pub use table::run_tables;

use crate::contract::{Context, Outcome, Signal};
use crate::host::hold::{Decision, Fullness, Portion};
use crate::host::logging::Level;
use crate::host::metrics::Measurement;
use crate::host::native::{self, Host};
use crate::{Configuration, Processor};

/// Forgets everything that was recorded and sets the clock to 0.
pub fn reset() {
    native::with(|host| *host = Host::default());
}

/// Sets both clocks, in nanoseconds.
pub fn set_clock(now: u64) {
    native::with(|host| host.now = now);
}

/// Whether [`hold`](crate::hold::hold) answers that the store is full.
pub fn set_store_full(full: bool) {
    native::with(|host| host.store_full = full);
}

/// Takes the lines that were logged.
#[must_use]
pub fn take_logs() -> Vec<(Level, String)> {
    native::with(|host| std::mem::take(&mut host.logs))
}

/// Takes what was measured.
#[must_use]
pub fn take_measurements() -> Vec<Measurement> {
    native::with(|host| std::mem::take(&mut host.measurements))
}

/// Takes what was emitted.
#[must_use]
pub fn take_emitted() -> Vec<(Signal, Vec<u8>)> {
    native::with(|host| std::mem::take(&mut host.emitted))
}

/// Whether [`emit`](crate::emitter::emit) answers that there is no room.
pub fn set_outbox_full(full: bool) {
    native::with(|host| host.outbox_full = full);
}

/// How many batches [`emit`](crate::emitter::emit) takes before it answers that there is no room.
pub fn set_outbox_room(batches: usize) {
    native::with(|host| host.outbox_room = Some(batches));
}

/// Takes what was held.
#[must_use]
pub fn take_held() -> Vec<Portion> {
    native::with(|host| std::mem::take(&mut host.portions))
}

/// Sets what [`usage`](crate::hold::usage) answers.
pub fn set_usage(usage: Fullness) {
    native::with(|host| host.usage = usage);
}

/// Takes what was released, and whether it was to be rewritten.
#[must_use]
pub fn take_released() -> Vec<(Decision, bool)> {
    native::with(|host| std::mem::take(&mut host.released))
}

/// Takes what was discarded.
#[must_use]
pub fn take_discarded() -> Vec<Decision> {
    native::with(|host| std::mem::take(&mut host.discarded))
}

/// Configures a new instance and hands it one batch; for [`run_cases`].
///
/// # Errors
///
/// What the processor answered.
pub fn run<P: Processor>(
    configuration: &str,
    context: &Context,
    batch: &[u8],
) -> Result<Outcome, Failure> {
    let configuration = Configuration::from_json(configuration);
    let (mut processor, _) = P::configure(configuration).map_err(Failure::Configuration)?;
    processor.process(context, batch).map_err(Failure::Batch)
}
