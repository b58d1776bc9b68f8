//! Folders as crashes leave them: what was never finished gives way, and damage is refused.

use std::fs::File;

use super::*;

const PAGE: usize = 4096;

/// Bytes of a batch before its first item, and of an item before its key.
const START: usize = 13;
const ITEM: usize = 21;
const KEY: usize = 9;
/// An end: tag, checksum, trailer.
const END: &[u8] = b"\x0312345678FJL\x03";

static LARGE: [u8; 4 * PAGE] = [7; 4 * PAGE];

/// A journal in pieces, and the directory that it is in.
struct Pieces {
    directory: TempDir,
    journal: PathBuf,
    /// Up to here there is one record.
    first: usize,
    /// Up to here, the end, there is a large one too.
    second: usize,
    bytes: Vec<u8>,
}

async fn pieces() -> Pieces {
    let directory = tempfile::tempdir().unwrap();
    let storage = open(&directory);
    let namespace = storage.namespace("a/1").unwrap();
    let journal = files(&directory, "jnl").remove(0);
    namespace.write(put(1, b"first")).await.unwrap();
    let first = written(&journal) as usize;
    namespace.write(put(2, &LARGE)).await.unwrap();
    let second = written(&journal) as usize;
    drop((storage, namespace));
    let mut bytes = fs::read(&journal).unwrap();
    bytes.truncate(second);
    Pieces { directory, journal, first, second, bytes }
}

/// What a power cut does to the large batch, which begins at a byte.
type Tear = fn(&mut [u8], usize);

/// The name of each, and what it does.
const TEARS: [(&str, Tear); 5] = [
    ("a page of zeros in a value", |bytes, start| {
        let page = start + PAGE;
        bytes[page..page + PAGE].fill(0);
    }),
    ("a page of zeros at the start", |bytes, start| bytes[start..start + PAGE].fill(0)),
    ("an end where an item should be", |bytes, start| {
        let item = start + START + ITEM + KEY + LARGE.len();
        bytes[item..item + END.len()].copy_from_slice(END);
    }),
    ("another checksum", |bytes, _| {
        let checksum = bytes.len() - 12;
        bytes[checksum] ^= 1;
    }),
    ("a trailer that is cut off", |bytes, _| {
        let last = bytes.len() - 1;
        bytes[last] = 0;
    }),
];

fn open_counted(directory: &TempDir) -> (Storage, u64) {
    let counted = metrics();
    let storage = Storage::open(&settings(directory), counted.clone()).unwrap();
    (storage, counted.cut.get())
}

