//! The library from outside: beside genai-prices, and what a user can state.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, reason = "tests")]

mod oracle;
mod own;
mod questions;
mod random;
mod table;

use std::sync::LazyLock;

use tamis_genai_prices::{Book, Table, Unit, Usage};

/// 2026-11-21, noon.
const NOW: u64 = 1_795_262_400_000_000_000;

/// A book without prices of a user's own.
fn book() -> Book {
    Book::new(Table::built_in().unwrap(), Vec::new())
}

fn usage(counts: &[(Unit, u64)]) -> Usage {
    let mut usage = Usage::new();
    for &(unit, count) in counts {
        usage.set(unit, count);
    }
    usage
}

/// `TAMIS_TEST_SEED`: to repeat a failure.
static SEED: LazyLock<u64> = LazyLock::new(|| match std::env::var("TAMIS_TEST_SEED") {
    Ok(seed) => seed.parse().expect("TAMIS_TEST_SEED: a number"),
    Err(_) => 1,
});
