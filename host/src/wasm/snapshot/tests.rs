//! What stands on disk, over crashes: a storage that is dropped without a word, as by kill -9.

use std::path::Path;

use super::*;
use crate::storage::settings::FileStorageSettings;
use crate::storage::{Storage, StorageMetrics};

fn open(directory: &Path) -> (Storage, Namespace) {
    let settings =
        FileStorageSettings { directory: directory.to_owned(), ..FileStorageSettings::default() };
    let metrics = StorageMetrics::new(&Metrics::default(), "test");
    let storage = Storage::open(&settings, metrics).unwrap();
    let namespace = storage.namespace("hold/test").unwrap();
    (storage, namespace)
}

fn snapshots(namespace: &Namespace) -> Snapshots {
    let metrics = SnapshotMetrics::new(&Metrics::default(), "test");
    Snapshots::open(Some(namespace.clone()), metrics, 7)
}

async fn put(namespace: &Namespace, id: RecordId, value: Bytes) {
    namespace.write(Changes { puts: vec![(id, value)], ..Changes::default() }).await.unwrap();
}

fn is_empty(namespace: &Namespace) -> bool {
    let parts = namespace.scan(PARTS, 0, usize::MAX).unwrap();
    namespace.read(MARK).unwrap().is_none() && parts.is_empty()
}

#[tokio::test]
async fn a_snapshot_is_there_until_it_is_consumed() {
    let directory = tempfile::tempdir().unwrap();
    {
        let (_storage, namespace) = open(directory.path());
        put(&namespace, part_id(0), Bytes::from_static(b"one")).await;
        put(&namespace, part_id(7), Bytes::from_static(b"two")).await;
        put(&namespace, MARK, mark(2)).await;
    }
    {
        let (_storage, namespace) = open(directory.path());
        assert_eq!(snapshots(&namespace).records.unwrap(), 2);
    }
    {
        let (_storage, namespace) = open(directory.path());
        let snapshots = snapshots(&namespace);
        assert_eq!(*snapshots.records.as_ref().unwrap(), 2, "looking does not consume it");
        snapshots.consume().await.unwrap();
        snapshots.consume().await.unwrap();
        assert!(is_empty(&namespace));
    }
    let (_storage, namespace) = open(directory.path());
    assert_eq!(snapshots(&namespace).records.unwrap(), 0);
}

#[tokio::test]
async fn what_a_shutdown_did_not_finish_is_no_snapshot_and_is_removed() {
    let directory = tempfile::tempdir().unwrap();
    let (_storage, namespace) = open(directory.path());
    put(&namespace, part_id(3), Bytes::from_static(b"half")).await;
    let snapshots = snapshots(&namespace);
    assert_eq!(*snapshots.records.as_ref().unwrap(), 0);
    snapshots.consume().await.unwrap();
    assert!(is_empty(&namespace));
}

#[tokio::test]
async fn what_makes_no_sense_is_an_error_and_is_removed() {
    let directory = tempfile::tempdir().unwrap();
    let (_storage, namespace) = open(directory.path());
    for (value, wanted) in [(&[][..], "broken"), (&[VERSION, 1], "broken"), (&[9], "format 9")] {
        put(&namespace, MARK, Bytes::copy_from_slice(value)).await;
        let snapshots = snapshots(&namespace);
        let error = snapshots.records.as_ref().unwrap_err().to_string();
        assert!(error.contains(wanted), "{error}");
        snapshots.consume().await.unwrap();
        assert!(is_empty(&namespace));
    }
}

#[tokio::test]
async fn a_snapshot_that_cannot_be_deleted_is_an_error_every_time() {
    let directory = tempfile::tempdir().unwrap();
    let (storage, namespace) = open(directory.path());
    put(&namespace, MARK, mark(0)).await;
    put(&namespace, part_id(0), Bytes::from_static(b"one")).await;
    let snapshots = snapshots(&namespace);
    storage.close();
    for _ in 0..2 {
        snapshots.consume().await.unwrap_err();
    }
}

#[tokio::test]
async fn what_a_former_life_hashed_with_this_one_does_too() {
    let directory = tempfile::tempdir().unwrap();
    let (_storage, namespace) = open(directory.path());
    assert_eq!(snapshots(&namespace).hash_seed(), 7);
    put(&namespace, SEED, seed(11)).await;
    assert_eq!(snapshots(&namespace).hash_seed(), 11);
}
