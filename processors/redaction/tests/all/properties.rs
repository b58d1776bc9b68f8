//! What must hold for any configuration and data.

use tamis_re2::{Regex, Set};
use tamis_sdk::testing::scan;
use tamis_sdk::{Context, Hit, Processor};

use crate::random::{self, Random};
use crate::{configured, processed};

/// The four patterns of the README; none can match what another one leaves.
const BLOCKED: &str = r#""blocked_values": ["4[0-9]{12}(?:[0-9]{3})?", "(5[1-5][0-9]{14})",
    "[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\\.[A-Za-z]{2,}", "\\b\\d{3}-\\d{2}-\\d{4}\\b"]"#;

#[test]
fn nothing_that_is_blocked_is_left() {
    let blocked = random::BLOCKED[..4].iter().map(|pattern| Regex::new(pattern).unwrap());
    let blocked = Set::new(&blocked.collect::<Vec<_>>()).unwrap();
    for config in [
        format!("{{\"allow_all_keys\": true, {BLOCKED}}}"),
        format!("{{\"allow_all_keys\": true, \"redact_all_types\": true, {BLOCKED}}}"),
        format!("{{\"allow_all_keys\": true, \"summary\": \"debug\", {BLOCKED}}}"),
    ] {
        let all_types = config.contains("redact_all_types");
        let (mut redaction, _) = configured(&config);
        for case in 0..500 {
            let mut random = Random::new(case);
            let (signal, batch) = random::batch(&mut random);
            let out = processed(&mut redaction, &Context::new(signal), &batch);
            for text in random::texts(signal, &out, all_types) {
                assert!(!blocked.is_match(text.as_bytes()), "case {case}: {text}");
            }
            let again = processed(&mut redaction, &Context::new(signal), &out);
            if !config.contains("summary") {
                assert_eq!(again, out, "case {case}: redacting twice is redacting once");
            }
        }
    }
}

#[test]
fn what_is_passed_over_would_not_have_changed() {
    for case in 0..600 {
        let mut random = Random::new(case << 8);
        let config = random::config(&mut random);
        let (mut redaction, descriptor) = configured(&config.to_string());
        let (signal, batch) = random::batch(&mut random);
        let mut context = Context::new(signal);
        let scanned = processed(&mut redaction, &context, &batch);
        // As if there were a hit everywhere: nothing is passed over.
        let everywhere = 0..u32::try_from(batch.len()).unwrap();
        context.hits = Some(everywhere.map(|offset| Hit { offset, trigger: 0 }).collect());
        let complete = processed(&mut redaction, &context, &batch);
        assert_eq!(scanned, complete, "case {case}: {config}");
        // As the host scans.
        if !descriptor.triggers.is_empty() {
            context.hits = Some(scan(&descriptor.triggers, &batch));
            let with_hits = processed(&mut redaction, &context, &batch);
            assert_eq!(with_hits, complete, "case {case}: {config}");
        }
    }
}

#[test]
fn broken_bytes_are_an_error_or_leave_as_they_came_or_redacted() {
    let (mut redaction, _) = configured(&format!(
        "{{\"allow_all_keys\": true, \"redact_all_types\": true, \"summary\": \"debug\", {BLOCKED}}}"
    ));
    for case in 0..3000 {
        let mut random = Random::new(case << 4);
        let (signal, mut batch) = random::batch(&mut random);
        if batch.is_empty() {
            continue;
        }
        match random.below(3) {
            0 => batch.truncate(random.below(batch.len())),
            _ => {
                for _ in 0..=random.below(3) {
                    let at = random.below(batch.len());
                    batch[at] = random.below(256) as u8;
                }
            }
        }
        // No panic, and never an edit that does not fit.
        if let Ok(tamis_sdk::Outcome::Edited(edits)) =
            redaction.process(&Context::new(signal), &batch)
        {
            assert!(tamis_sdk::edit::apply(&batch, &edits).is_some(), "case {case}");
        }
    }
}
