//! The clock that lets guests be interrupted: a thread that raises the engine's epoch while any
//! guest runs, and sleeps otherwise.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, Thread};
use std::time::Duration;

use wasmtime::{Engine, EngineWeak};

use super::engine::EPOCH_TICK;

/// Ticks without a running guest after which the thread sleeps until it is woken.
const IDLE_TICKS: u32 = 200;

/// How long the sleeping thread waits before it looks whether the engine still exists.
const LONGEST_SLEEP: Duration = Duration::from_secs(10);

/// The handle that calls hold while they run.
#[derive(Clone, Debug)]
pub struct Epoch(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    running: AtomicUsize,
    asleep: AtomicBool,
    thread: Thread,
}

/// A call in progress.
#[derive(Debug)]
pub struct Running<'a>(&'a Shared);

impl Epoch {
    /// Starts the clock of an engine; it ends when the engine is gone.
    pub fn start(engine: &Engine) -> std::io::Result<Self> {
        let (sender, receiver) = std::sync::mpsc::sync_channel::<Arc<Shared>>(1);
        let engine = engine.weak();
        let handle = thread::Builder::new().name("epoch".into()).spawn(move || {
            if let Ok(shared) = receiver.recv() {
                run(&engine, &shared);
            }
        })?;
        let thread = handle.thread().clone();
        let (running, asleep) = (AtomicUsize::new(0), AtomicBool::new(false));
        let shared = Arc::new(Shared { running, asleep, thread });
        // The thread waits for exactly this; it cannot have gone away.
        let _ = sender.send(Arc::clone(&shared));
        Ok(Self(shared))
    }

    /// Marks a call as running until the answer is dropped.
    pub fn running(&self) -> Running<'_> {
        self.0.running.fetch_add(1, Ordering::SeqCst);
        if self.0.asleep.swap(false, Ordering::SeqCst) {
            self.0.thread.unpark();
        }
        Running(&self.0)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

fn run(engine: &EngineWeak, shared: &Shared) {
    let mut idle = 0;
    while let Some(engine) = engine.upgrade() {
        engine.increment_epoch();
        drop(engine);
        idle = if shared.running.load(Ordering::SeqCst) == 0 { idle + 1 } else { 0 };
        if idle < IDLE_TICKS {
            thread::park_timeout(EPOCH_TICK);
            continue;
        }
        shared.asleep.store(true, Ordering::SeqCst);
        // A call may have started between the look above and the flag; it has not seen the flag.
        if shared.running.load(Ordering::SeqCst) == 0 {
            thread::park_timeout(LONGEST_SLEEP);
        }
        shared.asleep.store(false, Ordering::SeqCst);
        idle = 0;
    }
}
