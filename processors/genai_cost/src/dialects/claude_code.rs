//! Claude Code: log events and spans. Cached input stands beside input.

use crate::meaning::Count as C;
use crate::meaning::Meaning::{Cost, Count, FirstToken};
use crate::meaning::Part::Beside;
use crate::meaning::{Name, Scale, weak};

pub(super) const NAMES: &[Name] = &[
    weak("cache_read_tokens", Count(C::CacheRead, Beside)),
    weak("cache_creation_tokens", Count(C::CacheWrite, Beside)),
    weak("cost_usd", Cost(4)),
    weak("ttft_ms", FirstToken(Scale::Milliseconds)),
];
