//! The configuration, checked.

mod metrics;
mod prices;
mod trace;

use tamis_genai_prices::OwnPrice;
use tamis_sdk::config::Section;
use tamis_sdk::{Configuration, Problem, Signal};

use crate::call::Reported;
use crate::metrics::Settings;
use crate::write::Dialects;

/// Everything the user wrote. Nothing has to be.
pub(crate) struct Config {
    pub(crate) prices: Vec<OwnPrice>,
    pub(crate) price_table: Option<String>,
    pub(crate) reported_cost: Reported,
    pub(crate) attributes: Dialects,
    pub(crate) normalize: bool,
    pub(crate) metrics: Settings,
    pub(crate) trace: Option<crate::trace::Settings>,
}

impl Config {
    pub(crate) fn read(configuration: &Configuration) -> Result<Self, Vec<Problem>> {
        // One, where metrics are made.
        let is_fed = configuration.feeds.contains(&Signal::Metrics);
        let instances = if is_fed { 1 } else { configuration.instances };
        configuration.read(|section| Self {
            prices: prices::read(section),
            price_table: section.string("price_table"),
            reported_cost: reported_cost(section),
            attributes: attributes(section),
            normalize: section.boolean("normalize").unwrap_or(false),
            metrics: {
                let spans_wait = section.has("trace");
                metrics::read(section, spans_wait)
            },
            trace: trace::read(section, instances),
        })
    }
}

fn reported_cost(section: &mut Section<'_>) -> Reported {
    match section.choice("reported_cost", &["prefer", "compare", "ignore"]) {
        Some(1) => Reported::Compare,
        Some(2) => Reported::Ignore,
        _ => Reported::Prefer,
    }
}

const DIALECTS: [&str; 4] = ["gen_ai", "openlit", "openinference", "sentry"];

fn attributes(section: &mut Section<'_>) -> Dialects {
    let Some(words) = section.strings("attributes") else {
        return Dialects { genai: true, openlit: false, openinference: false, sentry: false };
    };
    let has = |wanted: &str| words.iter().any(|word| word == wanted);
    let dialects = Dialects {
        genai: has(DIALECTS[0]),
        openlit: has(DIALECTS[1]),
        openinference: has(DIALECTS[2]),
        sentry: has(DIALECTS[3]),
    };
    for (index, word) in words.iter().enumerate() {
        if !DIALECTS.contains(&word.as_str()) {
            let message = format!("expected one of {}", DIALECTS.join(", "));
            section.problem(&["attributes", &index.to_string()], message);
        }
    }
    dialects
}
