//! The store at its limits, and over crashes: a storage that is dropped without a word, as by kill -9.

use std::path::Path;

use bytes::Bytes;

use super::fragment::FRAGMENT_OVERHEAD;
use super::memos::{Chunk, Memos};
use super::*;
use crate::storage::settings::FileStorageSettings;
use crate::storage::{Changes, RecordId, Storage, StorageMetrics};
use crate::telemetry::metrics::Metrics;

const ALL: fn(&[u8]) -> bool = |_| true;

fn options(memory: usize, disk: usize) -> HoldOptions {
    HoldOptions { memory, disk }
}

fn metrics() -> HoldMetrics {
    HoldMetrics::new(&Metrics::default(), "test")
}

fn in_memory(memory: usize) -> HoldStore {
    let store = HoldStore::new(&options(memory, 0), metrics());
    store.keep_memos(2);
    store
}

/// A store on disk, and its storage.
async fn durable(directory: &Path, memory: usize, disk: usize) -> (HoldStore, Storage) {
    let settings =
        FileStorageSettings { directory: directory.to_owned(), ..FileStorageSettings::default() };
    let metrics_of_storage = StorageMetrics::new(&Metrics::default(), "test");
    let storage = Storage::open(&settings, metrics_of_storage).unwrap();
    let namespace = storage.namespace("hold/test").unwrap();
    let store = HoldStore::open(&options(memory, disk), metrics(), namespace).await.unwrap();
    store.keep_memos(2);
    (store, storage)
}

fn fragment(key: &[u8], bytes: &'static [u8]) -> Fragment {
    Fragment {
        key: key.into(),
        signal: Signal::Traces,
        received: 7,
        items: 1,
        payload: Payload::Plain(Bytes::from_static(bytes)),
    }
}

fn verdict(key: &[u8], fate: Fate) -> Verdict {
    Verdict { key: key.to_vec(), memo: b"m".to_vec(), fate }
}

async fn keep(store: &HoldStore, fragments: Vec<Fragment>) {
    assert!(store.reserve(&fragments));
    store.commit(Effects { fragments, verdicts: Vec::new() }).await.unwrap();
}

async fn decide(store: &HoldStore, key: &[u8], fate: Fate) -> usize {
    let verdicts = vec![verdict(key, fate)];
    store.commit(Effects { fragments: Vec::new(), verdicts }).await.unwrap()
}

/// The payloads of the next release.
async fn released(store: &HoldStore) -> Option<(Release, Vec<u8>)> {
    let release = store.take_release()?;
    let loaded = store.load(&release).await.unwrap();
    let fragments = loaded.into_iter().flat_map(|(_, fragments)| fragments);
    let bytes = fragments.flat_map(|fragment| fragment.payload.unpack().unwrap());
    Some((release, bytes.collect()))
}

async fn held(store: &HoldStore) -> Vec<(Vec<u8>, u64, Vec<u8>)> {
    let mut held = Vec::new();
    let mut cursor = None;
    loop {
        // One byte: a page for each entry.
        let page = store.entry_page(cursor, 1, ALL).await.unwrap();
        let Some(last) = page.last() else { return held };
        cursor = Some(last.sequence);
        held.extend(page.into_iter().map(|Replayed { fragment, .. }| {
            let bytes = fragment.payload.unpack().unwrap();
            (fragment.key.to_vec(), fragment.received, bytes.to_vec())
        }));
    }
}

fn memos(store: &HoldStore) -> Vec<Vec<u8>> {
    let mut memos = Vec::new();
    let mut cursor = None;
    while let Some((last, page)) = store.memo_page(cursor, 1, &ALL) {
        cursor = Some(last);
        memos.extend(page.into_iter().map(|memo| memo.key));
    }
    memos
}

fn used(store: &HoldStore) -> Usage {
    store.lock().usage
}

#[tokio::test]
async fn room_in_memory_ends_exactly_at_the_bound() {
    let one = fragment(b"a", b"1");
    let store = in_memory(2 * (FRAGMENT_OVERHEAD + 2));
    keep(&store, vec![one.clone(), one.clone()]).await;
    assert!(!store.reserve(std::slice::from_ref(&one)));
    assert_eq!(store.usage(), (2 * (FRAGMENT_OVERHEAD + 2), 2 * (FRAGMENT_OVERHEAD + 2)));
    decide(&store, b"a", Fate::Discard).await;
    assert!(store.reserve(&[one.clone(), one.clone()]));
    store.unreserve(&[one.clone(), one]);
    assert_eq!(used(&store), Usage::default());
}

