//! Names of providers: how senders call them, and how the price table does.

/// What a sender's name for a provider stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Provider {
    /// The table's name for it.
    Known(&'static str),
    /// A framework, a gateway: the name says nothing about who is paid.
    Framework,
    /// As a framework, and it hands on what the provider counted, whom the model's name begins with.
    Gateway,
    /// Runs on hardware of one's own: nobody is paid by the token.
    Local,
    /// Nobody of whom the table has heard.
    Unknown,
}

use Provider::{Framework, Gateway, Known, Local, Unknown};

/// Whole names, in lower case, up to the first dot, slash or space where the whole is not here.
const NAMES: &[(&str, Provider)] = &[
    ("anthropic", Known("anthropic")),
    ("claude", Known("anthropic")),
    ("arcee", Known("arcee")),
    ("avian", Known("avian")),
    ("aws", Known("aws")),
    ("amazon", Known("aws")),
    ("bedrock", Known("aws")),
    ("bedrock_converse", Known("aws")),
    ("amazon_bedrock", Known("aws")),
    ("aws_bedrock", Known("aws")),
    ("azure", Known("azure")),
    ("az", Known("azure")),
    ("azure_openai", Known("azure")),
    ("azure_ai", Known("azure")),
    ("azure_ai_inference", Known("azure")),
    ("azure_text", Known("azure")),
    ("baseten", Known("baseten")),
    ("cerebras", Known("cerebras")),
    ("cloudflare", Known("cloudflare")),
    ("cohere", Known("cohere")),
    ("cohere_chat", Known("cohere")),
    ("databricks", Known("databricks")),
    ("deepseek", Known("deepseek")),
    ("elevenlabs", Known("elevenlabs")),
    ("fireworks", Known("fireworks")),
    ("fireworks_ai", Known("fireworks")),
    ("github_copilot", Known("github-copilot")),
    ("gcp", Known("google")),
    ("google", Known("google")),
    ("google_genai", Known("google")),
    ("google_generativeai", Known("google")),
    ("google_vertexai", Known("google")),
    ("gemini", Known("google")),
    ("vertexai", Known("google")),
    ("vertex_ai", Known("google")),
    ("vertex", Known("google")),
    ("groq", Known("groq")),
    ("meta", Known("meta")),
    ("minimax", Known("minimax")),
    ("mistral", Known("mistral")),
    ("mistralai", Known("mistral")),
    ("mistral_ai", Known("mistral")),
    ("moonshot", Known("moonshotai")),
    ("moonshotai", Known("moonshotai")),
    ("moonshot_ai", Known("moonshotai")),
    ("novita", Known("novita")),
    ("openai", Known("openai")),
    ("text_completion_openai", Known("openai")),
    ("openrouter", Known("openrouter")),
    ("ovhcloud", Known("ovhcloud")),
    ("perplexity", Known("perplexity")),
    ("together", Known("together")),
    ("togetherai", Known("together")),
    ("together_ai", Known("together")),
    ("voyage", Known("voyageai")),
    ("voyageai", Known("voyageai")),
    ("x_ai", Known("x-ai")),
    ("xai", Known("x-ai")),
    ("grok", Known("x-ai")),
    ("zai", Known("zai")),
    ("z_ai", Known("zai")),
    ("zhipuai", Known("zhipuai")),
    ("ollama", Local),
    ("ollama_chat", Local),
    ("vllm", Local),
    ("hosted_vllm", Local),
    ("lm_studio", Local),
    ("lmstudio", Local),
    ("llamafile", Local),
    ("llamacpp", Local),
    ("llama_cpp", Local),
    ("tgi", Local),
    ("sglang", Local),
    ("transformers", Local),
];

/// As [`NAMES`], of frameworks and gateways.
const FRAMEWORKS: &[(&str, Provider)] = &[
    ("langchain", Framework),
    ("langgraph", Framework),
    ("llama_index", Framework),
    ("llamaindex", Framework),
    ("haystack", Framework),
    ("litellm", Framework),
    ("litellm_proxy", Framework),
    ("vercel", Gateway),
    ("gateway", Gateway),
    ("pydantic_ai", Framework),
    ("crewai", Framework),
    ("autogen", Framework),
    ("spring_ai", Framework),
    ("semantic_kernel", Framework),
    ("openai_compatible", Framework),
    ("_other", Framework),
    ("unknown", Framework),
    ("none", Framework),
];

