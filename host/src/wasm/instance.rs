//! One instance of a guest: calls into it, under its limits, with its effects committed or undone.

use std::sync::Arc;

use bytes::Bytes;
use wasmtime::Store;

use super::bindings::handler::{self, Configuration};
use super::bindings::replayer::{self, Entry, Memo};
use super::bindings::snapshotter::{self, Part};
use super::bindings::types::{self, Context, Descriptor, Error, Outcome, Problem};
use super::bindings::{inspector, rewriter, ticker, watcher};
use super::component::Guest;
use super::epoch::Epoch;
use super::limits::Exceeded;
use super::shared::{Cause, Shared};
use super::state::{Call, Staged, State};
use crate::batch::Signal;
use crate::storage::StorageError;

/// Text of wasmtime's error when a call hands back more than its "hostcall fuel", which is our
/// output limit.
const OUTPUT_EXCEEDED: &str = "fuel allocated for hostcalls has been exhausted";

/// An instance, alive until a call traps.
pub struct Instance {
    store: Store<State>,
    handler: handler::Guest,
    ticker: Option<ticker::Guest>,
    replayer: Option<replayer::Guest>,
    rewriter: Option<rewriter::Guest>,
    watcher: Option<watcher::Guest>,
    snapshotter: Option<snapshotter::Guest>,
    inspector: Option<inspector::Guest>,
    shared: Arc<Shared>,
    epoch: Epoch,
    memory: i64,
    /// Memory after it was configured, in bytes: what a new instance would have as well.
    configured_memory: usize,
}

/// A call ended the instance. Nothing of it may be used again.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Trap {
    pub cause: Cause,
    /// What happened, without telemetry: the text is the engine's, never the guest's.
    pub message: String,
}

impl Trap {
    fn unstored(error: &StorageError) -> Self {
        Self { cause: Cause::Storage, message: error.to_string() }
    }
}

impl Instance {
    /// Instantiates the guest; it is not configured yet.
    /// `share` is the number of its pool.
    pub async fn new(
        guest: &Guest,
        shared: &Arc<Shared>,
        epoch: &Epoch,
        share: u32,
    ) -> Result<Self, Trap> {
        let _running = epoch.running();
        let engine = guest.pre.engine();
        let mut store = Store::new(engine, State::new(Arc::clone(shared), share));
        store.limiter(|state| &mut state.limits);
        store.epoch_deadline_callback(|mut store| store.data_mut().limits.tick());
        store.set_hostcall_fuel(shared.options.output_limit);
        store.data_mut().limits.start_call();
        store.set_epoch_deadline(1);
        let instance = match guest.pre.instantiate_async(&mut store).await {
            Ok(instance) => instance,
            Err(error) => return Err(trap(&mut store, &error)),
        };
        let loaded = (|| {
            Ok((
                guest.handler.load(&mut store, &instance)?,
                guest.ticker.as_ref().map(|t| t.load(&mut store, &instance)).transpose()?,
                guest.replayer.as_ref().map(|r| r.load(&mut store, &instance)).transpose()?,
                guest.rewriter.as_ref().map(|r| r.load(&mut store, &instance)).transpose()?,
                guest.watcher.as_ref().map(|w| w.load(&mut store, &instance)).transpose()?,
                guest.snapshotter.as_ref().map(|s| s.load(&mut store, &instance)).transpose()?,
                guest.inspector.as_ref().map(|i| i.load(&mut store, &instance)).transpose()?,
            ))
        })();
        match loaded {
            Ok((handler, ticker, replayer, rewriter, watcher, snapshotter, inspector)) => {
                shared.metrics.instances.inc();
                let (shared, epoch) = (Arc::clone(shared), epoch.clone());
                let (memory, configured_memory) = (0, 0);
                Ok(Self {
                    store,
                    handler,
                    ticker,
                    replayer,
                    rewriter,
                    watcher,
                    snapshotter,
                    inspector,
                    shared,
                    epoch,
                    memory,
                    configured_memory,
                })
            }
            Err(error) => Err(trap(&mut store, &error)),
        }
    }

