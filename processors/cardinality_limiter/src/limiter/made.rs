//! A series that others are added to comes to be.

use std::rc::Rc;

use tamis_aggregate::{GaugeRule, Kind};
use tamis_sdk::otlp::metrics::{ResourceMetrics, ScopeMetrics};
use tamis_sdk::otlp::resource::Resource;
use tamis_sdk::wire::{self, Writer};

use super::Limiter;
use super::admit::Case;
use crate::config::Dimension;
use crate::fold::{Fold, Frame, Head, Level, Made};
use crate::labels::{Labels, Origin, overflow_record};
use crate::table::Place;

impl Limiter {
    /// The series with these labels, made where there is room.
    pub(super) fn fold(
        &mut self,
        case: &Case<'_, '_>,
        labels: &Labels<'_>,
        level: Level,
        kind: Kind,
        has_room: bool,
    ) -> Option<u32> {
        let is_overflow = matches!(level, Level::Overflow | Level::SecondOverflow);
        let keeps_scope = !is_overflow || case.rule.by.contains(&Dimension::Scope);
        let mut identity = case.around.metric.identity.plus(labels.sum());
        if keeps_scope {
            identity = identity.plus(case.around.scope.identity);
        }
        if is_overflow {
            identity = identity.plus(self.mark);
        }
        if let Some(number) = self.fold_numbers.get(&identity) {
            return Some(*number);
        }
        let known = self.table.find(identity);
        let adopted = known.filter(|slot| self.table.get(*slot).place == Place::Own);
        if adopted.is_none() && (!has_room || !self.has_memory()) {
            return None;
        }
        let frame = frame(case, labels, keeps_scope).ok()?;
        let mut attributes = labels.records(Origin::Point, kind.attributes());
        if is_overflow {
            Writer::new(&mut attributes).bytes(kind.attributes(), overflow_record());
        }
        let attributes = attributes.into_boxed_slice();
        let claims = if is_overflow || adopted.is_some() { None } else { self.claim(case, labels) };
        let (group, gauge) = (case.group, self.gauge_rule(kind));
        let made = Made { identity, group, level, kind, gauge, claims, frame, attributes };
        let mut fold = Fold::new(made);
        // What has left under this identity before has left up to then.
        let is_idle = |slot: &u32| self.table.get(*slot).place == Place::Idle;
        let idle = known.filter(is_idle).map_or(0, |slot| self.table.get(slot).time);
        let ended = self.ended.get(&identity).map_or(0, |(time, _)| *time).max(idle);
        (fold.start, fold.time) = (ended, ended);
        self.enter(fold, adopted)
    }

    pub(super) fn gauge_rule(&self, kind: Kind) -> GaugeRule {
        if kind == Kind::Gauge { self.config.gauge } else { GaugeRule::Last }
    }

    /// Gives a fold its number and its room. `adopted`: a stream that has left under this identity, which
    /// goes on in the fold.
    fn enter(&mut self, mut fold: Fold, adopted: Option<u32>) -> Option<u32> {
        let number = self.next_fold;
        if let Some(slot) = adopted {
            // It goes on from here under the same identity: with a new start, or, where its value is a
            // level, as it was.
            let stream = self.table.get(slot);
            let base = stream.base.as_ref().map_or(0, |base| base.start);
            fold.time = fold.time.max(stream.time).max(base);
            fold.start = fold.time;
            if !fold.take_in(&stream.last) {
                return None;
            }
            let stream = self.table.get_mut(slot);
            (stream.place, stream.fold, stream.base) = (Place::Folded, number, None);
            fold.claims = stream.claims.take();
            if let Some(group) = self.groups.get_mut(&stream.group) {
                group.own -= 1;
            }
        }
        fold.seen = self.clock();
        Some(self.counted_in(fold))
    }

    /// Gives a fold its number, and counts it in where it takes room.
    pub(super) fn counted_in(&mut self, fold: Fold) -> u32 {
        let number = self.next_fold;
        self.next_fold = self.next_fold.wrapping_add(1) & !(1 << 31);
        if let Some(group) = self.groups.get_mut(&fold.group) {
            match fold.level {
                Level::Overflow => group.has_overflow = true,
                _ => group.folded += 1,
            }
            group.stripped += usize::from(fold.level == Level::Stripped);
        }
        self.other_memory += fold.memory();
        self.fold_numbers.insert(fold.identity, number);
        self.folds.insert(number, fold);
        number
    }
}

/// What stands around a series with these labels.
fn frame(
    case: &Case<'_, '_>,
    labels: &Labels<'_>,
    keeps_scope: bool,
) -> Result<Frame, wire::Error> {
    let around = case.around;
    let mut resource = Vec::new();
    let records = labels.records(Origin::Resource, Resource::ATTRIBUTES);
    let mut writer = Writer::new(&mut resource);
    if !records.is_empty() {
        writer.message(ResourceMetrics::RESOURCE, |writer| writer.records(&records));
        writer.records(around.resource.schema);
    }
    let mut scope = Vec::new();
    let mut writer = Writer::new(&mut scope);
    if keeps_scope {
        if let Some(message) = around.scope.message {
            writer.bytes(ScopeMetrics::SCOPE, message.bytes());
        }
        writer.records(around.scope.schema);
    }
    let head = match around.metric.head.get() {
        Some(head) => Rc::clone(head),
        None => {
            let head = Rc::new(Head::read(around.metric.message)?);
            Rc::clone(around.metric.head.get_or_init(|| head))
        }
    };
    Ok(Frame { resource: resource.into(), scope: scope.into(), head })
}
