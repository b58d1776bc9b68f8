//! Finds the model of a call in the price book.

use std::hash::BuildHasher;

use foldhash::fast::SeedableRandomState;
use tamis_genai_prices::{Book, Cost, ModelId, Unit, Unpriceable, Usage};

use crate::bytes::same;
use crate::provider::{Provider, counts_cache_beside, counts_reasoning_beside, provider};

/// The book, and what the names of recent calls stood for.
pub(crate) struct Pricing {
    book: Book,
    /// By the hash of the names; a later one takes the place of an earlier.
    recent: Vec<Option<Recent>>,
    hashing: SeedableRandomState,
}

/// How many sets of names are remembered: more than the models in use at a time.
const RECENT_MAX: usize = 512;

/// Names of more bytes than this together are looked up anew each time.
const RECENT_BYTES_MAX: usize = 512;

/// The names of a call as the sender gives them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Named<'s> {
    pub(crate) provider: Option<&'s str>,
    pub(crate) request: Option<&'s str>,
    pub(crate) response: Option<&'s str>,
    pub(crate) tier: Option<&'s str>,
}

struct Recent {
    provider: Option<String>,
    request: Option<String>,
    response: Option<String>,
    tier: Option<String>,
    found: Found,
}

/// What names stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) model: Option<ModelId>,
    /// Cached input stands beside input, reasoning beside output.
    pub(crate) cache_beside: bool,
    pub(crate) reasoning_beside: bool,
}

impl Pricing {
    pub(crate) fn new(book: Book, hash_seed: u64) -> Self {
        let recent = std::iter::repeat_with(|| None).take(RECENT_MAX).collect();
        let hashing =
            SeedableRandomState::with_seed(hash_seed, foldhash::SharedSeed::global_fixed());
        Self { book, recent, hashing }
    }

    pub(crate) fn version(&self) -> &str {
        self.book.version()
    }

    pub(crate) fn find(&mut self, named: Named<'_>) -> Found {
        // At most RECENT_MAX places.
        let place = self.hashing.hash_one(named) as usize % RECENT_MAX;
        if let Some(recent) = &self.recent[place]
            && recent.is_of(named)
        {
            return recent.found;
        }
        let provider = named.provider.map(provider);
        let name = named.model().unwrap_or_default();
        let found = Found {
            model: self.search(named, provider),
            cache_beside: counts_cache_beside(provider, name),
            reasoning_beside: counts_reasoning_beside(provider, name),
        };
        if named.bytes() <= RECENT_BYTES_MAX {
            self.recent[place] = Some(Recent::new(named, found));
        }
        found
    }

    /// The model that answered, else the one that was asked for.
    fn search(&mut self, named: Named<'_>, provider: Option<Provider>) -> Option<ModelId> {
        let context = context(named.tier);
        let models = [named.response, named.request];
        models.into_iter().flatten().find_map(|model| {
            let mut ask = |provider: Option<&str>, model: &str| {
                self.book.find_in(provider, model, context.as_slice())
            };
            // The sender's own word first: the user may have priced it.
            let as_given = named.provider.and_then(|name| ask(Some(name), model));
            as_given
                .filter(|_| provider == Some(Provider::Unknown))
                .or_else(|| {
                    spellings(model).into_iter().flatten().find_map(
                        |(prefix, model)| match provider {
                            Some(Provider::Known(id)) => ask(Some(id), model),
                            Some(Provider::Local) => None,
                            _ => by_prefix(prefix, model, &mut ask),
                        },
                    )
                })
                .or(as_given)
        })
    }

    pub(crate) fn provider_id(&self, model: ModelId) -> &str {
        self.book.provider_id(model)
    }

    pub(crate) fn model_id(&self, model: ModelId) -> &str {
        self.book.model_id(model)
    }

    pub(crate) fn price(
        &self,
        model: ModelId,
        time: u64,
        usage: &Usage,
    ) -> Result<Cost, Unpriceable> {
        self.book.price(model, time, usage)
    }

    /// Whether output has a price of its own: then a usage without it is not all of it.
    pub(crate) fn has_output_price(&self, model: ModelId, time: u64) -> bool {
        let mut usage = Usage::new();
        usage.set(Unit::InputTokens, 0);
        usage.set(Unit::OutputTokens, 1_000_000);
        self.book.price(model, time, &usage).is_ok_and(|cost| !cost.output.is_zero())
    }
}