    pub async fn configure(
        &mut self,
        configuration: &Configuration,
    ) -> Result<Result<Descriptor, Vec<Problem>>, Trap> {
        self.start(Call::Other);
        let epoch = self.epoch.clone();
        let _running = epoch.running();
        let result = self.handler.call_configure(&mut self.store, configuration).await;
        let answer = self.finish(result).await?;
        self.configured_memory = self.memory();
        Ok(answer)
    }

    /// Hands the batch over. Of an OK answer nothing has taken effect yet: whoever called checks the
    /// outcome and then sees to what [`Self::take_staged`] answers.
    pub async fn process(
        &mut self,
        context: &Context,
        signal: Signal,
        batch: &Bytes,
    ) -> Result<Result<Outcome, Error>, Trap> {
        self.start(Call::Process { signal, bytes: batch.clone(), received: context.received });
        let epoch = self.epoch.clone();
        let _running = epoch.running();
        let result = self.handler.call_process(&mut self.store, context, batch).await;
        self.end(result)
    }

    /// Takes what the last call staged; whoever has it commits it or rolls it back.
    pub fn take_staged(&mut self) -> Staged {
        std::mem::take(&mut self.store.data_mut().staged)
    }

    /// `None`: the guest has no `ticker`.
    pub async fn tick(&mut self) -> Option<Result<Result<(), Error>, Trap>> {
        let ticker = self.ticker.take()?;
        self.start(Call::Other);
        let now = self.shared.clock.wall();
        let epoch = self.epoch.clone();
        let _running = epoch.running();
        let result = ticker.call_tick(&mut self.store, now).await;
        self.ticker = Some(ticker);
        Some(self.finish(result).await)
    }

    /// `None`: the guest has no `ticker`.
    pub async fn flush(&mut self) -> Option<Result<Result<(), Error>, Trap>> {
        let ticker = self.ticker.take()?;
        self.start(Call::Other);
        let now = self.shared.clock.wall();
        let epoch = self.epoch.clone();
        let _running = epoch.running();
        let result = ticker.call_flush(&mut self.store, now).await;
        self.ticker = Some(ticker);
        Some(self.finish(result).await)
    }

    /// Hands over the content of a file. `None`: the guest has no `watcher`.
    pub async fn file(
        &mut self,
        name: &str,
        content: &[u8],
    ) -> Option<Result<Result<(), String>, Trap>> {
        let watcher = self.watcher.take()?;
        self.start(Call::Other);
        let epoch = self.epoch.clone();
        let _running = epoch.running();
        let result = watcher.call_file(&mut self.store, name, content).await;
        self.watcher = Some(watcher);
        Some(self.finish(result).await)
    }

    /// `None`: the guest has no `replayer`.
    pub async fn replay(
        &mut self,
        entries: &[Entry],
        memos: &[Memo],
    ) -> Option<Result<Result<(), Error>, Trap>> {
        let replayer = self.replayer.take()?;
        self.start(Call::Replay);
        let epoch = self.epoch.clone();
        let _running = epoch.running();
        let result = replayer.call_replay(&mut self.store, entries, memos).await;
        self.replayer = Some(replayer);
        Some(self.finish(result).await)
    }

    /// Hands over what was held under one key. As with [`Self::process`], nothing has taken effect yet.
    /// `None`: the guest has no `rewriter`.
    pub async fn rewrite(
        &mut self,
        memo: &[u8],
        signal: types::Signal,
        batch: &[u8],
    ) -> Option<Result<Result<Outcome, Error>, Trap>> {
        let rewriter = self.rewriter.take()?;
        self.start(Call::Replay);
        let epoch = self.epoch.clone();
        let _running = epoch.running();
        let result = rewriter.call_rewrite(&mut self.store, memo, signal, batch).await;
        self.rewriter = Some(rewriter);
        Some(self.end(result))
    }

    /// The next piece of the state. What it staged is undone. `None`: the guest has no `snapshotter`.
    pub async fn snapshot(&mut self) -> Option<Result<Result<Vec<Part>, Error>, Trap>> {
        let snapshotter = self.snapshotter.take()?;
        self.start(Call::Replay);
        let epoch = self.epoch.clone();
        let _running = epoch.running();
        let result = snapshotter.call_snapshot(&mut self.store).await;
        self.snapshotter = Some(snapshotter);
        Some(self.look(result))
    }

