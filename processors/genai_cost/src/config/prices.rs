//! `prices`: the user's own, which come before the table's.

use serde_json::Value;
use tamis_genai_prices::{ModelMatch, OwnPrice, WrittenPrice, WrittenTiers};
use tamis_sdk::config::Section;

/// A price as it is written, with numbers as text.
struct Written {
    name: String,
    base: String,
    tiers: Vec<(u64, String)>,
}

pub(super) fn read(section: &mut Section<'_>) -> Vec<OwnPrice> {
    section.sections("prices", price).unwrap_or_default().into_iter().flatten().collect()
}

fn price(section: &mut Section<'_>) -> Option<OwnPrice> {
    let provider = section.string("provider");
    let start = section.string("start");
    let model = model(section);
    let prices = amounts(section);
    let tiers: Vec<Vec<(u64, &str)>> = prices
        .iter()
        .map(|price| price.tiers.iter().map(|(above, text)| (*above, text.as_str())).collect())
        .collect();
    let prices: Vec<(&str, WrittenTiers<'_>)> = prices
        .iter()
        .zip(&tiers)
        .map(|(price, tiers)| (price.name.as_str(), WrittenTiers { base: &price.base, tiers }))
        .collect();
    if prices.is_empty() {
        // Told already.
        return None;
    }
    let written = WrittenPrice {
        provider: provider.as_deref(),
        model: model?,
        prices: &prices,
        start: start.as_deref(),
    };
    match OwnPrice::read(&written) {
        Ok(price) => Some(price),
        Err(problems) => {
            for problem in problems {
                let path: Vec<&str> = problem.path.split(['.', '[', ']']).collect();
                let path: Vec<&str> = path.into_iter().filter(|part| !part.is_empty()).collect();
                section.problem(&path, problem.message);
            }
            None
        }
    }
}

const MATCHES: [&str; 5] = ["equals", "starts_with", "ends_with", "contains", "regex"];

/// `model: gpt-4o`, or `model: {starts_with: gpt-4o}`.
fn model(section: &mut Section<'_>) -> Option<ModelMatch> {
    let is_map = section.value("model").is_some_and(Value::is_object);
    if !is_map {
        let name = section.string("model");
        if name.is_none() && !section.has("model") {
            section.problem(&["model"], "say which model the price is for");
        }
        return name.map(ModelMatch::Equals);
    }
    section.section("model", |model| {
        let texts = MATCHES.map(|key| model.string(key));
        if texts.iter().flatten().count() != 1 {
            model.problem(&[], format!("expected exactly one of {}", MATCHES.join(", ")));
        }
        let found = texts.into_iter().enumerate().find_map(|(place, text)| Some((place, text?)));
        found.map(|(place, text)| match place {
            0 => ModelMatch::Equals(text),
            1 => ModelMatch::StartsWith(text),
            2 => ModelMatch::EndsWith(text),
            3 => ModelMatch::Contains(text),
            _ => ModelMatch::Regex(text),
        })
    })?
}

/// `prices: {input: 2.5, cache_read: {base: 1.25, tiers: [{above: 200000, price: 2.5}]}}`.
fn amounts(section: &mut Section<'_>) -> Vec<Written> {
    let names: Vec<String> = match section.value("prices") {
        Some(Value::Object(map)) => map.keys().cloned().collect(),
        _ => Vec::new(),
    };
    let names_nothing = names.is_empty();
    let read = section.section("prices", |prices| {
        let mut written = Vec::new();
        for name in names {
            if prices.value(&name).is_some_and(Value::is_object) {
                written.extend(prices.section(&name, |tiered| tiers(tiered, &name)));
            } else if let Some(base) = number(prices, &name) {
                written.push(Written { name, base, tiers: Vec::new() });
            }
        }
        written
    });
    if !section.has("prices") || read.as_ref().is_some_and(Vec::is_empty) && names_nothing {
        section
            .problem(&["prices"], "say what is paid: input, output ... in USD per million tokens");
    }
    read.unwrap_or_default()
}

fn tiers(section: &mut Section<'_>, name: &str) -> Written {
    let base = number(section, "base");
    if base.is_none() && !section.has("base") {
        section.problem(&["base"], "say the price below the first tier");
    }
    let tiers = section.sections("tiers", |tier| {
        let above = tier.integer("above").unwrap_or(0);
        let price = number(tier, "price");
        if price.is_none() && !tier.has("price") {
            tier.problem(&["price"], "say the price of the tier");
        }
        (above, price.unwrap_or_default())
    });
    Written {
        name: name.to_owned(),
        base: base.unwrap_or_default(),
        tiers: tiers.unwrap_or_default(),
    }
}

/// A number as decimal text: of one that YAML has read the shortest that is read as it.
fn number(section: &mut Section<'_>, key: &str) -> Option<String> {
    match section.value(key)? {
        Value::Number(number) => match number.as_f64() {
            Some(double) if !number.is_i64() && !number.is_u64() => Some(double.to_string()),
            _ => Some(number.to_string()),
        },
        _ => section.string(key),
    }
}
