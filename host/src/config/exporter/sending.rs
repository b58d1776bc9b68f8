//! What exporters that send over the network share: `retry_on_failure` and `sending_queue`.

use super::super::section::Section;
use crate::exporter::settings::{QueueSettings, RetrySettings, Sizer};

pub(super) fn retry(parent: &Section<'_>) -> RetrySettings {
    let default = RetrySettings::default();
    let Some(section) = parent.section("retry_on_failure") else { return default };
    let settings = RetrySettings {
        enabled: section.boolean("enabled", default.enabled),
        initial_interval: section.duration("initial_interval", default.initial_interval),
        randomization_factor: section.float("randomization_factor", default.randomization_factor),
        multiplier: section.float("multiplier", default.multiplier),
        max_interval: section.duration("max_interval", default.max_interval),
        max_elapsed_time: section.duration("max_elapsed_time", default.max_elapsed_time),
    };
    if settings.enabled {
        check_retry(&section, &settings);
    }
    section.finish();
    settings
}

fn check_retry(section: &Section<'_>, settings: &RetrySettings) {
    if settings.randomization_factor > 1.0 {
        section.invalid("randomization_factor", "value must be less than or equal to 1");
    } else if settings.randomization_factor < 0.0 || settings.randomization_factor.is_nan() {
        section.invalid("randomization_factor", "value must be greater than or equal to 0");
    }
    // Also what is no number, and what would wait for ever.
    if !settings.multiplier.is_finite() || settings.multiplier < 0.0 {
        section.invalid("multiplier", "value must be greater than or equal to 0");
    }
    if !settings.max_elapsed_time.is_zero() {
        if settings.max_elapsed_time < settings.initial_interval {
            section.invalid("max_elapsed_time", "must not be less than 'initial_interval'");
        }
        if settings.max_elapsed_time < settings.max_interval {
            section.invalid("max_elapsed_time", "must not be less than 'max_interval'");
        }
    }
}

pub(super) fn queue(parent: &Section<'_>) -> QueueSettings {
    let default = QueueSettings::default();
    let Some(section) = parent.section("sending_queue") else { return default };
    if !section.boolean("enabled", true) {
        return QueueSettings { enabled: false, ..default };
    }
    let sizers = [("requests", Sizer::Requests), ("items", Sizer::Items), ("bytes", Sizer::Bytes)];
    let settings = QueueSettings {
        enabled: true,
        num_consumers: section.integer("num_consumers", default.num_consumers),
        queue_size: section.integer("queue_size", default.queue_size),
        sizer: section
            .choice("sizer", default.sizer, &sizers, |text| format!("invalid sizer: {text:?}")),
        wait_for_result: section.boolean("wait_for_result", default.wait_for_result),
        block_on_overflow: section.boolean("block_on_overflow", default.block_on_overflow),
        max_bytes: section.integer("max_bytes", default.max_bytes),
    };
    let counts = [
        ("num_consumers", settings.num_consumers),
        ("queue_size", settings.queue_size),
        ("max_bytes", settings.max_bytes),
    ];
    for (key, count) in counts {
        if count == 0 {
            section.invalid(key, "must be positive");
        }
    }
    if section.value("storage").is_some() {
        section.invalid("storage", "a durable queue is not supported yet by tamis");
    }
    if section.switched("batch").is_some() {
        section.invalid("batch", "not supported yet by tamis, use the \"batch\" processor");
    }
    section.finish();
    settings
}
