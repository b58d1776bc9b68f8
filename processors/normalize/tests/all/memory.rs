//! The bound of memory, with random paths.

use tamis_normalize::{Learning, Paths};

use crate::normalized;
use crate::random::{Random, SEED};

/// A path of up to six words from a large set.
fn path(random: &mut Random) -> String {
    let depth = 1 + random.below(6);
    let word = |random: &mut Random| {
        let length = 2 + random.below(20);
        random.text("abcdefghijklmnopqrstuvwxyz", length)
    };
    (0..depth).map(|_| format!("/{}", word(random))).collect()
}

#[test]
fn memory_stays_within_every_bound() {
    let mut random = Random(*SEED);
    let bounds = [0, 1, 500, 3_000, 10_000, 100_000, 1_000_000];
    for (memory_bytes, values) in bounds.iter().flat_map(|&bytes| [(bytes, 30), (bytes, 1 << 30)]) {
        let mut paths = Paths::new(Learning { values, memory_bytes }, *SEED);
        let mut most = 0;
        for _ in 0..20_000 {
            normalized(&mut paths, &path(&mut random));
            most = most.max(paths.memory());
        }
        assert!(most <= memory_bytes, "{most} of {memory_bytes}");
        // Without a merge all of it is needed, up to the step by which tables grow.
        if memory_bytes >= 10_000 && values > 30 {
            assert!(most * 2 >= memory_bytes, "{most} of {memory_bytes} is little");
        }
    }
}

#[test]
fn at_the_bound_nothing_new_is_learned_and_the_rest_works() {
    let learning = Learning { values: 5, memory_bytes: 20_000 };
    let mut paths = Paths::new(learning, *SEED);
    for index in 0..6 {
        normalized(&mut paths, &format!("/people/xq{}", (b'a' + index) as char));
    }
    // Positions of up to five values each, until there is room for no more.
    let mut random = Random(*SEED);
    for _ in 0..5_000 {
        let [first, second] = [2, 12].map(|length| random.text("bcdfg", length));
        normalized(&mut paths, &format!("/search/{first}/{second}"));
        normalized(&mut paths, &format!("/v{}/q{second}/r/s/t", random.below(900)));
    }
    let full = paths.memory();
    let mut before = paths.snapshot();
    for index in 0..100 {
        let letters = random.text("bcdfg", 9);
        let path = format!("/v1/unseen{letters}/{letters}/x");
        let name = normalized(&mut paths, &path);
        assert!(name == path || name.contains("{id}"), "{index}: {name}");
    }
    assert!(paths.memory() <= learning.memory_bytes && paths.memory() <= full);
    assert_eq!(normalized(&mut paths, "/people/anybody"), "/people/{id}");
    before.truncate(1);
    assert_eq!(paths.snapshot().first(), before.first());
}

#[test]
fn merging_gives_memory_back_for_new_names() {
    let learning = Learning { values: 40, memory_bytes: 60_000 };
    let mut paths = Paths::new(learning, *SEED);
    let mut random = Random(*SEED);
    // Without merging these would need more than there is.
    for round in 0..100 {
        let first = random.text("bcdfg", 8);
        for _ in 0..10 {
            let second = random.text("bcdfg", 8);
            normalized(&mut paths, &format!("/people/{first}/{second}"));
        }
        assert!(paths.memory() <= learning.memory_bytes, "round {round}");
    }
    assert_eq!(normalized(&mut paths, "/people/anybody/anything"), "/people/{id}/{id}");
}
