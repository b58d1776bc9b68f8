//! The one place where the names of attributes stand that are written: none of them is a standard yet.

use super::Dialects;

pub(crate) const STATUS: &str = "gen_ai.usage.cost.status";
pub(crate) const REASON: &str = "gen_ai.usage.cost.reason";
pub(crate) const AMOUNT: &str = "gen_ai.usage.cost.amount";
pub(crate) const CURRENCY: &str = "gen_ai.usage.cost.currency";
pub(crate) const SOURCE: &str = "gen_ai.usage.cost.source";
pub(crate) const PRICE_TABLE: &str = "gen_ai.usage.cost.price_table";
pub(crate) const REPORTED: &str = "gen_ai.usage.cost.reported";
pub(crate) const INPUT: &str = "gen_ai.usage.cost.input";
pub(crate) const CACHE_READ: &str = "gen_ai.usage.cost.cache_read";
pub(crate) const CACHE_WRITE: &str = "gen_ai.usage.cost.cache_write";
pub(crate) const OUTPUT: &str = "gen_ai.usage.cost.output";
pub(crate) const REASONING: &str = "gen_ai.usage.cost.reasoning";
pub(crate) const OTHER: &str = "gen_ai.usage.cost.other";

pub(crate) const OPENLIT: &str = "gen_ai.usage.cost";
pub(crate) const OPENINFERENCE_TOTAL: &str = "llm.cost.total";
pub(crate) const OPENINFERENCE_PROMPT: &str = "llm.cost.prompt";
pub(crate) const OPENINFERENCE_COMPLETION: &str = "llm.cost.completion";
pub(crate) const SENTRY_TOTAL: &str = "gen_ai.cost.total_tokens";
pub(crate) const SENTRY_INPUT: &str = "gen_ai.cost.input_tokens";
pub(crate) const SENTRY_OUTPUT: &str = "gen_ai.cost.output_tokens";

/// Ours, whoever wrote them.
const OWN: &[&str] = &[
    STATUS,
    REASON,
    CURRENCY,
    SOURCE,
    PRICE_TABLE,
    REPORTED,
    INPUT,
    CACHE_READ,
    CACHE_WRITE,
    OUTPUT,
    REASONING,
    OTHER,
];

/// Ours, in the dialects in which the cost is to be written: what is there gives way.
const BY_DIALECT: [&[&str]; 4] = [
    &[AMOUNT],
    &[OPENLIT],
    &[OPENINFERENCE_TOTAL, OPENINFERENCE_PROMPT, OPENINFERENCE_COMPLETION],
    &[SENTRY_TOTAL, SENTRY_INPUT, SENTRY_OUTPUT],
];

/// Whether an attribute that tells a cost is ours where our status stands beside it.
pub(crate) fn is_ours_beside_status(key: &str) -> bool {
    BY_DIALECT.iter().any(|keys| keys.contains(&key))
}

/// Whether an attribute gives way to what is written: all of ours, and of the names that others use too
/// those that come anew.
pub(crate) fn gives_way(key: &[u8], dialects: Dialects) -> bool {
    let written = [dialects.genai, dialects.openlit, dialects.openinference, dialects.sentry];
    let is = |known: &&str| known.as_bytes() == key;
    let mut keys = BY_DIALECT.iter().zip(written).filter(|(_, written)| *written);
    OWN.iter().any(is) || keys.any(|(keys, _)| keys.iter().any(is))
}
