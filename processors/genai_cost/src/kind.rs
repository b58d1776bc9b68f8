//! What kind of operation an item is: a call of a model, or something that only sums up calls.

use crate::meaning::Scheme;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nothing says.
    #[default]
    Unknown,
    /// A call of a model that answers with tokens.
    Call,
    /// A call of a model that does not: embeddings, reranking.
    Embedding,
    /// An agent, a chain, a tool: what it tells, its calls tell themselves.
    Aggregate,
}

use Kind::{Aggregate, Call, Embedding, Unknown};

/// The words of each scheme, in lower case.
const WORDS: &[(Scheme, &[(&str, Kind)])] = &[
    (
        Scheme::Otel,
        &[
            ("chat", Call),
            ("generate_content", Call),
            ("text_completion", Call),
            ("completion", Call),
            ("embeddings", Embedding),
            ("embedding", Embedding),
            ("rerank", Embedding),
            ("invoke_agent", Aggregate),
            ("create_agent", Aggregate),
            ("execute_tool", Aggregate),
            ("invoke_workflow", Aggregate),
            ("handoff", Aggregate),
            ("plan", Aggregate),
            ("framework", Aggregate),
            ("retrieval", Aggregate),
            ("create_memory", Aggregate),
            ("search_memory", Aggregate),
            ("update_memory", Aggregate),
            ("upsert_memory", Aggregate),
            ("delete_memory", Aggregate),
            ("create_memory_store", Aggregate),
            ("delete_memory_store", Aggregate),
        ],
    ),
    (
        Scheme::OpenInference,
        &[
            ("llm", Call),
            ("embedding", Embedding),
            ("reranker", Embedding),
            ("agent", Aggregate),
            ("chain", Aggregate),
            ("tool", Aggregate),
            ("retriever", Aggregate),
            ("guardrail", Aggregate),
            ("evaluator", Aggregate),
            ("prompt", Aggregate),
            ("parser", Aggregate),
        ],
    ),
    (
        Scheme::Langfuse,
        &[
            ("generation", Call),
            ("embedding", Embedding),
            ("span", Aggregate),
            ("event", Aggregate),
            ("agent", Aggregate),
            ("tool", Aggregate),
            ("chain", Aggregate),
            ("retriever", Aggregate),
            ("evaluator", Aggregate),
            ("guardrail", Aggregate),
        ],
    ),
    (
        Scheme::Mlflow,
        &[
            ("llm", Call),
            ("chat_model", Call),
            ("embedding", Embedding),
            ("reranker", Embedding),
            ("agent", Aggregate),
            ("chain", Aggregate),
            ("tool", Aggregate),
            ("retriever", Aggregate),
            ("workflow", Aggregate),
            ("task", Aggregate),
        ],
    ),
    (
        Scheme::Sentry,
        &[("ai_client", Call), ("agent", Aggregate), ("tool", Aggregate), ("handoff", Aggregate)],
    ),
    (
        Scheme::Traceloop,
        &[("workflow", Aggregate), ("task", Aggregate), ("agent", Aggregate), ("tool", Aggregate)],
    ),
    (
        Scheme::RequestType,
        &[
            ("chat", Call),
            ("completion", Call),
            ("acompletion", Call),
            ("responses", Call),
            ("aresponses", Call),
            ("embedding", Embedding),
            ("aembedding", Embedding),
            ("embeddings", Embedding),
            ("rerank", Embedding),
            ("arerank", Embedding),
        ],
    ),
];

/// What the word says in its scheme.
pub(crate) fn kind(scheme: Scheme, word: &str) -> Kind {
    if scheme == Scheme::Vercel {
        return vercel(word);
    }
    let word = word.trim_matches('"');
    let words =
        WORDS.iter().find(|(known, _)| *known == scheme).map_or(&[][..], |(_, words)| words);
    words
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(word))
        .map_or(Unknown, |(_, kind)| *kind)
}

/// `ai.streamText.doStream`, or the same and a function's name.
fn vercel(word: &str) -> Kind {
    let operation = word.split(' ').next().unwrap_or_default();
    let Some(rest) = operation.strip_prefix("ai.") else { return Unknown };
    match rest.split_once('.') {
        Some((_, "doGenerate" | "doStream")) => Call,
        Some((_, "doEmbed" | "doRerank")) => Embedding,
        _ => Aggregate,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outer_spans_of_vercel_sum_up_what_inner_ones_say() {
        for (word, wanted) in [
            ("ai.generateText", Aggregate),
            ("ai.streamText my-function", Aggregate),
            ("ai.toolCall", Aggregate),
            ("ai.embedMany", Aggregate),
            ("ai.generateText.doGenerate", Call),
            ("ai.streamObject.doStream my-function", Call),
            ("ai.embedMany.doEmbed", Embedding),
            ("checkout", Unknown),
        ] {
            assert_eq!(kind(Scheme::Vercel, word), wanted, "{word}");
        }
    }

    #[test]
    fn words_are_known_in_any_case_and_in_quotes() {
        assert_eq!(kind(Scheme::OpenInference, "LLM"), Call);
        assert_eq!(kind(Scheme::Mlflow, "\"CHAT_MODEL\""), Call);
        assert_eq!(kind(Scheme::Otel, "invoke_agent"), Aggregate);
        assert_eq!(kind(Scheme::Otel, "something_new"), Unknown);
    }
}
