//! What an author implements.

use crate::config::Configuration;
use crate::contract::{Context, Descriptor, Entry, Error, Memo, Outcome, Part, Problem, Signal};

/// A processor that answers batch by batch. [`export!`](crate::export!) makes a guest of it.
///
/// One value is one instance: single-threaded, never re-entered, and replaced by the host after a
/// panic. What must outlive it belongs in [`hold`](crate::hold) or [`counters`](crate::counters).
pub trait Processor: Sized + 'static {
    /// Reads the configuration; called once per instance, before anything else. All instances are
    /// handed the same configuration and must answer with the same descriptor.
    ///
    /// # Errors
    ///
    /// Every problem of the configuration at once; [`Configuration::read`] collects them.
    fn configure(configuration: Configuration) -> Result<(Self, Descriptor), Vec<Problem>>;

    /// Takes one batch: the Export request of `context.signal`. Unknown fields must survive.
    ///
    /// # Errors
    ///
    /// Nothing of this call takes effect, neither the outcome nor what was asked of the host.
    fn process(&mut self, context: &Context, batch: &[u8]) -> Result<Outcome, Error>;
}

/// A processor that also works at intervals; `export!(Type, ticker)`.
pub trait Ticker: Processor {
    /// Called about every [`Descriptor::tick_interval`] between batches. `now` is the wall clock in
    /// nanoseconds since the Unix epoch.
    ///
    /// # Errors
    ///
    /// Nothing that was asked of the host in this call takes effect.
    fn tick(&mut self, now: u64) -> Result<(), Error>;

    /// Called once at shutdown, after the last batch: the last chance to release what is held.
    ///
    /// # Errors
    ///
    /// As [`tick`](Self::tick).
    fn flush(&mut self, now: u64) -> Result<(), Error>;
}

/// A processor that reads files that its configuration names, a table of prices for example; the host
/// reads and watches them. `export!(Type, watcher)`.
pub trait Watcher: Processor {
    /// The content of a file of [`Descriptor::files`]: after `configure` and before anything else, and
    /// again whenever the file has changed.
    ///
    /// # Errors
    ///
    /// Why the content cannot be used, without quoting it. At the start the processor is refused with
    /// it; later it is logged, and the processor is to go on with what it had.
    fn file(&mut self, name: &str, content: &[u8]) -> Result<(), String>;
}

/// A processor that rebuilds its state from what the host holds; required with
/// [`hold`](crate::hold); `export!(Type, ticker, replayer)`.
pub trait Replayer: Processor {
    /// Called after `configure` on a new instance, any number of times, before any batch: memos
    /// oldest first, then entries in order of arrival. `hold` is refused meanwhile.
    ///
    /// # Errors
    ///
    /// It is counted, and the instance used all the same: panic where it cannot go on.
    fn replay(&mut self, entries: &[Entry], memos: &[Memo]) -> Result<(), Error>;
}

/// A processor that has the last word on what it releases with `rewrite`;
/// `export!(Type, ticker, replayer, rewriter)`.
pub trait Rewriter: Processor {
    /// Called once for each key that was released so, and each signal: `batch` is all that was held
    /// under it, one Export request, and `memo` what the decision said. `hold` is refused meanwhile.
    ///
    /// # Errors
    ///
    /// The items are given up, and counted so.
    fn rewrite(&mut self, memo: &[u8], signal: Signal, batch: &[u8]) -> Result<Outcome, Error>;
}

/// A processor whose state outlives the process, where the YAML names a storage for it;
/// `export!(Type, snapshotter)`. Not with [`Partition::Any`](crate::Partition::Any).
///
/// A snapshot is good for one life of the process: after a crash there is none. An instance that is
/// replaced within one life begins without the state of the one before.
pub trait Snapshotter: Processor {
    /// Called at a clean shutdown, after everything else, again and again until it answers nothing: a
    /// large state comes in pieces. A key may stand in any number of parts. Nothing that is asked of the
    /// host in this call takes effect.
    ///
    /// # Errors
    ///
    /// Nothing of this instance is kept.
    fn snapshot(&mut self) -> Result<Vec<Part>, Error>;

    /// Called on a new instance, any number of times, before [`Replayer::replay`] and any batch, with the
    /// parts of the keys that it sees: as many as there were, whatever the number of instances was
    /// then. Those of one key come in the order in which they were written.
    ///
    /// # Errors
    ///
    /// A new instance takes the place of this one, and begins empty.
    fn restore(&mut self, parts: &[Part]) -> Result<(), Error>;
}

/// A processor that answers questions of whoever operates the gateway, at the extension `admin`;
/// `export!(Type, inspector)`.
pub trait Inspector: Processor {
    /// Called on each instance between batches. Answers JSON text. What `query` means is up to the
    /// processor; it may be empty. Bound the work: a call that passes its deadline costs the instance and
    /// its state. Nothing that is asked of the host in this call takes effect.
    ///
    /// # Errors
    ///
    /// What is wrong with the query.
    fn inspect(&self, query: &str) -> Result<String, String>;
}
