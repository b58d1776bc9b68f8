//! What a policy asks of a whole trace, and how it votes.
//!
//! A rule votes on all traces that are due at once. That gives the same votes as one trace after the
//! other, because what a rule consumes (a rate) is its own, and lets the shared counters be asked once
//! for many traces.

use tamis_sdk::counters::{self, Bound, Claim};

use crate::bits::Bit;
use crate::conditions::Conditions;
use crate::ids::TraceId;
use crate::probability::Probability;

/// One policy or sub-policy.
#[derive(Debug)]
pub(crate) enum Rule {
    Always,
    /// A condition was met, or, inverted, was not.
    Met {
        bit: Bit,
        inverted: bool,
    },
    /// OTTL conditions were met, or could not be evaluated; whatever came first.
    Ottl {
        matched: Bit,
        failed: Bit,
    },
    Probability(Probability),
    /// Spans of the trace, inclusive; `max` 0: no bound.
    SpanCount {
        min: i64,
        max: i64,
    },
    Rate(Rate),
    And(Vec<Rule>),
    Not(Box<Rule>),
    Drop(Vec<Rule>),
    Composite(Vec<Share>),
}

/// A token bucket over all instances.
#[derive(Debug)]
pub(crate) struct Rate {
    pub(crate) key: Vec<u8>,
    pub(crate) unit: Unit,
    pub(crate) per_second: f64,
    pub(crate) burst: u64,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Unit {
    Spans,
    Bytes,
}

/// A sub-policy of a composite one, and how many spans it may keep in a second.
#[derive(Debug)]
pub(crate) struct Share {
    pub(crate) rule: Rule,
    pub(crate) key: Vec<u8>,
    pub(crate) spans_per_second: u64,
}

/// What a rule says to a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Vote {
    Sampled,
    NotSampled,
    Dropped,
    Failed,
}

/// What rules see of a trace.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Candidate<'a> {
    pub(crate) id: &'a TraceId,
    /// See [`Conditions`].
    pub(crate) row: &'a [u64],
    pub(crate) spans: u64,
    pub(crate) bytes: u64,
}

const COMPOSITE_WINDOW_MS: u32 = 1000;

impl Rule {
    /// One vote for each candidate, in their order.
    pub(crate) fn votes(&self, conditions: &Conditions, candidates: &[Candidate<'_>]) -> Vec<Vote> {
        match self {
            Self::Always => vec![Vote::Sampled; candidates.len()],
            Self::Met { bit, inverted } => {
                each(candidates, |trace| bit.is_set(trace.row) != *inverted)
            }
            Self::Ottl { matched, failed } => {
                let vote = |trace: &Candidate<'_>| {
                    if matched.is_set(trace.row) {
                        Vote::Sampled
                    } else if failed.is_set(trace.row) {
                        Vote::Failed
                    } else {
                        Vote::NotSampled
                    }
                };
                candidates.iter().map(vote).collect()
            }
            Self::Probability(probability) => each(candidates, |trace| {
                probability.keeps(trace.id, conditions.randomness(trace.row))
            }),
            Self::SpanCount { min, max } => each(candidates, |trace| {
                let spans = i64::try_from(trace.spans).unwrap_or(i64::MAX);
                spans >= *min && (*max == 0 || spans <= *max)
            }),
            Self::Rate(rate) => rate.votes(candidates),
            Self::Not(rule) => {
                rule.votes(conditions, candidates).into_iter().map(Vote::opposite).collect()
            }
            Self::And(rules) => all_of(rules, Vote::Sampled, conditions, candidates),
            Self::Drop(rules) => all_of(rules, Vote::Dropped, conditions, candidates),
            Self::Composite(shares) => composite(shares, conditions, candidates),
        }
    }

    /// Whether a vote on a part of a trace may be another than that on the whole.
    pub(crate) fn is_stateful(&self, latency_windows: &[Bit]) -> bool {
        match self {
            Self::Always | Self::Ottl { .. } | Self::Probability(_) => false,
            Self::Met { bit, .. } => latency_windows.contains(bit),
            Self::SpanCount { max, .. } => *max > 0,
            Self::Rate(_) => true,
            Self::Not(rule) => rule.is_stateful(latency_windows),
            Self::And(rules) | Self::Drop(rules) => {
                rules.iter().any(|rule| rule.is_stateful(latency_windows))
            }
            Self::Composite(shares) => {
                shares.iter().any(|share| share.rule.is_stateful(latency_windows))
            }
        }
    }

