//! Durable storage: records that outlive the process, in one directory, for whoever asks for a
//! namespace of it.
//!
//! A write is atomic, and safe against a crash of the process when it is answered; with `fsync` also
//! against a crash of the machine. Writes go through one thread, which takes together what waits for
//! it ([`writer`]): no worker of the gateway waits for a disk, and many writers share one fsync.

mod engine;
mod journals;
mod manifests;
mod metrics;
pub mod settings;
mod space;
mod start;
#[cfg(test)]
mod tests;
mod tidy;
mod writer;

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};
use std::thread::JoinHandle;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use self::engine::Engine;
pub use self::engine::OpenError;
pub use self::metrics::StorageMetrics;
use self::settings::FileStorageSettings;
use self::writer::{Request, Writer};

/// Writes that may wait for the thread that makes them. Whoever writes waits for the answer, so that
/// there are never more than there are writers.
const MAX_WAITING_WRITES: usize = 256;

/// One record of a namespace; within a table they are in order of their sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordId {
    pub table: u8,
    pub sequence: u64,
}

/// What one write does: all of it or nothing. No record may stand in both.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    pub puts: Vec<(RecordId, Bytes)>,
    pub removals: Vec<RecordId>,
    /// It makes way for removals: it may use the last space of the disk.
    pub urgent: bool,
}

impl Changes {
    pub fn is_empty(&self) -> bool {
        self.puts.is_empty() && self.removals.is_empty()
    }
}

/// Why a record cannot be read or written at the moment. Nothing of what was to be written is there.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StorageError {
    #[error("the disk of the storage is full")]
    Full,
    #[error("the storage failed: {0}")]
    Failed(String),
    #[error("the files of the storage are broken: {0}")]
    Broken(String),
    #[error("the storage is closed")]
    Closed,
}

/// One directory, open.
#[derive(Debug)]
pub struct Storage {
    shared: Arc<Shared>,
    requests: mpsc::Sender<Request>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    /// Dropped to end the thread that tidies.
    stop: Mutex<Option<std::sync::mpsc::Sender<()>>>,
}

/// The records of one user of a storage. Clones share them.
#[derive(Clone, Debug)]
pub struct Namespace {
    name: Arc<str>,
    shared: Arc<Shared>,
    requests: mpsc::Sender<Request>,
    live: Arc<AtomicU64>,
}

/// What the threads of a storage and its users share.
#[derive(Debug)]
struct Shared {
    settings: FileStorageSettings,
    /// None while it is opened again after a failure, and when it is closed.
    engine: RwLock<Option<Engine>>,
    /// Enough space for payloads.
    has_room: AtomicBool,
    closing: AtomicBool,
    /// The namespaces in use, and the bytes that each says it needs.
    live: Mutex<Vec<(Arc<str>, Arc<AtomicU64>)>>,
    metrics: StorageMetrics,
}

impl Storage {
    /// Opens a directory, of which one process at a time can be the owner, and starts its threads.
    /// Blocks.
    pub fn open(
        settings: &FileStorageSettings,
        metrics: StorageMetrics,
    ) -> Result<Self, OpenError> {
        let engine = Engine::open(settings, &metrics)?;
        let last = engine.last_commit();
        let shared = Arc::new(Shared {
            settings: settings.clone(),
            engine: RwLock::new(Some(engine)),
            has_room: AtomicBool::new(true),
            closing: AtomicBool::new(false),
            live: Mutex::default(),
            metrics,
        });
        let (requests, waiting) = mpsc::channel(MAX_WAITING_WRITES);
        let (stop, stopped) = std::sync::mpsc::channel();
        let writer = Writer::new(Arc::clone(&shared), waiting, last);
        let tidied = Arc::clone(&shared);
        let threads = vec![
            spawn("storage-writer", move || writer.run())?,
            spawn("storage-tidy", move || tidy::run(&tidied, &stopped))?,
        ];
        let (threads, stop) = (Mutex::new(threads), Mutex::new(Some(stop)));
        Ok(Self { shared, requests, threads, stop })
    }

