//! Which labels are made templates of before anything is counted.

use tamis_sdk::config::Section;

use super::rules::labels;
use super::within;

/// A position of a path that takes more values than this is an id.
const LEARN: u64 = 100;
const LEARN_MAX: u64 = 1_000_000;

/// By name of the label; nothing by default.
#[derive(Debug, Default)]
pub(crate) struct Normalize {
    pub(crate) paths: Vec<Vec<u8>>,
    pub(crate) messages: Vec<Vec<u8>>,
    /// Values; 0: only the shape of a segment says what it is.
    pub(crate) learn: usize,
}

impl Normalize {
    pub(crate) fn is_off(&self) -> bool {
        self.paths.is_empty() && self.messages.is_empty()
    }
}

pub(super) fn read(section: &mut Section<'_>) -> Normalize {
    let read = |section: &mut Section<'_>| {
        let normalize = Normalize {
            paths: labels(section, "paths").unwrap_or_default(),
            messages: labels(section, "messages").unwrap_or_default(),
            learn: within(section, "learn", LEARN, 0..=LEARN_MAX) as usize,
        };
        if normalize.is_off() {
            section.problem(&[], "expected `paths` or `messages`: names of labels");
        }
        normalize
    };
    section.section("normalize", read).unwrap_or_default()
}
