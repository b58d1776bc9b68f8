//! Tables as text.

use tamis_genai_prices::{Book, Table, Unit, Unpriceable};

use crate::random::Random;
use crate::{NOW, SEED, book, usage};

const BUILT_IN: &str = include_str!("../../prices/table.txt");

#[test]
fn the_table_that_is_compiled_in_is_sound_and_says_where_it_is_from() {
    let table = Table::parse(BUILT_IN.as_bytes()).unwrap();
    assert!(table.models() > 2_000);
    assert_eq!(table.version(), Table::built_in().unwrap().version());
    let (source, date) = table.version().split_once(" (").unwrap();
    assert!(source.starts_with("genai-prices ") && date.starts_with("20"), "{}", table.version());
    // What is written about it says the same.
    let version = source.rsplit(' ').next().unwrap();
    let readme = include_str!("../../README.md");
    assert!(readme.contains(&format!("version {version}, under the MIT licence")), "README.md");
    let requirements = include_str!("../../prices/requirements.txt");
    assert_eq!(requirements, format!("genai-prices=={version}\n"));
}

/// A small table with `{}` at its end.
fn small(lines: &str) -> Result<Table, String> {
    let units = BUILT_IN.lines().filter(|line| line.starts_with("unit\t"));
    let units = units.collect::<Vec<_>>().join("\n");
    let text = format!("tamis-prices\t1\nsource\tours 7\ndate\t2026-12-01\n{units}\n{lines}");
    Table::parse(text.as_bytes()).map_err(|error| {
        // Counted from the first line that differs.
        let line = error.line.checked_sub(3 + Unit::COUNT).unwrap();
        format!("{line}: {}", error.message)
    })
}

#[test]
fn a_newer_table_brings_its_own_prices() {
    let table = small(
        "provider\tours\nknown\t*ours\nserves\t^ours-\n\
         model\tours-1\t=ours-1 any( ^ours-1- $-one )\tinput_mtok=1>10:2 output_mtok=3\n\
         # A comment.\n\
         price\t2026-12-01\tinput_mtok=4\n\
         variant\tservice_tier=fast\t-\tinput_mtok=8\n\
         provider\ttheirs\nfallback\tnobody ours\n",
    )
    .unwrap();
    assert_eq!(table.version(), "ours 7 (2026-12-01)");
    let mut book = Book::new(table, Vec::new());
    let million = usage(&[(Unit::InputTokens, 1_000_000)]);
    let fast = [("service_tier", "fast"), ("other", "x")];
    let december = 20_788 * 86_400_000_000_000;
    for (provider, name, context, time, expected) in [
        (None, "ours-1-x", &[][..], NOW, Some("ours 2")),
        (None, "x-one", &[], NOW, None),
        (Some("OURS.ai"), "x-one", &[], december - 1, Some("ours 2")),
        (Some("OURS.ai"), "x-one", &[], december, Some("ours 4")),
        (Some("ours"), "Ours-1", &fast, december, Some("ours 8")),
        (Some("theirs"), "ours-1", &[], NOW, Some("theirs 2")),
        // Variants are the provider's own.
        (Some("theirs"), "ours-1", &fast, NOW, Some("theirs 2")),
        (Some("theirs"), "ours-2", &[], NOW, None),
    ] {
        let found = book.find_in(provider, name, context).map(|model| {
            let cost = book.price(model, time, &million).unwrap();
            format!("{} {}", book.provider_id(model), cost.total)
        });
        assert_eq!(found.as_deref(), expected, "{provider:?} {name}");
    }
}

#[test]
fn short_audio_is_billed_as_longer_where_the_table_says_so() {
    let table = small(
        "provider\tours\nmodel\tm\t=m\taudio_hours=0.36\naudio_minimum\t10\n\
         model\tn\t=n\taudio_hours=0.36\nprovider\ttheirs\nfallback\tours\n",
    );
    let mut book = Book::new(table.unwrap(), Vec::new());
    let all = |seconds| (Unit::AudioSeconds, seconds);
    let input = |seconds| (Unit::InputAudioSeconds, seconds);
    let second = 1_000_000_000;
    for (provider, model, counts, expected) in [
        ("ours", "m", &[all(second)][..], "0.001"),
        ("ours", "m", &[input(second)], "0.001"),
        ("ours", "m", &[all(0), input(second)], "0.001"),
        ("ours", "m", &[all(10 * second + 36)], "0.0010000000036"),
        ("ours", "m", &[all(0)], "0"),
        ("ours", "m", &[], "0"),
        ("ours", "n", &[all(second)], "0.0001"),
        // The minimum is the provider's own.
        ("theirs", "m", &[all(second)], "0.0001"),
    ] {
        let model = book.find(Some(provider), model).unwrap();
        let cost = book.price(model, NOW, &usage(counts)).unwrap();
        assert_eq!(cost.total.to_string(), expected, "{provider} {counts:?}");
    }
}

