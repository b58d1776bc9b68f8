//! Storages over crashes, failures and broken files. A storage that is dropped has flushed nothing
//! that a killed one would not have.

mod damage;
mod start;

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use super::engine::Fault;
use super::*;
use crate::telemetry::metrics::Metrics;

fn settings(directory: &TempDir) -> FileStorageSettings {
    let directory = directory.path().to_owned();
    let timeout = std::time::Duration::ZERO;
    FileStorageSettings { directory, timeout, ..FileStorageSettings::default() }
}

fn metrics() -> StorageMetrics {
    StorageMetrics::new(&Metrics::default(), "test")
}

fn open(directory: &TempDir) -> Storage {
    Storage::open(&settings(directory), metrics()).unwrap()
}

fn id(sequence: u64) -> RecordId {
    RecordId { table: b't', sequence }
}

fn put(sequence: u64, value: &'static [u8]) -> Changes {
    Changes { puts: vec![(id(sequence), Bytes::from_static(value))], ..Changes::default() }
}

fn sequences(namespace: &Namespace) -> Vec<u64> {
    let records = namespace.scan(b't', 0, usize::MAX).unwrap().into_iter();
    records.map(|(sequence, _)| sequence).collect()
}

/// The files of the newest journal, of the values and of the trees.
fn files(directory: &TempDir, extension: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![directory.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                files.push(path);
            }
        }
    }
    files
}

#[tokio::test]
async fn records_are_there_after_a_crash_and_namespaces_are_apart() {
    let directory = tempfile::tempdir().unwrap();
    let storage = open(&directory);
    let (one, two) = (storage.namespace("a/1").unwrap(), storage.namespace("a/2").unwrap());
    one.write(put(1, b"one")).await.unwrap();
    one.write(put(2, b"two")).await.unwrap();
    two.write(put(1, b"other")).await.unwrap();
    one.write(Changes { removals: vec![id(2)], ..Changes::default() }).await.unwrap();
    drop((storage, one, two));
    let storage = open(&directory);
    let (one, two) = (storage.namespace("a/1").unwrap(), storage.namespace("a/2").unwrap());
    assert_eq!(one.read(id(1)).unwrap().as_deref(), Some(&b"one"[..]));
    assert_eq!((sequences(&one), sequences(&two)), (vec![1], vec![1]));
    assert_eq!(one.read(id(2)).unwrap(), None);
}

#[tokio::test]
async fn scans_come_in_pages_and_stay_in_their_table() {
    let directory = tempfile::tempdir().unwrap();
    let storage = open(&directory);
    let namespace = storage.namespace("a/1").unwrap();
    for sequence in [1, 2, 300, u64::MAX] {
        namespace.write(put(sequence, b"12")).await.unwrap();
    }
    let other = (RecordId { table: b'u', sequence: 0 }, Bytes::new());
    namespace.write(Changes { puts: vec![other], ..Changes::default() }).await.unwrap();
    let page = |from, bytes| {
        let page = namespace.scan(b't', from, bytes).unwrap();
        page.into_iter().map(|(sequence, _)| sequence).collect::<Vec<_>>()
    };
    assert_eq!(page(0, 4), [1, 2]);
    assert_eq!(page(3, 1), [300]);
    assert_eq!(page(301, 100), [u64::MAX]);
}

#[tokio::test]
async fn one_directory_has_one_owner() {
    let directory = tempfile::tempdir().unwrap();
    let first = open(&directory);
    let error = Storage::open(&settings(&directory), metrics()).unwrap_err();
    assert!(matches!(error, OpenError::Locked(_)), "{error}");
    drop(first);
    open(&directory);
}

#[test]
fn a_directory_is_made_only_where_that_is_wanted() {
    let parent = tempfile::tempdir().unwrap();
    let mut settings = settings(&parent);
    settings.directory.push("new");
    let error = Storage::open(&settings, metrics()).unwrap_err().to_string();
    assert!(error.starts_with("directory must exist: stat "), "{error}");
    settings.create_directory = true;
    Storage::open(&settings, metrics()).unwrap();
    let file = parent.path().join("file");
    fs::write(&file, b"").unwrap();
    let error = Storage::open(&FileStorageSettings { directory: file, ..settings }, metrics());
    assert!(matches!(error, Err(OpenError::NoDirectory(_))));
}