#[tokio::test]
async fn what_is_released_stays_until_it_is_gone() {
    let store = in_memory(10_000);
    keep(&store, vec![fragment(b"a", b"1"), fragment(b"b", b"2"), fragment(b"a", b"3")]).await;
    decide(&store, b"a", Fate::Release).await;
    let (release, bytes) = released(&store).await.unwrap();
    assert_eq!((bytes.as_slice(), store.items()), (&b"13"[..], 3));
    assert!(store.take_release().is_none(), "it is on its way");
    store.gone(&release).await;
    assert_eq!(decide(&store, b"b", Fate::Discard).await, 1);
    assert_eq!(used(&store), Usage::default());
}

#[tokio::test]
async fn a_key_can_be_held_and_decided_in_one_call() {
    let store = in_memory(10_000);
    let fragments = vec![fragment(b"a", b"1"), fragment(b"b", b"2")];
    assert!(store.reserve(&fragments));
    let verdicts = vec![verdict(b"a", Fate::Release), verdict(b"b", Fate::Discard)];
    assert_eq!(store.commit(Effects { fragments, verdicts }).await.unwrap(), 1);
    assert_eq!(released(&store).await.unwrap().1, b"1");
}

#[tokio::test]
async fn releases_are_cut_at_their_bound_but_not_in_a_key_that_is_rewritten() {
    static HALF: [u8; RELEASE_BATCH_BYTES / 2] = [0; RELEASE_BATCH_BYTES / 2];
    let store = in_memory(64 << 20);
    let three = |key| vec![fragment(key, &HALF), fragment(key, &HALF), fragment(key, b"end")];
    keep(&store, [three(b"a"), three(b"b"), three(b"c")].concat()).await;
    for (key, fate) in [(b"a", Fate::Release), (b"b", Fate::Rewrite), (b"c", Fate::Release)] {
        decide(&store, key, fate).await;
    }
    let mut taken = Vec::new();
    while let Some(release) = store.take_release() {
        taken.push(release.keys.iter().map(|key| key.fragments.len()).collect::<Vec<_>>());
    }
    assert_eq!(taken, [vec![2], vec![1], vec![3], vec![2], vec![1]]);
}

#[tokio::test]
async fn the_newest_memos_are_kept() {
    let store = in_memory(10_000);
    for key in [b"a", b"b", b"c"] {
        decide(&store, key, Fate::Release).await;
    }
    assert_eq!(memos(&store), [b"b", b"c"]);
    let verdicts = [b"d", b"e", b"f"].map(|key| verdict(key, Fate::Discard)).to_vec();
    store.commit(Effects { fragments: Vec::new(), verdicts }).await.unwrap();
    assert_eq!(memos(&store), [b"e", b"f"], "also where they came in one call");
}

#[test]
fn memos_of_calls_that_end_in_another_order_than_they_began_are_all_paged() {
    let mut memos = Memos::default();
    for sequence in [1, 4, 2, 3] {
        let verdict = verdict(&[sequence as u8], Fate::Release);
        memos.insert(Chunk::new(sequence, &[verdict]).unwrap());
    }
    let mut paged = Vec::new();
    let mut cursor = None;
    while let Some((last, page)) = memos.page(cursor, 1, 4, &ALL) {
        cursor = Some(last);
        paged.extend(page.into_iter().map(|memo| memo.key[0]));
    }
    assert_eq!(paged, [1, 2, 3, 4]);
    assert_eq!(memos.trim(2), [1, 2], "the oldest go first");
}

#[tokio::test]
async fn a_quarantined_entry_is_gone() {
    let store = in_memory(10_000);
    keep(&store, vec![fragment(b"a", b"1")]).await;
    let entry = store.entry_page(None, 1, ALL).await.unwrap().remove(0);
    assert_eq!(store.quarantine(entry.sequence).await, 1);
    assert_eq!(store.quarantine(entry.sequence).await, 0);
    assert!(held(&store).await.is_empty());
    assert_eq!(used(&store), Usage::default());
}