    /// The rejection threshold that a vote `Sampled` stands for; none where chance has no part in it.
    pub(crate) fn threshold(&self) -> Option<u64> {
        match self {
            Self::Probability(probability) => Some(probability.threshold),
            Self::And(rules) => rules.iter().filter_map(Self::threshold).max(),
            _ => None,
        }
    }
}

impl Vote {
    fn opposite(self) -> Self {
        match self {
            Self::Sampled => Self::NotSampled,
            Self::NotSampled => Self::Sampled,
            other => other,
        }
    }
}

fn each(candidates: &[Candidate<'_>], is_sampled: impl Fn(&Candidate<'_>) -> bool) -> Vec<Vote> {
    let vote = |trace| if is_sampled(trace) { Vote::Sampled } else { Vote::NotSampled };
    candidates.iter().map(vote).collect()
}

impl Rate {
    fn votes(&self, candidates: &[Candidate<'_>]) -> Vec<Vote> {
        let bound = Bound::Bucket { rate: self.per_second, burst: self.burst };
        let claim = |trace: &Candidate<'_>| {
            let n = match self.unit {
                Unit::Spans => trace.spans,
                Unit::Bytes => trace.bytes,
            };
            Claim { key: self.key.clone(), n, bound }
        };
        granted(candidates.iter().map(claim).collect())
    }
}

fn granted(claims: Vec<Claim>) -> Vec<Vote> {
    if claims.is_empty() {
        return Vec::new();
    }
    let vote = |granted| if granted { Vote::Sampled } else { Vote::NotSampled };
    counters::take(claims).into_iter().map(vote).collect()
}

/// `met` where all rules vote `Sampled`. A rule is asked only where those before it did.
fn all_of(
    rules: &[Rule],
    met: Vote,
    conditions: &Conditions,
    candidates: &[Candidate<'_>],
) -> Vec<Vote> {
    let mut votes = vec![met; candidates.len()];
    let mut open: Vec<usize> = (0..candidates.len()).collect();
    for rule in rules {
        let asked: Vec<Candidate<'_>> = open.iter().map(|&index| candidates[index]).collect();
        let answers = rule.votes(conditions, &asked);
        let mut still_open = Vec::with_capacity(open.len());
        for (&index, answer) in open.iter().zip(answers) {
            if answer == Vote::Sampled {
                still_open.push(index);
            } else {
                votes[index] = answer;
            }
        }
        open = still_open;
    }
    votes
}

/// The first share whose rule votes `Sampled` decides: sampled while it has spans left this second.
fn composite(shares: &[Share], conditions: &Conditions, candidates: &[Candidate<'_>]) -> Vec<Vote> {
    let mut votes = vec![Vote::NotSampled; candidates.len()];
    let mut open: Vec<usize> = (0..candidates.len()).collect();
    for share in shares {
        let asked: Vec<Candidate<'_>> = open.iter().map(|&index| candidates[index]).collect();
        let answers = share.rule.votes(conditions, &asked);
        let (mut still_open, mut wanted) = (Vec::new(), Vec::new());
        for (&index, answer) in open.iter().zip(answers) {
            match answer {
                Vote::Sampled => wanted.push(index),
                Vote::Failed => votes[index] = Vote::Failed,
                _ => still_open.push(index),
            }
        }
        let limit = share.spans_per_second;
        let claim = |&index: &usize| Claim {
            key: share.key.clone(),
            n: candidates[index].spans,
            bound: Bound::Window { limit, length_ms: COMPOSITE_WINDOW_MS },
        };
        let answers = granted(wanted.iter().map(claim).collect());
        for (&index, answer) in wanted.iter().zip(answers) {
            votes[index] = answer;
        }
        open = still_open;
    }
    votes
}
