//! What a call costs, or why that cannot be said.

use crate::amount::Amount;

/// What a call costs. The parts sum to `total` exactly.
///
/// A part that is more than 10^38 times finer than the total is rounded to the total's decimals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// All of it; what genai-prices calls `total_price`.
    pub total: Amount,
    /// Input that was not cached: tokens of every modality, characters, pages, seconds of audio that went
    /// in. With `cache_read` and `cache_write` it is what genai-prices calls `input_price`.
    pub input: Amount,
    /// Input that was read from a cache.
    pub cache_read: Amount,
    /// Input that was written to a cache.
    pub cache_write: Amount,
    /// Output without reasoning. With `reasoning` it is what genai-prices calls `output_price`.
    pub output: Amount,
    /// Reasoning, where the model has a price of its own for it; else it is in `output`.
    pub reasoning: Amount,
    /// What is neither input nor output: requests, searches, code executions, seconds of audio that have
    /// no direction.
    pub other: Amount,
    /// No unit that was used has a price in this model: the total is 0 because nothing is known, unless
    /// the model is free. genai-prices answers 0 without a word.
    pub nothing_priced: bool,
}

/// Why a usage cannot be priced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unpriceable {
    /// A narrower unit is reported without the wider one that includes it: cached input without input.
    #[error("a count is missing that includes another")]
    MissingCount,
    /// The narrower units are more than the wider one that includes them: more cached input than input.
    #[error("a count is less than what it includes")]
    CountTooSmall,
    /// The model's prices are incomplete: a narrower unit has a price and a wider one has none.
    #[error("the prices of the model are incomplete")]
    IncompletePrices,
    /// A price of the user's own has not begun, and there is no other.
    #[error("the model has no price at this time")]
    NoPriceYet,
    /// The exact amount has more digits than fit.
    #[error("the amount has too many digits")]
    Overflow,
}

impl Unpriceable {
    /// A short word that stays as it is, for attributes and labels.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MissingCount => "missing_count",
            Self::CountTooSmall => "count_too_small",
            Self::IncompletePrices => "incomplete_prices",
            Self::NoPriceYet => "no_price_yet",
            Self::Overflow => "overflow",
        }
    }
}
