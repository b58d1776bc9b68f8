//! The thread that writes: it takes together what waits, and opens the files again after a failure.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};

use super::engine::Engine;
use super::space::{FREE_FOR_PAYLOADS, FREE_FOR_REMOVALS, Space};
use super::{Changes, Shared, StorageError};

/// Writes that are made in one commit.
const MAX_GROUP: usize = 64;

/// After a failure payloads are refused for so long.
const PAUSE: Duration = Duration::from_secs(1);

/// Between two tries to open the files again.
const REOPEN_INTERVAL: Duration = Duration::from_secs(1);

pub(super) enum Request {
    Write { name: Arc<str>, changes: Changes, done: oneshot::Sender<Result<(), StorageError>> },
    Close,
}

pub(super) struct Writer {
    shared: Arc<Shared>,
    requests: mpsc::Receiver<Request>,
    space: Space,
    /// Number of the last commit.
    last: u64,
    paused_until: Option<Instant>,
}

struct Write {
    name: Arc<str>,
    changes: Changes,
    done: oneshot::Sender<Result<(), StorageError>>,
}

impl Writer {
    pub(super) fn new(shared: Arc<Shared>, requests: mpsc::Receiver<Request>, last: u64) -> Self {
        Self { shared, requests, space: Space::new(), last, paused_until: None }
    }

    pub(super) fn run(mut self) {
        while let Some(first) = self.requests.blocking_recv() {
            let mut group = Vec::new();
            let mut close = self.shared.is_closing();
            let mut next = Some(first);
            while let Some(request) = next {
                match request {
                    Request::Write { name, changes, done } => {
                        group.push(Write { name, changes, done });
                    }
                    Request::Close => close = true,
                }
                if group.len() == MAX_GROUP {
                    break;
                }
                next = self.requests.try_recv().ok();
            }
            self.commit(group);
            if close {
                // What still waits is told so, because its answer never comes.
                return;
            }
        }
    }

    fn commit(&mut self, group: Vec<Write>) {
        let group = self.admit(group);
        if group.is_empty() {
            return;
        }
        let number = self.last + 1;
        let result = {
            let engine = self.shared.read_engine();
            let changes = group.iter().map(|write| (&*write.name, &write.changes));
            engine.as_ref().map(|engine| engine.commit(number, changes))
        };
        let answer = match result {
            Some(Ok(())) => Ok(()),
            Some(Err(error)) => self.recover(number, &error),
            None => Err(StorageError::Closed),
        };
        match answer {
            Ok(()) => self.last = number,
            Err(_) => self.shared.metrics.failed.inc_by(group.len() as u64),
        }
        for write in group {
            let _ = write.done.send(answer.clone());
        }
    }

    /// Those for which there is space; the others are told that there is none.
    fn admit(&mut self, group: Vec<Write>) -> Vec<Write> {
        let free = self.space.free(&self.shared.settings.directory);
        let paused = self.paused_until.is_some_and(|until| Instant::now() < until);
        let has_room = free >= FREE_FOR_PAYLOADS && !paused;
        if self.shared.has_room.swap(has_room, Ordering::Relaxed) && !has_room && !paused {
            tracing::error!(free, "the disk of a storage is full: nothing more is taken");
        }
        let mut admitted = Vec::with_capacity(group.len());
        for write in group {
            if has_room || write.changes.urgent && free >= FREE_FOR_REMOVALS {
                admitted.push(write);
            } else {
                self.shared.metrics.failed.inc();
                let _ = write.done.send(Err(StorageError::Full));
            }
        }
        admitted
    }

    /// Opens the files again, however long that takes, because only they know whether a failed commit
    /// was made.
    fn recover(&mut self, number: u64, error: &fjall::Error) -> Result<(), StorageError> {
        tracing::error!("a storage failed and is opened again: {error}");
        self.paused_until = Some(Instant::now() + PAUSE);
        self.shared.has_room.store(false, Ordering::Relaxed);
        // The old one first: it has the lock of the directory.
        drop(self.shared.engine.write().unwrap_or_else(PoisonError::into_inner).take());
        loop {
            match self.reopen() {
                Ok(engine) => {
                    let made = engine.last_commit() == number;
                    let mut place =
                        self.shared.engine.write().unwrap_or_else(PoisonError::into_inner);
                    *place = Some(engine);
                    return if made {
                        Ok(())
                    } else {
                        Err(StorageError::Failed(error.to_string()))
                    };
                }
                Err(reason) => {
                    tracing::error!("a storage cannot be opened again yet: {reason}");
                    if self.shared.is_closing() {
                        return Err(StorageError::Closed);
                    }
                    wait(REOPEN_INTERVAL);
                }
            }
        }
    }

    fn reopen(&self) -> Result<Engine, super::OpenError> {
        let mut settings = self.shared.settings.clone();
        // What is held is indexed: other files would not fit the index.
        settings.recreate = false;
        let mut engine = Engine::open(&settings, &self.shared.metrics)?;
        for (name, _) in self.shared.lock_live().iter() {
            engine.add_namespace(name)?;
        }
        Ok(engine)
    }
}

#[expect(clippy::disallowed_methods, reason = "a disk that recovers has no event")]
fn wait(time: Duration) {
    std::thread::sleep(time);
}
