//! Spans: what becomes of the attributes that are labels further on, where there are too many
//! combinations of them. No span goes.

use tamis_sdk::edit::{Patch, patch};
use tamis_sdk::otlp::common::KeyValue;
use tamis_sdk::otlp::trace::{ExportTraceServiceRequest, ResourceSpans, ScopeSpans, Span};
use tamis_sdk::wire::{self, Message, Writer};
use tamis_sdk::{Error, Outcome};

use crate::config::{Mode, Rule, Spans};
use crate::identity::Identity;
use crate::labels::{Label, Labels, Origin, overflow_record};
use crate::limiter::snapshot::SPANS;
use crate::limiter::{Limiter, Place, text_of};

/// What the span's own name is called among the dimensions.
const NAME: &[u8] = b"name";
/// In place of a name that is given up: a span must have one.
const OTHER_NAME: &str = "other";

/// One span's dimensions, and what is to become of them.
struct Seen<'a> {
    labels: Labels<'a>,
    /// Of the resource, for the budget.
    by: Identity,
    /// By place in the labels: a template was made of it.
    normalized: Vec<bool>,
}

pub(crate) fn batch(limiter: &mut Limiter, batch: &[u8]) -> Result<Outcome, Error> {
    let Some(spans) = limiter.config.spans.take() else { return Ok(Outcome::Unchanged) };
    let patches = patches(limiter, &spans, batch);
    limiter.config.spans = Some(spans);
    Ok(patch(batch, &patches?, &[])?)
}

fn patches(limiter: &mut Limiter, spans: &Spans, batch: &[u8]) -> Result<Vec<Patch>, wire::Error> {
    let mut patches = Vec::new();
    for resource in Message::new(batch).fields_of(ExportTraceServiceRequest::RESOURCE_SPANS) {
        let resource = resource?.message()?;
        let owner = resource_labels(limiter, resource)?;
        let by = owner.dimensions(&spans.rule.by, Identity::default());
        for scope in resource.fields_of(ResourceSpans::SCOPE_SPANS) {
            for span in scope?.message()?.fields_of(ScopeSpans::SPANS) {
                let span = span?;
                if let Some(payload) = one(limiter, spans, by, span.message()?)? {
                    patches.push(Patch::replace(span.record().start, payload));
                }
            }
        }
    }
    Ok(patches)
}

fn resource_labels<'a>(limiter: &Limiter, group: Message<'a>) -> Result<Labels<'a>, wire::Error> {
    let mut labels = Labels::default();
    for resource in group.fields_of(ResourceSpans::RESOURCE) {
        labels.0.extend(limiter.labels_of(resource?.message()?)?);
    }
    Ok(labels)
}

/// The span as it is to leave, if it changes.
fn one(
    limiter: &mut Limiter,
    spans: &Spans,
    by: Identity,
    span: Message<'_>,
) -> Result<Option<Vec<u8>>, wire::Error> {
    let seen = read(limiter, spans, by, span)?;
    let fate = limiter.combination(&seen.labels, seen.by, &spans.rule);
    let is_normalized = seen.normalized.contains(&true);
    if !is_normalized && matches!(fate, Fate::Stays) {
        return Ok(None);
    }
    Ok(Some(written(limiter, spans, &seen, &fate, span)?))
}

fn read<'a>(
    limiter: &mut Limiter,
    spans: &Spans,
    by: Identity,
    span: Message<'a>,
) -> Result<Seen<'a>, wire::Error> {
    let mut seen = Seen { labels: Labels::default(), by, normalized: Vec::new() };
    let mut has_name = false;
    let is_wanted = |key: &[u8]| spans.dimensions.iter().any(|dimension| **dimension == *key);
    for field in span.fields() {
        let field = field?;
        let label = match field.number() {
            Span::NAME if is_wanted(NAME) => {
                has_name = true;
                let empty = Label::read(&limiter.hashing, Origin::Point, Message::new(&[]))?;
                let name = field.text()?.to_string_lossy();
                Label { key: NAME, ..empty }.with_text(&limiter.hashing, &name)
            }
            Span::ATTRIBUTES => {
                let label = Label::read(&limiter.hashing, Origin::Point, field.message()?)?;
                if label.key == NAME || !is_wanted(label.key) {
                    continue;
                }
                label
            }
            _ => continue,
        };
        let made = limiter.normalized(&label);
        seen.normalized.push(made.is_some());
        seen.labels.0.push(made.unwrap_or(label));
    }
    if !has_name && is_wanted(NAME) {
        // An empty name is not on the wire. It is one all the same.
        let empty = Label::read(&limiter.hashing, Origin::Point, Message::new(&[]))?;
        seen.labels.0.push(Label { key: NAME, ..empty }.with_text(&limiter.hashing, ""));
        seen.normalized.push(false);
    }
    Ok(seen)
}

