//! The dialects in which calls of models are told: tables, one file each.
//!
//! A line says what an attribute means. Lines may name one attribute in two dialects only if they mean
//! the same by it; a test holds them to it.

mod anthropic;
mod claude_code;
mod codex;
mod google;
mod langfuse;
mod litellm;
mod members;
mod mlflow;
mod openinference;
mod openlit;
mod openllmetry;
mod otel;
mod own;
mod pydantic_ai;
mod sentry;
mod vercel;

pub(crate) use members::{MEMBERS, Member, PREFIXES};

use crate::meaning::Name;

/// Every dialect, by the name that the documentation gives it.
pub(crate) const DIALECTS: &[(&str, &[Name])] = &[
    ("OpenTelemetry GenAI", otel::NAMES),
    ("OpenInference", openinference::NAMES),
    ("OpenLLMetry", openllmetry::NAMES),
    ("Vercel AI SDK", vercel::NAMES),
    ("Pydantic AI, Logfire", pydantic_ai::NAMES),
    ("Langfuse", langfuse::NAMES),
    ("LiteLLM", litellm::NAMES),
    ("Sentry", sentry::NAMES),
    ("OpenLIT", openlit::NAMES),
    ("MLflow", mlflow::NAMES),
    ("Anthropic", anthropic::NAMES),
    ("Google", google::NAMES),
    ("Claude Code", claude_code::NAMES),
    ("Codex, Gemini CLI", codex::NAMES),
    ("genai_cost", own::NAMES),
];

/// Sequences of bytes of which every item that tells of a call has one: what the host looks for. As few
/// hits as can be: `gen_ai.` alone would have a dozen in a call.
pub(crate) const TRIGGERS: &[&str] = &[
    "gen_ai.operation.",
    "gen_ai.cost.",
    "llm.request.type",
    "llm.cost.",
    // `input_tokens`, `promptTokens`, `token_count`, `promptTokenCount`.
    "oken",
    "usage",
    "openinference.",
    "langsmith.span.kind",
    "langfuse.observation.",
    "traceloop.span.kind",
    "mlflow.spanType",
    "ai.operationId",
    "ai.response.providerMetadata",
    "embedding.model_name",
];

#[cfg(test)]
mod tests;