#[tokio::test]
async fn a_write_that_failed_is_made_or_not_but_never_in_between() {
    let directory = tempfile::tempdir().unwrap();
    let storage = open(&directory);
    let namespace = storage.namespace("a/1").unwrap();
    namespace.write(put(1, b"first")).await.unwrap();
    let trip = |fault| {
        let engine = storage.shared.read_engine();
        *engine.as_ref().unwrap().fault.lock().unwrap() = Some(fault);
    };
    trip(Fault::AfterWriting);
    let replace = Changes { removals: vec![id(1)], urgent: true, ..put(2, b"second") };
    namespace.write(replace).await.unwrap();
    assert_eq!(
        sequences(&namespace),
        [2],
        "it was made, as the files say after they are opened again"
    );
    assert!(!namespace.has_room(), "payloads wait for a moment");
    assert!(matches!(namespace.write(put(3, b"third")).await, Err(StorageError::Full)));
    trip(Fault::BeforeWriting);
    let replace = Changes { removals: vec![id(2)], urgent: true, ..put(4, b"fourth") };
    assert!(matches!(namespace.write(replace).await, Err(StorageError::Failed(_))));
    assert_eq!(sequences(&namespace), [2], "nothing of it was made");
    let urgent = Changes { urgent: true, ..put(5, b"fifth") };
    namespace.write(urgent).await.unwrap();
    drop((storage, namespace));
    assert_eq!(sequences(&open(&directory).namespace("a/1").unwrap()), [2, 5]);
}

#[tokio::test]
async fn a_write_that_was_cut_off_is_not_there_and_all_before_it_are() {
    let directory = tempfile::tempdir().unwrap();
    let storage = open(&directory);
    let namespace = storage.namespace("a/1").unwrap();
    let journal = files(&directory, "jnl").remove(0);
    namespace.write(put(1, b"whole")).await.unwrap();
    let whole = written(&journal);
    namespace.write(put(2, b"cut off")).await.unwrap();
    let end = written(&journal);
    drop((storage, namespace));
    for cut in [whole + 1, (whole + end) / 2, end - 1] {
        let copy = tempfile::tempdir().unwrap();
        copy_folder(directory.path(), copy.path());
        let journal = files(&copy, "jnl").remove(0);
        fs::OpenOptions::new().write(true).open(journal).unwrap().set_len(cut).unwrap();
        let counted = metrics();
        let storage = Storage::open(&settings(&copy), counted.clone()).unwrap();
        assert_eq!(sequences(&storage.namespace("a/1").unwrap()), [1], "cut at {cut} of {end}");
        assert_eq!(counted.cut.get(), cut - whole, "what was cut off is counted");
    }
    let counted = metrics();
    let storage = Storage::open(&settings(&directory), counted.clone()).unwrap();
    assert_eq!(sequences(&storage.namespace("a/1").unwrap()), [1, 2]);
    assert_eq!(counted.cut.get(), 0);
}

#[tokio::test]
async fn files_that_make_no_sense_are_refused_with_a_way_out() {
    let directory = tempfile::tempdir().unwrap();
    let storage = open(&directory);
    let namespace = storage.namespace("a/1").unwrap();
    let journal = files(&directory, "jnl").remove(0);
    let start = written(&journal);
    namespace.write(put(1, b"abcdefgh")).await.unwrap();
    namespace.write(put(2, b"abcdefgh")).await.unwrap();
    drop((storage, namespace));
    let mut bytes = fs::read(&journal).unwrap();
    let value = bytes[start as usize..].windows(8).position(|bytes| bytes == b"abcdefgh").unwrap();
    bytes[start as usize + value] = b'X';
    fs::write(&journal, bytes).unwrap();
    let error = Storage::open(&settings(&directory), metrics()).unwrap_err();
    assert!(matches!(error, OpenError::Corrupt { .. }), "{error}");
    let text = error.to_string();
    assert!(
        text.contains(directory.path().to_str().unwrap()) && text.contains("recreate"),
        "{text}"
    );
    let again = FileStorageSettings { recreate: true, ..settings(&directory) };
    let storage = Storage::open(&again, metrics()).unwrap();
    assert!(sequences(&storage.namespace("a/1").unwrap()).is_empty());
    let names = fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(names.into_iter().any(|name| name.to_str().unwrap().starts_with("tamis.broken.")));
}

#[tokio::test]
async fn what_nobody_asks_for_is_found_with_the_number_of_its_records() {
    let directory = tempfile::tempdir().unwrap();
    let storage = open(&directory);
    for name in ["a/1", "a/2", "a/3"] {
        let namespace = storage.namespace(name).unwrap();
        namespace.write(put(1, b"one")).await.unwrap();
        namespace.write(put(2, b"two")).await.unwrap();
        if name == "a/3" {
            let removals = vec![id(1), id(2)];
            namespace.write(Changes { removals, ..Changes::default() }).await.unwrap();
        }
    }
    assert!(storage.unused(b't').unwrap().is_empty());
    drop(storage);
    let storage = open(&directory);
    storage.namespace("a/1").unwrap();
    assert_eq!(storage.unused(b't').unwrap(), [("a/2".to_owned(), 2)]);
    assert!(storage.unused(b'u').unwrap().is_empty());
}

/// Where the last byte of a journal stands that is not zero, and so was written.
fn written(journal: &Path) -> u64 {
    let bytes = fs::read(journal).unwrap();
    bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last as u64 + 1)
}

fn copy_folder(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            fs::create_dir_all(&to).unwrap();
            copy_folder(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}