/// What becomes of a combination.
pub(crate) enum Fate {
    Stays,
    /// Without the labels of these keys.
    Loses(Vec<Box<[u8]>>),
    LosesAll,
    Marked,
}

fn written(
    limiter: &Limiter,
    spans: &Spans,
    seen: &Seen<'_>,
    fate: &Fate,
    span: Message<'_>,
) -> Result<Vec<u8>, wire::Error> {
    // What is left of those that have no room at all is one combination.
    let is_replaced = spans.rule.mode == Mode::Replace && matches!(fate, Fate::Loses(_));
    let goes = |key: &[u8]| match fate {
        Fate::Stays | Fate::Marked => false,
        Fate::Loses(keys) => keys.iter().any(|lost| **lost == *key),
        Fate::LosesAll => spans.dimensions.iter().any(|dimension| **dimension == *key),
    };
    let wanted = |key: &[u8]| spans.dimensions.iter().any(|dimension| **dimension == *key);
    let mut made = seen.labels.iter();
    let mut has_name = false;
    let mut out = Vec::with_capacity(span.bytes().len() + 64);
    let mut writer = Writer::new(&mut out);
    let start = span.range().start;
    for field in span.fields() {
        let field = field?;
        let record = span.bytes().get(field.record().start - start..field.record().end - start);
        match field.number() {
            Span::NAME if wanted(NAME) => {
                has_name = true;
                match made.next().and_then(|label| text_of(&label.record)) {
                    _ if goes(NAME) => writer.bytes(Span::NAME, OTHER_NAME),
                    Some(name) => writer.bytes(Span::NAME, name.as_bytes()),
                    None => writer.records(record.unwrap_or_default()),
                }
            }
            Span::ATTRIBUTES => {
                let key = KeyValue::from(field.message()?).key()?.as_bytes();
                // In the order in which they were read.
                let made = if key != NAME && wanted(key) { made.next() } else { None };
                match made {
                    Some(label) if goes(key) && is_replaced => {
                        writer.bytes(Span::ATTRIBUTES, label.replaced(&limiter.hashing).record);
                    }
                    Some(_) if goes(key) => {}
                    Some(label) => writer.bytes(Span::ATTRIBUTES, &label.record),
                    None => writer.records(record.unwrap_or_default()),
                }
            }
            _ => writer.records(record.unwrap_or_default()),
        }
    }
    if !has_name && wanted(NAME) && goes(NAME) {
        writer.bytes(Span::NAME, OTHER_NAME);
    }
    if matches!(fate, Fate::LosesAll | Fate::Marked) {
        writer.bytes(Span::ATTRIBUTES, overflow_record());
    }
    Ok(out)
}

impl Limiter {
    /// Whether there is room for a combination, and else what is left of it.
    fn combination(&mut self, labels: &Labels<'_>, by: Identity, rule: &Rule) -> Fate {
        let is_hard = rule.mode.is_hard() && !self.config.dry_run;
        let Some(group) = self.group_numbered(by, SPANS) else {
            return if is_hard { Fate::LosesAll } else { Fate::Stays };
        };
        let identity = by.plus(labels.sum());
        if self.renew(identity) {
            return Fate::Stays;
        }
        if self.enter_plain(identity, group, labels, rule.limit - rule.reserve) {
            return Fate::Stays;
        }
        self.note_combination(group, identity, labels, rule);
        match rule.mode {
            Mode::Tag if !self.config.dry_run => return Fate::Marked,
            _ if !is_hard => return Fate::Stays,
            Mode::Strip | Mode::Replace => {}
            _ => return Fate::LosesAll,
        }
        for depth in 1.. {
            if !self.sacrifice(group, labels, rule, depth) {
                break;
            }
            let sacrificed = self.sacrificed(group, depth).to_vec();
            let left = rule.reserve >> depth.min(31);
            // As it is to leave: a label that is replaced is still one.
            let hash = |label: &Label<'_>| match rule.mode {
                _ if !sacrificed.iter().any(|key| **key == *label.key) => Some(label.hash),
                Mode::Replace if label.key != NAME => Some(label.replaced(&self.hashing).hash),
                _ => None,
            };
            let kept = labels.iter().filter_map(hash);
            let identity = kept.fold(by, Identity::plus);
            if self.renew(identity) || self.enter_plain(identity, group, labels, rule.limit - left)
            {
                return Fate::Loses(sacrificed);
            }
        }
        Fate::LosesAll
    }

    /// Whether it has room already; then it keeps it.
    fn renew(&mut self, identity: Identity) -> bool {
        let Some(slot) = self.find(identity) else { return false };
        self.see(slot) == Place::Own
    }
}