pub(crate) fn provider(name: &str) -> Provider {
    let mut plain = name.trim().to_ascii_lowercase();
    plain = plain.replace(['-', ' '], "_");
    let find = |name: &str| {
        let mut all = NAMES.iter().chain(FRAMEWORKS);
        all.find(|(known, _)| *known == name).map(|(_, found)| *found)
    };
    // Azure's own names have `openai` in them, Bedrock's and Vertex' those of whose models they run.
    find(&plain)
        .or_else(|| find(plain.split(['.', '/']).next().unwrap_or_default()))
        .unwrap_or(Unknown)
}

/// Told by the whole name, and without a copy: every call is asked.
pub(crate) fn is_framework(name: &str) -> bool {
    let same = |known: &str| {
        known.len() == name.len()
            && known.bytes().zip(name.bytes()).all(|(known, byte)| match byte {
                b'-' | b' ' => known == b'_',
                byte => known == byte.to_ascii_lowercase(),
            })
    };
    FRAMEWORKS.iter().any(|(known, _)| same(known))
}

/// Whether cached input stands beside input in the provider's answers.
pub(crate) fn counts_cache_beside(provider: Option<Provider>, model: &str) -> bool {
    let is_claude = contains(model, "claude") || contains(model, "anthropic");
    match provider {
        Some(Known("anthropic" | "aws")) => true,
        Some(Known("google" | "azure") | Unknown) | None => is_claude,
        Some(Gateway) => model
            .split_once('/')
            .is_some_and(|(prefix, _)| prefix.eq_ignore_ascii_case("anthropic")),
        Some(Known(_) | Framework | Local) => false,
    }
}

/// Whether reasoning may stand beside output in the provider's answers.
pub(crate) fn counts_reasoning_beside(provider: Option<Provider>, model: &str) -> bool {
    let by_model = contains(model, "gemini") || contains(model, "grok");
    matches!(provider, Some(Known("google" | "x-ai"))) || by_model
}

fn contains(text: &str, word: &str) -> bool {
    text.as_bytes().windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frameworks_are_told_in_any_spelling() {
        assert!(
            ["langchain", "LangChain", "llama-index", "Spring AI"].into_iter().all(is_framework)
        );
        assert!(!["openai", "lang", "llama.index"].into_iter().any(is_framework));
    }

    #[test]
    fn claude_counts_cached_input_beside_unless_a_framework_sums_it_up() {
        for (name, model, wanted) in [
            (None, "claude-sonnet-4-5", true),
            (None, "gpt-4o", false),
            (Some("acme"), "claude-sonnet-4-5", true),
            (Some("acme"), "gpt-4o", false),
            (Some("gateway"), "anthropic/claude-sonnet-4.5", true),
            (Some("vercel"), "Anthropic/claude-sonnet-4.5", true),
            (Some("gateway"), "claude-sonnet-4.5", false),
            (Some("gateway"), "openai/gpt-4o", false),
            (Some("langchain"), "anthropic/claude-sonnet-4.5", false),
            (Some("openrouter"), "anthropic/claude-sonnet-4.5", false),
            (Some("anthropic"), "a-model", true),
        ] {
            assert_eq!(counts_cache_beside(name.map(provider), model), wanted, "{name:?} {model}");
        }
        assert!(is_framework("gateway") && is_framework("Vercel"));
    }

    #[test]
    fn names_of_every_dialect_are_known() {
        for (name, wanted) in [
            ("openai", Known("openai")),
            ("OpenAI", Known("openai")),
            ("openai.chat", Known("openai")),
            ("azure.ai.openai", Known("azure")),
            ("az.ai.inference", Known("azure")),
            ("azure-openai.chat", Known("azure")),
            ("aws.bedrock", Known("aws")),
            ("amazon-bedrock", Known("aws")),
            ("AWS", Known("aws")),
            ("gcp.vertex_ai", Known("google")),
            ("gcp.gemini", Known("google")),
            ("google.generative-ai", Known("google")),
            ("vertex.anthropic.messages", Known("google")),
            ("anthropic.messages", Known("anthropic")),
            ("x_ai", Known("x-ai")),
            ("xai.chat", Known("x-ai")),
            ("mistral_ai", Known("mistral")),
            ("gateway", Gateway),
            ("hosted_vllm", Local),
            ("acme", Unknown),
        ] {
            assert_eq!(provider(name), wanted, "{name}");
        }
    }
}
