//! Random questions about everything that genai-prices knows.

use serde_json::{Value, json};
use tamis_genai_prices::{Unit, Usage};

use crate::random::Random;

const SECOND: u64 = 1_000_000;
const DAY: u64 = 86_400 * SECOND;

/// What there is to ask about, as the oracle tells it.
pub(crate) struct World {
    /// Of genai-prices.
    pub(crate) version: String,
    /// Every unit with those that include it.
    units: Vec<(Unit, Vec<Unit>)>,
    pub(crate) providers: Vec<Provider>,
}

pub(crate) struct Provider {
    pub(crate) id: String,
    texts: Vec<String>,
    pub(crate) models: Vec<Model>,
}

pub(crate) struct Model {
    pub(crate) id: String,
    texts: Vec<String>,
    units: Vec<Unit>,
    tiers: Vec<u64>,
    dates: Vec<u64>,
    times: Vec<u64>,
    contexts: Vec<Vec<(String, String)>>,
}

/// What is asked of both.
pub(crate) struct Question {
    pub(crate) provider: Option<String>,
    pub(crate) model: String,
    pub(crate) context: Vec<(String, String)>,
    /// Microseconds since the Unix epoch.
    pub(crate) time: u64,
    pub(crate) usage: Usage,
}

impl Question {
    /// As the oracle reads it.
    pub(crate) fn json(&self) -> Value {
        let count = |(unit, count): (Unit, u64)| {
            let value = if unit.is_duration() {
                // What a float holds to the last digit also goes as a float.
                let is_float = count % 1_000_000 == 0 && count < 1_000_000_000_000_000;
                let sign = if is_float && count % 2_000_000 == 0 { "f" } else { "" };
                json!(format!("{sign}{}.{:09}", count / 1_000_000_000, count % 1_000_000_000))
            } else {
                json!(count)
            };
            (unit.name().to_owned(), value)
        };
        // What a call is charged by itself is not reported there.
        let counts = self.usage.iter().filter(|&(unit, _)| unit != Unit::Requests);
        let context = self.context.iter().map(|(name, value)| (name.clone(), json!(value)));
        json!({
            "provider": self.provider,
            "model": self.model,
            "context": Value::Object(context.collect()),
            "time": self.time,
            "usage": Value::Object(counts.map(count).collect()),
        })
    }
}

impl World {
    pub(crate) fn read(line: &str) -> Self {
        let world: Value = serde_json::from_str(line).unwrap();
        let units = world["units"].as_object().unwrap();
        let units = units.iter().map(|(name, wider)| (unit(name), strings(wider)));
        Self {
            version: string(&world["version"]),
            units: units
                .map(|(unit, wider)| (unit, wider.iter().map(|name| self::unit(name)).collect()))
                .collect(),
            providers: list(&world["providers"], |provider| Provider {
                id: string(&provider["id"]),
                texts: strings(&provider["texts"]),
                models: list(&provider["models"], Model::read),
            }),
        }
    }

    /// A question that is meant to be answered, about this model.
    pub(crate) fn about(
        &self,
        random: &mut Random,
        provider: &Provider,
        model: &Model,
    ) -> Question {
        Question {
            provider: Some(provider.id.clone()),
            model: model.id.clone(),
            context: context(random, model),
            time: time(random, model),
            usage: self.usage(random, model),
        }
    }

    /// A question about this model or another, by a name that it may have.
    pub(crate) fn around(
        &self,
        random: &mut Random,
        provider: &Provider,
        model: &Model,
    ) -> Question {
        let mut question = self.about(random, provider, model);
        question.model = name(random, &provider.id, model);
        question.provider = match random.below(12) {
            0 => None,
            1 => Some(random.pick(&self.providers).id.clone()),
            2 => Some(format!(" {}\t", provider.id.to_uppercase())),
            3 if !provider.texts.is_empty() => Some(format!("my.{}-1", provider.texts.join("_"))),
            4 => Some(random.pick(&["litellm", "LiteLLM", "", "nobody", "vertex_ai"]).to_string()),
            // Both have other providers' models as well.
            5 => Some(random.pick(&["azure", "google"]).to_string()),
            _ => Some(provider.id.clone()),
        };
        question
    }

    fn usage(&self, random: &mut Random, model: &Model) -> Usage {
        let mut used: Vec<(Unit, u64)> = Vec::new();
        for &unit in &model.units {
            if !random.once_in(3) {
                let bits = if random.once_in(20) { 56 } else { 24 };
                used.push((unit, random.number(bits)));
            }
        }
        if random.once_in(4) {
            let (unit, _) = random.pick(&self.units);
            used.push((*unit, random.number(20)));
        }
        // What a narrower unit counts, wider ones count as well.
        let mut usage = Usage::new();
        let mut add = |unit, count| usage.set(unit, usage.get(unit).unwrap_or(0) + count);
        for &(unit, count) in &used {
            let wider = self.units.iter().find(|(known, _)| *known == unit).unwrap();
            add(unit, count);
            wider.1.iter().for_each(|&wider| add(wider, count));
        }
        if !model.tiers.is_empty() && random.once_in(2) {
            let input = (random.pick(&model.tiers) + random.below(3) as u64).saturating_sub(1);
            let least = usage.get(Unit::InputTokens).unwrap_or(0);
            usage.set(Unit::InputTokens, if random.once_in(8) { input } else { input.max(least) });
        }
        if random.once_in(3) {
            spoil(random, &mut usage);
        }
        usage
    }
}

