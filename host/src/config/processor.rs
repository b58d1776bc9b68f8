//! `processors`: the host's own, the built-in guests, and `wasm/<name>` for a user's guest.

use std::collections::BTreeSet;

use super::components::{self, Components};
use super::guest;
use super::section::Section;
use crate::processor::settings::{BatchSettings, MemoryLimiterSettings};
use crate::wasm::settings::GuestSettings;

/// A processor of a type that tamis has.
#[derive(Clone, Debug, PartialEq)]
pub enum ProcessorSettings {
    Batch(BatchSettings),
    MemoryLimiter(MemoryLimiterSettings),
    Guest(Box<GuestSettings>),
}

/// `builtins` are the types of the guests inside the binary.
pub(super) fn read(root: &Section<'_>, builtins: &[&str]) -> Components<ProcessorSettings> {
    let types: BTreeSet<&str> = ["batch", "memory_limiter", guest::USER_TYPE]
        .into_iter()
        .chain(builtins.to_vec())
        .collect();
    let types: Vec<&str> = types.into_iter().collect();
    components::read(root, "processors", &types, |id, section| match id.component_type() {
        "batch" => Some(ProcessorSettings::Batch(batch(section))),
        "memory_limiter" => Some(ProcessorSettings::MemoryLimiter(memory_limiter(section))),
        guest::USER_TYPE => Some(ProcessorSettings::Guest(Box::new(guest::user(section)))),
        builtin if builtins.contains(&builtin) => {
            Some(ProcessorSettings::Guest(Box::new(guest::built_in(builtin, section))))
        }
        _ => None,
    })
}

fn batch(section: Section<'_>) -> BatchSettings {
    let default = BatchSettings::default();
    let settings = BatchSettings {
        send_batch_size: section.integer("send_batch_size", default.send_batch_size),
        timeout: section.duration("timeout", default.timeout),
        send_batch_max_size: section.integer("send_batch_max_size", default.send_batch_max_size),
        metadata_keys: metadata_keys(&section),
        metadata_cardinality_limit: section
            .integer("metadata_cardinality_limit", default.metadata_cardinality_limit),
    };
    if settings.send_batch_max_size > 0 && settings.send_batch_max_size < settings.send_batch_size {
        let message = "send_batch_max_size must be greater or equal to send_batch_size";
        section.invalid_at("send_batch_max_size", section.origin(), message);
    }
    section.finish();
    settings
}

/// In lower case, as metadata keys are compared.
fn metadata_keys(section: &Section<'_>) -> Vec<String> {
    let mut keys: Vec<String> = Vec::new();
    for (key, node) in section.strings("metadata_keys") {
        let key = key.to_lowercase();
        if keys.contains(&key) {
            let message = format!("duplicate entry in metadata_keys: {key:?} (case-insensitive)");
            section.invalid_at("metadata_keys", &node.origin, &message);
        } else {
            keys.push(key);
        }
    }
    keys
}

fn memory_limiter(section: Section<'_>) -> MemoryLimiterSettings {
    let settings = MemoryLimiterSettings {
        check_interval: section.duration("check_interval", std::time::Duration::ZERO),
        limit: section.mebibytes("limit_mib", 0),
        spike_limit: section.mebibytes("spike_limit_mib", 0),
        limit_percentage: section.integer("limit_percentage", 0),
        spike_limit_percentage: section.integer("spike_limit_percentage", 0),
    };
    section.without_effect(&[
        "max_gc_interval_when_hard_limited",
        "max_gc_interval_when_soft_limited",
        "min_gc_interval_when_hard_limited",
        "min_gc_interval_when_soft_limited",
    ]);
    if settings.check_interval.is_zero() {
        section.invalid_here("'check_interval' must be greater than zero");
    }
    if settings.limit == 0 && settings.limit_percentage == 0 {
        section.invalid_here("'limit_mib' or 'limit_percentage' must be greater than zero");
    }
    if settings.limit > 0 && settings.spike_limit >= settings.limit {
        section.invalid("spike_limit_mib", "must be smaller than 'limit_mib'");
    }
    if settings.limit_percentage > 100 || settings.spike_limit_percentage > 100 {
        section.invalid_here(
            "'limit_percentage' and 'spike_limit_percentage' must be greater than zero and less \
             than or equal to hundred",
        );
    }
    if settings.limit_percentage > 0 && settings.spike_limit_percentage >= settings.limit_percentage
    {
        section.invalid("spike_limit_percentage", "must be smaller than 'limit_percentage'");
    }
    section.finish();
    settings
}
