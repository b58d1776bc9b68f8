//! The files of a storage: a log-structured tree of `fjall` for each namespace, with one journal.

use std::collections::HashMap;
use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use fjall::{Database, Keyspace, KeyspaceCreateOptions, KvSeparationOptions, PersistMode};

use super::settings::FileStorageSettings;
use super::start::examine;
use super::{Changes, RecordId, StorageError, StorageMetrics};

/// Folder in the directory, which may be shared with a Collector that was there before.
const FOLDER: &str = "tamis";

/// What is written there. A newer format is refused.
const FORMAT: u8 = 1;

/// Namespace of the storage itself. Those of users have a slash in their names.
const OWN: &str = "tamis";
const FORMAT_KEY: &str = "format";
/// Its value is the number of the last commit: after a failure it says whether that one was made.
const LAST_COMMIT_KEY: &str = "commit";

/// Writes that a tree collects in memory before it makes a file of them.
const MEMTABLE_BYTES: u64 = 32 << 20;
/// Journals that wait for trees to write their files; more makes trees write theirs earlier.
const JOURNAL_BYTES: u64 = 256 << 20;
/// Blocks that are kept in memory after reading.
const CACHE_BYTES: u64 = 8 << 20;
/// Values from here on lie in files of their own, so that compaction need not copy them.
const SEPARATE_FROM: u32 = 512;
/// Files of values; they are deleted as a whole when enough of them is garbage.
const VALUE_FILE_BYTES: u64 = 32 << 20;
/// Part of a file of values that may be garbage before it is rewritten.
const STALE_PART: f32 = 0.1;

/// Longest name of a namespace.
const MAX_NAME: usize = 255;

/// How often a directory is tried that another process uses.
const LOCK_INTERVAL: Duration = Duration::from_millis(50);
/// It is tried for so long at least: threads of a database that was just closed may not have let go yet.
const MIN_LOCK_TIMEOUT: Duration = Duration::from_millis(200);

/// Why a directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(
        "directory must exist: stat {}: no such file or directory. You can enable the \
         create_directory option to automatically create it", .0.display()
    )]
    Missing(PathBuf),
    #[error("{} is not a directory", .0.display())]
    NoDirectory(PathBuf),
    #[error("{}: {source}", .directory.display())]
    Io { directory: PathBuf, source: io::Error },
    #[error("{}: another process uses it; every process needs a directory of its own", .0.display())]
    Locked(PathBuf),
    #[error(
        "{}: the files there cannot be read: {message}. Move them away to begin anew without what \
         they hold, or set \"recreate: true\" to have that done", .folder.display()
    )]
    Corrupt { folder: PathBuf, message: String },
    #[error(
        "{}: the files there were written by a newer version of tamis (format {found}; this one knows \
         {FORMAT}); use that version, or another directory", .folder.display()
    )]
    Newer { folder: PathBuf, found: u8 },
    #[error("{0:?} is too long for the name of a namespace: it has more than {MAX_NAME} bytes")]
    Name(String),
    #[error("cannot start a thread: {0}")]
    Thread(io::Error),
    #[error("the storage is closed")]
    Closed,
}

/// An open database.
pub(super) struct Engine {
    // Before the database: they refer to it, and are dropped in this order.
    own: Keyspace,
    namespaces: HashMap<Arc<str>, Keyspace>,
    database: Database,
    folder: PathBuf,
    durability: PersistMode,
    last_commit: u64,
    #[cfg(test)]
    pub(super) fault: std::sync::Mutex<Option<Fault>>,
}

/// Where a commit fails in a test.
#[cfg(test)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    BeforeWriting,
    AfterWriting,
}

