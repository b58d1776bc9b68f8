//! Sentry. Input includes what was cached, output includes reasoning.

use crate::meaning::Count as C;
use crate::meaning::Meaning::{Cost, Count, Kind};
use crate::meaning::Part::Within;
use crate::meaning::{Name, Scheme, name};

pub(super) const NAMES: &[Name] = &[
    name("gen_ai.operation.type", Kind(Scheme::Sentry)),
    name("gen_ai.usage.input_tokens.cached", Count(C::CacheRead, Within)),
    name("gen_ai.usage.input_tokens.cache_write", Count(C::CacheWrite, Within)),
    name("gen_ai.usage.output_tokens.reasoning", Count(C::Reasoning, Within)),
    name("gen_ai.cost.total_tokens", Cost(3)),
];
