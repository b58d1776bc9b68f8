//! Gemini's own names, and those of Google's agent kit. Output is without thoughts.

use crate::meaning::Count as C;
use crate::meaning::Meaning::{Count, Object};
use crate::meaning::Part::{Beside, Unsaid, Within};
use crate::meaning::{Name, name, weak};

pub(super) const NAMES: &[Name] = &[
    weak("usageMetadata", Object),
    weak("usage_metadata", Object),
    weak("gcp.vertex.agent.llm_response", Object),
    weak("promptTokenCount", Count(C::Input, Unsaid)),
    weak("candidatesTokenCount", Count(C::Output, Unsaid)),
    weak("thoughtsTokenCount", Count(C::Reasoning, Beside)),
    weak("cachedContentTokenCount", Count(C::CacheRead, Within)),
    weak("toolUsePromptTokenCount", Count(C::ToolPrompt, Beside)),
    weak("totalTokenCount", Count(C::Total, Unsaid)),
    name("gen_ai.response.prompt_token_count", Count(C::Input, Unsaid)),
    name("gen_ai.response.candidates_token_count", Count(C::Output, Unsaid)),
    name("gen_ai.response.cached_content_token_count", Count(C::CacheRead, Within)),
    name("gen_ai.response.thoughts_token_count", Count(C::Reasoning, Beside)),
    name("gen_ai.response.total_token_count", Count(C::Total, Unsaid)),
    name("gen_ai.usage.experimental.reasoning_tokens", Count(C::Reasoning, Within)),
];
