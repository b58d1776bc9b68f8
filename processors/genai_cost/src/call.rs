//! One call, judged: what it used, what it cost, or why that cannot be said.

use tamis_genai_prices::{Amount, Cost, ModelId, Usage};

use crate::kind::Kind;
use crate::meaning::Text;
use crate::pricing::{Named, Pricing};
use crate::resolve::{Fault, Manner, Tokens, resolve};
use crate::seen::Seen;
use crate::status::Status;

/// What is done with a cost that somebody else reckons.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Reported {
    /// It is the cost.
    #[default]
    Prefer,
    /// It is told beside ours.
    Compare,
    /// It is passed over.
    Ignore,
}

/// Who says whether an item repeats what others tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// What it says of itself.
    ByRules,
    /// Its trace: it does.
    Aggregate,
    /// Its trace: it does not.
    Call,
}

/// A call and its cost.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) status: Status,
    /// Only with a status that has a cost.
    pub(crate) amount: Option<Amount>,
    /// The amount in parts; only where it is ours.
    pub(crate) cost: Option<Cost>,
    /// What somebody else reckons, unless that is ignored.
    pub(crate) reported: Option<Amount>,
    pub(crate) model: Option<ModelId>,
    /// Where the counts make a usage.
    pub(crate) tokens: Option<Tokens>,
    pub(crate) kind: Kind,
}

/// How calls are judged.
pub(crate) struct Judge {
    pub(crate) pricing: Pricing,
    pub(crate) reported: Reported,
    usage: Usage,
}

impl Judge {
    pub(crate) fn new(pricing: Pricing, reported: Reported) -> Self {
        Self { pricing, reported, usage: Usage::new() }
    }

    /// `None`: the item is no call, and sums none up either.
    pub(crate) fn judge(&mut self, seen: &Seen<'_>, time: u64, decision: Decision) -> Option<Call> {
        if !seen.is_about_model() {
            return None;
        }
        let kind = seen.operation_kind();
        let reported = seen.reported().filter(|_| self.reported != Reported::Ignore);
        let tells_nothing =
            seen.counts.is_empty() && reported.is_none() && !seen.is_marked_aggregate;
        if tells_nothing && matches!(kind, Kind::Unknown | Kind::Aggregate) {
            return None;
        }
        let mut call = Call {
            status: Status::Aggregate,
            amount: None,
            cost: None,
            reported,
            model: None,
            tokens: None,
            kind,
        };
        let is_aggregate = match decision {
            Decision::ByRules => kind == Kind::Aggregate,
            Decision::Aggregate => true,
            // One that tells of no usage repeats nothing, and is no call either.
            Decision::Call => kind == Kind::Aggregate && seen.counts.is_empty(),
        };
        if !is_aggregate {
            self.price(seen, time, &mut call);
            self.settle(&mut call);
        }
        Some(call)
    }

    fn price(&mut self, seen: &Seen<'_>, time: u64, call: &mut Call) {
        let named = Named {
            provider: seen.get(Text::Provider),
            request: seen.get(Text::RequestModel),
            response: seen.get(Text::ResponseModel),
            tier: seen.get(Text::ServiceTier),
        };
        let found = self.pricing.find(named);
        let manner = Manner {
            cache_beside: found.cache_beside,
            reasoning_beside: found.reasoning_beside,
            is_without_output: call.kind == Kind::Embedding,
        };
        call.model = found.model;
        call.status = match resolve(&seen.counts, manner, &mut self.usage) {
            Err(fault) => fault.into(),
            Ok(tokens) => {
                call.tokens = Some(tokens);
                match found.model {
                    Some(model) => self.price_by(model, tokens, time, call),
                    None if named.model().is_none() => Status::NoModel,
                    None => Status::UnknownModel,
                }
            }
        };
    }

    fn price_by(&self, model: ModelId, tokens: Tokens, time: u64, call: &mut Call) -> Status {
        if tokens.lacks_output && self.pricing.has_output_price(model, time) {
            return Fault::Incomplete.into();
        }
        match self.pricing.price(model, time, &self.usage) {
            Ok(cost) if cost.nothing_priced => Status::NoPrice,
            Ok(cost) => {
                (call.cost, call.amount) = (Some(cost), Some(cost.total));
                Status::Priced
            }
            Err(why) => why.into(),
        }
    }

    /// A reported 0 beside a price that is none is the silence of a table that has no price.
    fn settle(&self, call: &mut Call) {
        let reported = call.reported.filter(|amount| !amount.is_zero());
        if let (Reported::Prefer, Some(amount)) = (self.reported, reported) {
            call.status = Status::Reported;
            call.amount = Some(amount);
            call.cost = call.cost.filter(|cost| cost.total == amount);
        }
    }
}