fn refusal(directory: &TempDir) -> String {
    match Storage::open(&settings(directory), metrics()) {
        Err(OpenError::Corrupt { message, .. }) => message,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_last_batch_that_a_power_cut_has_torn_is_cut_off() {
    let Pieces { directory, first, bytes, .. } = pieces().await;
    for (name, tear) in TEARS {
        let mut torn = bytes.clone();
        tear(&mut torn, first);
        let end = torn.iter().rposition(|byte| *byte != 0).unwrap() + 1;
        // Journals are longer than what stands in them.
        torn.resize(end + 10 * PAGE, 0);
        let copy = tempfile::tempdir().unwrap();
        copy_folder(directory.path(), copy.path());
        fs::write(files(&copy, "jnl").remove(0), torn).unwrap();
        let (storage, cut) = open_counted(&copy);
        let namespace = storage.namespace("a/1").unwrap();
        assert_eq!((sequences(&namespace), cut), (vec![1], (end - first) as u64), "{name}");
        namespace.write(put(3, b"third")).await.unwrap();
        drop((storage, namespace));
        let (storage, cut) = open_counted(&copy);
        let namespace = storage.namespace("a/1").unwrap();
        assert_eq!((sequences(&namespace), cut), (vec![1, 3], 0), "{name}");
    }
}

#[tokio::test]
async fn the_same_before_a_whole_batch_is_damage() {
    let Pieces { directory, journal, first, second, mut bytes } = pieces().await;
    let storage = open(&directory);
    storage.namespace("a/1").unwrap().write(put(3, b"third")).await.unwrap();
    drop(storage);
    let third = fs::read(&journal).unwrap()[second..written(&journal) as usize].to_vec();
    let whole = bytes.clone();
    for (name, tear) in TEARS {
        bytes.clone_from(&whole);
        tear(&mut bytes, first);
        bytes.extend_from_slice(&third);
        fs::write(&journal, &bytes).unwrap();
        let place = format!("from byte {first} of {}", bytes.len());
        let message = refusal(&directory);
        assert!(message.contains(&place), "{name}: {message}");
        assert_eq!(fs::read(&journal).unwrap(), bytes, "{name}: nothing is touched");
    }
}

#[tokio::test]
async fn a_torn_batch_before_an_empty_journal_is_cut_off_and_is_damage_before_another_batch() {
    let Pieces { directory, journal, first, bytes, .. } = pieces().await;
    let next = journal.with_file_name("1000.jnl");
    for (name, tear) in TEARS {
        let mut torn = bytes.clone();
        tear(&mut torn, first);
        fs::write(&journal, &torn).unwrap();
        fs::write(&next, &bytes[first..]).unwrap();
        let message = refusal(&directory);
        assert!(message.contains(&format!("from byte {first} of ")), "{name}: {message}");
        let copy = tempfile::tempdir().unwrap();
        copy_folder(directory.path(), copy.path());
        let next = files(&copy, "jnl").into_iter().find(|path| path.ends_with("1000.jnl")).unwrap();
        fs::write(next, b"").unwrap();
        let (storage, cut) = open_counted(&copy);
        assert_eq!(sequences(&storage.namespace("a/1").unwrap()), [1], "{name}");
        assert!(cut >= (bytes.len() - first - 1) as u64, "{name}: {cut}");
    }
    fs::write(&journal, &bytes).unwrap();
    fs::copy(&journal, &next).unwrap();
    let message = refusal(&directory);
    assert!(message.contains("1000.jnl") && message.contains("older"), "{message}");
}

#[tokio::test]
async fn a_folder_that_was_never_finished_is_made_anew() {
    for marker in [None, Some(&b""[..]), Some(b"FJL"), Some(b"\0\0\0\0")] {
        let directory = tempfile::tempdir().unwrap();
        let folder = directory.path().join("tamis");
        fs::create_dir_all(folder.join("keyspaces")).unwrap();
        fs::write(folder.join("lock"), b"").unwrap();
        File::create(folder.join("0.jnl")).unwrap().set_len(1 << 20).unwrap();
        if let Some(marker) = marker {
            fs::write(folder.join("version"), marker).unwrap();
        }
        let storage = open(&directory);
        storage.namespace("a/1").unwrap().write(put(1, b"first")).await.unwrap();
        drop(storage);
        let storage = open(&directory);
        assert_eq!(sequences(&storage.namespace("a/1").unwrap()), [1], "{marker:?}");
    }
}

#[tokio::test]
async fn a_folder_that_was_finished_is_not_made_anew() {
    let Pieces { directory, journal, bytes, .. } = pieces().await;
    let marker = journal.with_file_name("version");
    fs::remove_file(&marker).unwrap();
    assert!(refusal(&directory).contains("\"version\""));
    fs::write(&marker, b"").unwrap();
    assert!(refusal(&directory).contains("\"version\""));
    fs::write(&journal, b"").unwrap();
    assert!(refusal(&directory).contains("\"version\""), "there are trees");
    fs::write(&journal, &bytes).unwrap();
    fs::write(&marker, b"FJL\x03").unwrap();
    let storage = open(&directory);
    assert_eq!(sequences(&storage.namespace("a/1").unwrap()), [1, 2]);
}

#[tokio::test]
async fn files_that_somebody_else_has_open_are_not_touched() {
    let Pieces { directory, journal, first, mut bytes, .. } = pieces().await;
    let lock = File::open(journal.with_file_name("lock")).unwrap();
    lock.lock().unwrap();
    TEARS[0].1(&mut bytes, first);
    fs::write(&journal, &bytes).unwrap();
    let error = Storage::open(&settings(&directory), metrics()).unwrap_err();
    assert!(matches!(error, OpenError::Locked(_)), "{error}");
    assert_eq!(fs::read(&journal).unwrap(), bytes);
    lock.unlock().unwrap();
    assert!(open_counted(&directory).1 > 0);
}
