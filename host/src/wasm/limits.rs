//! What one instance may use: memory, and running time.

use std::time::Duration;

use wasmtime::{ResourceLimiter, UpdateDeadline};

use super::engine::EPOCH_TICK;

/// Most elements of one table of an instance.
const MAX_TABLE_ELEMENTS: usize = 100_000;

/// Why the host ended a call, beside the traps of WebAssembly itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Exceeded {
    #[error("the call ran longer than its deadline")]
    Deadline,
    #[error("the instance asked for more memory than its limit")]
    Memory,
}

/// The bounds of one instance and what it has used of them.
#[derive(Debug)]
pub struct Limits {
    memory_limit: usize,
    memory: usize,
    /// A growth was denied: a guest shows that as an abort of its own, which this tells apart.
    denied: bool,
    deadline: Duration,
    ticks_left: u32,
}

impl Limits {
    pub fn new(memory_limit: usize, deadline: Duration) -> Self {
        Self { memory_limit, memory: 0, denied: false, deadline, ticks_left: 0 }
    }

    /// Starts the clock of one call.
    pub fn start_call(&mut self) {
        let ticks = self.deadline.as_micros() / EPOCH_TICK.as_micros();
        // One more, because the tick in progress is not a whole one.
        self.ticks_left = u32::try_from(ticks).unwrap_or(u32::MAX - 1) + 1;
        self.denied = false;
    }

    /// At every epoch tick of running time: give way to other tasks, or end the call.
    pub fn tick(&mut self) -> wasmtime::Result<UpdateDeadline> {
        self.ticks_left = self.ticks_left.saturating_sub(1);
        if self.ticks_left == 0 {
            return Err(Exceeded::Deadline.into());
        }
        Ok(UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now())))
    }

    /// Bytes of linear memory that the instance has.
    pub fn memory(&self) -> usize {
        self.memory
    }

    pub fn memory_was_denied(&self) -> bool {
        self.denied
    }
}

impl ResourceLimiter for Limits {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let granted = desired <= self.memory_limit;
        if granted {
            self.memory = desired;
        } else {
            self.denied = true;
        }
        Ok(granted)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= MAX_TABLE_ELEMENTS)
    }
}