/// Makes the counts disagree, or not.
fn spoil(random: &mut Random, usage: &mut Usage) {
    let counts: Vec<_> = usage.iter().collect();
    if counts.is_empty() {
        return;
    }
    let &(unit, count) = random.pick(&counts);
    match random.below(4) {
        0 => usage.set(unit, 0),
        1 => usage.set(unit, count.saturating_sub(1)),
        2 => usage.set(unit, random.number(64)),
        _ => {
            usage.clear();
            let rest = counts.iter().filter(|&&(other, _)| other != unit);
            rest.for_each(|&(other, count)| usage.set(other, count));
        }
    }
}

impl Model {
    fn read(model: &Value) -> Self {
        let numbers = |value: &Value| list(value, |number| number.as_u64().unwrap());
        let pairs = |context: &Value| {
            let context = context.as_object().unwrap();
            context.iter().map(|(name, value)| (name.clone(), string(value))).collect()
        };
        Self {
            id: string(&model["id"]),
            texts: strings(&model["texts"]),
            units: list(&model["units"], |name| unit(name.as_str().unwrap())),
            tiers: numbers(&model["tiers"]),
            dates: numbers(&model["dates"]),
            times: numbers(&model["times"]),
            contexts: list(&model["contexts"], pairs),
        }
    }
}

fn name(random: &mut Random, provider: &str, model: &Model) -> String {
    let text = random.pick(&model.texts);
    let name = match random.below(4) {
        0 => model.id.clone(),
        _ => from_pattern(random, text),
    };
    let date = random.pick(&["20251211", "2026-02-28", "20260230", "20261301", "2512", "20240229"]);
    match random.below(24) {
        0 => name.to_uppercase(),
        1 | 2 => format!("{name}-{date}"),
        3 => format!("{name}-{date}:{}", random.pick(&["free", "batch"])),
        4 => format!("{provider}/{name}"),
        5 => format!("{}/{name}", random.pick(&["openai", "bedrock", "nobody", ""])),
        6 => format!("us.{name}-v1:0"),
        7 => format!("{name}\n"),
        8 => name.chars().skip(1).collect(),
        9 => {
            format!("{name}{}", random.pick(&["-tts", "-latest", "-TTS-x", "-preview", "İ", "-4"]))
        }
        10 => name.replace('.', "-"),
        _ => name,
    }
}

/// A text that the pattern could match, where it is one.
fn from_pattern(random: &mut Random, text: &str) -> String {
    let text = text.trim_start_matches('^').trim_end_matches('$');
    if !text.contains('\\') && !text.contains('[') && !text.contains('(') {
        return text.to_owned();
    }
    let mut name = text.replace(r"\d{8}", "20260317").replace(r"\d{4}", "2026");
    for (part, by) in
        [(r"\d{2}", "09"), (r"\d", "1"), ("[134]", "3"), ("[-@]", "@"), ("(-", "-"), (")?", "")]
    {
        name = name.replace(part, by);
    }
    let names = ["mistral-x", "labs-devstral-2", "open-mixtral", "a/mistral", "magistral-tts"];
    if name.contains("(?") {
        random.pick(&names).to_string()
    } else {
        name.replace(['\\', '('], "")
    }
}

fn context(random: &mut Random, model: &Model) -> Vec<(String, String)> {
    let contexts: Vec<_> = model.contexts.iter().flatten().collect();
    if contexts.is_empty() || random.once_in(3) {
        return Vec::new();
    }
    let mut context: Vec<(String, String)> = Vec::new();
    for _ in 0..=random.below(2) {
        let (name, value) = random.pick(&contexts);
        if !context.iter().any(|(known, _)| known == name) {
            let value = if random.once_in(6) { value.to_uppercase() } else { value.clone() };
            context.push((name.clone(), value));
        }
    }
    context
}

/// Mostly where something changes.
fn time(random: &mut Random, model: &Model) -> u64 {
    let mut day = 19_000 + random.below(2_500) as u64;
    if !model.dates.is_empty() && random.below(4) > 0 {
        day = *random.pick(&model.dates);
    }
    let mut time = day * DAY;
    if !model.times.is_empty() {
        time += *random.pick(&model.times) * SECOND;
    }
    match random.below(8) {
        0 => random.next() % DAY,
        1 => random.next() % (u64::MAX / 1_000),
        2 | 3 => time - 1,
        4 => time + random.next() % DAY,
        5 => time + 1,
        _ => time,
    }
}

fn unit(name: &str) -> Unit {
    Unit::from_name(name).unwrap_or_else(|| panic!("no unit {name}"))
}

fn list<T>(value: &Value, read: impl Fn(&Value) -> T) -> Vec<T> {
    value.as_array().unwrap().iter().map(read).collect()
}

fn string(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn strings(value: &Value) -> Vec<String> {
    list(value, string)
}
