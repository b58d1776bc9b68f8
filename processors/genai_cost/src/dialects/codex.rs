//! The events of Codex (reasoning within output) and of Gemini CLI (thoughts beside it).

use crate::meaning::Count as C;
use crate::meaning::Meaning::Count;
use crate::meaning::Part::{Beside, Unsaid, Within};
use crate::meaning::{Name, weak};

pub(super) const NAMES: &[Name] = &[
    weak("input_token_count", Count(C::Input, Unsaid)),
    weak("output_token_count", Count(C::Output, Unsaid)),
    weak("cached_token_count", Count(C::CacheRead, Within)),
    weak("reasoning_token_count", Count(C::Reasoning, Within)),
    weak("cached_content_token_count", Count(C::CacheRead, Within)),
    weak("thoughts_token_count", Count(C::Reasoning, Beside)),
    weak("total_token_count", Count(C::Total, Unsaid)),
];