#[tokio::test]
async fn entries_are_compressed_above_half_of_the_bound() {
    static ZEROS: [u8; 10_000] = [0; 10_000];
    let store = in_memory(20_000);
    assert!(!store.room().compress);
    keep(&store, vec![fragment(b"a", &ZEROS)]).await;
    assert!(store.room().compress);
    let packed = Packer::new(true).pack(Bytes::from_static(&ZEROS));
    assert!(packed.stored_len() < 100 && packed.size() == ZEROS.len(), "{packed:?}");
    keep(&store, vec![Fragment { payload: packed, ..fragment(b"b", b"") }]).await;
    assert_eq!(held(&store).await[1].2, ZEROS);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_durable_store_spills_at_the_bound_of_memory_and_ends_at_that_of_disk() {
    static KIB: [u8; 1024] = [7; 1024];
    let directory = tempfile::tempdir().unwrap();
    let (store, _storage) =
        durable(directory.path(), 8 * 1024, 20 * (1024 + RECORD_OVERHEAD + 1)).await;
    for _ in 0..20 {
        keep(&store, vec![fragment(b"a", &KIB)]).await;
    }
    let usage = used(&store);
    assert!(usage.memory() <= 8 * 1024 && usage.payloads > 1024, "{usage:?}");
    assert!(!store.reserve(&[fragment(b"a", b"1")]), "the disk's bound is reached");
    assert_eq!(held(&store).await.len(), 20, "those on disk are read back");
    decide(&store, b"a", Fate::Release).await;
    let (release, bytes) = released(&store).await.unwrap();
    assert_eq!(bytes, KIB.repeat(20));
    store.gone(&release).await;
    assert_eq!(used(&store), Usage::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_durable_store_ends_where_its_entries_fill_the_memory() {
    let directory = tempfile::tempdir().unwrap();
    let (store, _storage) = durable(directory.path(), 3 * (FRAGMENT_OVERHEAD + 1), 1 << 30).await;
    keep(&store, vec![fragment(b"a", b"1"), fragment(b"b", b"2"), fragment(b"c", b"3")]).await;
    assert!(!store.reserve(&[fragment(b"d", b"4")]));
    let (used, bound) = store.usage();
    assert_eq!(used, bound);
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_there_after_a_crash() {
    let directory = tempfile::tempdir().unwrap();
    let (store, storage) = durable(directory.path(), 1 << 20, 1 << 30).await;
    keep(&store, vec![fragment(b"waits", b"1"), fragment(b"goes", b"2")]).await;
    keep(&store, vec![fragment(b"waits", b"3"), fragment(b"rewritten", b"4")]).await;
    keep(&store, vec![fragment(b"dropped", b"5"), fragment(b"gone", b"6")]).await;
    decide(&store, b"gone", Fate::Release).await;
    let (release, _) = released(&store).await.unwrap();
    store.gone(&release).await;
    decide(&store, b"goes", Fate::Release).await;
    decide(&store, b"rewritten", Fate::Rewrite).await;
    decide(&store, b"dropped", Fate::Discard).await;
    let before = held(&store).await;
    drop((store, storage));

    let (store, _storage) = durable(directory.path(), 1 << 20, 1 << 30).await;
    assert_eq!(held(&store).await, before);
    assert_eq!(
        before,
        [(b"waits".to_vec(), 7, b"1".to_vec()), (b"waits".to_vec(), 7, b"3".to_vec())]
    );
    assert_eq!(memos(&store), [&b"rewritten"[..], b"dropped"]);
    let (release, bytes) = released(&store).await.unwrap();
    assert_eq!(bytes, b"24");
    let rewrite: Vec<_> = release.keys.iter().map(|key| key.rewrite.as_deref()).collect();
    assert_eq!(rewrite, [None, Some(&b"m"[..])]);
    // What comes now stands behind what was there.
    keep(&store, vec![fragment(b"waits", b"7")]).await;
    assert_eq!(held(&store).await[2].2, b"7");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_are_to_be_rewritten_are_in_one_piece_after_a_crash() {
    let directory = tempfile::tempdir().unwrap();
    let (store, storage) = durable(directory.path(), 1 << 20, 1 << 30).await;
    for (a, b) in [(b"1", b"2"), (b"3", b"4")] {
        keep(&store, vec![fragment(b"a", a), fragment(b"b", b)]).await;
    }
    decide(&store, b"a", Fate::Rewrite).await;
    decide(&store, b"b", Fate::Rewrite).await;
    drop((store, storage));
    let (store, _storage) = durable(directory.path(), 1 << 20, 1 << 30).await;
    let (release, bytes) = released(&store).await.unwrap();
    assert_eq!(bytes, b"1324");
    let pieces: Vec<_> = release.keys.iter().map(|key| (&*key.key, key.fragments.len())).collect();
    assert_eq!(pieces, [(&b"a"[..], 2), (b"b", 2)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn remnants_of_what_is_broken_say_nothing_of_what_comes() {
    let directory = tempfile::tempdir().unwrap();
    let (store, storage) = durable(directory.path(), 1 << 20, 1 << 30).await;
    drop(store);
    let namespace = storage.namespace("hold/test").unwrap();
    let released = |sequence| RecordId { table: b'r', sequence };
    let broken = RecordId { table: b'f', sequence: 7 };
    let mut puts = vec![(broken, Bytes::from_static(b"nonsense"))];
    puts.extend([7, 9].map(|sequence| (released(sequence), Bytes::new())));
    namespace.write(Changes { puts, ..Changes::default() }).await.unwrap();
    let bounds = options(1 << 20, 1 << 30);
    let store = HoldStore::open(&bounds, metrics(), namespace.clone()).await.unwrap();
    for id in [broken, released(7), released(9)] {
        assert_eq!(namespace.read(id).unwrap(), None, "{id:?}");
    }
    assert_eq!(store.next_sequence.load(Ordering::Relaxed), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_memory_has_no_room_for_stays_on_disk_after_a_crash() {
    static KIB: [u8; 1024] = [7; 1024];
    let directory = tempfile::tempdir().unwrap();
    let (store, storage) = durable(directory.path(), 1 << 20, 1 << 30).await;
    for _ in 0..10 {
        keep(&store, vec![fragment(b"a", &KIB)]).await;
    }
    drop((store, storage));
    let (store, _storage) = durable(directory.path(), 6 * 1024, 1 << 30).await;
    let usage = used(&store);
    assert!(usage.memory() <= 6 * 1024, "{usage:?}");
    assert_eq!(usage.disk, 10 * (1024 + RECORD_OVERHEAD + 1));
    assert_eq!(held(&store).await.len(), 10);
    decide(&store, b"a", Fate::Discard).await;
    assert_eq!(used(&store), Usage::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn records_of_a_newer_version_are_refused_and_broken_ones_removed() {
    let directory = tempfile::tempdir().unwrap();
    let (store, storage) = durable(directory.path(), 1 << 20, 1 << 30).await;
    keep(&store, vec![fragment(b"a", b"1")]).await;
    drop(store);
    let namespace = storage.namespace("hold/test").unwrap();
    let put = |table, sequence, value: &'static [u8]| {
        let puts = vec![(RecordId { table, sequence }, Bytes::from_static(value))];
        namespace.write(Changes { puts, ..Changes::default() })
    };
    put(b'f', 99, b"nonsense").await.unwrap();
    let bounds = options(1 << 20, 1 << 30);
    let open = || HoldStore::open(&bounds, metrics(), namespace.clone());
    let store = open().await.unwrap();
    assert_eq!(held(&store).await.len(), 1);
    assert_eq!(namespace.read(RecordId { table: b'f', sequence: 99 }).unwrap(), None);
    put(b'v', 0, &[2]).await.unwrap();
    let error = open().await.unwrap_err().to_string();
    assert!(error.contains("newer version"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_fails_leaves_nothing_behind() {
    let directory = tempfile::tempdir().unwrap();
    let (store, storage) = durable(directory.path(), 1 << 20, 1 << 30).await;
    keep(&store, vec![fragment(b"a", b"1")]).await;
    let before = used(&store);
    storage.close();
    let fragments = vec![fragment(b"a", b"2")];
    assert!(store.reserve(&fragments));
    let verdicts = vec![verdict(b"a", Fate::Discard)];
    store.commit(Effects { fragments, verdicts }).await.unwrap_err();
    assert_eq!(used(&store), before);
    assert_eq!(held(&store).await.len(), 1);
}
