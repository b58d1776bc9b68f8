//! Prices of a user's own.

use tamis_genai_prices::{Book, ModelMatch, OwnPrice, Table, Unit, WrittenPrice, WrittenTiers};
use tamis_genai_prices::{Unpriceable, Usage};

use crate::{NOW, usage};

/// Prices with tiers, by the name that a user writes.
type Prices = &'static [(&'static str, &'static str, &'static [(u64, &'static str)])];

struct Entry {
    provider: Option<&'static str>,
    model: ModelMatch,
    prices: Prices,
    start: Option<&'static str>,
}

fn read(entry: &Entry) -> Result<OwnPrice, Vec<String>> {
    let prices: Vec<_> = entry
        .prices
        .iter()
        .map(|&(name, base, tiers)| (name, WrittenTiers { base, tiers }))
        .collect();
    let (provider, model) = (entry.provider, entry.model.clone());
    let written = WrittenPrice { provider, model, prices: &prices, start: entry.start };
    OwnPrice::read(&written).map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

fn entry(provider: Option<&'static str>, model: ModelMatch, prices: Prices) -> Entry {
    Entry { provider, model, prices, start: None }
}

fn equals(name: &str) -> ModelMatch {
    ModelMatch::Equals(name.to_owned())
}

fn book(entries: &[Entry]) -> Book {
    let own = entries.iter().map(|entry| read(entry).unwrap()).collect();
    Book::new(Table::built_in().unwrap(), own)
}

/// A million of each, so that a price is what is written.
fn million() -> Usage {
    usage(&[(Unit::InputTokens, 1_000_000), (Unit::OutputTokens, 1_000_000)])
}

/// Provider, model and total, or why not.
fn priced(book: &mut Book, provider: Option<&str>, model: &str, usage: &Usage) -> String {
    let Some(found) = book.find(provider, model) else { return "unknown".to_owned() };
    let (provider, name) = (book.provider_id(found), book.model_id(found));
    match book.price(found, NOW, usage) {
        Ok(cost) => format!("{provider} {name} {}", cost.total),
        Err(reason) => format!("{provider} {name} {}", reason.as_str()),
    }
}

const CHEAP: Prices = &[("input", "1", &[]), ("output", "2.50", &[])];
const DEAR: Prices = &[("input_mtok", "100", &[]), ("output", "0", &[])];

#[test]
fn the_first_of_the_users_own_that_is_for_the_model_is_taken() {
    let mut book = book(&[
        entry(Some("my-vllm"), equals("Llama-70B"), CHEAP),
        entry(None, ModelMatch::Regex(r"^llama-\d+b$".to_owned()), DEAR),
        entry(Some("azure"), ModelMatch::StartsWith("GPT-5".to_owned()), CHEAP),
        entry(None, ModelMatch::Contains("-mini".to_owned()), DEAR),
        entry(Some("openai"), ModelMatch::EndsWith(":ours".to_owned()), CHEAP),
    ]);
    for (provider, model, expected) in [
        (Some("my-vllm"), "llama-70b", "my-vllm Llama-70B 3.5"),
        (Some(" My-vLLM "), "LLAMA-70B", "my-vllm Llama-70B 3.5"),
        (Some("other"), "llama-70b", r" ^llama-\d+b$ 100"),
        (None, "llama-8b", r" ^llama-\d+b$ 100"),
        (Some("azure"), "gpt-5", "azure gpt-5 3.5"),
        (Some("azure"), "gpt-5-mini", "azure gpt-5-mini 3.5"),
        (Some("openai"), "gpt-5", "openai gpt-5 11.25"),
        (Some("openai"), "gpt-5-mini", "openai gpt-5-mini 100"),
        // The table knows this provider by more names.
        (Some("azure_openai"), "nobody:ours", "openai :ours 3.5"),
        (Some("litellm"), "openai/nobody:ours", "openai :ours 3.5"),
        (Some("litellm"), "my-own/gpt-5:ours", "unknown"),
        (Some("nobody"), "nothing", "unknown"),
    ] {
        let found = priced(&mut book, provider, model, &million());
        assert_eq!(found, expected, "{provider:?} {model}");
        assert_eq!(priced(&mut book, provider, model, &million()), expected, "again: {model}");
    }
}

#[test]
fn the_price_that_began_last_is_taken_and_before_it_the_tables() {
    let dated = |start, prices| {
        let model = equals("gpt-5");
        Entry { provider: Some("openai"), model, prices, start: Some(start) }
    };
    let mut book = book(&[
        dated("2026-06-01", DEAR),
        dated("2026-03-01", CHEAP),
        dated("2026-03-01", DEAR),
        Entry { model: equals("mine"), ..dated("2026-03-01", CHEAP) },
    ]);
    let day = 86_400_000_000_000;
    let (march, june) = (20_513 * day, 20_605 * day);
    let (gpt, mine) = (book.find(Some("openai"), "gpt-5"), book.find(Some("openai"), "mine"));
    for (model, time, expected) in [
        (gpt, march - 1, Ok("11.25")),
        (gpt, march, Ok("3.5")),
        (gpt, june - 1, Ok("3.5")),
        (gpt, june, Ok("100")),
        (mine, march - 1, Err(Unpriceable::NoPriceYet)),
        (mine, march, Ok("3.5")),
    ] {
        let cost = book.price(model.unwrap(), time, &million()).map(|cost| cost.total.to_string());
        assert_eq!(cost, expected.map(str::to_owned), "{time}");
    }
}

#[test]
fn a_users_price_has_no_variants_of_the_tables() {
    let tier = [("service_tier", "flex")];
    let mut plain = crate::book();
    let mut own = book(&[entry(None, equals("gpt-5"), CHEAP)]);
    let total = |book: &mut Book, context: &[(&str, &str)]| {
        let model = book.find_in(Some("openai"), "gpt-5", context).unwrap();
        book.price(model, NOW, &million()).unwrap().total.to_string()
    };
    assert_ne!(total(&mut plain, &tier), total(&mut plain, &[]));
    assert_eq!(total(&mut own, &tier), total(&mut own, &[]));
}

#[test]
fn every_unit_has_the_price_that_is_written() {
    let mut book = book(&[entry(
        None,
        equals("all"),
        &[
            ("input", "3", &[(200_000, "6"), (500_000, "9")]),
            ("cache_read", "0.30", &[]),
            ("cache_write", "3.75", &[]),
            ("cache_write_1h", "6", &[]),
            ("output", "15", &[(200_000, "30")]),
            ("reasoning", "20", &[]),
            ("requests", "7", &[]),
            ("web_searches", "10", &[]),
            ("audio_hours", "0.36", &[]),
        ],
    )]);
    let model = book.find(None, "all").unwrap();
    let mut call = usage(&[
        (Unit::InputTokens, 200_000),
        (Unit::CacheReadTokens, 100_000),
        (Unit::CacheWriteTokens, 50_000),
        (Unit::CacheWrite1hTokens, 10_000),
        (Unit::OutputTokens, 1_000),
        (Unit::OutputReasoningTokens, 400),
        (Unit::WebSearches, 3),
        (Unit::AudioSeconds, 10_000_000_000),
    ]);
    let cost = book.price(model, NOW, &call).unwrap();
    let parts = |cost: tamis_genai_prices::Cost| {
        [cost.input, cost.cache_read, cost.cache_write, cost.output, cost.reasoning, cost.other]
            .map(|part| part.to_string())
    };
    assert_eq!(parts(cost), ["0.15", "0.03", "0.21", "0.009", "0.008", "0.038"]);
    assert_eq!(cost.total.to_string(), "0.445");
    // One token more, and all of them cost the next tier's price.
    call.set(Unit::InputTokens, 200_001);
    let cost = book.price(model, NOW, &call).unwrap();
    assert_eq!(parts(cost), ["0.300006", "0.03", "0.21", "0.018", "0.008", "0.038"]);
}

#[test]
fn every_problem_has_its_path() {
    let checked = |prices, expected: &[&str]| {
        let problems = read(&entry(None, equals("a"), prices)).unwrap_err();
        assert_eq!(problems, expected);
    };
    let amount = "expected a decimal number that is not negative, of at most 19 digits";
    checked(
        &[("imput", "1", &[]), ("output", "-1", &[]), ("output_mtok", "1", &[])],
        &[
            "prices.imput: there is no unit of this name",
            &format!("prices.output: {amount}"),
            "prices.output_mtok: a second price of this unit",
        ],
    );
    checked(
        &[("input", "1e3", &[(5, "2"), (5, "")])],
        &[
            &format!("prices.input: {amount}"),
            "prices.input.tiers[1]: tiers must ascend",
            &format!("prices.input.tiers[1]: {amount}"),
        ],
    );
    checked(&[], &["prices: must not be empty; a model that is free has prices of 0"]);
    let alone = "prices.cache_read: needs a price of input as well";
    checked(&[("cache_read", "1", &[])], &[alone]);
    checked(
        &[("input", "1", &[]), ("cache_read", "1", &[]), ("input_audio", "2", &[])],
        &["prices.cache_read: needs a price of cache_audio_read as well"],
    );
    let start = Some("1.3.2026");
    let model = ModelMatch::Regex("(".to_owned());
    let problems = read(&Entry { start, ..entry(None, model, CHEAP) }).unwrap_err();
    assert!(problems[0].starts_with("model: "), "{problems:?}");
    assert_eq!(problems[1..], ["start: expected a day as 2026-03-13"]);
    let problems = read(&entry(None, equals(""), CHEAP)).unwrap_err();
    assert_eq!(problems, ["model: must not be empty"]);
}
