//! OpenLIT, OpenRouter's own traces, and others that put a cost beside the usage.

use crate::meaning::Count as C;
use crate::meaning::Meaning::{Cost, Count, FirstToken};
use crate::meaning::Part::{ByProvider, Within};
use crate::meaning::{Name, Scale, name};

pub(super) const NAMES: &[Name] = &[
    name("gen_ai.usage.cost", Cost(1)),
    name("gen_ai.usage.cost.amount", Cost(0)),
    name("gen_ai.usage.cost_usd", Cost(2)),
    name("gen_ai.usage.total_cost", Cost(1)),
    name("llm.usage.cost", Cost(3)),
    name("llm.usage.total_cost", Cost(3)),
    name("gen_ai.usage.cached_tokens", Count(C::CacheRead, Within)),
    name("gen_ai.usage.input_cached_tokens", Count(C::CacheRead, Within)),
    name("gen_ai.usage.details.cache_read", Count(C::CacheRead, Within)),
    name("gen_ai.usage.cache_read_tokens", Count(C::CacheRead, ByProvider)),
    name("gen_ai.usage.cache_write_tokens", Count(C::CacheWrite, ByProvider)),
    name("gen_ai.usage.cache_creation_tokens", Count(C::CacheWrite, ByProvider)),
    name("llm.time_to_first_token", FirstToken(Scale::Seconds)),
];
