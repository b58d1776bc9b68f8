//! Prices that a user states, before those of the table.

use std::sync::OnceLock;

use tamis_re2::Regex;

use crate::condition::date;
use crate::lookup::normal;
use crate::price::{Price, Rate};
use crate::registry::Registry;
use crate::table::Table;
use crate::unit::Unit;

/// A price that a user states. It comes before the table's.
///
/// Of several for one model, the one that began last is taken; of those that began on one day, the first.
#[derive(Clone, Debug)]
pub struct OwnPrice {
    /// As [`normal`] has it.
    pub(crate) provider: Option<String>,
    matching: Matching,
    /// As it was written.
    pub(crate) model: String,
    /// Nanoseconds since the Unix epoch.
    pub(crate) start: Option<u64>,
    pub(crate) prices: Vec<Price>,
}

/// Which models a price is for. Letters match in either case; a pattern sees the name in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelMatch {
    /// This name.
    Equals(String),
    /// Names that begin so.
    StartsWith(String),
    /// Names that end so.
    EndsWith(String),
    /// Names with this somewhere.
    Contains(String),
    /// Names in which this pattern of Go's syntax matches somewhere.
    Regex(String),
}

/// The same, prepared.
#[derive(Clone, Debug)]
enum Matching {
    Equals(String),
    StartsWith(String),
    EndsWith(String),
    Contains(String),
    Regex(Box<Regex>),
}

/// An [`OwnPrice`] as it is written: amounts are decimal text, so that they are exact.
#[derive(Clone, Debug)]
pub struct WrittenPrice<'a> {
    /// The provider, by any name that the table knows it by, or one that it does not know. `None`: any.
    pub provider: Option<&'a str>,
    /// Which models.
    pub model: ModelMatch,
    /// Name and price: `input`, `output`, `cache_read`, `cache_write`, `cache_write_1h`, `reasoning` ...
    /// in USD per million tokens; `requests`, `web_searches` ... per thousand; `audio_hours`. The names
    /// are those of genai-prices (`cache_read_mtok`), of which `_mtok` and `_kcount` may be left out;
    /// `reasoning` stands for `output_reasoning`.
    pub prices: &'a [(&'a str, WrittenTiers<'a>)],
    /// The first day (UTC) of the price, `2026-03-13`. `None`: always.
    pub start: Option<&'a str>,
}

/// A price that may depend on the size of the call.
#[derive(Clone, Copy, Debug, Default)]
pub struct WrittenTiers<'a> {
    /// The price as decimal text, `2.50`.
    pub base: &'a str,
    /// Where the call's input tokens are more than the number, all units cost this. Numbers ascend.
    pub tiers: &'a [(u64, &'a str)],
}

/// What is wrong with a [`WrittenPrice`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {message}")]
pub struct OwnPriceProblem {
    /// Where: `model`, `prices`, `prices.input`, `prices.input.tiers[1]`, `start`.
    pub path: String,
    /// What.
    pub message: String,
}

impl OwnPrice {
    /// Checks what is written.
    ///
    /// # Errors
    ///
    /// Every problem, each with its path within the entry.
    pub fn read(written: &WrittenPrice<'_>) -> Result<Self, Vec<OwnPriceProblem>> {
        let mut problems = Problems(Vec::new());
        let model = written.model.text().to_owned();
        let matching = problems.take("model", Matching::new(&written.model));
        let start = problems.take("start", written.start.map(start).transpose());
        let prices = prices(written.prices, &mut problems);
        match (matching, start) {
            (Some(matching), Some(start)) if problems.0.is_empty() => {
                let provider = written.provider.map(normal);
                Ok(Self { provider, matching, model, start, prices })
            }
            _ => Err(problems.0),
        }
    }

    /// Whether it is for a model of this name, which is in lower case.
    pub(crate) fn is_for(&self, name: &str) -> bool {
        match &self.matching {
            Matching::Equals(text) => name == text,
            Matching::StartsWith(text) => name.starts_with(text),
            Matching::EndsWith(text) => name.ends_with(text),
            Matching::Contains(text) => name.contains(text),
            Matching::Regex(regex) => regex.is_match(name.as_bytes()),
        }
    }
}

impl ModelMatch {
    fn text(&self) -> &str {
        match self {
            Self::Equals(text)
            | Self::StartsWith(text)
            | Self::EndsWith(text)
            | Self::Contains(text)
            | Self::Regex(text) => text,
        }
    }
}

