//! One instance of a guest: calls into it, under its limits, with its effects committed or undone.

use std::sync::Arc;
use std::time::SystemTime;

use wasmtime::Store;

use super::bindings::handler::{self, Configuration};
use super::bindings::replayer::{self, Entry, Memo};
use super::bindings::ticker;
use super::bindings::types::{Context, Descriptor, Error, Outcome, Problem};
use super::component::Guest;
use super::imports::unix_nanos;
use super::limits::Exceeded;
use super::shared::{Cause, Shared};
use super::state::{Call, Committed, State};
use crate::batch::Batch;

/// Text of wasmtime's error when a call hands back more than its "hostcall fuel", which is our
/// output limit.
const OUTPUT_EXCEEDED: &str = "fuel allocated for hostcalls has been exhausted";

/// An instance, alive until a call traps.
pub struct Instance {
    store: Store<State>,
    handler: handler::Guest,
    ticker: Option<ticker::Guest>,
    replayer: Option<replayer::Guest>,
    shared: Arc<Shared>,
    memory: i64,
}

/// A call ended the instance. Nothing of it may be used again.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Trap {
    pub cause: Cause,
    /// What happened, without telemetry: the text is the engine's, never the guest's.
    pub message: String,
}

impl Instance {
    /// Instantiates the guest; it is not configured yet.
    pub async fn new(guest: &Guest, shared: &Arc<Shared>) -> Result<Self, Trap> {
        let engine = guest.pre.engine();
        let mut store = Store::new(engine, State::new(Arc::clone(shared)));
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
            ))
        })();
        match loaded {
            Ok((handler, ticker, replayer)) => {
                shared.metrics.instances.inc();
                let shared = Arc::clone(shared);
                Ok(Self { store, handler, ticker, replayer, shared, memory: 0 })
            }
            Err(error) => Err(trap(&mut store, &error)),
        }
    }

    pub async fn configure(
        &mut self,
        configuration: &Configuration,
    ) -> Result<Result<Descriptor, Vec<Problem>>, Trap> {
        self.start(Call::Other);
        let result = self.handler.call_configure(&mut self.store, configuration).await;
        self.finish(result).map(|(answer, _)| answer)
    }

    /// Hands the batch over. The effects of a call that answers an error are undone.
    pub async fn process(
        &mut self,
        context: &Context,
        batch: &Batch,
    ) -> Result<Result<(Outcome, Committed), Error>, Trap> {
        self.start(Call::Process {
            signal: batch.signal,
            bytes: batch.bytes.clone(),
            received: context.received,
        });
        let result = self.handler.call_process(&mut self.store, context, &batch.bytes).await;
        let (answer, committed) = self.finish(result)?;
        Ok(answer.map(|outcome| (outcome, committed)))
    }

    /// `None`: the guest has no `ticker`.
    pub async fn tick(&mut self) -> Option<Result<Result<(), Error>, Trap>> {
        let ticker = self.ticker.take()?;
        self.start(Call::Other);
        let now = unix_nanos(SystemTime::now());
        let result = ticker.call_tick(&mut self.store, now).await;
        self.ticker = Some(ticker);
        Some(self.finish(result).map(|(answer, _)| answer))
    }

    /// `None`: the guest has no `ticker`.
    pub async fn flush(&mut self) -> Option<Result<Result<(), Error>, Trap>> {
        let ticker = self.ticker.take()?;
        self.start(Call::Other);
        let now = unix_nanos(SystemTime::now());
        let result = ticker.call_flush(&mut self.store, now).await;
        self.ticker = Some(ticker);
        Some(self.finish(result).map(|(answer, _)| answer))
    }

    /// `None`: the guest has no `replayer`.
    pub async fn replay(
        &mut self,
        entries: &[Entry],
        memos: &[Memo],
    ) -> Option<Result<Result<(), Error>, Trap>> {
        let replayer = self.replayer.take()?;
        self.start(Call::Replay);
        let result = replayer.call_replay(&mut self.store, entries, memos).await;
        self.replayer = Some(replayer);
        Some(self.finish(result).map(|(answer, _)| answer))
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

    /// Commits what an OK call staged, and undoes it for every other.
    fn finish<T: Answer>(&mut self, result: wasmtime::Result<T>) -> Result<(T, Committed), Trap> {
        let memory = self.memory() as i64;
        self.shared.metrics.memory.add(memory - self.memory);
        self.memory = memory;
        self.store.data_mut().call = Call::Other;
        match result {
            Ok(answer) if answer.is_ok() => {
                let committed = self.store.data_mut().commit();
                Ok((answer, committed))
            }
            Ok(answer) => {
                self.store.data_mut().roll_back();
                Ok((answer, Committed::default()))
            }
            Err(error) => Err(trap(&mut self.store, &error)),
        }
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // A call whose caller went away in the middle has neither committed nor rolled back.
        self.store.data_mut().roll_back();
        self.shared.metrics.instances.dec();
        self.shared.metrics.memory.sub(self.memory);
    }
}

/// What every exported function answers.
trait Answer {
    fn is_ok(&self) -> bool;
}

impl<T, E> Answer for Result<T, E> {
    fn is_ok(&self) -> bool {
        Result::is_ok(self)
    }
}

/// Undoes what the call staged and says why it died.
fn trap(store: &mut Store<State>, error: &wasmtime::Error) -> Trap {
    store.data_mut().roll_back();
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
        Cause::Trap => message,
    };
    Trap { cause, message }
}
