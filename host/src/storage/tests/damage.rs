//! Files that were damaged at random places: what is read is what was written, and what is missing was
//! told of, by an error or a count.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use super::*;

const DEFAULT_SEED: u64 = 20_261_121;
const ROUNDS: usize = 150;
const WRITES: u64 = 400;

/// Random choices that a seed repeats (SplitMix64).
struct Random(u64);

impl Random {
    /// `TAMIS_TEST_SEED` where it is set.
    fn from_environment() -> Self {
        let given = std::env::var("TAMIS_TEST_SEED").ok();
        Self(given.map_or(DEFAULT_SEED, |seed| seed.parse().expect("TAMIS_TEST_SEED: a number")))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }
}

/// The value of a record, which is never written again: small ones lie in trees, large ones beside.
fn value(sequence: u64) -> Bytes {
    let mut random = Random(sequence);
    let len = if random.below(2) == 0 { 8 } else { 600 + random.below(2000) };
    (0..len).map(|_| random.next() as u8).collect::<Vec<_>>().into()
}

/// A storage that has written files of every kind, and the records that are in it.
async fn filled(random: &mut Random) -> (TempDir, BTreeSet<u64>) {
    let directory = tempfile::tempdir().unwrap();
    let storage = open(&directory);
    let namespace = storage.namespace("a/1").unwrap();
    let mut live = BTreeSet::new();
    for sequence in 0..WRITES {
        let mut changes =
            Changes { puts: vec![(id(sequence), value(sequence))], ..Changes::default() };
        if random.below(3) == 0 {
            let gone = live.pop_first();
            changes.removals.extend(gone.map(id));
        }
        live.insert(sequence);
        namespace.write(changes).await.unwrap();
        if sequence == WRITES / 2 {
            storage.shared.read_engine().as_ref().unwrap().flush("a/1").unwrap();
        }
    }
    drop((storage, namespace));
    for journal in files(&directory, "jnl") {
        // Without the zeros behind it, of which there are millions.
        let end = written(&journal);
        fs::OpenOptions::new().write(true).open(journal).unwrap().set_len(end).unwrap();
    }
    (directory, live)
}

/// Breaks one file; answers how.
fn damage(random: &mut Random, directory: &TempDir) -> String {
    let mut files = all_files(directory.path());
    files.retain(|file| !file.ends_with("lock") && written(file) > 0);
    files.sort();
    let file = files.swap_remove(random.below(files.len()));
    let mut bytes = fs::read(&file).unwrap();
    let end = written(&file) as usize;
    let at = random.below(end);
    let len = (1 + random.below(64)).min(end - at);
    let kind = random.below(4);
    match kind {
        0 => bytes[at] ^= 1 << random.below(8),
        1 => bytes[at..at + len].fill_with(|| random.next() as u8),
        2 => bytes[at..at + len].fill(0),
        _ => bytes.truncate(at),
    }
    fs::write(&file, bytes).unwrap();
    format!("kind {kind}, {} at {at} of {end}", file.display())
}

fn all_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, mut files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    files.extend(folders.iter().flat_map(|folder| all_files(folder)));
    files
}

/// What a storage says after it was damaged.
enum Told {
    /// It cannot be used, and says why.
    Error(String),
    Records {
        /// Without a value where that is broken.
        found: BTreeMap<u64, Option<Bytes>>,
        /// Bytes that were cut off.
        cut: u64,
    },
}

fn read(directory: &TempDir) -> Told {
    let metrics = metrics();
    let all = || -> Result<BTreeMap<u64, Option<Bytes>>, String> {
        let storage = Storage::open(&settings(directory), metrics.clone());
        let storage = storage.map_err(|error| error.to_string())?;
        let namespace = storage.namespace("a/1").map_err(|error| error.to_string())?;
        let mut found = BTreeMap::new();
        loop {
            let from = found.last_key_value().map_or(0, |(last, _)| last + 1);
            let page = namespace.scan(b't', from, 10_000).map_err(|error| error.to_string())?;
            if page.is_empty() {
                return Ok(found);
            }
            found.extend(page);
        }
    };
    match all() {
        Ok(found) => Told::Records { found, cut: metrics.cut.get() },
        Err(error) => Told::Error(error),
    }
}

#[tokio::test]
async fn nothing_is_missing_from_damaged_files_without_a_word() {
    let mut random = Random::from_environment();
    let seed = random.0;
    let (whole, live) = filled(&mut random).await;
    let mut kinds = [0; 4];
    for round in 0..ROUNDS {
        let copy = tempfile::tempdir().unwrap();
        copy_folder(whole.path(), copy.path());
        let done = damage(&mut random, &copy);
        let what = format!("TAMIS_TEST_SEED={seed}, round {round}: {done}");
        let (found, cut) = match read(&copy) {
            Told::Error(error) => {
                assert!(!error.is_empty(), "{what}");
                kinds[0] += 1;
                continue;
            }
            Told::Records { found, cut } => (found, cut),
        };
        for (sequence, read) in &found {
            assert!(read.as_ref().is_none_or(|read| *read == value(*sequence)), "{what}");
        }
        let keys: BTreeSet<u64> = found.keys().copied().collect();
        assert!(cut > 0 || keys == live, "{what}: {} records of {}", keys.len(), live.len());
        let broken = found.values().any(Option::is_none);
        kinds[if cut > 0 {
            1
        } else if broken {
            2
        } else {
            3
        }] += 1;
    }
    println!("refused, cut, broken records, whole: {kinds:?}");
    assert!(kinds[0] > 0 && kinds[1] + kinds[2] > 0, "TAMIS_TEST_SEED={seed}: {kinds:?}");
}