    /// Hands over state of a former life. `None`: the guest has no `snapshotter`.
    pub async fn restore(&mut self, parts: &[Part]) -> Option<Result<Result<(), Error>, Trap>> {
        let snapshotter = self.snapshotter.take()?;
        self.start(Call::Replay);
        let epoch = self.epoch.clone();
        let _running = epoch.running();
        let result = snapshotter.call_restore(&mut self.store, parts).await;
        self.snapshotter = Some(snapshotter);
        Some(self.finish(result).await)
    }

    /// Puts a question. What it staged is undone. `None`: the guest has no `inspector`.
    pub async fn inspect(&mut self, query: &str) -> Option<Result<Result<String, String>, Trap>> {
        let inspector = self.inspector.take()?;
        self.start(Call::Replay);
        let epoch = self.epoch.clone();
        let _running = epoch.running();
        let result = inspector.call_inspect(&mut self.store, query).await;
        self.inspector = Some(inspector);
        Some(self.look(result))
    }

    /// Whether a new instance would do with much less memory.
    pub fn has_passed(&self, watermark: usize) -> bool {
        self.memory() > watermark && self.memory() > self.configured_memory
    }

    /// Bytes of linear memory.
    pub fn memory(&self) -> usize {
        self.store.data().limits.memory()
    }

    fn start(&mut self, call: Call) {
        let state = self.store.data_mut();
        state.limits.start_call();
        state.call = call;
        self.store.set_epoch_deadline(1);
    }

    /// Commits what an OK call staged, and undoes it for every other. Where that cannot be stored, the
    /// instance is of no use: it believes in what did not happen.
    async fn finish<T, E>(
        &mut self,
        result: wasmtime::Result<Result<T, E>>,
    ) -> Result<Result<T, E>, Trap> {
        let answer = self.end(result)?;
        if answer.is_ok() {
            let committed = self.take_staged().commit(&self.shared).await;
            let unstored = |error: StorageError| Trap::unstored(&error);
            committed.map_err(unstored)?;
        }
        Ok(answer)
    }

    /// Ends a call that may change nothing outside.
    fn look<T, E>(&mut self, result: wasmtime::Result<Result<T, E>>) -> Result<Result<T, E>, Trap> {
        let answer = self.end(result)?;
        self.take_staged().roll_back(&self.shared);
        Ok(answer)
    }

    /// Ends a call; undoes what it staged unless it answered OK.
    fn end<T, E>(&mut self, result: wasmtime::Result<Result<T, E>>) -> Result<Result<T, E>, Trap> {
        let memory = self.memory() as i64;
        self.shared.metrics.memory.add(memory - self.memory);
        self.memory = memory;
        self.store.data_mut().call = Call::Other;
        let answer = result.map_err(|error| trap(&mut self.store, &error))?;
        if answer.is_err() {
            self.take_staged().roll_back(&self.shared);
        }
        Ok(answer)
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // A call whose caller went away in the middle has neither committed nor rolled back.
        self.take_staged().roll_back(&self.shared);
        self.shared.metrics.instances.dec();
        self.shared.metrics.memory.sub(self.memory);
    }
}

/// Undoes what the call staged and says why it died.
fn trap(store: &mut Store<State>, error: &wasmtime::Error) -> Trap {
    let state = store.data_mut();
    std::mem::take(&mut state.staged).roll_back(&state.shared);
    let message = format!("{:#}", error);
    let cause = match error.downcast_ref::<Exceeded>() {
        Some(Exceeded::Deadline) => Cause::Deadline,
        _ if store.data().limits.memory_was_denied() => Cause::Memory,
        _ if message.contains(OUTPUT_EXCEEDED) => Cause::Output,
        _ => Cause::Trap,
    };
    let message = match cause {
        Cause::Deadline => Exceeded::Deadline.to_string(),
        Cause::Memory => Exceeded::Memory.to_string(),
        Cause::Output => "the call handed back more bytes than its limit".to_owned(),
        Cause::Trap | Cause::Storage => message,
    };
    Trap { cause, message }
}
