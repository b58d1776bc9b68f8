//! What the host is told to do with held spans, gathered over a call.

use tamis_sdk::hold::{self, Decision};

use crate::ids::TraceId;
use crate::memo::Note;
use crate::policy::Ruling;
use crate::sampler::Settings;

#[derive(Debug, Default)]
pub(crate) struct Orders {
    release: Vec<Decision>,
    rewrite: Vec<Decision>,
    discard: Vec<Decision>,
}

impl Orders {
    /// What becomes of a trace. One of which nothing is held is told for its memo alone.
    pub(crate) fn put(&mut self, id: &TraceId, note: &Note, has_held: bool, settings: &Settings) {
        let is_marked = settings.dry_run || note.threshold.is_some();
        let is_forgotten = note.ruling == Ruling::TooEarly && !settings.dry_run;
        let memo = if is_forgotten { Vec::new() } else { note.encode() };
        let decision = Decision { key: id.to_vec(), memo };
        let goes_on = note.ruling == Ruling::Sampled || settings.dry_run;
        let list = match (goes_on, is_marked && has_held) {
            (true, true) => &mut self.rewrite,
            (true, false) => &mut self.release,
            (false, _) => &mut self.discard,
        };
        list.push(decision);
    }

    pub(crate) fn give(self) {
        if !self.release.is_empty() {
            hold::release(self.release, false);
        }
        if !self.rewrite.is_empty() {
            hold::release(self.rewrite, true);
        }
        if !self.discard.is_empty() {
            hold::discard(self.discard);
        }
    }
}
