//! What is written on spans that go on: in a dry run the decision, else the sampling threshold.

use tamis_sdk::Outcome;
use tamis_sdk::edit::{Cursor, Editor};
use tamis_sdk::otlp::common::KeyValue;
use tamis_sdk::otlp::trace::Span;
use tamis_sdk::wire::{Error, Field, Message, Writer};

use crate::batch::{self, Batch, SpanAt};
use crate::memo::Note;
use crate::policy::Ruling;
use crate::randomness::{self, Rewritten};

/// Attributes of a dry run.
const DECISION: &str = "tailsampling.decision";
const POLICY: &str = "tailsampling.policy";

/// What is written, and what could not be.
#[derive(Debug)]
pub(crate) struct Marker {
    pub(crate) dry_run: bool,
    /// Spans whose tracestate could not be read.
    pub(crate) unreadable: u64,
}

impl Marker {
    /// Marks every span of a request.
    pub(crate) fn all(&mut self, batch: &[u8], note: &Note) -> Result<Outcome, Error> {
        let mut editor = Editor::new(batch);
        let mut resources = editor.root();
        while let Some(resource) = next(&mut resources, batch::RESOURCES)? {
            let mut scopes = resources.enter(resource)?;
            while let Some(scope) = next(&mut scopes, batch::SCOPES)? {
                let mut spans = scopes.enter(scope)?;
                while let Some(span) = next(&mut spans, batch::SPANS)? {
                    self.span(&mut spans.enter(span)?, note)?;
                }
            }
        }
        drop(resources);
        editor.finish()
    }

    /// Of a batch, leaves and marks the spans of the groups that have a note. What stays empty goes.
    pub(crate) fn some(
        &mut self,
        bytes: &[u8],
        batch: &Batch,
        notes: &[Option<Note>],
    ) -> Result<Outcome, Error> {
        let mut rest = Rest { spans: &batch.spans, notes };
        if !rest.stays(rest.spans.len()) {
            return Ok(Outcome::Dropped);
        }
        let mut editor = Editor::new(bytes);
        let mut resources = editor.root();
        let mut scopes = batch.scopes.iter();
        for end in &batch.resources {
            let Some(resource) = next(&mut resources, batch::RESOURCES)? else { break };
            let scopes = scopes.by_ref().take(end.scopes);
            if rest.stays(end.spans) {
                self.scopes(&mut resources.enter(resource)?, scopes, &mut rest)?;
            } else {
                scopes.for_each(drop);
                rest.skip(end.spans);
                resources.remove(resource)?;
            }
        }
        drop(resources);
        editor.finish()
    }

    fn scopes<'c>(
        &mut self,
        resource: &mut Cursor<'_, '_>,
        scopes: impl Iterator<Item = &'c usize>,
        rest: &mut Rest<'_>,
    ) -> Result<(), Error> {
        for &spans in scopes {
            let Some(scope) = next(resource, batch::SCOPES)? else { break };
            if !rest.stays(spans) {
                rest.skip(spans);
                resource.remove(scope)?;
                continue;
            }
            let mut scope = resource.enter(scope)?;
            while let Some(span) = next(&mut scope, batch::SPANS)? {
                match rest.next() {
                    Some(note) => self.span(&mut scope.enter(span)?, note)?,
                    None => scope.remove(span)?,
                }
            }
        }
        Ok(())
    }

    /// Marks the span that a cursor has entered.
    pub(crate) fn span(&mut self, span: &mut Cursor<'_, '_>, note: &Note) -> Result<(), Error> {
        if self.dry_run {
            decision(span, note)
        } else if let Some(threshold) = note.threshold {
            self.threshold(span, threshold)
        } else {
            Ok(())
        }
    }

    fn threshold(&mut self, span: &mut Cursor<'_, '_>, threshold: u64) -> Result<(), Error> {
        let mut last: &[u8] = &[];
        for field in span.message().fields() {
            let field = field?;
            if field.number() == Span::TRACE_STATE {
                last = field.bytes()?;
            }
        }
        let new = match randomness::rewrite(last, threshold) {
            Rewritten::New(new) => new,
            Rewritten::Unchanged => return Ok(()),
            Rewritten::Unreadable => {
                self.unreadable += 1;
                return Ok(());
            }
        };
        let mut is_there = false;
        while let Some(field) = span.next()? {
            if field.number() == Span::TRACE_STATE {
                is_there = true;
                span.replace(field, &new)?;
            }
        }
        if is_there { Ok(()) } else { span.append(|out| out.bytes(Span::TRACE_STATE, &new)) }
    }
}

/// The spans of a batch that are still to come.
struct Rest<'a> {
    spans: &'a [SpanAt],
    /// By group.
    notes: &'a [Option<Note>],
}

impl<'a> Rest<'a> {
    /// Whether any of the next so many spans stays.
    fn stays(&self, spans: usize) -> bool {
        self.spans.iter().take(spans).any(|span| self.note(span).is_some())
    }

    fn skip(&mut self, spans: usize) {
        self.spans = self.spans.get(spans..).unwrap_or_default();
    }

    fn next(&mut self) -> Option<&'a Note> {
        let (span, rest) = self.spans.split_first()?;
        self.spans = rest;
        self.note(span)
    }

    fn note(&self, span: &SpanAt) -> Option<&'a Note> {
        self.notes.get(span.group as usize)?.as_ref()
    }
}

/// The next field of this number.
fn next<'a>(cursor: &mut Cursor<'_, 'a>, number: u32) -> Result<Option<Field<'a>>, Error> {
    while let Some(field) = cursor.next()? {
        if field.number() == number {
            return Ok(Some(field));
        }
    }
    Ok(None)
}

fn decision(span: &mut Cursor<'_, '_>, note: &Note) -> Result<(), Error> {
    while let Some(field) = span.next()? {
        if field.number() == Span::ATTRIBUTES && is_ours(&field)? {
            span.remove(field)?;
        }
    }
    span.append(|out| {
        attribute(out, DECISION, word(note.ruling));
        if !note.policy.is_empty() {
            attribute(out, POLICY, &note.policy);
        }
    })
}

fn is_ours(field: &Field<'_>) -> Result<bool, Error> {
    let attribute: Message<'_> = field.message()?;
    let key = KeyValue::from(attribute).key()?;
    Ok(key == DECISION || key == POLICY)
}

fn attribute(out: &mut Writer<'_>, key: &str, value: &str) {
    out.message(Span::ATTRIBUTES, |attribute| {
        attribute.bytes(KeyValue::KEY, key);
        attribute.message(KeyValue::VALUE, |any| any.bytes(1, value));
    });
}

fn word(ruling: Ruling) -> &'static str {
    match ruling {
        Ruling::Sampled => "sampled",
        Ruling::NotSampled => "not_sampled",
        Ruling::Dropped => "dropped",
        Ruling::TooLarge => "dropped_too_large",
        Ruling::TooEarly => "dropped_too_early",
    }
}
