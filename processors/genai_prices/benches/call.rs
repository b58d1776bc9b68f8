//! What a call costs: to find its model, known and unknown, and to price its usage. And what a start does.
#![allow(clippy::print_stdout, clippy::expect_used, reason = "a benchmark")]

use std::hint::black_box;
use std::time::Instant;

use tamis_genai_prices::{Book, Table, Unit, Usage};

/// 2026-11-21, noon.
const NOW: u64 = 1_795_262_400_000_000_000;

/// Each is repeated until it has taken about as long.
const NANOSECONDS: u128 = 200_000_000;

fn main() {
    measure("parse the table", || {
        black_box(Table::built_in().expect("the table"));
    });
    let table = Table::built_in().expect("the table");
    let mut book = Book::new(table, Vec::new());
    let mut number = 0;
    measure("find a model that nobody knows, of the provider with the most models", || {
        number += 1;
        let name = format!("vendor/model-{number}");
        black_box(book.find(Some("openrouter"), black_box(&name)));
    });
    measure("find a model of no provider by a new name", || {
        number += 1;
        let name = format!("claude-sonnet-4-5-{number}");
        black_box(book.find(None, black_box(&name)));
    });
    for (provider, model) in [(None, "gpt-5"), (Some("anthropic"), "claude-sonnet-4-5-20250929")] {
        measure(&format!("find {model} again"), || {
            black_box(book.find(black_box(provider), black_box(model)));
        });
    }
    let tokens = usage(&[
        (Unit::InputTokens, 12_345),
        (Unit::CacheReadTokens, 10_000),
        (Unit::CacheWriteTokens, 1_000),
        (Unit::OutputTokens, 678),
    ]);
    let audio = usage(&[(Unit::AudioSeconds, 61_500_000_000)]);
    for (provider, model, usage) in [
        ("openai", "gpt-4o", &tokens),
        ("anthropic", "claude-sonnet-4-5", &tokens),
        ("deepseek", "deepseek-v4-pro", &tokens),
        ("groq", "whisper-large-v3", &audio),
    ] {
        let found = book.find(Some(provider), model).expect("a model of the table");
        let cost = book.price(found, NOW, usage).expect("a usage that has a price");
        measure(&format!("price a call of {model} ({})", cost.total), || {
            black_box(book.price(black_box(found), black_box(NOW), black_box(usage)).is_ok());
        });
        measure("  as f64", || {
            black_box(black_box(cost.total).to_f64());
        });
    }
}

/// Prints nanoseconds a time: the best of five, because others use the machine as well.
fn measure(name: &str, mut run: impl FnMut()) {
    let start = Instant::now();
    let mut times: u128 = 0;
    while start.elapsed().as_nanos() < NANOSECONDS / 10 {
        run();
        times += 1;
    }
    let best = (0..5).map(|_| {
        let start = Instant::now();
        (0..times).for_each(|_| run());
        start.elapsed().as_nanos() / times
    });
    println!("{name}: {} ns", best.min().unwrap_or_default());
}

fn usage(counts: &[(Unit, u64)]) -> Usage {
    let mut usage = Usage::new();
    for &(unit, count) in counts {
        usage.set(unit, count);
    }
    usage
}
