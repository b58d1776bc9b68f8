//! The way through a batch of metrics: what stays, what goes, what changes.

use std::cell::OnceCell;

use tamis_aggregate::Kind;
use tamis_sdk::edit::{Patch, patch};
use tamis_sdk::otlp::metrics::{
    ExportMetricsServiceRequest, Metric as WireMetric, ResourceMetrics, ScopeMetrics,
};
use tamis_sdk::wire::{self, Field, Message};
use tamis_sdk::{Error, Outcome};

use crate::identity::{Identity, Part};
use crate::limiter::{Around, Limiter, Metric, Owner, Verdict};

/// Of every kind of metric data.
const DATA_POINTS: u32 = 1;

/// What becomes of a batch.
pub(crate) fn batch(limiter: &mut Limiter, batch: &[u8]) -> Result<Outcome, Error> {
    let mut walk = Walk { limiter, patches: Vec::new() };
    let is_empty = walk.each(
        Message::new(batch),
        ExportMetricsServiceRequest::RESOURCE_METRICS,
        Walk::resource,
    )?;
    let patches = walk.patches;
    let appended = limiter.leave();
    match (is_empty && !patches.is_empty(), appended.is_empty()) {
        (true, true) => Ok(Outcome::Dropped),
        (true, false) => Ok(Outcome::Replaced(appended)),
        (false, _) => Ok(patch(batch, &patches, &appended)?),
    }
}

struct Walk<'w> {
    limiter: &'w mut Limiter,
    /// Ascending; none lies within another.
    patches: Vec<Patch>,
}

impl Walk<'_> {
    /// Visits the records of that number. True: none is left; then what was noted within goes with it.
    fn each<'a>(
        &mut self,
        message: Message<'a>,
        number: u32,
        mut visit: impl FnMut(&mut Self, Field<'a>) -> Result<Verdict, wire::Error>,
    ) -> Result<bool, wire::Error> {
        let mut is_empty = true;
        for field in message.fields() {
            let field = field?;
            if field.number() != number {
                continue;
            }
            let noted = self.patches.len();
            match visit(self, field)? {
                Verdict::Stays => is_empty = false,
                Verdict::Goes => {
                    self.patches.truncate(noted);
                    self.patches.push(Patch::remove(field.record().start));
                }
                Verdict::Becomes(payload) => {
                    is_empty = false;
                    self.patches.push(Patch::replace(field.record().start, payload));
                }
            }
        }
        Ok(is_empty)
    }

    fn resource(&mut self, field: Field<'_>) -> Result<Verdict, wire::Error> {
        let group = field.message()?;
        let mut owner = Owner::default();
        for field in group.fields() {
            let field = field?;
            match field.number() {
                ResourceMetrics::RESOURCE => owner.message = Some(field.message()?),
                ResourceMetrics::SCHEMA_URL => owner.schema = record(group, &field),
                _ => {}
            }
        }
        if let Some(resource) = owner.message {
            owner.labels = self.limiter.labels_of(resource)?;
        }
        let labels = owner.labels.iter();
        owner.identity = labels.fold(Identity::default(), |sum, label| sum.plus(label.hash));
        let visit = |walk: &mut Self, field| walk.scope(&owner, field);
        let is_empty = self.each(group, ResourceMetrics::SCOPE_METRICS, visit)?;
        Ok(goes_if(is_empty && holds(group, ResourceMetrics::SCOPE_METRICS)))
    }

    fn scope(&mut self, resource: &Owner<'_>, field: Field<'_>) -> Result<Verdict, wire::Error> {
        let group = field.message()?;
        let mut owner = Owner::default();
        for field in group.fields() {
            let field = field?;
            match field.number() {
                ScopeMetrics::SCOPE => owner.message = Some(field.message()?),
                ScopeMetrics::SCHEMA_URL => owner.schema = record(group, &field),
                _ => {}
            }
        }
        if let Some(scope) = owner.message.filter(|scope| !scope.bytes().is_empty()) {
            owner.identity = self.limiter.hashing.part(Part::Scope, scope.bytes());
        }
        let visit = |walk: &mut Self, field| walk.metric(resource, &owner, field);
        let is_empty = self.each(group, ScopeMetrics::METRICS, visit)?;
        Ok(goes_if(is_empty && holds(group, ScopeMetrics::METRICS)))
    }

    fn metric(
        &mut self,
        resource: &Owner<'_>,
        scope: &Owner<'_>,
        field: Field<'_>,
    ) -> Result<Verdict, wire::Error> {
        let message = field.message()?;
        let view = WireMetric::from(message);
        let Some(data) = view.data()? else { return Ok(Verdict::Stays) };
        let kind = Kind::of(&data)?;
        let Some((attributes, data)) = shape(message)? else { return Ok(Verdict::Stays) };
        let name = view.name()?.as_bytes();
        let named = self.limiter.hashing.part(Part::Metric, name);
        let unit = self.limiter.hashing.part(Part::Metric, view.unit()?.as_bytes());
        // What its values mean is a part of what it is.
        let meaning = Identity(kind.map_or(u128::from(attributes), |kind| meaning(kind).into()));
        let named = self.limiter.hashing.pair(Part::Metric, named, unit);
        let identity = self.limiter.hashing.pair(Part::Metric, named, meaning);
        let (head, budget) = (OnceCell::new(), OnceCell::new());
        let metric = Metric { name, identity, kind, attributes, message, head, budget };
        let around = Around { resource, scope, metric: &metric };
        let visit =
            |walk: &mut Self, field: Field<'_>| walk.limiter.point(&around, field.message()?);
        let is_empty = self.each(data, DATA_POINTS, visit)?;
        Ok(goes_if(is_empty && holds(data, DATA_POINTS)))
    }
}

fn goes_if(goes: bool) -> Verdict {
    if goes { Verdict::Goes } else { Verdict::Stays }
}

/// Whether there is any record of that number. What was empty when it came stays.
fn holds(message: Message<'_>, number: u32) -> bool {
    message.fields().any(|field| field.is_ok_and(|field| field.number() == number))
}

/// The whole record of a field of this message.
fn record<'a>(message: Message<'a>, field: &Field<'a>) -> &'a [u8] {
    let start = message.range().start;
    let record = field.record();
    message.bytes().get(record.start - start..record.end - start).unwrap_or_default()
}

/// The message with the data points, and the number of their attributes.
fn shape(metric: Message<'_>) -> Result<Option<(u32, Message<'_>)>, wire::Error> {
    const KINDS: [Kind; 5] = [
        Kind::Gauge,
        Kind::Sum { delta: false, monotonic: false },
        Kind::Histogram { delta: false },
        Kind::Exponential { delta: false },
        Kind::Summary,
    ];
    for field in metric.fields() {
        let field = field?;
        if let Some(kind) = KINDS.iter().find(|kind| kind.data() == field.number()) {
            return Ok(Some((kind.attributes(), field.message()?)));
        }
    }
    Ok(None)
}

/// A number for each kind of stream.
pub(crate) fn meaning(kind: Kind) -> u32 {
    let monotonic = matches!(kind, Kind::Sum { monotonic: true, .. });
    kind.data() << 2 | u32::from(kind.is_delta()) << 1 | u32::from(monotonic)
}
