//! The price table: where its lines are, and what they say.
//!
//! Parsing only finds the lines. What a line says of a model is read when somebody asks for the model,
//! because every instance parses the table when it starts. A table that is not compiled in is read as a
//! whole once, so that what is wrong in it is known at once.

mod lines;

use std::borrow::Cow;
use std::ops::Range;

use crate::condition::Condition;
use crate::matching;
use crate::price::{self, Price};
use crate::registry::Registry;

use lines::Reader;
pub(crate) use lines::Span;

const BUILT_IN: &str = include_str!("../prices/table.txt");

/// The longest table, in bytes: fifty times the one that is compiled in.
pub const TABLE_MAX: usize = 16 << 20;

/// A table of prices. It does not change.
pub struct Table {
    text: Cow<'static, str>,
    version: String,
    pub(crate) registry: Registry,
    pub(crate) providers: Vec<Provider>,
    pub(crate) rows: Vec<Row>,
}

/// The text is not a price table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct TableError {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong there.
    pub message: String,
}

/// The lines from `provider` to its first `model`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Provider {
    pub(crate) id: Span,
    /// Clauses on the provider's names.
    pub(crate) known: Span,
    /// Clauses on the names of models, where no provider was given.
    pub(crate) serves: Span,
    /// Ids of the providers whose models this one has as well.
    pub(crate) fallback: Span,
    /// Its models in [`Table::rows`].
    pub(crate) rows: Range<usize>,
}

/// The line `model` and those that belong to it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    pub(crate) id: Span,
    /// Clauses on the name of the model.
    pub(crate) matching: Span,
    prices: Span,
    more: Span,
}

/// All that the table says of a model's prices.
pub(crate) struct Offer {
    /// The last one that holds is taken.
    pub(crate) prices: Vec<(Condition, Vec<Price>)>,
    pub(crate) variants: Vec<Variant>,
    /// Audio that is billed at least, in nanoseconds, where there is any.
    pub(crate) audio_minimum: Option<u64>,
}

/// Prices that replace others in a context; the first that holds is taken.
pub(crate) struct Variant {
    /// Names and values that the context must have.
    pub(crate) when: Vec<(String, String)>,
    pub(crate) condition: Condition,
    pub(crate) prices: Vec<Price>,
}

impl Table {
    /// The table that is compiled in.
    ///
    /// # Errors
    ///
    /// Never in a build whose tests pass.
    pub fn built_in() -> Result<Self, TableError> {
        Self::find_lines(Cow::Borrowed(BUILT_IN))
    }

    /// Parses and checks a table in the format of `prices/table.txt`.
    ///
    /// # Errors
    ///
    /// The first line that is wrong.
    pub fn parse(text: &[u8]) -> Result<Self, TableError> {
        if text.len() > TABLE_MAX {
            let message = format!("the table is longer than {TABLE_MAX} bytes");
            return Err(TableError { line: 1, message });
        }
        let text = match str::from_utf8(text) {
            Ok(text) => text.to_owned(),
            Err(error) => {
                let line = line(&text[..error.valid_up_to()]);
                return Err(TableError { line, message: "not UTF-8".to_owned() });
            }
        };
        let table = Self::find_lines(Cow::Owned(text))?;
        table.check()?;
        Ok(table)
    }

    /// Where the prices are from: `genai-prices 0.2.3 (2026-11-21)`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// How many models it has prices of.
    #[must_use]
    pub fn models(&self) -> usize {
        self.rows.len()
    }

    fn find_lines(text: Cow<'static, str>) -> Result<Self, TableError> {
        let mut reader = Reader::new(&text);
        match reader.read() {
            Ok(()) => {
                let (registry, version) = (reader.units.finish(), reader.version);
                let (providers, rows) = (reader.providers, reader.rows);
                Ok(Self { text, version, registry, providers, rows })
            }
            Err(message) => Err(TableError { line: reader.line, message }),
        }
    }

    /// Reads everything that is otherwise read when somebody asks for it.
    fn check(&self) -> Result<(), TableError> {
        let error = |span: Span, message| {
            Err(TableError { line: line(&self.text.as_bytes()[..span.start()]), message })
        };
        for provider in &self.providers {
            for clauses in [provider.known, provider.serves] {
                if let Err(message) = matching::check(self.get(clauses)) {
                    return error(clauses, message);
                }
            }
        }
        for row in &self.rows {
            if let Err(message) = matching::check(self.get(row.matching)) {
                return error(row.matching, message);
            }
            if let Err((span, message)) = self.read(row) {
                return error(span, message);
            }
        }
        Ok(())
    }

    pub(crate) fn get(&self, span: Span) -> &str {
        span.of(&self.text)
    }

    /// What the table says of the model's prices.
    pub(crate) fn offer(&self, row: usize) -> Option<Offer> {
        self.read(self.rows.get(row)?).ok()
    }

    /// An error comes with the place of what is wrong.
    fn read(&self, row: &Row) -> Result<Offer, (Span, String)> {
        let registry = &self.registry;
        let first = price::parse(self.get(row.prices), registry);
        let first = first.map_err(|message| (row.prices, message))?;
        let mut offer = Offer {
            prices: vec![(Condition::Always, first)],
            variants: Vec::new(),
            audio_minimum: None,
        };
        for line in row.more.lines(&self.text) {
            offer.line(self.get(line), registry).map_err(|message| (line, message))?;
        }
        Ok(offer)
    }
}

impl Offer {
    /// A line that follows `model`.
    fn line(&mut self, line: &str, registry: &Registry) -> Result<(), String> {
        let condition = |text| {
            Condition::parse(text).ok_or("expected -, a date or two times of day".to_owned())
        };
        let fields: Vec<&str> = line.split('\t').collect();
        match *fields.as_slice() {
            ["price", when, prices] => {
                self.prices.push((condition(when)?, price::parse(prices, registry)?));
                if self.prices.len() > PRICES_MAX {
                    return Err(format!("more than {PRICES_MAX} prices of one model"));
                }
            }
            ["variant", context, when, prices] => {
                let pairs = context.split(' ').map(|pair| pair.split_once('='));
                let when_pairs: Option<Vec<_>> =
                    pairs.map(|pair| pair.map(|(key, value)| (key.into(), value.into()))).collect();
                self.variants.push(Variant {
                    when: when_pairs.ok_or("expected name=value")?,
                    condition: condition(when)?,
                    prices: price::parse(prices, registry)?,
                });
                if self.variants.len() > VARIANTS_MAX {
                    return Err(format!("more than {VARIANTS_MAX} variants of one model"));
                }
            }
            ["audio_minimum", seconds] => {
                let seconds =
                    seconds.parse::<f64>().ok().filter(|seconds| (0.0..1e6).contains(seconds));
                let seconds = seconds.ok_or("expected seconds, less than a million")?;
                self.audio_minimum = Some((seconds * 1e9).round() as u64);
            }
            _ if line.is_empty() || line.starts_with('#') => {}
            _ => {
                return Err("expected price, variant or audio_minimum with their fields".to_owned());
            }
        }
        Ok(())
    }
}

/// So that the times at which something changes stay few: they are prepared when the model is found.
const PRICES_MAX: usize = 64;

/// So that a set of them is a `u64`.
const VARIANTS_MAX: usize = 64;

/// The number of the line in which the text ends.
fn line(text: &[u8]) -> usize {
    text.iter().filter(|&&byte| byte == b'\n').count() + 1
}
