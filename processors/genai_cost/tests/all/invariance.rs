//! One usage costs the same in whatever dialect it is told.

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;

use crate::support::*;

/// A usage: all input, of it read from and written to a cache, all output, of it reasoning.
#[derive(Clone, Copy, Debug)]
struct Usage {
    input: i64,
    read: i64,
    write: i64,
    output: i64,
    reasoning: i64,
}

type Render = fn(Usage) -> Vec<KeyValue>;

fn int(key: &str, value: i64) -> KeyValue {
    attribute(key, Any::IntValue(value))
}

fn word(key: &str, value: &str) -> KeyValue {
    attribute(key, text(value))
}

fn json(key: &str, value: String) -> KeyValue {
    attribute(key, Any::StringValue(value))
}

const CLAUDE: &str = "claude-sonnet-4-5";

/// Dialects that can tell all of it.
const DIALECTS: &[(&str, Render)] = &[
    ("otel", |u| {
        vec![
            word("gen_ai.provider.name", "anthropic"),
            word("gen_ai.request.model", CLAUDE),
            int("gen_ai.usage.input_tokens", u.input),
            int("gen_ai.usage.output_tokens", u.output),
            int("gen_ai.usage.cache_read.input_tokens", u.read),
            int("gen_ai.usage.cache_creation.input_tokens", u.write),
            int("gen_ai.usage.reasoning.output_tokens", u.reasoning),
        ]
    }),
    ("openinference", |u| {
        vec![
            word("openinference.span.kind", "LLM"),
            word("llm.provider", "anthropic"),
            word("llm.model_name", CLAUDE),
            int("llm.token_count.prompt", u.input),
            int("llm.token_count.completion", u.output),
            int("llm.token_count.total", u.input + u.output),
            int("llm.token_count.prompt_details.cache_read", u.read),
            int("llm.token_count.prompt_details.cache_write", u.write),
            int("llm.token_count.completion_details.reasoning", u.reasoning),
        ]
    }),
    ("openllmetry", |u| {
        vec![
            word("gen_ai.system", "Anthropic"),
            word("gen_ai.request.model", CLAUDE),
            word("llm.request.type", "chat"),
            int("gen_ai.usage.prompt_tokens", u.input),
            int("gen_ai.usage.completion_tokens", u.output),
            int("llm.usage.total_tokens", u.input + u.output),
            int("gen_ai.usage.cache_read_input_tokens", u.read),
            int("gen_ai.usage.cache_creation_input_tokens", u.write),
            int("gen_ai.usage.reasoning_tokens", u.reasoning),
        ]
    }),
    ("vercel 6", |u| {
        vec![
            word("ai.operationId", "ai.streamText.doStream"),
            word("ai.model.id", CLAUDE),
            word("ai.model.provider", "anthropic.messages"),
            int("ai.usage.inputTokens", u.input),
            int("ai.usage.outputTokens", u.output),
            int("ai.usage.totalTokens", u.input + u.output),
            int("ai.usage.inputTokenDetails.noCacheTokens", u.input - u.read - u.write),
            int("ai.usage.inputTokenDetails.cacheReadTokens", u.read),
            int("ai.usage.inputTokenDetails.cacheWriteTokens", u.write),
            int("ai.usage.cachedInputTokens", u.read),
            int("ai.usage.reasoningTokens", u.reasoning),
        ]
    }),
    ("vercel 5", |u| {
        let uncached = u.input - u.read - u.write;
        let metadata = format!(
            r#"{{"anthropic":{{"cacheCreationInputTokens":{},"usage":{{"input_tokens":{uncached},
            "cache_read_input_tokens":{},"cache_creation_input_tokens":{},"output_tokens":{}}}}}}}"#,
            u.write, u.read, u.write, u.output
        );
        vec![
            word("ai.operationId", "ai.generateText.doGenerate"),
            word("ai.model.id", CLAUDE),
            word("ai.model.provider", "anthropic.messages"),
            int("ai.usage.inputTokens", uncached),
            int("ai.usage.outputTokens", u.output),
            int("ai.usage.totalTokens", uncached + u.output),
            int("ai.usage.cachedInputTokens", u.read),
            int("ai.usage.reasoningTokens", u.reasoning),
            int("gen_ai.usage.input_tokens", uncached),
            int("gen_ai.usage.output_tokens", u.output),
            json("ai.response.providerMetadata", metadata),
        ]
    }),
    ("pydantic ai", |u| {
        vec![
            word("gen_ai.system", "anthropic"),
            word("gen_ai.request.model", CLAUDE),
            int("gen_ai.usage.input_tokens", u.input),
            int("gen_ai.usage.output_tokens", u.output),
            int("gen_ai.usage.details.input_tokens", u.input - u.read - u.write),
            int("gen_ai.usage.details.output_tokens", u.output),
            int("gen_ai.usage.details.cache_read_input_tokens", u.read),
            int("gen_ai.usage.details.cache_creation_input_tokens", u.write),
            int("gen_ai.usage.details.reasoning_tokens", u.reasoning),
        ]
    }),
    ("anthropic, flat", |u| {
        vec![
            word("gen_ai.system", "anthropic"),
            word("gen_ai.request.model", CLAUDE),
            int("gen_ai.usage.input_tokens", u.input - u.read - u.write),
            int("gen_ai.usage.output_tokens", u.output),
            int("gen_ai.usage.cache_read_input_tokens", u.read),
            int("gen_ai.usage.cache_creation_input_tokens", u.write),
            int("gen_ai.usage.reasoning_tokens", u.reasoning),
        ]
    }),
    ("openai, json", |u| {
        let usage = format!(
            r#"{{"prompt_tokens":{},"completion_tokens":{},"total_tokens":{},
            "prompt_tokens_details":{{"cached_tokens":{},"cache_write_tokens":{}}},
            "completion_tokens_details":{{"reasoning_tokens":{}}}}}"#,
            u.input,
            u.output,
            u.input + u.output,
            u.read,
            u.write,
            u.reasoning
        );
        vec![
            word("gen_ai.system", "anthropic"),
            word("gen_ai.request.model", CLAUDE),
            json("gen_ai.usage", usage),
        ]
    }),
    ("langfuse", |u| {
        let usage = format!(
            r#"{{"input":{},"output":{},"total":{},"cache_read_input_tokens":{},
            "input_cache_creation":{},"output_reasoning_tokens":{}}}"#,
            u.input - u.read - u.write,
            u.output - u.reasoning,
            u.input + u.output,
            u.read,
            u.write,
            u.reasoning
        );
        vec![
            word("langfuse.observation.type", "generation"),
            word("langfuse.observation.model.name", CLAUDE),
            json("langfuse.observation.usage_details", usage),
        ]
    }),
    ("sentry", |u| {
        vec![
            word("gen_ai.operation.type", "ai_client"),
            word("gen_ai.request.model", CLAUDE),
            int("gen_ai.usage.input_tokens", u.input),
            int("gen_ai.usage.input_tokens.cached", u.read),
            int("gen_ai.usage.input_tokens.cache_write", u.write),
            int("gen_ai.usage.output_tokens", u.output),
            int("gen_ai.usage.output_tokens.reasoning", u.reasoning),
            int("gen_ai.usage.total_tokens", u.input + u.output),
        ]
    }),
    ("litellm", |u| {
        let usage = format!(
            "{{'completion_tokens': {}, 'prompt_tokens': {}, 'total_tokens': {}, \
             'prompt_tokens_details': None, 'cache_creation_input_tokens': {}, \
             'cache_read_input_tokens': {}}}",
            u.output,
            u.input,
            u.input + u.output,
            u.write,
            u.read
        );
        vec![
            word("gen_ai.system", "anthropic"),
            word("gen_ai.request.model", CLAUDE),
            word("llm.request.type", "acompletion"),
            int("gen_ai.usage.prompt_tokens", u.input),
            int("gen_ai.usage.completion_tokens", u.output),
            int("gen_ai.usage.total_tokens", u.input + u.output),
            json("metadata.usage_object", usage),
        ]
    }),
    ("claude code", |u| {
        vec![
            word("model", CLAUDE),
            word("input_tokens", &(u.input - u.read - u.write).to_string()),
            word("output_tokens", &u.output.to_string()),
            word("cache_read_tokens", &u.read.to_string()),
            word("cache_creation_tokens", &u.write.to_string()),
        ]
    }),
    ("anthropic, json", |u| {
        let usage = format!(
            r#"{{"input_tokens":{},"output_tokens":{},"cache_read_input_tokens":{},
            "cache_creation_input_tokens":{},"cache_creation":{{"ephemeral_5m_input_tokens":{},
            "ephemeral_1h_input_tokens":0}}}}"#,
            u.input - u.read - u.write,
            u.output,
            u.read,
            u.write,
            u.write
        );
        vec![word("gen_ai.request.model", CLAUDE), json("usage", usage)]
    }),
];

#[test]
fn one_usage_costs_the_same_in_every_dialect() {
    let mut random = Random::new();
    let (mut processor, _) = configured("{}");
    for _ in 0..2_000 {
        let input = random.below(150_000) as i64 + 1;
        let read = if random.below(3) == 0 { 0 } else { random.below(input as u64 + 1) as i64 };
        let write =
            if random.below(2) == 0 { 0 } else { random.below((input - read) as u64 + 1) as i64 };
        let output = random.below(20_000) as i64 + 1;
        let reasoning = if random.below(2) == 0 { 0 } else { random.below(output as u64) as i64 };
        let usage = Usage { input, read, write, output, reasoning };
        let wanted = cost(&priced_by(&mut processor, DIALECTS[0].1(usage)));
        assert!(wanted.is_some(), "{usage:?}");
        for (name, render) in &DIALECTS[1..] {
            let out = priced_by(&mut processor, render(usage));
            if status(&out) == "priced" {
                assert_eq!(cost(&out), wanted, "{name} {usage:?}");
            } else {
                assert!(!status(&out).is_empty() && cost(&out).is_none(), "{name} {usage:?}");
                panic!("{name} does not price {usage:?}: {}", status(&out));
            }
        }
    }
}
