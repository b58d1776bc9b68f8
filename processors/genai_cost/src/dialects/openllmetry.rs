//! OpenLLMetry (Traceloop). Its instrumentations add cached input to input themselves.

use crate::meaning::Count as C;
use crate::meaning::Meaning::{Count, Kind, Text};
use crate::meaning::Part::{ByProvider, Unsaid, Within};
use crate::meaning::{Name, Scheme, Text as T, name};

pub(super) const NAMES: &[Name] = &[
    name("traceloop.span.kind", Kind(Scheme::Traceloop)),
    name("llm.request.type", Kind(Scheme::RequestType)),
    name("gen_ai.usage.prompt_tokens", Count(C::Input, Within)),
    name("gen_ai.usage.completion_tokens", Count(C::Output, Unsaid)),
    name("llm.usage.prompt_tokens", Count(C::Input, Within)),
    name("llm.usage.completion_tokens", Count(C::Output, Unsaid)),
    name("llm.usage.total_tokens", Count(C::Total, Within)),
    name("llm.usage.reasoning_tokens", Count(C::Reasoning, Within)),
    name("gen_ai.usage.reasoning_tokens", Count(C::Reasoning, Within)),
    name("gen_ai.usage.cache_read_input_tokens", Count(C::CacheRead, ByProvider)),
    name("gen_ai.usage.cache_creation_input_tokens", Count(C::CacheWrite, ByProvider)),
    name("gen_ai.usage.reasoning_output_tokens", Count(C::Reasoning, Within)),
    name("llm.usage.cache_read_input_tokens", Count(C::CacheRead, ByProvider)),
    name("llm.usage.cache_creation_input_tokens", Count(C::CacheWrite, ByProvider)),
    // Strands, Semantic Kernel, and the first of Microsoft.Extensions.AI.
    name("gen_ai.usage.cache_write_input_tokens", Count(C::CacheWrite, ByProvider)),
    name("gen_ai.response.prompt_tokens", Count(C::Input, Unsaid)),
    name("gen_ai.response.completion_tokens", Count(C::Output, Unsaid)),
    name("gen_ai.response.input_tokens", Count(C::Input, Unsaid)),
    name("gen_ai.response.output_tokens", Count(C::Output, Unsaid)),
    name("llm.vendor", Text(T::Provider, 6)),
    name("llm.request.model", Text(T::RequestModel, 3)),
    name("llm.response.model", Text(T::ResponseModel, 2)),
];
