//! Opt-in: the call in the words of OpenTelemetry's conventions, whatever dialect it came in.

use crate::call::Call;
use crate::kind::Kind;
use crate::meaning::Text;
use crate::pricing::Pricing;
use crate::seen::Seen;

use super::Attributes;

pub(crate) const PROVIDER: &str = "gen_ai.provider.name";
pub(crate) const REQUEST_MODEL: &str = "gen_ai.request.model";
pub(crate) const RESPONSE_MODEL: &str = "gen_ai.response.model";
pub(crate) const OPERATION: &str = "gen_ai.operation.name";
const INPUT: &str = "gen_ai.usage.input_tokens";
const OUTPUT: &str = "gen_ai.usage.output_tokens";
const CACHE_READ: &str = "gen_ai.usage.cache_read.input_tokens";
const CACHE_WRITE: &str = "gen_ai.usage.cache_creation.input_tokens";
const REASONING: &str = "gen_ai.usage.reasoning.output_tokens";

const ALL: &[&str] = &[
    PROVIDER,
    REQUEST_MODEL,
    RESPONSE_MODEL,
    OPERATION,
    INPUT,
    OUTPUT,
    CACHE_READ,
    CACHE_WRITE,
    REASONING,
];

/// Whether an attribute gives way to a normalised one.
pub(crate) fn is_normalized(key: &[u8]) -> bool {
    ALL.iter().any(|known| known.as_bytes() == key)
}

impl Attributes<'_, '_> {
    /// Only of a call whose usage is known: the conventions' attributes are taken out, and what they said
    /// must not be lost.
    pub(crate) fn normalized(&mut self, call: &Call, seen: &Seen<'_>, pricing: &Pricing) {
        let known = call.model.map(|model| pricing.provider_id(model)).filter(|id| !id.is_empty());
        if let Some(provider) = convention(known).or(seen.get(Text::Provider)) {
            self.text(PROVIDER, provider);
        }
        for (key, text) in
            [(REQUEST_MODEL, Text::RequestModel), (RESPONSE_MODEL, Text::ResponseModel)]
        {
            if let Some(text) = seen.get(text) {
                self.text(key, text);
            }
        }
        if let Some(operation) = operation(call, seen) {
            self.text(OPERATION, operation);
        }
        let Some(tokens) = &call.tokens else { return };
        for (key, count) in [(INPUT, tokens.input), (OUTPUT, tokens.output)] {
            if let Some(count) = count {
                self.integer(key, count);
            }
        }
        for (key, count) in [
            (CACHE_READ, tokens.cache_read),
            (CACHE_WRITE, tokens.cache_write),
            (REASONING, tokens.reasoning),
        ] {
            if count > 0 {
                self.integer(key, count);
            }
        }
    }
}

/// The conventions' name of a provider, where it is not that of the price table.
pub(crate) fn convention(id: Option<&str>) -> Option<&str> {
    Some(match id? {
        "aws" => "aws.bedrock",
        "azure" => "azure.ai.openai",
        "google" => "gcp.gen_ai",
        "mistral" => "mistral_ai",
        "moonshotai" => "moonshot_ai",
        "x-ai" => "x_ai",
        other => other,
    })
}

/// The conventions' word for the operation; the sender's own where it is one, or nobody knows better.
pub(crate) fn operation<'s>(call: &Call, seen: &'s Seen<'_>) -> Option<&'s str> {
    const WORDS: &[&str] = &["chat", "generate_content", "text_completion", "embeddings"];
    let said = seen.get(Text::Operation);
    match call.kind {
        _ if said.is_some_and(|word| WORDS.contains(&word)) => said,
        Kind::Call => Some("chat"),
        Kind::Embedding => Some("embeddings"),
        Kind::Unknown | Kind::Aggregate => said,
    }
}
