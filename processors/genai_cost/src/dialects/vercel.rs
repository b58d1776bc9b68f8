//! The Vercel AI SDK. Outer spans (`ai.generateText`) repeat what the inner ones (`.doGenerate`) say.
//!
//! Up to version 5 cached input is as the provider counts it; later input is the sum, and
//! `inputTokenDetails` tells the parts.

use crate::meaning::Count as C;
use crate::meaning::Meaning::{Count, FirstToken, Kind, Object, Text};
use crate::meaning::Part::{ByProvider, Unsaid, Within};
use crate::meaning::{Name, Scale, Scheme, Text as T, name, weak};

pub(super) const NAMES: &[Name] = &[
    name("ai.operationId", Kind(Scheme::Vercel)),
    weak("operation.name", Kind(Scheme::Vercel)),
    weak("ai.model.id", Text(T::RequestModel, 1)),
    weak("ai.model.provider", Text(T::Provider, 2)),
    weak("ai.response.model", Text(T::ResponseModel, 1)),
    name("ai.usage.promptTokens", Count(C::Input, Unsaid)),
    name("ai.usage.completionTokens", Count(C::Output, Unsaid)),
    name("ai.usage.inputTokens", Count(C::Input, Unsaid)),
    name("ai.usage.outputTokens", Count(C::Output, Unsaid)),
    name("ai.usage.totalTokens", Count(C::Total, Unsaid)),
    name("ai.usage.tokens", Count(C::Total, Unsaid)),
    name("ai.usage.reasoningTokens", Count(C::Reasoning, Within)),
    name("ai.usage.cachedInputTokens", Count(C::CacheRead, ByProvider)),
    name("ai.usage.cacheCreationInputTokens", Count(C::CacheWrite, ByProvider)),
    name("ai.usage.inputTokenDetails.noCacheTokens", Count(C::Uncached, Unsaid)),
    name("ai.usage.inputTokenDetails.cacheReadTokens", Count(C::CacheRead, Within)),
    name("ai.usage.inputTokenDetails.cacheWriteTokens", Count(C::CacheWrite, Within)),
    name("ai.usage.outputTokenDetails.reasoningTokens", Count(C::Reasoning, Within)),
    name("ai.usage", Object),
    name("ai.response.providerMetadata", Object),
    weak("ai.response.msToFirstChunk", FirstToken(Scale::Milliseconds)),
    weak("ai.stream.msToFirstChunk", FirstToken(Scale::Milliseconds)),
];
