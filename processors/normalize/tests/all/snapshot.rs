//! What was learned in another life of the process.

use tamis_normalize::{Learning, Paths};

use crate::normalized;
use crate::random::{Random, SEED};

const LEARNING: Learning = Learning { values: 10, memory_bytes: 1 << 20 };

const PROBES: [&str; 8] = [
    "/people/anybody",
    "/people/anybody/likes/anything",
    "/people/me",
    "/places/somewhere",
    "/codes/q7wert",
    "https://a.example.com/people/anybody",
    "/straße/somewhere",
    "/rooms/any:book",
];

/// Paths that have seen something, and the stream that made it.
fn taught(random: &mut Random) -> Paths {
    let mut paths = Paths::new(LEARNING, 1);
    for _ in 0..400 {
        let [name, other] = [5, 3].map(|length| random.text("bcdfg", length));
        normalized(&mut paths, &format!("/people/{name}/likes/{other}"));
        normalized(&mut paths, &format!("/codes/{}", random.below(100)));
        normalized(&mut paths, &format!("/places/{}", random.text("xy", 1)));
        normalized(&mut paths, &format!("/straße/ä{}", random.text("xy", 2)));
        normalized(&mut paths, &format!("https://{other}.example.com/people/{name}"));
        normalized(&mut paths, &format!("/rooms/{name}:book"));
    }
    paths
}

fn probes(paths: &mut Paths) -> Vec<String> {
    PROBES.iter().map(|path| normalized(paths, path)).collect()
}

#[test]
fn another_life_gives_the_same_names() {
    let mut first = taught(&mut Random(*SEED));
    let snapshot = first.snapshot();
    let mut second = Paths::new(LEARNING, 99);
    normalized(&mut second, "/gone/with/the/restore");
    assert!(second.restore(&snapshot));
    assert_eq!(second.snapshot(), snapshot);
    let names = probes(&mut second);
    assert_eq!(probes(&mut first), names);
    assert_eq!(names[0], "/people/{id}");
    // Both go on alike.
    let mut random = Random(*SEED + 1);
    for _ in 0..500 {
        let length = 1 + random.below(4);
        let path = format!("/places/{}/{}", random.text("bcd", length), random.text("xyz", 2));
        assert_eq!(normalized(&mut first, &path), normalized(&mut second, &path));
    }
    assert_eq!(first.snapshot(), second.snapshot());
}

#[test]
fn an_empty_one_is_restored_too() {
    let snapshot = Paths::new(LEARNING, 1).snapshot();
    let mut paths = taught(&mut Random(*SEED));
    assert!(paths.restore(&snapshot));
    assert_eq!(normalized(&mut paths, "/people/anybody"), "/people/anybody");
    let nothing = Paths::new(Learning { values: 0, memory_bytes: 0 }, 1).snapshot();
    assert!(paths.restore(&nothing));
}

#[test]
fn less_memory_takes_what_has_room() {
    let snapshot = taught(&mut Random(*SEED)).snapshot();
    for memory_bytes in [0, 1_000, 5_000, 8_000, 12_000] {
        let mut paths = Paths::new(Learning { values: 10, memory_bytes }, 1);
        assert!(paths.restore(&snapshot), "{memory_bytes}");
        assert!(paths.memory() <= memory_bytes, "{} of {memory_bytes}", paths.memory());
        probes(&mut paths);
    }
}

#[test]
fn damage_is_refused_and_changes_nothing() {
    let mut random = Random(*SEED);
    let snapshot = taught(&mut random).snapshot();
    let mut paths = taught(&mut random);
    let before = paths.snapshot();
    for _ in 0..2_000 {
        let mut damaged = snapshot.clone();
        match random.below(4) {
            0 => damaged.truncate(random.below(snapshot.len())),
            1 => damaged.insert(random.below(snapshot.len()), random.next() as u8),
            2 => drop(damaged.remove(random.below(snapshot.len()))),
            _ => {
                let at = random.below(snapshot.len());
                damaged[at] ^= 1 << random.below(8);
            }
        }
        assert!(damaged == snapshot || !paths.restore(&damaged));
    }
    assert!(!paths.restore(&[]));
    assert_eq!(paths.snapshot(), before);
}

/// The checksum of the format, for damage that it does not tell.
fn signed(mut body: Vec<u8>) -> Vec<u8> {
    let sum = body.iter().fold(0xcbf2_9ce4_8422_2325_u64, |sum, &byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    body.extend(sum.to_le_bytes());
    body
}

#[test]
fn damage_with_the_right_checksum_never_panics() {
    let mut random = Random(*SEED);
    let snapshot = taught(&mut random).snapshot();
    let body = &snapshot[..snapshot.len() - 8];
    assert_eq!(signed(body.to_vec()), snapshot);
    let mut taken = 0;
    for _ in 0..2_000 {
        let mut damaged = body.to_vec();
        for _ in 0..1 + random.below(3) {
            let at = random.below(damaged.len());
            damaged[at] = random.next() as u8;
        }
        let mut paths = Paths::new(LEARNING, 1);
        taken += usize::from(paths.restore(&signed(damaged)));
        probes(&mut paths);
        for index in 0..30 {
            normalized(&mut paths, &format!("/people/{}/likes/b", random.text("xyz", index)));
        }
        assert!(paths.memory() <= LEARNING.memory_bytes);
    }
    // Names are only letters: most damage is in them.
    assert!(taken > 100, "{taken}");
    let deep: Vec<u8> = [1].into_iter().chain([0, 0, 1, b'a', 1].repeat(5_000)).collect();
    assert!(!Paths::new(LEARNING, 1).restore(&signed(deep)));
}