impl Engine {
    pub(super) fn open(
        settings: &FileStorageSettings,
        metrics: &StorageMetrics,
    ) -> Result<Self, OpenError> {
        prepare(settings)?;
        let folder = settings.directory.join(FOLDER);
        match Self::open_folder(&folder, settings, metrics) {
            Err(OpenError::Corrupt { message, .. }) if settings.recreate => {
                let aside = set_aside(&folder)?;
                tracing::error!(
                    aside = %aside.display(),
                    "files of a storage cannot be read and were set aside: {message}"
                );
                Self::open_folder(&folder, settings, metrics)
            }
            other => other,
        }
    }

    fn open_folder(
        folder: &Path,
        settings: &FileStorageSettings,
        metrics: &StorageMetrics,
    ) -> Result<Self, OpenError> {
        let start = Instant::now();
        let timeout = settings.timeout.max(MIN_LOCK_TIMEOUT);
        let (database, ends) = loop {
            let opened = examine(folder).and_then(|(ends, cut)| {
                tell_cut(cut, metrics);
                Ok((open_database(folder)?, ends))
            });
            match opened {
                Err(OpenError::Locked(_)) if start.elapsed() < timeout => wait(LOCK_INTERVAL),
                other => break other?,
            }
        };
        tell_cut(ends.cut(), metrics);
        let failed = |error| open_error(folder, error);
        let own = database.keyspace(OWN, KeyspaceCreateOptions::default).map_err(failed)?;
        match own.get(FORMAT_KEY).map_err(failed)?.as_deref() {
            Some([FORMAT]) => {}
            Some(other) => {
                let found = other.first().copied().unwrap_or_default();
                return Err(OpenError::Newer { folder: folder.to_owned(), found });
            }
            None => own.insert(FORMAT_KEY, [FORMAT]).map_err(failed)?,
        }
        let last_commit = own.get(LAST_COMMIT_KEY).map_err(failed)?;
        let last_commit = last_commit.and_then(|bytes| bytes.as_ref().try_into().ok());
        let durability = if settings.fsync { PersistMode::SyncData } else { PersistMode::Buffer };
        Ok(Self {
            own,
            namespaces: HashMap::new(),
            database,
            folder: folder.to_owned(),
            durability,
            last_commit: last_commit.map_or(0, u64::from_be_bytes),
            #[cfg(test)]
            fault: std::sync::Mutex::default(),
        })
    }

    pub(super) fn add_namespace(&mut self, name: &Arc<str>) -> Result<(), OpenError> {
        if name.len() > MAX_NAME {
            return Err(OpenError::Name(name.to_string()));
        }
        let tree = self.database.keyspace(name, options);
        let tree = tree.map_err(|error| open_error(&self.folder, error))?;
        self.namespaces.insert(Arc::clone(name), tree);
        Ok(())
    }

    /// The number of the last commit when the database was opened.
    pub(super) fn last_commit(&self) -> u64 {
        self.last_commit
    }

