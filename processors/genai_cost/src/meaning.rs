//! What attributes mean to this processor: the vocabulary of the dialects' tables.

/// What an attribute says about a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// A text about the call. Where there are several of one, the one with the lowest rank counts.
    Text(Text, u8),
    /// A text that tells what kind of operation the item is.
    Kind(Scheme),
    /// How much of something was used.
    Count(Count, Part),
    /// What the call cost as a whole, in USD, as somebody else reckons; lowest rank first.
    Cost(u8),
    /// An object, as JSON or as a map, that holds counts under the names of [`crate::dialects::MEMBERS`].
    Object,
    /// JSON or a map of parameters, of which only the model matters.
    Parameters,
    /// The time from the start of the call to the first of its output.
    FirstToken(Scale),
    /// Something about why the call failed.
    Failure(Failure),
    /// The item sums up what others say.
    Aggregate,
    /// This processor wrote it, on the way through an earlier gateway.
    Own,
    /// The one of our attributes that is always there, so that the others are known to be ours.
    OwnStatus,
    /// The cost that somebody else had reckoned when this processor wrote ours.
    OwnReported,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Text {
    Provider,
    RequestModel,
    ResponseModel,
    Operation,
    ServiceTier,
}

impl Text {
    pub(crate) const COUNT: usize = 5;
}

/// How the kind of an operation is worded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scheme {
    /// `ai.operationId`, `operation.name` of the Vercel AI SDK.
    Vercel,
    /// `gen_ai.operation.name`.
    Otel,
    /// `openinference.span.kind`.
    OpenInference,
    /// `langfuse.observation.type`.
    Langfuse,
    /// `mlflow.spanType`.
    Mlflow,
    /// `gen_ai.operation.type` of Sentry.
    Sentry,
    /// `traceloop.span.kind`.
    Traceloop,
    /// `llm.request.type` of OpenLLMetry and LiteLLM.
    RequestType,
}

macro_rules! counts {
    ($($(#[$meta:meta])* $Name:ident,)*) => {
        /// What is counted.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub(crate) enum Count {
            $($(#[$meta])* $Name,)*
        }

        impl Count {
            pub(crate) const COUNT: usize = [$(Self::$Name,)*].len();
        }
    };
}

counts! {
    Input,
    /// Input that no cache had to do with.
    Uncached,
    CacheRead,
    CacheWrite,
    CacheWrite5m,
    CacheWrite1h,
    Output,
    Reasoning,
    Total,
    /// Results of tools that were put into the prompt; Google counts them beside the prompt.
    ToolPrompt,
    InputAudio,
    CacheReadAudio,
    OutputAudio,
    InputImage,
    OutputImage,
    InputVideo,
    Characters,
    RerankSearches,
    WebSearches,
    CodeExecutions,
}

/// Whether a count is within the wider count it belongs to (cached input within input, reasoning within
/// output), as far as its name tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Part {
    /// The name tells nothing.
    #[default]
    Unsaid,
    /// It is within. Of input itself: everything is within it.
    Within,
    /// It stands beside: the wider count is without it.
    Beside,
    /// Beside where the provider counts so, else within.
    ByProvider,
    /// Beside, and the total is the sum of all.
    Disjoint,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scale {
    Seconds,
    Milliseconds,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The HTTP status code of the answer.
    StatusCode,
    /// A class or code of the error.
    Type,
    /// After how many seconds to come back; its presence says that the call was limited.
    RetryAfter,
}

/// One line of a dialect's table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Name {
    pub(crate) key: &'static str,
    pub(crate) meaning: Meaning,
    /// The key alone does not say that the item is about a model: somebody else may use it too.
    pub(crate) weak: bool,
}

pub(crate) const fn name(key: &'static str, meaning: Meaning) -> Name {
    Name { key, meaning, weak: false }
}

pub(crate) const fn weak(key: &'static str, meaning: Meaning) -> Name {
    Name { key, meaning, weak: true }
}
