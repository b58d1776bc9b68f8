//! OpenTelemetry's conventions for generative AI, with the names they had before.
//!
//! Input includes what was cached, output includes reasoning.

use crate::meaning::Count as C;
use crate::meaning::Meaning::{Count, Failure, FirstToken, Kind, Object, Text};
use crate::meaning::Part::{Unsaid, Within};
use crate::meaning::{Failure as F, Name, Scale, Scheme, Text as T, name, weak};

pub(super) const NAMES: &[Name] = &[
    name("gen_ai.provider.name", Text(T::Provider, 0)),
    name("gen_ai.system", Text(T::Provider, 1)),
    name("gen_ai.request.model", Text(T::RequestModel, 0)),
    name("gen_ai.response.model", Text(T::ResponseModel, 0)),
    name("gen_ai.operation.name", Kind(Scheme::Otel)),
    name("gen_ai.usage.input_tokens", Count(C::Input, Unsaid)),
    name("gen_ai.usage.output_tokens", Count(C::Output, Unsaid)),
    name("gen_ai.usage.total_tokens", Count(C::Total, Unsaid)),
    name("gen_ai.usage.cache_read.input_tokens", Count(C::CacheRead, Within)),
    name("gen_ai.usage.cache_creation.input_tokens", Count(C::CacheWrite, Within)),
    name("gen_ai.usage.cache_write.input_tokens", Count(C::CacheWrite, Within)),
    name("gen_ai.usage.reasoning.output_tokens", Count(C::Reasoning, Within)),
    name("gen_ai.usage.audio.input_tokens", Count(C::InputAudio, Within)),
    name("gen_ai.usage.audio.output_tokens", Count(C::OutputAudio, Within)),
    name("gen_ai.usage.image.input_tokens", Count(C::InputImage, Within)),
    name("gen_ai.usage.image.output_tokens", Count(C::OutputImage, Within)),
    name("gen_ai.usage.video.input_tokens", Count(C::InputVideo, Within)),
    name("gen_ai.usage.input.audio_tokens", Count(C::InputAudio, Within)),
    name("gen_ai.usage.output.audio_tokens", Count(C::OutputAudio, Within)),
    name("gen_ai.usage.input.image_tokens", Count(C::InputImage, Within)),
    name("gen_ai.usage.output.image_tokens", Count(C::OutputImage, Within)),
    name("gen_ai.usage", Object),
    name("gen_ai.response.usage", Object),
    name("gen_ai.usage.raw", Object),
    name("gen_ai.openai.response.service_tier", Text(T::ServiceTier, 0)),
    name("openai.response.service_tier", Text(T::ServiceTier, 0)),
    name("gen_ai.response.service_tier", Text(T::ServiceTier, 1)),
    name("gen_ai.response.time_to_first_chunk", FirstToken(Scale::Seconds)),
    name("gen_ai.server.time_to_first_token", FirstToken(Scale::Seconds)),
    name("gen_ai.response.time_to_first_token", FirstToken(Scale::Seconds)),
    weak("error.type", Failure(F::Type)),
    weak("http.response.status_code", Failure(F::StatusCode)),
    weak("http.status_code", Failure(F::StatusCode)),
    weak("http.response.header.retry-after", Failure(F::RetryAfter)),
];
