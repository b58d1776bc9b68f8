//! The names of counts within an object, or behind a prefix that only says "usage".
//!
//! Compared without underscores and without regard to case, so that `cache_read_input_tokens` and
//! `cacheReadInputTokens` are one; a dot stands between a member and the object it is in, and a name
//! without a dot is a member of any object.

use crate::meaning::Count::{self, *};
use crate::meaning::Part::{self, *};

/// What the members of an object mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Member {
    Count(Count, Part),
    /// What the call cost as a whole, in USD; lowest rank first.
    Cost(u8),
    Model,
    ServiceTier,
    /// Nothing; it is here because the same name without its object means something.
    Nothing,
}

use Member::{Cost, Count as C, Model, Nothing, ServiceTier};

/// Attributes that begin so are looked up by what follows.
pub(crate) const PREFIXES: &[&str] = &[
    "gen_ai.usage.details.",
    "gen_ai.usage.",
    "gen_ai.response.usage.",
    "llm.usage.",
    "ai.usage.",
    "response.usage.",
    "usage.",
];

pub(crate) const MEMBERS: &[(&str, Member)] = &[
    // OpenAI, and all who speak like it.
    ("prompttokens", C(Input, Within)),
    ("completiontokens", C(Output, Unsaid)),
    ("totaltokens", C(Total, Unsaid)),
    ("prompttokensdetails.cachedtokens", C(CacheRead, Within)),
    ("prompttokensdetails.cachewritetokens", C(CacheWrite, Within)),
    ("prompttokensdetails.cachecreationtokens", C(CacheWrite, Within)),
    ("prompttokensdetails.audiotokens", C(InputAudio, Within)),
    ("prompttokensdetails.imagetokens", C(InputImage, Within)),
    ("prompttokensdetails.videotokens", C(InputVideo, Within)),
    ("completiontokensdetails.reasoningtokens", C(Reasoning, Within)),
    ("completiontokensdetails.audiotokens", C(OutputAudio, Within)),
    ("completiontokensdetails.imagetokens", C(OutputImage, Within)),
    ("inputtokensdetails.cachedtokens", C(CacheRead, Within)),
    ("inputtokensdetails.cachewritetokens", C(CacheWrite, Within)),
    ("inputtokensdetails.audiotokens", C(InputAudio, Within)),
    ("inputtokensdetails.imagetokens", C(InputImage, Within)),
    ("inputtokendetails.cachedtokens", C(CacheRead, Within)),
    ("inputtokendetails.audiotokens", C(InputAudio, Within)),
    ("inputtokendetails.imagetokens", C(InputImage, Within)),
    ("cachedtokensdetails.audiotokens", C(CacheReadAudio, Within)),
    ("outputtokensdetails.reasoningtokens", C(Reasoning, Within)),
    ("outputtokensdetails.audiotokens", C(OutputAudio, Within)),
    ("outputtokensdetails.imagetokens", C(OutputImage, Within)),
    ("outputtokendetails.reasoningtokens", C(Reasoning, Within)),
    ("outputtokendetails.audiotokens", C(OutputAudio, Within)),
    ("cachedtokens", C(CacheRead, Within)),
    ("cachedprompttokens", C(CacheRead, Within)),
    ("promptcachehittokens", C(CacheRead, Within)),
    ("promptcachemisstokens", C(Uncached, Unsaid)),
    ("reasoningtokens", C(Reasoning, Within)),
    ("servicetier", ServiceTier),
    // What OpenRouter and gateways add.
    ("cost", Cost(1)),
    ("totalcost", Cost(2)),
    ("responsecost", Cost(2)),
    ("costdetails.total", Cost(3)),
    // Anthropic, and Bedrock in camel case.
    ("inputtokens", C(Input, Unsaid)),
    ("outputtokens", C(Output, Unsaid)),
    ("cachereadinputtokens", C(CacheRead, Beside)),
    ("cachereadinputtokencount", C(CacheRead, Beside)),
    ("cachecreationinputtokens", C(CacheWrite, Beside)),
    ("cachewriteinputtokens", C(CacheWrite, Beside)),
    ("cachewriteinputtokencount", C(CacheWrite, Beside)),
    ("ephemeral5minputtokens", C(CacheWrite5m, Beside)),
    ("ephemeral1hinputtokens", C(CacheWrite1h, Beside)),
    ("websearchrequests", C(WebSearches, Unsaid)),
    ("codeexecutionrequests", C(CodeExecutions, Unsaid)),
    // Google.
    ("prompttokencount", C(Input, Unsaid)),
    ("candidatestokencount", C(Output, Unsaid)),
    ("responsetokencount", C(Output, Unsaid)),
    ("thoughtstokencount", C(Reasoning, Beside)),
    ("cachedcontenttokencount", C(CacheRead, Within)),
    ("tooluseprompttokencount", C(ToolPrompt, Beside)),
    ("totaltokencount", C(Total, Unsaid)),
    // Lists by modality; see `crate::object`.
    ("prompttokensdetails.audio", C(InputAudio, Within)),
    ("prompttokensdetails.image", C(InputImage, Within)),
    ("prompttokensdetails.video", C(InputVideo, Within)),
    ("candidatestokensdetails.audio", C(OutputAudio, Within)),
    ("candidatestokensdetails.image", C(OutputImage, Within)),
    ("cachetokensdetails.audio", C(CacheReadAudio, Within)),
    // The Vercel AI SDK.
    ("cachedinputtokens", C(CacheRead, ByProvider)),
    ("inputtokendetails.nocachetokens", C(Uncached, Unsaid)),
    ("inputtokendetails.cachereadtokens", C(CacheRead, Within)),
    ("inputtokendetails.cachewritetokens", C(CacheWrite, Within)),
    ("inputtokens.total", C(Input, Within)),
    ("inputtokens.nocache", C(Uncached, Unsaid)),
    ("inputtokens.cacheread", C(CacheRead, Within)),
    ("inputtokens.cachewrite", C(CacheWrite, Within)),
    ("outputtokens.total", C(Output, Within)),
    ("outputtokens.text", Nothing),
    ("outputtokens.reasoning", C(Reasoning, Within)),
    // LangChain, beside OpenAI's `input_tokens` and `output_tokens`.
    ("inputtokendetails.cacheread", C(CacheRead, Within)),
    ("inputtokendetails.cachecreation", C(CacheWrite, Within)),
    ("inputtokendetails.ephemeral5minputtokens", C(CacheWrite5m, Within)),
    ("inputtokendetails.ephemeral1hinputtokens", C(CacheWrite1h, Within)),
    ("inputtokendetails.audio", C(InputAudio, Within)),
    ("outputtokendetails.reasoning", C(Reasoning, Within)),
    ("outputtokendetails.audio", C(OutputAudio, Within)),
    // Pydantic AI.
    ("details.cachereadtokens", C(CacheRead, Within)),
    ("details.cachewritetokens", C(CacheWrite, Within)),
    ("details.inputaudiotokens", C(InputAudio, Within)),
    ("details.outputaudiotokens", C(OutputAudio, Within)),
    ("details.cacheaudioreadtokens", C(CacheReadAudio, Within)),
    ("details.reasoningtokens", C(Reasoning, Within)),
    ("details.thinkingtokens", C(Reasoning, Within)),
    ("details.thoughtstokens", C(Reasoning, Within)),
    ("inputaudiotokens", C(InputAudio, Within)),
    ("outputaudiotokens", C(OutputAudio, Within)),
    ("cacheaudioreadtokens", C(CacheReadAudio, Within)),
    ("thoughtstokens", C(Reasoning, Within)),
    ("thinkingtokens", C(Reasoning, Within)),
    ("cachereadtokens", C(CacheRead, ByProvider)),
    ("cachewritetokens", C(CacheWrite, ByProvider)),
    ("cachecreationtokens", C(CacheWrite, ByProvider)),
    // Langfuse, whose figures are disjoint.
    ("usagedetails.input", C(Input, Unsaid)),
    ("usagedetails.output", C(Output, Unsaid)),
    ("usagedetails.total", C(Total, Unsaid)),
    ("usagedetails.cacheread", C(CacheRead, Disjoint)),
    ("usagedetails.cachewrite", C(CacheWrite, Disjoint)),
    ("usagedetails.inputcachedtokens", C(CacheRead, Disjoint)),
    ("usagedetails.inputcached", C(CacheRead, Disjoint)),
    ("usagedetails.inputcacheread", C(CacheRead, Disjoint)),
    ("usagedetails.cachereadinputtokens", C(CacheRead, Disjoint)),
    ("usagedetails.inputcachecreation", C(CacheWrite, Disjoint)),
    ("usagedetails.inputcachewrite", C(CacheWrite, Disjoint)),
    ("usagedetails.inputcachecreation5m", C(CacheWrite5m, Disjoint)),
    ("usagedetails.inputcachecreation1h", C(CacheWrite1h, Disjoint)),
    ("usagedetails.cachecreationinputtokens", C(CacheWrite, Disjoint)),
    ("usagedetails.outputreasoning", C(Reasoning, Disjoint)),
    ("usagedetails.outputreasoningtokens", C(Reasoning, Disjoint)),
    ("usagedetails.reasoning", C(Reasoning, Disjoint)),
    // Cohere.
    ("billedunits.inputtokens", C(Input, Unsaid)),
    ("billedunits.outputtokens", C(Output, Unsaid)),
    ("billedunits.searchunits", C(RerankSearches, Unsaid)),
    ("billedunits.images", Nothing),
    ("meta.tokens", Nothing),
    ("tokens.inputtokens", Nothing),
    ("tokens.outputtokens", Nothing),
    // Others.
    ("numsearchqueries", C(WebSearches, Unsaid)),
    ("characters", C(Characters, Unsaid)),
    ("inputcharacters", C(Characters, Unsaid)),
    ("promptevalcount", C(Input, Unsaid)),
    ("evalcount", C(Output, Unsaid)),
    ("inputtokencount", C(Input, Unsaid)),
    ("outputtokencount", C(Output, Unsaid)),
    ("model", Model),
    ("modelversion", Model),
    // Costs of parts are no costs of the whole.
    ("upstreaminferencecost", Nothing),
];
