//! The configuration: the Collector's keys, checked and compiled, and tamis' own.

mod block;
mod policies;

use std::time::Duration;

use tamis_sdk::config::Section;
use tamis_sdk::{Configuration, Problem};

use crate::conditions::Conditions;
use crate::pending::Waits;
use crate::policy::Policies;
use crate::sampler::Settings;

/// Everything the user wrote.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) settings: Settings,
    pub(crate) conditions: Conditions,
    pub(crate) policies: Policies,
    /// What is accepted, but may not be what was meant.
    pub(crate) warnings: Vec<String>,
}

const DECISION_WAIT: Duration = Duration::from_secs(30);
const NUM_TRACES: u64 = 50_000;
const NUM_SHARDS_MAX: u64 = 256;

/// What the Collector takes a wait of less for.
const DECISION_WAIT_ZERO: Duration = Duration::from_secs(1);

const TRACE_COMPLETE: &str = "trace-complete";
const SPAN_INGEST: &str = "span-ingest";

const TAIL_STORAGE: &str = "tail_storage is an extension of the Collector; here held spans lie in the \
    gateway's own store: remove the key, and to keep them on disk write `wasm: {hold: {storage: \
    file_storage}}` in this processor and add a file_storage extension";

impl Config {
    pub(crate) fn read(configuration: &Configuration) -> Result<Self, Vec<Problem>> {
        configuration.read(|section| {
            let instances = u64::from(configuration.instances.max(1));
            let mut settings = settings(section, instances);
            let mut reader = policies::Reader::default();
            let on_first_match = section.boolean("sample_on_first_match").unwrap_or(false);
            settings.writes_threshold =
                section.boolean("write_sampling_threshold").unwrap_or(false);
            reader.conditions.reads_randomness = settings.writes_threshold;
            let policies = reader.policies(section, settings.on_ingest);
            let policies::Reader { conditions, mut warnings, .. } = reader;
            if settings.block_on_overflow
                && settings.sampled_cache.min(settings.non_sampled_cache) == 0
            {
                warnings.push(BLOCK_WITHOUT_CACHE.to_owned());
            }
            let policies = Policies::new(policies, on_first_match);
            Self { settings, conditions, policies, warnings }
        })
    }
}

const BLOCK_WITHOUT_CACHE: &str = "block_on_overflow without decision caches: the Collector would stop \
    for good when num_traces traces are decided; here decided traces make room";

fn settings(section: &mut Section<'_>, instances: u64) -> Settings {
    if section.has("tail_storage") {
        section.problem(&["tail_storage"], TAIL_STORAGE);
    }
    // Accepted without effect: nothing is allocated ahead.
    section.integer("expected_new_traces_per_sec");
    let shards = section.integer("num_shards").unwrap_or(1);
    if shards > NUM_SHARDS_MAX {
        let message = format!("num_shards ({shards}) must not exceed {NUM_SHARDS_MAX}");
        section.problem(&["num_shards"], message);
    }
    let decision = section.duration("decision_wait").unwrap_or(DECISION_WAIT);
    let decision = if decision.is_zero() { DECISION_WAIT_ZERO } else { decision };
    let after_root = section.duration("decision_wait_after_root_received").unwrap_or_default();
    let share = |total: u64| share(total, instances);
    let cache = section.section("decision_cache", |cache| {
        let mut size = |key| share(u64::try_from(cache.signed(key).unwrap_or(0)).unwrap_or(0));
        (size("sampled_cache_size"), size("non_sampled_cache_size"))
    });
    let (sampled_cache, non_sampled_cache) = cache.unwrap_or_default();
    Settings {
        waits: Waits { decision, after_root },
        num_traces: share(section.integer("num_traces").unwrap_or(NUM_TRACES)).max(1),
        block_on_overflow: section.boolean("block_on_overflow").unwrap_or(false),
        sampled_cache,
        non_sampled_cache,
        on_ingest: strategy(section),
        drop_pending_on_shutdown: section
            .boolean("drop_pending_traces_on_shutdown")
            .unwrap_or(false),
        trace_bytes_max: section.integer("maximum_trace_size_bytes").unwrap_or(0),
        dry_run: section.boolean("dry_run").unwrap_or(false),
        writes_threshold: false,
        instances,
    }
}

/// This instance's share of what bounds all of them; 0 stays 0.
fn share(total: u64, instances: u64) -> usize {
    let share = if total == 0 { 0 } else { (total / instances).max(1) };
    usize::try_from(share).unwrap_or(usize::MAX)
}

/// True for `span-ingest`.
fn strategy(section: &mut Section<'_>) -> bool {
    match section.string("sampling_strategy").as_deref() {
        None | Some(TRACE_COMPLETE) => false,
        Some(SPAN_INGEST) => true,
        Some(other) => {
            let message = format!(
                "invalid sampling_strategy {other:?}, expected one of {TRACE_COMPLETE:?} or {SPAN_INGEST:?}"
            );
            section.problem(&["sampling_strategy"], message);
            false
        }
    }
}

#[cfg(test)]
mod tests;
