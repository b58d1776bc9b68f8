//! The processor's own metrics: the Collector's, with their names and labels, summed up here and told
//! to the host once a tick.

use tamis_sdk::metrics::{self, Kind, Measurement};

use crate::policy::Ruling;
use crate::rule::{Candidate, Vote};

/// Everything since the last tick.
#[derive(Debug)]
pub(crate) struct Counts {
    policies: Vec<OfPolicy>,
    /// Traces by [`Tally`].
    decided: [u64; 3],
    pub(crate) new_traces: u64,
    pub(crate) errors: u64,
    pub(crate) dropped_too_early: u64,
    pub(crate) dropped_too_large: u64,
    pub(crate) unparseable_tracestate: u64,
    /// Traces that were decided before their time to make room.
    pub(crate) decided_early: u64,
    /// Spans of traces in a decision cache: sampled, not sampled.
    pub(crate) from_cache: [u64; 2],
    /// In seconds.
    late_span_ages: Vec<f64>,
    removal_ages: Vec<f64>,
}

#[derive(Debug, Clone, Default)]
struct OfPolicy {
    name: String,
    executions: u64,
    nanoseconds: u64,
    by_tally: [Sums; 3],
}

#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    traces: u64,
    spans: u64,
    bytes: u64,
}

/// How a decision is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tally {
    Sampled,
    NotSampled,
    Dropped,
}

const TALLIES: [Tally; 3] = [Tally::Sampled, Tally::NotSampled, Tally::Dropped];

/// Most observations of one histogram in a tick; more are left out, because each is a measurement of
/// its own.
const OBSERVATIONS_MAX: usize = 1_000;

const PREFIX: &str = "otelcol_processor_tail_sampling_";

impl Counts {
    /// `policies`: what they are called in labels.
    pub(crate) fn new(policies: impl Iterator<Item = String>) -> Self {
        let of_policy = |name| OfPolicy { name, ..OfPolicy::default() };
        Self {
            policies: policies.map(of_policy).collect(),
            decided: [0; 3],
            new_traces: 0,
            errors: 0,
            dropped_too_early: 0,
            dropped_too_large: 0,
            unparseable_tracestate: 0,
            decided_early: 0,
            from_cache: [0; 2],
            late_span_ages: Vec::new(),
            removal_ages: Vec::new(),
        }
    }

    pub(crate) fn vote(&mut self, policy: usize, vote: Vote, trace: &Candidate<'_>) {
        let of_policy = &mut self.policies[policy];
        of_policy.executions += 1;
        let tally = match vote {
            Vote::Sampled => Tally::Sampled,
            Vote::NotSampled => Tally::NotSampled,
            Vote::Dropped => Tally::Dropped,
            Vote::Failed => {
                self.errors += 1;
                return;
            }
        };
        let sums = &mut of_policy.by_tally[tally as usize];
        sums.traces += 1;
        sums.spans += trace.spans;
        sums.bytes += trace.bytes;
    }

    pub(crate) fn spent(&mut self, policy: usize, nanoseconds: u64) {
        self.policies[policy].nanoseconds += nanoseconds;
    }

    pub(crate) fn decided(&mut self, ruling: Ruling) {
        self.decided[ruling.tally() as usize] += 1;
    }

    /// Whole seconds from a decision to a span that came after it.
    pub(crate) fn late_span(&mut self, decided_at: u64, now: u64) {
        observe(&mut self.late_span_ages, decided_at, now);
    }

    /// Whole seconds from a trace's arrival to the end of what is known of it.
    pub(crate) fn removed(&mut self, arrived: u64, now: u64) {
        observe(&mut self.removal_ages, arrived, now);
    }

    /// Tells the host and starts anew. `traces` are in memory now, and the tick took so many
    /// nanoseconds.
    pub(crate) fn tell(&mut self, traces: usize, tick: u64) {
        let mut out = Out(Vec::new());
        for policy in &mut self.policies {
            policy.tell(&mut out);
        }
        for (tally, traces) in TALLIES.into_iter().zip(std::mem::take(&mut self.decided)) {
            out.count("global_count_traces_sampled", &tally.labels(), traces);
        }
        let plain = [
            ("new_trace_id_received", &mut self.new_traces),
            ("sampling_policy_evaluation_error", &mut self.errors),
            ("sampling_trace_dropped_too_early", &mut self.dropped_too_early),
            ("traces_dropped_too_large", &mut self.dropped_too_large),
            ("count_spans_with_unparseable_tracestate", &mut self.unparseable_tracestate),
            ("traces_decided_early", &mut self.decided_early),
        ];
        for (name, count) in plain {
            out.count(name, &[], std::mem::take(count));
        }
        let [sampled, not_sampled] = std::mem::take(&mut self.from_cache);
        let name = "early_releases_from_cache_decision";
        out.count(name, &[("sampled", "true")], sampled);
        out.count(name, &[("sampled", "false")], not_sampled);
        for age in self.late_span_ages.drain(..) {
            out.put(Kind::Histogram, "sampling_late_span_age", &[], age);
        }
        for age in self.removal_ages.drain(..) {
            out.put(Kind::Histogram, "sampling_trace_removal_age", &[], age);
        }
        let milliseconds = tick / 1_000_000;
        out.put(Kind::Histogram, "sampling_decision_timer_latency", &[], milliseconds as f64);
        out.put(Kind::Gauge, "sampling_traces_on_memory", &[], traces as f64);
        metrics::record_all(out.0);
    }
}

fn observe(ages: &mut Vec<f64>, from: u64, to: u64) {
    if ages.len() < OBSERVATIONS_MAX {
        ages.push((to.saturating_sub(from) / 1_000_000_000) as f64);
    }
}

impl OfPolicy {
    fn tell(&mut self, out: &mut Out) {
        let name = [("policy", self.name.as_str())];
        for (tally, sums) in TALLIES.into_iter().zip(std::mem::take(&mut self.by_tally)) {
            let labels = [&name[..], &tally.labels()].concat();
            out.count("count_traces_sampled", &labels, sums.traces);
            out.count("count_spans_sampled", &labels, sums.spans);
            out.count("count_bytes_sampled", &labels, sums.bytes);
        }
        let executions = std::mem::take(&mut self.executions);
        out.count("sampling_policy_execution_count", &name, executions);
        // What is left below a microsecond counts next time.
        let microseconds = self.nanoseconds / 1_000;
        self.nanoseconds %= 1_000;
        out.count("sampling_policy_execution_time_sum", &name, microseconds);
    }
}

impl Tally {
    fn labels(self) -> [(&'static str, &'static str); 2] {
        match self {
            Self::Sampled => [("sampled", "true"), ("decision", "sampled")],
            Self::NotSampled => [("sampled", "false"), ("decision", "not_sampled")],
            Self::Dropped => [("sampled", "false"), ("decision", "dropped")],
        }
    }
}

struct Out(Vec<Measurement>);

impl Out {
    /// What did not happen is not told.
    fn count(&mut self, name: &str, labels: &[(&str, &str)], count: u64) {
        if count > 0 {
            self.put(Kind::Counter, name, labels, count as f64);
        }
    }

    fn put(&mut self, kind: Kind, name: &str, labels: &[(&str, &str)], value: f64) {
        let label = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let labels = labels.iter().map(label).collect();
        self.0.push(Measurement { kind, name: format!("{PREFIX}{name}"), labels, value });
    }
}