    /// The records under a name, which one user at a time may ask for. Blocks.
    pub fn namespace(&self, name: &str) -> Result<Namespace, OpenError> {
        let name: Arc<str> = name.into();
        let live = Arc::new(AtomicU64::new(0));
        let mut engine = self.shared.engine.write().unwrap_or_else(PoisonError::into_inner);
        let engine = engine.as_mut().ok_or(OpenError::Closed)?;
        engine.add_namespace(&name)?;
        self.shared.lock_live().push((Arc::clone(&name), Arc::clone(&live)));
        let (shared, requests) = (Arc::clone(&self.shared), self.requests.clone());
        Ok(Namespace { name, shared, requests, live })
    }

    /// The namespaces that nobody has asked for and that have records in a table, with their number.
    /// Blocks.
    pub fn unused(&self, table: u8) -> Result<Vec<(String, usize)>, StorageError> {
        self.shared.engine(|engine| engine.unused(table))
    }

    /// Ends the threads and closes the files. Whoever still writes is told that it is closed. Blocks.
    pub fn close(&self) {
        self.shared.closing.store(true, Ordering::Release);
        drop(self.stop.lock().unwrap_or_else(PoisonError::into_inner).take());
        // A full channel wakes the thread as well, which then sees that it is to close.
        let _ = self.requests.try_send(Request::Close);
        let threads =
            std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            let _ = thread.join();
        }
        drop(self.shared.engine.write().unwrap_or_else(PoisonError::into_inner).take());
    }
}

impl Drop for Storage {
    fn drop(&mut self) {
        self.close();
    }
}

impl Namespace {
    /// Makes the changes; returns when they are as durable as the settings say. After an error none
    /// of them is made.
    pub async fn write(&self, changes: Changes) -> Result<(), StorageError> {
        let (done, answer) = oneshot::channel();
        let request = Request::Write { name: Arc::clone(&self.name), changes, done };
        self.requests.send(request).await.map_err(|_| StorageError::Closed)?;
        answer.await.unwrap_or(Err(StorageError::Closed))
    }

    /// One record; none where there is no such, or where it is broken. Blocks.
    pub fn read(&self, id: RecordId) -> Result<Option<Bytes>, StorageError> {
        self.shared.engine(|engine| engine.read(&self.name, id))
    }

    /// Records of a table from a sequence on, in order: up to so many bytes, at least one; without a
    /// value where that is broken. Empty behind the last. Blocks.
    pub fn scan(
        &self,
        table: u8,
        from: u64,
        bytes: usize,
    ) -> Result<Vec<(u64, Option<Bytes>)>, StorageError> {
        self.shared.engine(|engine| engine.scan(&self.name, table, from, bytes))
    }

    /// Whether there is space for payloads at the moment.
    pub fn has_room(&self) -> bool {
        self.shared.has_room.load(Ordering::Relaxed)
    }

    /// Says how many bytes of it are still needed: files that are much larger are compacted.
    pub fn set_live(&self, bytes: u64) {
        self.live.store(bytes, Ordering::Relaxed);
    }

    pub fn directory(&self) -> &Path {
        &self.shared.settings.directory
    }
}

impl Shared {
    fn engine<T>(
        &self,
        ask: impl FnOnce(&Engine) -> Result<T, StorageError>,
    ) -> Result<T, StorageError> {
        ask(self.read_engine().as_ref().ok_or(StorageError::Closed)?)
    }

    fn read_engine(&self) -> RwLockReadGuard<'_, Option<Engine>> {
        self.engine.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_live(&self) -> std::sync::MutexGuard<'_, Vec<(Arc<str>, Arc<AtomicU64>)>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, OpenError> {
    let builder = std::thread::Builder::new().name(name.to_owned());
    builder.spawn(run).map_err(OpenError::Thread)
}
