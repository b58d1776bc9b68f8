//! The policies together: from votes to a decision for each trace.

use tamis_sdk::clock;

use crate::conditions::Conditions;
use crate::counts::{Counts, Tally};
use crate::memo::Note;
use crate::rule::{Candidate, Rule, Vote};
use crate::sampler::Settings;

/// A policy of the top level.
#[derive(Debug)]
pub(crate) struct Policy {
    pub(crate) name: String,
    pub(crate) rule: Rule,
    /// See [`Rule::threshold`].
    pub(crate) threshold: Option<u64>,
}

/// All policies, those that drop first.
#[derive(Debug)]
pub(crate) struct Policies {
    pub(crate) list: Vec<Policy>,
    /// How many of them drop.
    drops: usize,
    on_first_match: bool,
}

/// What was decided about a trace, and by which policy, its place in the list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) ruling: Ruling,
    pub(crate) policy: Option<u16>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Ruling {
    Sampled,
    #[default]
    NotSampled,
    /// By a policy of type `drop`.
    Dropped,
    /// `maximum_trace_size_bytes`: not sampled, and no policy was asked.
    TooLarge,
    /// Gone before its time; unlike the others, not remembered.
    TooEarly,
}

/// What the first policies make of a part of a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Partial {
    Decided(Verdict),
    Pending,
}

impl Policies {
    pub(crate) fn new(policies: Vec<Policy>, on_first_match: bool) -> Self {
        let (mut list, others): (Vec<_>, Vec<_>) =
            policies.into_iter().partition(|policy| matches!(policy.rule, Rule::Drop(_)));
        let drops = list.len();
        list.extend(others);
        Self { list, drops, on_first_match }
    }

    pub(crate) fn get(&self, verdict: Verdict) -> Option<&Policy> {
        self.list.get(usize::from(verdict.policy?))
    }

    /// What is noted of a verdict.
    pub(crate) fn note(&self, verdict: Verdict, settings: &Settings) -> Note {
        let policy = self.get(verdict);
        let is_sampled = verdict.ruling == Ruling::Sampled;
        let writes = settings.writes_threshold && is_sampled && !settings.dry_run;
        let name = policy.filter(|_| settings.dry_run).map(|policy| policy.name.clone());
        Note {
            ruling: verdict.ruling,
            threshold: policy.filter(|_| writes).and_then(|policy| policy.threshold),
            policy: name.unwrap_or_default(),
        }
    }

    /// The place of the policy that a note tells of, as far as it can be told.
    pub(crate) fn place_of(&self, note: &Note) -> Option<u16> {
        let is_it = |policy: &Policy| {
            let is_named = !note.policy.is_empty() && policy.name == note.policy;
            is_named || note.threshold.is_some() && policy.threshold == note.threshold
        };
        self.list.iter().position(is_it).and_then(|place| u16::try_from(place).ok())
    }

    /// Decides whole traces; one verdict for each, in their order.
    pub(crate) fn decide(
        &self,
        conditions: &Conditions,
        candidates: &[Candidate<'_>],
        counts: &mut Counts,
    ) -> Vec<Verdict> {
        let mut verdicts = vec![Verdict::default(); candidates.len()];
        let mut open: Vec<usize> = (0..candidates.len()).collect();
        for (place, policy) in self.list.iter().enumerate() {
            let asked: Vec<Candidate<'_>> = open.iter().map(|&index| candidates[index]).collect();
            let votes = timed(counts, place, || policy.rule.votes(conditions, &asked));
            let mut still_open = Vec::with_capacity(open.len());
            for ((&index, vote), trace) in open.iter().zip(votes).zip(&asked) {
                counts.vote(place, vote, trace);
                if self.settle(&mut verdicts[index], place, vote) {
                    still_open.push(index);
                }
            }
            open = still_open;
        }
        for verdict in &verdicts {
            counts.decided(verdict.ruling);
        }
        verdicts
    }

    /// Takes a vote into the verdict; false when nothing can change it any more.
    fn settle(&self, verdict: &mut Verdict, place: usize, vote: Vote) -> bool {
        let policy = u16::try_from(place).ok();
        match vote {
            Vote::Dropped => *verdict = Verdict { ruling: Ruling::Dropped, policy },
            Vote::Sampled => {
                // Of several, the one that keeps most traces counts; of equals, the first.
                let threshold = |policy: Option<&Policy>| policy.and_then(|p| p.threshold);
                let before = threshold(self.get(*verdict)).unwrap_or(0);
                let now = threshold(self.list.get(place)).unwrap_or(0);
                if verdict.ruling != Ruling::Sampled || now < before {
                    *verdict = Verdict { ruling: Ruling::Sampled, policy };
                }
                return !self.on_first_match;
            }
            Vote::NotSampled | Vote::Failed => return true,
        }
        false
    }

    /// What can be said of a part of a trace already: it is dropped, or sampled where no policy could
    /// drop it later.
    pub(crate) fn decide_part(
        &self,
        conditions: &Conditions,
        part: Candidate<'_>,
        counts: &mut Counts,
    ) -> Partial {
        // One that did not drop this part may drop the next.
        let mut may_drop = false;
        for (place, policy) in self.list.iter().enumerate() {
            if place >= self.drops && may_drop {
                break;
            }
            for vote in policy.rule.votes(conditions, &[part]) {
                counts.vote(place, vote, &part);
                let ruling = match vote {
                    Vote::Dropped => Ruling::Dropped,
                    Vote::Sampled => Ruling::Sampled,
                    Vote::NotSampled => {
                        may_drop |= place < self.drops;
                        continue;
                    }
                    Vote::Failed => continue,
                };
                counts.decided(ruling);
                let policy = u16::try_from(place).ok();
                return Partial::Decided(Verdict { ruling, policy });
            }
        }
        Partial::Pending
    }
}

fn timed<T>(counts: &mut Counts, place: usize, work: impl FnOnce() -> T) -> T {
    let before = clock::monotonic();
    let done = work();
    counts.spent(place, clock::monotonic().saturating_sub(before));
    done
}

impl Ruling {
    pub(crate) fn tally(self) -> Tally {
        match self {
            Self::Sampled => Tally::Sampled,
            Self::Dropped => Tally::Dropped,
            Self::NotSampled | Self::TooLarge | Self::TooEarly => Tally::NotSampled,
        }
    }
}
