//! What of spans becomes labels further on, and how many combinations of it there may be.

use tamis_sdk::config::Section;

use super::rules::{self, Dimension, Mode, Rule};
use super::within;

const LIMIT: u64 = 1000;
const LIMIT_MAX: u64 = 10_000_000;

/// For pipelines of traces.
#[derive(Debug)]
pub(crate) struct Spans {
    /// Attributes of spans, and `name`.
    pub(crate) dimensions: Vec<Vec<u8>>,
    pub(crate) rule: Rule,
}

pub(super) fn read(section: &mut Section<'_>) -> Option<Spans> {
    section.section("spans", |section| {
        let dimensions = rules::labels(section, "dimensions").unwrap_or_default();
        if dimensions.is_empty() {
            let message = "expected names of attributes, or `name` for the span's own";
            section.problem(&["dimensions"], message);
        }
        let limit = within(section, "limit", LIMIT, 1..=LIMIT_MAX) as usize;
        let mode = rules::mode(section).unwrap_or(Mode::Overflow);
        if mode == Mode::Drop {
            section.problem(&["mode"], "spans are not dropped here: use `filter`");
        }
        let by = rules::dimensions(section);
        let rule = Rule {
            limit,
            mode,
            reserve: if mode.strips() {
                limit.div_ceil(10).min(limit.saturating_sub(1))
            } else {
                0
            },
            by: by.unwrap_or_else(|| vec![Dimension::Attribute(b"service.name".to_vec())]),
            keep: rules::labels(section, "keep").unwrap_or_default(),
            drop_first: rules::labels(section, "drop_first").unwrap_or_default(),
            values: None,
        };
        Spans { dimensions, rule }
    })
}
