//! The list of policies, and what may stand within what.

use tamis_sdk::config::Section;

use super::block;
use crate::bits::Bit;
use crate::conditions::Conditions;
use crate::policy::Policy;
use crate::rule::{Rule, Share};

/// Compiles policies as it reads them.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    pub(crate) conditions: Conditions,
    pub(crate) warnings: Vec<String>,
    /// Latency with an upper bound: an early yes can become a no.
    pub(crate) windows: Vec<Bit>,
    /// Names, from the top level down to the policy in hand.
    pub(crate) path: Vec<String>,
}

/// Where a policy stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Top,
    InComposite,
    /// In `and` or `drop`.
    InCombination,
    InNot,
}

/// The blocks of all types; those that are not the policy's own have no effect.
const BLOCKS: [&str; 17] = [
    "always_sample",
    "latency",
    "numeric_attribute",
    "probabilistic",
    "status_code",
    "string_attribute",
    "rate_limiting",
    "bytes_limiting",
    "span_count",
    "trace_state",
    "boolean_attribute",
    "ottl_condition",
    "trace_flags",
    "and",
    "not",
    "drop",
    "composite",
];

impl Reader {
    pub(crate) fn policies(&mut self, section: &mut Section<'_>, on_ingest: bool) -> Vec<Policy> {
        let mut names: Vec<String> = Vec::new();
        let read = section.sections("policies", |policy| {
            let name = policy.string("name").unwrap_or_default();
            if name.is_empty() {
                policy.problem(&["name"], "policy name cannot be empty");
            } else if names.contains(&name) {
                policy.problem(&["name"], format!("duplicate policy name {name:?}"));
            }
            names.push(name.clone());
            let rule = self.named(policy, name.clone(), Place::Top);
            if on_ingest && rule.is_stateful(&self.windows) {
                let message = format!(
                    "sampling_strategy \"span-ingest\" requires all policies to be stateless, but policy {name:?} is stateful"
                );
                policy.problem(&[], message);
            }
            let threshold = rule.threshold();
            Policy { name, rule, threshold }
        });
        let is_missing = read.as_ref().is_none_or(Vec::is_empty);
        if is_missing {
            let message = "expected at least one policy: without one, no trace is sampled";
            section.problem(&["policies"], message);
        }
        read.unwrap_or_default()
    }

    fn named(&mut self, policy: &mut Section<'_>, name: String, place: Place) -> Rule {
        self.path.push(name);
        let rule = self.rule(policy, place);
        self.path.pop();
        rule
    }

    fn sub_policy(&mut self, policy: &mut Section<'_>, place: Place) -> Rule {
        let name = policy.string("name").unwrap_or_default();
        self.named(policy, name, place)
    }

    fn rule(&mut self, policy: &mut Section<'_>, place: Place) -> Rule {
        for block in BLOCKS {
            policy.has(block);
        }
        let kind = policy.string("type").unwrap_or_default();
        let combination = match (kind.as_str(), place) {
            ("and", Place::Top | Place::InComposite) => {
                Some(Rule::And(self.combination(policy, "and", "and_sub_policy")))
            }
            ("drop", Place::Top) => {
                Some(Rule::Drop(self.combination(policy, "drop", "drop_sub_policy")))
            }
            ("not", Place::Top | Place::InCombination) => Some(self.not(policy)),
            ("composite", Place::Top) => Some(self.composite(policy)),
            _ => None,
        };
        let is_top = place == Place::Top;
        combination.or_else(|| block::read(self, policy, &kind, is_top)).unwrap_or_else(|| {
            policy.problem(&["type"], format!("unknown sampling policy type {kind}"));
            Rule::Always
        })
    }

    fn combination(&mut self, policy: &mut Section<'_>, block: &str, list: &str) -> Vec<Rule> {
        let rules = policy.section(block, |block| {
            block.sections(list, |policy| self.sub_policy(policy, Place::InCombination))
        });
        let rules = rules.flatten().unwrap_or_default();
        if rules.is_empty() {
            let message = format!(
                "expected at least one policy in {list}: without one, it applies to every trace"
            );
            policy.problem(&[block], message);
        }
        rules
    }

    fn not(&mut self, policy: &mut Section<'_>) -> Rule {
        let rule = policy.section("not", |not| {
            not.section("not_sub_policy", |policy| self.sub_policy(policy, Place::InNot))
        });
        let rule = rule.flatten().unwrap_or_else(|| {
            policy.problem(&["not"], "expected a policy in not_sub_policy");
            Rule::Always
        });
        Rule::Not(Box::new(rule))
    }

    fn composite(&mut self, policy: &mut Section<'_>) -> Rule {
        let shares = policy.section("composite", |composite| {
            let total = composite.signed("max_total_spans_per_second").unwrap_or(0);
            let order = composite.strings("policy_order").unwrap_or_default();
            let allocated = composite.sections("rate_allocation", |allocation| {
                let policy = allocation.string("policy").unwrap_or_default();
                (policy, allocation.signed("percent").unwrap_or(0))
            });
            let subs = composite.sections("composite_sub_policy", |policy| {
                let name = policy.string("name").unwrap_or_default();
                (name.clone(), self.named(policy, name, Place::InComposite))
            });
            let subs = subs.unwrap_or_default();
            if subs.is_empty() {
                let message = "expected at least one policy: without one, it samples nothing";
                composite.problem(&["composite_sub_policy"], message);
            }
            self.warn_of_order(&order, &subs);
            self.shares(total, &allocated.unwrap_or_default(), subs)
        });
        Rule::Composite(shares.unwrap_or_else(|| {
            policy.problem(&["composite"], "expected at least one policy in composite_sub_policy");
            Vec::new()
        }))
    }

    fn warn_of_order(&mut self, order: &[String], subs: &[(String, Rule)]) {
        if !order.is_empty() && !order.iter().eq(subs.iter().map(|(name, _)| name)) {
            let path = self.path.join("/");
            self.warnings.push(format!(
                "policy {path:?}: policy_order has no effect, as in the Collector: sub-policies are tried in the order of composite_sub_policy"
            ));
        }
    }

    /// Each sub-policy gets its percentage of the total, or an equal part of it; never more than the
    /// total.
    fn shares(
        &self,
        total: i64,
        allocated: &[(String, i64)],
        subs: Vec<(String, Rule)>,
    ) -> Vec<Share> {
        let equal = total as f64 / subs.len() as f64;
        let share = |(index, (name, rule)): (usize, (String, Rule))| {
            let percent = allocated.iter().rev().find(|(policy, _)| *policy == name);
            let spans = match percent {
                Some((_, percent)) if *percent > 0 => *percent as f64 / 100.0 * total as f64,
                _ => equal,
            };
            // Truncation wanted; what is negative is 0.
            let spans_per_second = (spans as i64).min(total).max(0).unsigned_abs();
            Share { rule, key: self.key(&index.to_string()), spans_per_second }
        };
        subs.into_iter().enumerate().map(share).collect()
    }

    /// A key of the shared counters, of the policy in hand.
    pub(crate) fn key(&self, suffix: &str) -> Vec<u8> {
        let mut key = format!("{}/{suffix}", self.path.join("/")).into_bytes();
        if key.len() > KEY_MAX {
            // Long names are told apart by their hash.
            let hash = key.iter().fold(0u64, |hash, &byte| {
                hash.rotate_left(5).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ u64::from(byte)
            });
            key.truncate(KEY_MAX - 8);
            key.extend_from_slice(&hash.to_be_bytes());
        }
        key
    }
}

/// Most bytes of a key of the shared counters.
const KEY_MAX: usize = 256;