/// Who runs the model is told by the prefix of its name, or by nothing but the name.
fn by_prefix(
    prefix: Option<&str>,
    model: &str,
    ask: &mut impl FnMut(Option<&str>, &str) -> Option<ModelId>,
) -> Option<ModelId> {
    match prefix.map(provider) {
        Some(Provider::Known(id)) => ask(Some(id), model),
        Some(Provider::Local) => None,
        _ if is_of_bedrock(model) => ask(Some("aws"), model),
        _ => ask(None, model).or_else(|| by_maker(model, ask)),
    }
}

/// Whether the name is of Bedrock's shape: `anthropic.claude-..`, `us.amazon.nova-..`.
fn is_of_bedrock(model: &str) -> bool {
    const MAKERS: &[&str] =
        &["anthropic", "amazon", "meta", "mistral", "cohere", "ai21", "deepseek", "qwen", "writer"];
    const REGIONS: &[&str] = &["us", "eu", "apac", "jp", "au", "ca", "global", "us-gov"];
    let mut parts = model.split('.');
    let first = parts.next().filter(|_| model.contains('.')).unwrap_or_default();
    let maker = if REGIONS.contains(&first) { parts.next().unwrap_or_default() } else { first };
    MAKERS.contains(&maker)
}

/// Those who sell models of their own making.
const MAKERS: &[&str] =
    &["openai", "anthropic", "google", "mistral", "cohere", "x-ai", "deepseek", "voyageai"];

/// A name that only one of those who make models knows is that maker's.
fn by_maker(
    model: &str,
    ask: &mut impl FnMut(Option<&str>, &str) -> Option<ModelId>,
) -> Option<ModelId> {
    let mut found = MAKERS.iter().filter_map(|maker| ask(Some(maker), model));
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

/// The name as it is, and without what stands before it: `openai/gpt-4o`, `models/gemini-2.5-pro`,
/// `projects/../models/m`, `arn:aws:bedrock:../m`; with the word before the first slash.
fn spellings(model: &str) -> [Option<(Option<&str>, &str)>; 3] {
    let Some((prefix, rest)) = model.split_once('/') else {
        return [Some((None, model)), None, None];
    };
    let last = model.rsplit('/').next().filter(|last| *last != rest);
    [Some((None, model)), Some((Some(prefix), rest)), last.map(|last| (Some(prefix), last))]
}

/// What may change the price, in the price table's words.
fn context(tier: Option<&str>) -> Vec<(&'static str, &'static str)> {
    match tier {
        Some("flex") => vec![("service_tier", "flex")],
        Some("priority") => vec![("service_tier", "priority")],
        Some("batch") => vec![("processing", "batch")],
        _ => Vec::new(),
    }
}

impl<'s> Named<'s> {
    /// The model that answered, else the one that was asked for.
    pub(crate) fn model(self) -> Option<&'s str> {
        self.response.or(self.request)
    }

    fn bytes(&self) -> usize {
        let all = [self.provider, self.request, self.response, self.tier];
        all.into_iter().flatten().map(str::len).sum()
    }
}

impl Recent {
    fn new(named: Named<'_>, found: Found) -> Self {
        let own = |text: Option<&str>| text.map(str::to_owned);
        Self {
            provider: own(named.provider),
            request: own(named.request),
            response: own(named.response),
            tier: own(named.tier),
            found,
        }
    }

    fn is_of(&self, named: Named<'_>) -> bool {
        let is = |known: &Option<String>, name: Option<&str>| match (known, name) {
            (Some(known), Some(name)) => same(known.as_bytes(), name.as_bytes()),
            (known, name) => known.is_none() && name.is_none(),
        };
        is(&self.response, named.response)
            && is(&self.request, named.request)
            && is(&self.provider, named.provider)
            && is(&self.tier, named.tier)
    }
}

#[cfg(test)]
mod tests {
    use super::is_of_bedrock;

    #[test]
    fn names_of_bedrock_are_told_by_their_shape() {
        for name in ["anthropic.claude-sonnet-4-5-v1:0", "us.amazon.nova-pro-v1:0"] {
            assert!(is_of_bedrock(name), "{name}");
        }
        for name in
            ["claude-sonnet-4.5", "gpt-4.1", "us.x", "anthropic", "", "us.", "mistral-7b.q4"]
        {
            assert!(!is_of_bedrock(name), "{name}");
        }
    }
}