    /// Makes all changes at once. After an error the database must be opened again, to see whether
    /// they were made.
    pub(super) fn commit<'a>(
        &self,
        number: u64,
        changes: impl Iterator<Item = (&'a str, &'a Changes)>,
    ) -> fjall::Result<()> {
        let mut batch = self.database.batch().durability(Some(self.durability));
        for (name, changes) in changes {
            let Some(tree) = self.namespaces.get(name) else { continue };
            for (id, value) in &changes.puts {
                batch.insert(tree, key(*id), value.clone());
            }
            for id in &changes.removals {
                batch.remove(tree, key(*id));
            }
        }
        batch.insert(&self.own, LAST_COMMIT_KEY, number.to_be_bytes());
        #[cfg(test)]
        self.trip(Fault::BeforeWriting)?;
        batch.commit()?;
        #[cfg(test)]
        self.trip(Fault::AfterWriting)?;
        Ok(())
    }

    #[cfg(test)]
    fn trip(&self, at: Fault) -> fjall::Result<()> {
        if self.fault.lock().unwrap().take_if(|fault| *fault == at).is_some() {
            return Err(io::Error::from(io::ErrorKind::StorageFull).into());
        }
        Ok(())
    }

    pub(super) fn read(&self, name: &str, id: RecordId) -> Result<Option<Bytes>, StorageError> {
        let Some(tree) = self.namespaces.get(name) else { return Ok(None) };
        match tree.get(key(id)) {
            Ok(value) => Ok(value.map(Bytes::from)),
            Err(error) if is_temporary(&error) => Err(failed(&error)),
            // Trying again will not mend it.
            Err(error) => {
                tracing::error!("a record of a storage is broken: {error}");
                Ok(None)
            }
        }
    }

    pub(super) fn scan(
        &self,
        name: &str,
        table: u8,
        from: u64,
        bytes: usize,
    ) -> Result<Vec<(u64, Option<Bytes>)>, StorageError> {
        let Some(tree) = self.namespaces.get(name) else { return Ok(Vec::new()) };
        let mut records = Vec::new();
        let mut size = 0;
        for record in tree.range(keys(table, from)) {
            let (id, value) = match record.into_inner() {
                Ok(record) => record,
                Err(error) if is_temporary(&error) => return Err(failed(&error)),
                Err(_) if !records.is_empty() => break,
                // The one that the page begins with, so that its key can be asked for alone.
                Err(error) => return broken_at(tree, table, from, &error),
            };
            let Some(sequence) = sequence(&id) else { continue };
            size += value.len();
            if size > bytes && !records.is_empty() {
                break;
            }
            records.push((sequence, Some(value.into())));
        }
        Ok(records)
    }

    /// The namespaces that were not added and that have records in a table, with their number.
    pub(super) fn unused(&self, table: u8) -> Result<Vec<(String, usize)>, StorageError> {
        let mut unused = Vec::new();
        for name in self.database.list_keyspace_names() {
            if &*name == OWN || self.namespaces.contains_key(&*name) {
                continue;
            }
            let tree = self.database.keyspace(&name, options).map_err(|error| failed(&error))?;
            let keys = tree.range(keys(table, 0)).map(|record| record.key());
            let records = keys.filter(Result::is_ok).count();
            if records > 0 {
                unused.push((name.to_string(), records));
            }
        }
        unused.sort();
        Ok(unused)
    }

    /// Bytes of all files.
    pub(super) fn disk_space(&self) -> u64 {
        self.database.disk_space().unwrap_or_default()
    }

    /// Bytes of the files of one namespace, journals aside.
    pub(super) fn tree_space(&self, name: &str) -> u64 {
        self.namespaces.get(name).map_or(0, Keyspace::disk_space)
    }

    /// Makes files of what is in memory. Blocks.
    #[cfg(test)]
    pub(super) fn flush(&self, name: &str) -> fjall::Result<()> {
        self.namespaces[name].rotate_memtable_and_wait()
    }

    /// Makes space of what was removed. Blocks.
    pub(super) fn compact(&self, name: &str) -> fjall::Result<()> {
        let Some(tree) = self.namespaces.get(name) else { return Ok(()) };
        // The marks of what was removed may still be in memory: the round after this one sees them.
        tree.rotate_memtable()?;
        tree.major_compact()
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("folder", &self.folder).finish_non_exhaustive()
    }
}

/// The directory, made where that is wanted.
fn prepare(settings: &FileStorageSettings) -> Result<(), OpenError> {
    let directory = &settings.directory;
    match std::fs::metadata(directory) {
        Ok(metadata) if metadata.is_dir() => Ok(()),
        Ok(_) => Err(OpenError::NoDirectory(directory.clone())),
        Err(error) if error.kind() == io::ErrorKind::NotFound && settings.create_directory => {
            let mode = settings.directory_permissions;
            DirBuilder::new().recursive(true).mode(mode).create(directory)
        }
        .map_err(|source| OpenError::Io { directory: directory.clone(), source }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(OpenError::Missing(directory.clone()))
        }
        Err(source) => Err(OpenError::Io { directory: directory.clone(), source }),
    }
}