#[test]
fn what_is_wrong_in_a_table_has_its_line() {
    let model = "provider\ta\nmodel\tm\t=m\tinput_mtok=1\n";
    for (lines, expected) in [
        ("model\tm\t=m\t", "1: no provider before it"),
        ("provider\ta\nmodel\tm\t=m", "2: expected id, clauses and prices"),
        ("provider\ta\nmodel\tm\tm\t", "2: expected one of = ^ $ * ~ and a text"),
        ("provider\ta\nserves\tall( =a", "2: a group does not end"),
        ("provider\ta\nprice\t-\t", "2: no model before it"),
        ("provider\ta\nmodel\tm\t=m\tinput=1", "2: a price of an unknown unit"),
        (
            "provider\ta\nmodel\tm\t=m\tinput_mtok=-1",
            "2: expected a decimal number, and tiers that ascend",
        ),
        (
            "provider\ta\nmodel\tm\t=m\tinput_mtok=1>9:1>5:1",
            "2: expected a decimal number, and tiers that ascend",
        ),
        ("provider\ta\nmodel\tm\t=m\tinput_mtok=1 input_mtok=1", "2: two prices of one unit"),
        (&format!("{model}price\tnow\t"), "3: expected -, a date or two times of day"),
        (&format!("{model}\n# x\nvariant\ta\t-\t"), "5: expected name=value"),
        (&format!("{model}audio_minimum\tx"), "3: expected seconds, less than a million"),
        (
            &format!("{model}models"),
            "3: expected provider, model, price or another word of the format",
        ),
        ("unit\tinput_tokens\tx\t0\ta=b", "1: expected a number of units from 1 to 10000000000"),
        ("unit\tinput_tokens\tx\t1\ta=b", "1: a unit that was there before"),
        ("provider\ta\nmodel\tm\t~(\t", "2: "),
    ] {
        let error = small(lines).map(|_| ()).unwrap_err();
        let is_expected =
            if expected.len() > 3 { error == expected } else { error.starts_with(expected) };
        assert!(is_expected, "{lines:?}: {error}");
    }
    for (text, line) in [(&b""[..], 0), (b"\n\nprices", 3), (b"tamis-prices\t2", 1), (b"\n\xff", 2)]
    {
        assert_eq!(Table::parse(text).map(|_| ()).unwrap_err().line, line, "{text:?}");
    }
}

#[test]
fn a_table_that_somebody_damaged_is_refused_or_read_and_never_more() {
    let seed = *SEED;
    let lines: Vec<&str> = BUILT_IN.lines().filter(|line| !line.starts_with("unit\t")).collect();
    let units: Vec<&str> = BUILT_IN.lines().filter(|line| line.starts_with("unit\t")).collect();
    let usage = usage(&[(Unit::InputTokens, u64::MAX), (Unit::AudioSeconds, 1)]);
    let mut read = 0;
    for case in 0..2_000 {
        let mut random = Random(seed << 32 | case);
        let start = random.below(lines.len() - 20);
        let some = [&["tamis-prices\t1"], &units[..], &["provider\tx"], &lines[start..start + 20]];
        let mut text = some.concat().join("\n").into_bytes();
        for _ in 0..random.below(4) {
            let (place, by) = (random.below(text.len()), random.below(text.len()));
            text[place] = if random.once_in(2) { text[by] } else { random.next() as u8 };
        }
        let Ok(table) = Table::parse(&text) else { continue };
        read += 1;
        let mut book = Book::new(table, Vec::new());
        let text = String::from_utf8(text).unwrap();
        for id in text.lines().filter_map(|line| line.strip_prefix("model\t")?.split('\t').next()) {
            if let Some(model) = book.find(Some("x"), id) {
                let _ = book.price(model, random.next(), &usage);
            }
        }
    }
    assert!((200..1_900).contains(&read), "seed {seed}: {read} of 2000 were read");
}

#[test]
fn a_price_in_a_unit_of_a_later_version_is_left_out() {
    let table = small(
        "unit\tinput_smells\tinput_ksmells\t1000\tfamily=smells\n\
         provider\ta\nmodel\tm\t=m\tinput_mtok=1 input_ksmells=5\n",
    );
    let mut book = Book::new(table.unwrap(), Vec::new());
    let model = book.find(Some("a"), "m").unwrap();
    let cost = book.price(model, NOW, &usage(&[(Unit::InputTokens, 1_000_000)])).unwrap();
    assert_eq!(cost.total.to_string(), "1");
}

#[test]
fn a_usage_that_is_wrong_or_too_much_is_refused() {
    let mut book = book();
    let model = book.find(Some("openai"), "gpt-4o-mini").unwrap();
    for (counts, expected) in [
        (&[(Unit::CacheReadTokens, 1)][..], Unpriceable::MissingCount),
        (&[(Unit::InputTokens, 1), (Unit::CacheReadTokens, 2)], Unpriceable::CountTooSmall),
        (&[(Unit::InputTokens, 0), (Unit::CacheReadTokens, 2)], Unpriceable::CountTooSmall),
    ] {
        assert_eq!(book.price(model, NOW, &usage(counts)), Err(expected), "{counts:?}");
    }
    let most = usage(&[(Unit::InputTokens, u64::MAX), (Unit::OutputTokens, u64::MAX)]);
    let cost = book.price(model, NOW, &most).unwrap();
    assert_eq!(cost.total.to_string(), "13835058055282.16371125");
}

#[test]
fn a_total_of_nothing_says_whether_that_is_a_price() {
    let mut book = book();
    let seconds = usage(&[(Unit::OutputAudioSeconds, 5)]);
    let tokens = usage(&[(Unit::InputTokens, 5)]);
    for (provider, model, usage, nothing_priced) in [
        ("openai", "gpt-5", &seconds, true),
        ("openai", "gpt-5", &tokens, false),
        ("openai", "gpt-5", &usage(&[]), false),
        // Free.
        ("openrouter", "deepseek/deepseek-r1:free", &seconds, false),
        // A price for each request.
        ("perplexity", "sonar", &seconds, false),
    ] {
        let found = book.find(Some(provider), model).unwrap();
        let cost = book.price(found, NOW, usage).unwrap();
        assert_eq!(cost.nothing_priced, nothing_priced, "{model} {usage:?}");
    }
}
