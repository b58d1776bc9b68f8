//! OpenInference (Arize Phoenix). The counts are inclusive, as OpenAI has them.

use crate::meaning::Count as C;
use crate::meaning::Meaning::{Cost, Count, Kind, Parameters, Text};
use crate::meaning::Part::{Unsaid, Within};
use crate::meaning::{Name, Scheme, Text as T, name};

pub(super) const NAMES: &[Name] = &[
    name("openinference.span.kind", Kind(Scheme::OpenInference)),
    // LangSmith has the same words.
    name("langsmith.span.kind", Kind(Scheme::OpenInference)),
    name("llm.provider", Text(T::Provider, 4)),
    name("llm.system", Text(T::Provider, 5)),
    name("llm.model_name", Text(T::ResponseModel, 3)),
    name("embedding.model_name", Text(T::ResponseModel, 4)),
    name("reranker.model_name", Text(T::ResponseModel, 4)),
    name("llm.invocation_parameters", Parameters),
    name("llm.token_count.prompt", Count(C::Input, Unsaid)),
    name("llm.token_count.completion", Count(C::Output, Unsaid)),
    name("llm.token_count.total", Count(C::Total, Unsaid)),
    name("llm.token_count.prompt_details.cache_read", Count(C::CacheRead, Within)),
    name("llm.token_count.prompt_details.cache_write", Count(C::CacheWrite, Within)),
    name("llm.token_count.prompt_details.cache_input", Count(C::CacheRead, Within)),
    name("llm.token_count.prompt_details.audio", Count(C::InputAudio, Within)),
    name("llm.token_count.completion_details.reasoning", Count(C::Reasoning, Within)),
    name("llm.token_count.completion_details.audio", Count(C::OutputAudio, Within)),
    name("llm.cost.total", Cost(3)),
];
