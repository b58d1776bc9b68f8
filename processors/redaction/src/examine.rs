//! Finds what is to change in a batch, by the rules of the Collector's processor.

use tamis_sdk::wire::{Field, Message};

use crate::changes::Changes;
use crate::config::Summary;
use crate::keys::{Keys, Rule};
use crate::summary::{self, Entry, Existing, Tallies};
use crate::text::{self, Shown};
use crate::value::{Any, Fault, Value, read_pair};
use crate::values::Values;

mod body;

/// The rules, and what they found in the batch in hand.
#[derive(Debug)]
pub(crate) struct Examiner {
    pub(crate) keys: Keys,
    pub(crate) values: Values,
    pub(crate) redact_all_types: bool,
    pub(crate) summary: Summary,
    pub(crate) changes: Changes,
    /// For values that are no text.
    scratch: Vec<u8>,
}

/// What was met in one map of attributes.
#[derive(Debug, Default)]
struct Notes<'a> {
    tallies: Tallies,
    /// Summaries that are there from before.
    existing: Vec<Existing<'a>>,
}

/// Where a value stands.
#[derive(Debug, Clone, Copy)]
enum Place<'a> {
    /// In an attribute or an entry of a map, with this key.
    Pair(Field<'a>, &'a [u8]),
    /// By itself: a body, or an element of a list.
    Bare(Field<'a>),
}

impl Examiner {
    pub(crate) fn new(
        keys: Keys,
        values: Values,
        redact_all_types: bool,
        summary: Summary,
    ) -> Self {
        let changes = Changes::default();
        Self { keys, values, redact_all_types, summary, changes, scratch: Vec::new() }
    }

    /// Examines the attributes of a resource, scope, span, event or data point: its fields of that
    /// number.
    pub(crate) fn attributes(
        &mut self,
        batch: &[u8],
        owner: Message<'_>,
        number: u32,
    ) -> Result<(), Fault> {
        let mut notes = Notes::default();
        for field in owner.fields() {
            let field = field?;
            if field.number() == number {
                self.attribute(batch, field, &mut notes)?;
            }
        }
        let mut entries = Vec::new();
        summary::of_attributes(self.summary, &mut notes.tallies, &notes.existing, &mut entries);
        self.write_summary(owner, number, entries);
        Ok(())
    }

    fn attribute<'a>(
        &mut self,
        batch: &[u8],
        field: Field<'a>,
        notes: &mut Notes<'a>,
    ) -> Result<(), Fault> {
        let pair = read_pair(field.message()?)?;
        // Summaries are the processor's own and no user's data, but a silent processor disowns them:
        // then they need to be allowed, and being ignored is not enough.
        if summary::is_summary(pair.key) {
            if self.summary != Summary::Silent {
                notes.existing.push(Existing { record: field.record(), pair });
            } else if self.keys.is_unknown(pair.key) {
                self.changes.remove(field.record());
            }
            return Ok(());
        }
        let rule = self.keys.rule(pair.key);
        let key = || pair.key.to_vec();
        let place = Place::Pair(field, pair.key);
        match rule {
            Rule::Ignore => notes.tallies.ignored.add(self.summary, key),
            Rule::Remove => {
                notes.tallies.redacted.add(self.summary, key);
                self.changes.remove(field.record());
            }
            Rule::Mask | Rule::Check => {
                let mut text = std::mem::take(&mut self.scratch);
                let met = self.attribute_value(batch, place, pair.any, rule, &mut text);
                self.scratch = text;
                match met? {
                    Met::Clean => {}
                    Met::Allowed => notes.tallies.allowed.add(self.summary, key),
                    Met::Masked => notes.tallies.masked.add(self.summary, key),
                }
            }
        }
        Ok(())
    }

    fn attribute_value(
        &mut self,
        batch: &[u8],
        place: Place<'_>,
        any: Any<'_>,
        rule: Rule,
        scratch: &mut Vec<u8>,
    ) -> Result<Met, Fault> {
        if any.irregular {
            self.mask_whole(batch, place, b"");
            return Ok(Met::Masked);
        }
        let text = match any.value {
            Value::String(text) | Value::Unknown(text) => text,
            value if self.redact_all_types => {
                scratch.clear();
                if text::write(&value, scratch)? == Shown::InPart {
                    self.mask_whole(batch, place, b"");
                    return Ok(Met::Masked);
                }
                scratch
            }
            _ => b"",
        };
        // What is allowed need not be known while it is neither masked nor told of.
        if rule == Rule::Check && self.summary == Summary::Silent && self.values.is_clean(text) {
            return Ok(Met::Clean);
        }
        if self.values.is_allowed(text) {
            return Ok(Met::Allowed);
        }
        if rule == Rule::Mask {
            self.mask_whole(batch, place, text);
            return Ok(Met::Masked);
        }
        Ok(self.mask_matches(batch, place, text))
    }

    /// Masks what the blocked patterns match.
    fn mask_matches(&mut self, batch: &[u8], place: Place<'_>, text: &[u8]) -> Met {
        match self.values.masked(text) {
            None => Met::Clean,
            Some(masked) => {
                set(&mut self.changes, batch, place, masked);
                Met::Masked
            }
        }
    }

    fn mask_whole(&mut self, batch: &[u8], place: Place<'_>, text: &[u8]) {
        let masked = self.values.masked_whole(text);
        set(&mut self.changes, batch, place, masked);
    }

    /// Writes summaries as attributes of `owner`, its fields of that number.
    fn write_summary(&mut self, owner: Message<'_>, number: u32, entries: Vec<Entry>) {
        for entry in entries {
            match entry {
                Entry::Remove(record) => self.changes.remove(record),
                Entry::Replace(record, attribute) => {
                    self.changes.replace(record, |out| attribute.write(number, out));
                }
                Entry::Append(attribute) => {
                    self.changes.append(owner.range(), |out| attribute.write(number, out));
                }
            }
        }
    }
}

/// What was found in a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Met {
    Clean,
    Allowed,
    Masked,
}

/// Puts a string in place of a value.
fn set(changes: &mut Changes, batch: &[u8], place: Place<'_>, text: &[u8]) {
    match place {
        Place::Bare(field) => changes.replace(field.record(), |out| {
            out.message(field.number(), |any| any.bytes(1, text));
        }),
        Place::Pair(field, key) => changes.replace(field.record(), |out| {
            out.message(field.number(), |pair| {
                pair.bytes(1, key);
                pair.message(2, |any| any.bytes(1, text));
                // What came to OTLP later stays; it was read without an error before.
                let others = field.message().into_iter().flat_map(|message| message.fields());
                for other in others.flatten().filter(|other| other.number() > 2) {
                    pair.records(&batch[other.record()]);
                }
            });
        }),
    }
}
