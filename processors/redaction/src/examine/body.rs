//! The body of a log record: like attributes, but all the way down, and of all types.

use tamis_sdk::otlp::logs::LogRecord;
use tamis_sdk::wire::{Field, Message};

use super::{Examiner, Met, Notes, Place};
use crate::config::Summary;
use crate::keys::Rule;
use crate::summary::{self, Tallies};
use crate::text;
use crate::value::{Any, Fault, Value, read_any, read_pair};

/// How deep a body may nest. The host refuses deeper ones before, at 100.
const DEPTH_LIMIT: usize = 128;

/// The way to a value, for the summary; empty while there is none to write.
#[derive(Debug)]
struct Path {
    bytes: Vec<u8>,
    depth: usize,
    kept: bool,
}

impl Path {
    /// Goes one level down to what `step` writes; `inside` works there.
    fn within<T>(
        &mut self,
        step: impl FnOnce(&mut Vec<u8>),
        inside: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let len = self.bytes.len();
        if self.kept {
            if self.depth > 0 {
                self.bytes.push(b'.');
            }
            step(&mut self.bytes);
        }
        self.depth += 1;
        let done = inside(self);
        self.depth -= 1;
        self.bytes.truncate(len);
        done
    }
}

impl Examiner {
    /// Examines the attributes and the body of a log record.
    pub(crate) fn log_record(&mut self, batch: &[u8], record: Message<'_>) -> Result<(), Fault> {
        let mut notes = Notes::default();
        let mut body = Body { tallies: Tallies::default(), told: true };
        let mut has_body = false;
        for field in record.fields() {
            let field = field?;
            match field.number() {
                LogRecord::ATTRIBUTES => self.attribute(batch, field, &mut notes)?,
                LogRecord::BODY => {
                    has_body = true;
                    self.body(batch, field, &mut body)?;
                }
                _ => {}
            }
        }
        if !has_body {
            self.absent_body(record, &mut body);
        }
        let mut entries = Vec::new();
        let existing = &notes.existing;
        summary::of_attributes(self.summary, &mut notes.tallies, existing, &mut entries);
        if body.told {
            summary::of_body(self.summary, &mut body.tallies, existing, &mut entries);
        }
        self.write_summary(record, LogRecord::ATTRIBUTES, entries);
        Ok(())
    }

    /// An absent body is an empty text to the Collector, which a pattern may match and mask.
    fn absent_body(&mut self, record: Message<'_>, body: &mut Body) {
        body.told = !self.values.is_allowed(b"");
        if body.told
            && let Some(masked) = self.values.masked(b"")
        {
            body.tallies.masked.add(self.summary, || b"body".to_vec());
            self.changes.append(record.range(), |out| {
                out.message(LogRecord::BODY, |any| any.bytes(1, masked));
            });
        }
    }

    fn body(&mut self, batch: &[u8], field: Field<'_>, body: &mut Body) -> Result<(), Fault> {
        let any = read_any(field.message()?)?;
        let kept = self.summary == Summary::Debug;
        let mut path = Path { bytes: Vec::new(), depth: 0, kept };
        if any.irregular || !matches!(any.value, Value::List(_) | Value::Map(_)) {
            path.bytes.extend_from_slice(b"body");
            let met = self.body_value(batch, Place::Bare(field), any, body, &mut path)?;
            // The Collector forgets the summary of a body that is an allowed text.
            body.told &= met != Met::Allowed;
            return Ok(());
        }
        self.body_value(batch, Place::Bare(field), any, body, &mut path)?;
        Ok(())
    }

    fn body_value(
        &mut self,
        batch: &[u8],
        place: Place<'_>,
        any: Any<'_>,
        body: &mut Body,
        path: &mut Path,
    ) -> Result<Met, Fault> {
        if path.depth > DEPTH_LIMIT {
            return Err(Fault::Depth);
        }
        let met = match any.value {
            _ if any.irregular => {
                self.mask_whole(batch, place, b"");
                Met::Masked
            }
            Value::Map(map) => {
                self.body_map(batch, map, body, path)?;
                return Ok(Met::Clean);
            }
            Value::List(list) => {
                self.body_list(batch, list, body, path)?;
                return Ok(Met::Clean);
            }
            value => {
                let mut scratch = std::mem::take(&mut self.scratch);
                scratch.clear();
                let written = text::write(&value, &mut scratch);
                let met = self.body_text(batch, place, &scratch);
                self.scratch = scratch;
                written?;
                met
            }
        };
        match met {
            Met::Clean => {}
            Met::Allowed => body.tallies.allowed.add(self.summary, || path.bytes.clone()),
            Met::Masked => body.tallies.masked.add(self.summary, || path.bytes.clone()),
        }
        Ok(met)
    }

    fn body_text(&mut self, batch: &[u8], place: Place<'_>, text: &[u8]) -> Met {
        if self.summary == Summary::Silent && self.values.is_clean(text) {
            return Met::Clean;
        }
        if self.values.is_allowed(text) {
            return Met::Allowed;
        }
        self.mask_matches(batch, place, text)
    }

    fn body_map(
        &mut self,
        batch: &[u8],
        map: Message<'_>,
        body: &mut Body,
        path: &mut Path,
    ) -> Result<(), Fault> {
        for field in map.fields() {
            let field = field?;
            if field.number() != 1 {
                continue;
            }
            let pair = read_pair(field.message()?)?;
            let place = Place::Pair(field, pair.key);
            let step = |path: &mut Vec<u8>| path.extend_from_slice(pair.key);
            path.within(step, |path| {
                let here = |path: &Path| path.bytes.clone();
                match self.keys.rule(pair.key) {
                    Rule::Ignore => body.tallies.ignored.add(self.summary, || here(path)),
                    Rule::Remove => {
                        body.tallies.redacted.add(self.summary, || here(path));
                        self.changes.remove(field.record());
                    }
                    // Before what is allowed, unlike in attributes.
                    Rule::Mask => {
                        body.tallies.masked.add(self.summary, || here(path));
                        let text = match pair.any.value {
                            Value::String(text) if !pair.any.irregular => text,
                            _ => b"",
                        };
                        self.mask_whole(batch, place, text);
                    }
                    Rule::Check => {
                        self.body_value(batch, place, pair.any, body, path)?;
                    }
                }
                Ok::<(), Fault>(())
            })?;
        }
        Ok(())
    }

    fn body_list(
        &mut self,
        batch: &[u8],
        list: Message<'_>,
        body: &mut Body,
        path: &mut Path,
    ) -> Result<(), Fault> {
        let mut index = 0_usize;
        for field in list.fields() {
            let field = field?;
            if field.number() != 1 {
                continue;
            }
            let any = read_any(field.message()?)?;
            let step = |path: &mut Vec<u8>| path.extend_from_slice(format!("[{index}]").as_bytes());
            path.within(step, |path| self.body_value(batch, Place::Bare(field), any, body, path))?;
            index += 1;
        }
        Ok(())
    }
}

/// What was met in the body of one log record.
#[derive(Debug)]
struct Body {
    tallies: Tallies,
    /// Whether its summary is written.
    told: bool,
}
