//! The laws of the processor, held against random worlds of sources by a model that only looks at what
//! goes in and what comes out.
//!
//! `TAMIS_TEST_SEED` chooses other worlds; `TAMIS_TEST_WORLDS` how many. A failure prints both numbers
//! of its world.

mod flat;
mod laws;
mod measure;
mod plan;
mod random;
mod source;
mod wire;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};

pub(crate) use random::Random;
use world::World;

/// With some tens of streams each, thousands in all.
const WORLDS: u64 = 150;

pub(crate) fn number(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text.parse().expect("a number"),
        Err(_) => default,
    }
}

/// Runs all worlds, and then tells which ones failed: one law that is broken says less than many.
fn each_world(salt: u64, run: impl Fn(&mut World)) {
    let seed = number("TAMIS_TEST_SEED", 1);
    let only = std::env::var("TAMIS_TEST_WORLD").ok().map(|text| text.parse().expect("a number"));
    let (mut streams, mut failed) = (0, Vec::new());
    for number in 0..number("TAMIS_TEST_WORLDS", WORLDS) {
        if only.is_some_and(|only: u64| only != number) {
            continue;
        }
        let mut random = Random::new(seed << 32 | salt << 24 | number);
        let plan = plan::Plan::new(&mut random);
        let told = format!("TAMIS_TEST_SEED={seed} TAMIS_TEST_WORLD={number} {plan:?}");
        let mut world = World::new(plan, random);
        if catch_unwind(AssertUnwindSafe(|| run(&mut world))).is_err() {
            failed.push(told);
        }
        streams += world.sources.len();
    }
    if only.is_none() {
        eprintln!("{streams} streams");
        assert!(streams > 2000, "{streams}");
    }
    assert!(failed.is_empty(), "{} worlds failed:\n{}", failed.len(), failed.join("\n"));
}

#[test]
fn what_leaves_keeps_the_budgets_and_adds_up_to_what_came() {
    each_world(0, |world| {
        world.live();
        world.settle();
        laws::all(world);
    });
}