/// Counts what was cut off, and says so.
fn tell_cut(bytes: u64, metrics: &StorageMetrics) {
    if bytes > 0 {
        metrics.cut.inc_by(bytes);
        tracing::warn!(
            bytes,
            "the end of a storage's journal could not be read and was cut off: writes that were not \
             finished, or that a crash of the machine has lost"
        );
    }
}

/// Opens the database; what it does with broken files, panics included, is an error here.
fn open_database(folder: &Path) -> Result<Database, OpenError> {
    let open = || {
        Database::builder(folder)
            .cache_size(CACHE_BYTES)
            .max_journaling_size(JOURNAL_BYTES)
            .worker_threads(1)
            .open()
    };
    match catch_unwind(AssertUnwindSafe(open)) {
        Ok(opened) => opened.map_err(|error| open_error(folder, error)),
        Err(_) => {
            let message = "the database gave up on them".to_owned();
            Err(OpenError::Corrupt { folder: folder.to_owned(), message })
        }
    }
}

fn options() -> KeyspaceCreateOptions {
    let values = KvSeparationOptions::default()
        .separation_threshold(SEPARATE_FROM)
        .file_target_size(VALUE_FILE_BYTES)
        .staleness_threshold(STALE_PART)
        .age_cutoff(1.0);
    KeyspaceCreateOptions::default()
        .max_memtable_size(MEMTABLE_BYTES)
        .with_kv_separation(Some(values))
}

fn open_error(folder: &Path, error: fjall::Error) -> OpenError {
    let folder = folder.to_owned();
    match error {
        fjall::Error::Locked => OpenError::Locked(folder),
        fjall::Error::Io(source) => OpenError::Io { directory: folder, source },
        other => OpenError::Corrupt { folder, message: other.to_string() },
    }
}

/// A page that begins with a record whose value is broken: that one alone. Where its key cannot be
/// read either, nobody knows what else is missing.
fn broken_at(
    tree: &Keyspace,
    table: u8,
    from: u64,
    error: &fjall::Error,
) -> Result<Vec<(u64, Option<Bytes>)>, StorageError> {
    let first = tree.range(keys(table, from)).next();
    match first.map(|record| record.key()).and_then(|key| sequence(&key.ok()?)) {
        Some(sequence) => Ok(vec![(sequence, None)]),
        None => Err(StorageError::Broken(error.to_string())),
    }
}

fn failed(error: &fjall::Error) -> StorageError {
    StorageError::Failed(error.to_string())
}

/// Whether the same may succeed later.
fn is_temporary(error: &fjall::Error) -> bool {
    matches!(
        error,
        fjall::Error::Io(_)
            | fjall::Error::Storage(fjall::LsmError::Io(_))
            | fjall::Error::Poisoned
    )
}

/// Gives the folder another name; answers it.
fn set_aside(folder: &Path) -> Result<PathBuf, OpenError> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let aside = folder.with_extension(format!("broken.{}", now.as_millis()));
    match std::fs::rename(folder, &aside) {
        Ok(()) => Ok(aside),
        Err(source) => Err(OpenError::Io { directory: folder.to_owned(), source }),
    }
}

#[expect(clippy::disallowed_methods, reason = "a lock of the file system has no event")]
fn wait(time: Duration) {
    std::thread::sleep(time);
}

fn key(id: RecordId) -> [u8; 9] {
    let mut key = [id.table; 9];
    key[1..].copy_from_slice(&id.sequence.to_be_bytes());
    key
}

/// The keys of a table from a sequence on.
fn keys(table: u8, from: u64) -> std::ops::RangeInclusive<[u8; 9]> {
    key(RecordId { table, sequence: from })..=key(RecordId { table, sequence: u64::MAX })
}

fn sequence(key: &[u8]) -> Option<u64> {
    Some(u64::from_be_bytes(key.get(1..)?.try_into().ok()?))
}
