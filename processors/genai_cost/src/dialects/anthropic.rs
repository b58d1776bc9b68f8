//! The answer of a provider as it came: whole, or one attribute for each of its members, which
//! [`super::MEMBERS`] reads. Anthropic's input is without what was cached.

use crate::meaning::Count as C;
use crate::meaning::Meaning::{Count, Object, Text};
use crate::meaning::Part::{Beside, Unsaid, Within};
use crate::meaning::{Name, Text as T, weak};

pub(super) const NAMES: &[Name] = &[
    weak("usage", Object),
    weak("llm.usage", Object),
    weak("response.usage", Object),
    weak("token_usage", Object),
    weak("tokenUsage", Object),
    weak("response", Object),
    weak("input_tokens", Count(C::Input, Unsaid)),
    weak("output_tokens", Count(C::Output, Unsaid)),
    weak("prompt_tokens", Count(C::Input, Within)),
    weak("completion_tokens", Count(C::Output, Unsaid)),
    weak("total_tokens", Count(C::Total, Unsaid)),
    weak("cache_read_input_tokens", Count(C::CacheRead, Beside)),
    weak("cache_creation_input_tokens", Count(C::CacheWrite, Beside)),
    weak("cache_creation.ephemeral_5m_input_tokens", Count(C::CacheWrite5m, Beside)),
    weak("cache_creation.ephemeral_1h_input_tokens", Count(C::CacheWrite1h, Beside)),
    weak("inputTokens", Count(C::Input, Unsaid)),
    weak("outputTokens", Count(C::Output, Unsaid)),
    weak("totalTokens", Count(C::Total, Unsaid)),
    weak("cacheReadInputTokens", Count(C::CacheRead, Beside)),
    weak("cacheWriteInputTokens", Count(C::CacheWrite, Beside)),
    weak("cached_tokens", Count(C::CacheRead, Within)),
    weak("reasoning_tokens", Count(C::Reasoning, Within)),
    weak("model", Text(T::RequestModel, 6)),
    weak("model_name", Text(T::RequestModel, 7)),
    weak("model_id", Text(T::RequestModel, 8)),
    weak("modelId", Text(T::RequestModel, 8)),
    weak("provider", Text(T::Provider, 7)),
];
