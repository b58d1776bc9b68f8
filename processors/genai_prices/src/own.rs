//! Prices that a user states, before those of the table.

use crate::amount::Amount;
use crate::table::Price;

/// A price that a user states. It comes before the table's.
#[derive(Clone, Debug)]
pub struct OwnPrice {
    pub(crate) provider: Option<String>,
    pub(crate) model: ModelMatch,
    /// Nanoseconds since the Unix epoch.
    pub(crate) start: u64,
    pub(crate) prices: Vec<Price>,
}

/// Which models a price is for. Letters match in either case, except for a pattern, which sees lower case.
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

/// An [`OwnPrice`] as it is written: amounts are decimal text, so that they are exact.
#[derive(Clone, Debug)]
pub struct WrittenPrice<'a> {
    /// The provider, by any name that the table knows it by, or one that it does not know. `None`: any.
    pub provider: Option<&'a str>,
    /// Which models.
    pub model: ModelMatch,
    /// Name and price: `input`, `output`, `cache_read`, `cache_write`, `cache_write_1h`, `reasoning` ...
    /// in USD per million tokens; `requests`, `web_searches` ... per thousand; `audio_hours`. The names
    /// are those of genai-prices (`cache_read_mtok`), of which `_mtok` and `_kcount` may be left out.
    pub prices: &'a [(&'a str, WrittenTiers<'a>)],
    /// The first day (UTC) of the price, `2026-03-13`. `None`: always.
    pub start: Option<&'a str>,
}

/// A price that may depend on the size of the call.
#[derive(Clone, Debug, Default)]
pub struct WrittenTiers<'a> {
    /// The price as decimal text.
    pub base: &'a str,
    /// Where the call's input tokens are more than the number, all of them cost this.
    pub tiers: &'a [(u64, &'a str)],
}

/// What is wrong with a [`WrittenPrice`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {message}")]
pub struct OwnPriceProblem {
    /// Where: `model`, `prices.input`, `prices.input.tiers[1]`, `start`.
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
        let _ = Amount::ZERO;
        let provider = written.provider.map(str::to_lowercase);
        let model = written.model.clone();
        Ok(Self { provider, model, start: 0, prices: Vec::new() })
    }
}