impl Matching {
    fn new(written: &ModelMatch) -> Result<Self, String> {
        if written.text().is_empty() {
            return Err("must not be empty".to_owned());
        }
        Ok(match written {
            ModelMatch::Equals(text) => Self::Equals(text.to_lowercase()),
            ModelMatch::StartsWith(text) => Self::StartsWith(text.to_lowercase()),
            ModelMatch::EndsWith(text) => Self::EndsWith(text.to_lowercase()),
            ModelMatch::Contains(text) => Self::Contains(text.to_lowercase()),
            ModelMatch::Regex(pattern) => {
                Self::Regex(Box::new(Regex::new(pattern).map_err(|error| error.to_string())?))
            }
        })
    }
}

/// Collects what is wrong.
struct Problems(Vec<OwnPriceProblem>);

impl Problems {
    fn add(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.0.push(OwnPriceProblem { path: path.into(), message: message.into() });
    }

    fn take<T>(&mut self, path: &str, result: Result<T, String>) -> Option<T> {
        result.map_err(|message| self.add(path, message)).ok()
    }
}

fn start(text: &str) -> Result<u64, String> {
    date(text).ok_or_else(|| "expected a day as 2026-03-13".to_owned())
}

fn prices(written: &[(&str, WrittenTiers<'_>)], problems: &mut Problems) -> Vec<Price> {
    let registry = registry();
    let mut prices: Vec<Price> = Vec::new();
    for (name, tiers) in written {
        let path = format!("prices.{name}");
        let Some(unit) = unit(name, registry) else {
            problems.add(path, "there is no unit of this name");
            continue;
        };
        if prices.iter().any(|price| price.unit == unit) {
            problems.add(path, "a second price of this unit");
            continue;
        }
        let per = registry.per(unit);
        let (base, tiers) =
            (rate(tiers.base, &path, problems), steps(tiers.tiers, &path, problems));
        prices.push(Price { unit, per, base, tiers });
    }
    let priced = prices.iter().fold(0, |set, price| set | price.unit.bit());
    if prices.is_empty() && problems.0.is_empty() {
        problems.add("prices", "must not be empty; a model that is free has prices of 0");
    } else if let Some((unit, missing)) = registry.gap(priced) {
        let missing = missing.map_or("one that does not exist", |missing| short(missing, registry));
        problems.add(
            format!("prices.{}", short(unit, registry)),
            format!("needs a price of {missing} as well"),
        );
    }
    prices
}

fn steps(tiers: &[(u64, &str)], path: &str, problems: &mut Problems) -> Vec<(u64, Rate)> {
    let mut steps: Vec<(u64, Rate)> = Vec::new();
    for (number, &(above, text)) in tiers.iter().enumerate() {
        let path = format!("{path}.tiers[{number}]");
        if steps.last().is_some_and(|&(before, _)| before >= above) {
            problems.add(path.clone(), "tiers must ascend");
        }
        steps.push((above, rate(text, &path, problems)));
    }
    steps
}

fn rate(text: &str, path: &str, problems: &mut Problems) -> Rate {
    Rate::parse(text).unwrap_or_else(|| {
        problems.add(path, "expected a decimal number that is not negative, of at most 19 digits");
        Rate { coefficient: 0, decimals: 0 }
    })
}

/// Which unit a user means.
fn unit(name: &str, registry: &Registry) -> Option<Unit> {
    if name == "reasoning" {
        return Some(Unit::OutputReasoningTokens);
    }
    let named = |name: &str| registry.priced(name).flatten();
    named(name).or_else(|| SUFFIXES.iter().find_map(|suffix| named(&format!("{name}{suffix}"))))
}

/// How a user names the unit.
fn short(unit: Unit, registry: &Registry) -> &str {
    let name = registry.price_name(unit);
    SUFFIXES.iter().find_map(|suffix| name.strip_suffix(suffix)).unwrap_or(name)
}

/// What a user may leave out of the name of a price.
const SUFFIXES: [&str; 2] = ["_mtok", "_kcount"];

/// The units of the table that is compiled in: what a user's price means does not depend on another.
fn registry() -> &'static Registry {
    static REGISTRY: OnceLock<Registry> = OnceLock::new();
    REGISTRY.get_or_init(|| Table::built_in().map(|table| table.registry).unwrap_or_default())
}
