//! `trace`: how long spans wait for the rest of their trace.

use std::time::Duration;

use tamis_sdk::config::Section;

use crate::trace::Settings;

const MAX_TRACES: u64 = 50_000;
const WAIT_MIN: Duration = Duration::from_millis(100);
const WAIT_MAX: Duration = Duration::from_secs(3_600);

/// `instances`: over how many the traces are spread.
pub(super) fn read(section: &mut Section<'_>, instances: u32) -> Option<Settings> {
    section.section("trace", |trace| {
        let wait = trace.duration("wait");
        if wait.is_none() && !trace.has("wait") {
            trace.problem(&["wait"], "say how long spans wait for the rest of their trace: 10s");
        }
        if wait.is_some_and(|wait| !(WAIT_MIN..=WAIT_MAX).contains(&wait)) {
            trace.problem(&["wait"], "expected between 100ms and 1h");
        }
        let max = trace.integer("max_traces").unwrap_or(MAX_TRACES);
        if max == 0 {
            trace.problem(&["max_traces"], "expected at least 1");
        }
        let share = (max / u64::from(instances.max(1))).max(1);
        let max_traces = usize::try_from(share).unwrap_or(usize::MAX);
        Settings { wait: wait.unwrap_or(WAIT_MIN), max_traces }
    })
}
