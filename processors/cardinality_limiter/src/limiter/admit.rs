//! Room for a stream that has none yet: a slot of its own, or the series that it is added to.

use std::rc::Rc;

use tamis_aggregate::{Kind, Last, Point};
use tamis_sdk::wire::{self, Message, Writer};

use super::plain::note;
use super::{Around, Limiter, Verdict};
use crate::claims::Held;
use crate::config::{Mode, Rule};
use crate::fold::Level;
use crate::group::Group;
use crate::identity::{Identity, Part};
use crate::labels::{Label, Labels, overflow_record};
use crate::report::Action;
use crate::table::{Base, NO_FOLD, Place, Stream};

/// A point of which it has to be decided where it goes.
pub(super) struct Case<'c, 'a> {
    pub(super) around: &'c Around<'c, 'a>,
    pub(super) message: Message<'a>,
    time: u64,
    /// As it came.
    pub(super) identity: Identity,
    pub(super) labels: Labels<'a>,
    /// A template was made of a label.
    is_changed: bool,
    pub(super) group: u32,
    pub(super) rule: Rc<Rule>,
}

impl Case<'_, '_> {
    /// Where the labels begin that the group has not counted for this batch: those of the resource are
    /// the same for all of its data points.
    fn uncounted(&self) -> usize {
        let resource = self.around.resource;
        match resource.counted.replace(Some(self.group)) == Some(self.group) {
            true => resource.labels.len(),
            false => 0,
        }
    }

    /// Whether what has no room must not leave.
    pub(super) fn is_hard(&self) -> bool {
        self.rule.mode.is_hard()
    }
}

impl Limiter {
    /// `known`: its stream, which has no slot. `number`: the point, where it was read already.
    pub(super) fn place<'a>(
        &mut self,
        known: Option<u32>,
        identity: Identity,
        around: &Around<'_, 'a>,
        message: Message<'a>,
        time: u64,
        number: Option<Point<'a>>,
    ) -> Result<Verdict, wire::Error> {
        let (labels, is_changed) = self.labels(around, message)?;
        let budget = self.budget(around.metric);
        let rule = Rc::clone(&budget.rule);
        let group = budget.group;
        let point = match (around.metric.kind, number) {
            (Some(_), Some(number)) => Some(number),
            (kind, _) => kind.map(|kind| Point::read(kind, message)).transpose()?,
        };
        let Some(group) = group.or_else(|| self.group(around, &labels, &rule)) else {
            return Ok(self.without_memory(&rule));
        };
        let case = Case { around, message, time, identity, labels, is_changed, group, rule };
        if point.as_ref().is_some_and(Point::no_recorded_value) {
            return Ok(self.nothing(known, &case));
        }
        let over = self.values_beyond(&case);
        let is_plain = !is_changed && over.is_empty();
        if is_plain && self.may_be_own(known, &case) {
            return self.become_own(known, &case);
        }
        let Some((kind, point)) = around.metric.kind.zip(point) else {
            return self.beyond_folding(&case, message);
        };
        // An identity that leaves as a sum already is a part of that sum.
        if !is_changed && let Some(fold) = self.fold_numbers.get(&identity) {
            return Ok(self.add(*fold, known, &case, &point));
        }
        if self.config.dry_run || (is_plain || !over.is_empty()) && !case.rule.mode.is_hard() {
            self.note_beyond(&case);
            return self.beyond_softly(&case, message);
        }
        if is_plain && let Some(fold) = self.fold_of(known) {
            self.still_beyond(&case);
            return Ok(self.add(fold, known, &case, &point));
        }
        if !is_changed || !over.is_empty() {
            self.note_beyond(&case);
        }
        Ok(match self.choose(&case, &over, kind) {
            Ok(fold) => self.add(fold, known, &case, &point),
            // Nothing was to be lost: then no template is made of it.
            Err(_) if !case.rule.mode.is_hard() => {
                self.report.point(Action::Observe);
                Verdict::Stays
            }
            Err(action) => {
                self.report.point(action);
                Verdict::Goes
            }
        })
    }

    /// A stream that had no room before has none now.
    fn still_beyond(&mut self, case: &Case<'_, '_>) {
        let clock = self.clock();
        match self.groups.get_mut(&case.group).and_then(|group| group.full.as_mut()) {
            Some(full) => *full = clock,
            None => self.note_beyond(case),
        }
    }

    /// The fold that a stream was added to last, while it is there.
    fn fold_of(&self, known: Option<u32>) -> Option<u32> {
        let fold = self.table.get(known?).fold;
        self.folds.contains_key(&fold).then_some(fold)
    }

    fn without_memory(&mut self, rule: &Rule) -> Verdict {
        self.report.point(Action::Memory);
        if rule.mode.is_hard() && !self.config.dry_run { Verdict::Goes } else { Verdict::Stays }
    }

    /// "No recorded value" of a stream that does not leave as itself: it ends nothing for the others.
    fn nothing(&mut self, known: Option<u32>, case: &Case<'_, '_>) -> Verdict {
        let is_hard = case.rule.mode.is_hard() && !self.config.dry_run;
        if let Some(slot) = known
            && let Some(fold) = self.take_level(slot)
        {
            self.touch_later(fold);
        }
        if !is_hard {
            return Verdict::Stays;
        }
        self.report.point(Action::NoValue);
        Verdict::Goes
    }

    /// The budget that counts for these labels, a new one if need be; none where there is no memory.
    fn group(&mut self, around: &Around<'_, '_>, labels: &Labels<'_>, rule: &Rule) -> Option<u32> {
        let by = labels.dimensions(&rule.by, around.scope.identity);
        self.group_by(around.metric.name, by)
    }

    pub(super) fn group_by(&mut self, metric: &[u8], by: Identity) -> Option<u32> {
        let name = self.hashing.part(Part::Group, metric);
        self.group_numbered(self.hashing.pair(Part::Group, name, by), metric)
    }

    pub(crate) fn group_numbered(&mut self, identity: Identity, name: &[u8]) -> Option<u32> {
        let clock = self.clock();
        if let Some(number) = self.group_numbers.get(&identity) {
            let number = *number;
            if let Some(group) = self.groups.get_mut(&number) {
                group.seen = clock;
            }
            return Some(number);
        }
        if !self.has_memory() {
            return None;
        }
        let number = self.next_group;
        self.next_group = self.next_group.wrapping_add(1);
        let mut group = Group::new(Rc::from(name), identity);
        group.seen = clock;
        self.other_memory += group.memory();
        self.groups.insert(number, group);
        self.group_numbers.insert(identity, number);
        Some(number)
    }

    /// Places in the labels of those that have more values than they may.
    fn values_beyond(&mut self, case: &Case<'_, '_>) -> Vec<usize> {
        let Some(values) = case.rule.values else { return Vec::new() };
        let mut beyond = Vec::new();
        for (place, label) in case.labels.iter().enumerate() {
            if case.rule.keep.iter().any(|key| **key == *label.key)
                || Labels::is_dimension(label, &case.rule.by)
            {
                continue;
            }
            let (value, of) = self.value_claims(case.group, label);
            let is_known = self.claims.count(value) > 0;
            let taken = match values.epoch {
                None => self.claims.count(of),
                Some(_) => self.grown(case.group, label.key),
            };
            if !is_known && taken >= values.limit {
                beyond.push(place);
            }
        }
        beyond
    }

    fn grown(&mut self, group: u32, key: &[u8]) -> usize {
        let counted = self.groups.get_mut(&group).and_then(|group| group.counted(key));
        counted.map_or(0, |counted| counted.grown)
    }

    /// What a value in use, and the number of those of its label, are counted under.
    fn value_claims(&self, group: u32, label: &Label<'_>) -> (Identity, Identity) {
        let group = self.groups.get(&group).map_or(Identity::default(), |group| group.identity);
        let key = self.hashing.part(Part::Claim, label.key);
        let of = self.hashing.pair(Part::Claim, group, key);
        (self.hashing.pair(Part::Claim, of, label.hash), of)
    }

    /// What series are counted under beside their group's budget.
    fn total_claims(&self, case: &Case<'_, '_>, labels: &Labels<'_>) -> Vec<(Identity, usize)> {
        let claim = |(place, total): (usize, &crate::config::Total)| {
            let by = labels.dimensions(&total.by, case.around.scope.identity);
            let place = Identity(place as u128);
            (self.hashing.pair(Part::Claim, place, by), total.limit)
        };
        self.config.totals.iter().enumerate().map(claim).collect()
    }

    /// Counts a series with these labels in everywhere.
    pub(super) fn claim(&mut self, case: &Case<'_, '_>, labels: &Labels<'_>) -> Held {
        let mut held: Vec<Identity> = Vec::new();
        for (claim, _) in self.total_claims(case, labels) {
            self.claims.take(claim, None);
            held.push(claim);
        }
        if let Some(values) = case.rule.values {
            for label in labels.iter().filter(|label| !label.is_replaced(&self.hashing)) {
                let (value, of) = self.value_claims(case.group, label);
                let is_new = self.claims.count(value) == 0;
                if is_new && values.epoch.is_some() {
                    let group = self.groups.get_mut(&case.group);
                    if let Some(counted) = group.and_then(|group| group.counted(label.key)) {
                        counted.grown += 1;
                    }
                }
                self.claims.take(value, Some(of));
                held.push(value);
            }
        }
        (!held.is_empty()).then(|| Box::new(held))
    }

    fn totals_have_room(&self, case: &Case<'_, '_>, labels: &Labels<'_>) -> bool {
        let claims = self.total_claims(case, labels);
        claims.iter().all(|(claim, limit)| self.claims.count(*claim) < *limit)
    }

    fn may_be_own(&self, known: Option<u32>, case: &Case<'_, '_>) -> bool {
        let Some(group) = self.groups.get(&case.group) else { return false };
        // An identity that leaves as a sum already leaves as that.
        let is_taken = self.fold_numbers.contains_key(&case.identity);
        group.has_room(&case.rule)
            && !is_taken
            && (known.is_some() || self.has_memory())
            && self.totals_have_room(case, &case.labels)
    }

    /// A slot of its own. What has left of it under another identity is not counted again.
    fn become_own(
        &mut self,
        known: Option<u32>,
        case: &Case<'_, '_>,
    ) -> Result<Verdict, wire::Error> {
        if let Some(group) = self.groups.get_mut(&case.group) {
            if case.rule.values.is_some() || known.is_none() {
                self.other_memory += group.count(&case.labels, case.uncounted());
            }
            group.own += 1;
        }
        let claims = self.claim(case, &case.labels);
        let slot = match known {
            Some(slot) => {
                if let Some(fold) = self.take_level(slot) {
                    self.touch_later(fold);
                }
                slot
            }
            None => self.table.insert(Stream::new(case.identity, case.group)),
        };
        let base = self.base(slot, case)?;
        self.table.change(slot, |stream| {
            if base.is_some() {
                stream.base = base;
            }
            stream.place = Place::Own;
            stream.fold = NO_FOLD;
            stream.group = case.group;
            stream.claims = claims;
        });
        self.own(slot, case.around.metric.kind, case.message, case.time, None)
    }

    /// Where a stream goes on from that gets a slot: what has left of it elsewhere, after what has left
    /// under its own identity.
    fn base(&mut self, slot: u32, case: &Case<'_, '_>) -> Result<Option<Box<Base>>, wire::Error> {
        let kind = case.around.metric.kind;
        let Some(kind) = kind.filter(|kind| kind.is_cumulative()) else { return Ok(None) };
        let ended = self.ended.get(&case.identity).map_or(0, |(time, _)| *time);
        let stream = self.table.get(slot);
        if kind.is_level() {
            // It is what it is, since then.
            let point = Point::read(kind, case.message)?;
            let base = Base { last: Last::default(), start: ended };
            return Ok((ended > point.start).then(|| Box::new(base)));
        }
        if !stream.last.is_none() && (stream.place == Place::Folded || ended > stream.time) {
            let (last, start) = (stream.last.clone(), stream.time.max(ended));
            return Ok(Some(Box::new(Base { last, start })));
        }
        if !stream.last.is_none() {
            return Ok(None);
        }
        let point = Point::read(kind, case.message)?;
        let life = self.life(case.identity, point.start);
        let mut last = Last::default();
        if self.forgotten.has_elsewhere(life) && last.set(&point).is_ok() {
            // Nobody knows how much of it has left: it counts from here.
            self.table.change(slot, |stream| {
                stream.last = last.clone();
                (stream.start, stream.time) = (point.start, point.time);
            });
            return Ok(Some(Box::new(Base { last, start: point.time })));
        }
        Ok((ended > point.start).then(|| Box::new(Base { last, start: ended })))
    }

    /// A point that nobody can add to anything.
    fn beyond_folding(
        &mut self,
        case: &Case<'_, '_>,
        message: Message<'_>,
    ) -> Result<Verdict, wire::Error> {
        self.note_beyond(case);
        if self.config.dry_run || !case.rule.mode.is_hard() {
            return self.beyond_softly(case, message);
        }
        self.report.point(Action::Invalid);
        Ok(Verdict::Goes)
    }

    /// It leaves all the same.
    fn beyond_softly(
        &mut self,
        case: &Case<'_, '_>,
        message: Message<'_>,
    ) -> Result<Verdict, wire::Error> {
        if case.rule.mode != Mode::Tag || self.config.dry_run {
            self.report.point(Action::Observe);
            return Ok(Verdict::Stays);
        }
        self.report.point(Action::Tag);
        let mut out = message.bytes().to_vec();
        Writer::new(&mut out).bytes(case.around.metric.attributes, overflow_record());
        Ok(Verdict::Becomes(out))
    }

    /// The budget is crossed by this series.
    fn note_beyond(&mut self, case: &Case<'_, '_>) {
        let clock = self.clock();
        if let Some(group) = self.groups.get_mut(&case.group) {
            self.other_memory += {
                let labels = (&case.labels, case.uncounted());
                note(group, case.identity, labels, &case.rule, clock)
            };
        }
    }

    /// The series that it is added to; what becomes of it where there is none.
    fn choose(&mut self, case: &Case<'_, '_>, over: &[usize], kind: Kind) -> Result<u32, Action> {
        if kind == Kind::Summary {
            return Err(Action::Invalid);
        }
        let mode = case.rule.mode;
        let strips = mode.strips();
        let is_whole = case.is_changed && over.is_empty() || strips && !over.is_empty();
        if is_whole {
            let labels = self.without(case, over, &[]);
            let has_room = self.has_whole_room(case, &labels) || !mode.is_hard();
            if let Some(fold) = self.fold(case, &labels, Level::Whole, kind, has_room) {
                return Ok(fold);
            }
        }
        if mode == Mode::Drop || !mode.is_hard() {
            return Err(Action::Drop);
        }
        if strips && let Some(fold) = self.strip(case, over, kind) {
            return Ok(fold);
        }
        self.overflow(case, kind).ok_or_else(|| match self.has_memory() {
            true => Action::Drop,
            false => Action::Memory,
        })
    }

    fn has_whole_room(&self, case: &Case<'_, '_>, labels: &Labels<'_>) -> bool {
        let group = self.groups.get(&case.group);
        group.is_some_and(|group| group.has_room(&case.rule)) && self.totals_have_room(case, labels)
    }

    /// As few labels as possible: first those that others gave up before, then one more at a time.
    fn strip(&mut self, case: &Case<'_, '_>, over: &[usize], kind: Kind) -> Option<u32> {
        for depth in 1.. {
            if !self.sacrifice(case.group, &case.labels, &case.rule, depth) {
                return None;
            }
            let sacrificed = self.sacrificed(case.group, depth);
            let is_on_it =
                |label: &Label<'_>| sacrificed.last().is_some_and(|key| **key == *label.key);
            if !case.labels.iter().any(is_on_it) {
                continue;
            }
            // Nearly always it is there, and nothing has to be copied to find it.
            let known = self.fold_numbers.get(&self.stripped(case, over, sacrificed));
            if let Some(number) = known.filter(|_| case.rule.mode == Mode::Strip) {
                return Some(*number);
            }
            let labels = self.without(case, over, sacrificed);
            let group = self.groups.get(&case.group)?;
            let has_room =
                group.has_stripped_room(&case.rule, depth) && self.totals_have_room(case, &labels);
            let found = self.fold(case, &labels, Level::Stripped, kind, has_room);
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// The identity that is left without those labels.
    fn stripped(&self, case: &Case<'_, '_>, over: &[usize], keys: &[Box<[u8]>]) -> Identity {
        let around = case.around.metric.identity.plus(case.around.scope.identity);
        let labels = case.labels.iter().enumerate();
        labels
            .filter(|(place, label)| !goes(case, over, keys, *place, label))
            .fold(around, |sum, (_, label)| sum.plus(label.hash))
    }

    /// The labels without those at `over` and those named; or with one value for all in their place.
    fn without<'a>(&self, case: &Case<'_, 'a>, over: &[usize], keys: &[Box<[u8]>]) -> Labels<'a> {
        let labels = case.labels.iter().enumerate();
        let kept = labels.filter_map(|(place, label)| {
            match (goes(case, over, keys, place, label), case.rule.mode) {
                (false, _) => Some(label.clone()),
                (true, Mode::Replace) => Some(label.replaced(&self.hashing)),
                (true, _) => None,
            }
        });
        Labels(kept.collect())
    }

    /// The series for all that have no room. Beside the limit there is one.
    fn overflow(&mut self, case: &Case<'_, '_>, kind: Kind) -> Option<u32> {
        let labels = case.labels.iter();
        let dimensions = labels.filter(|label| Labels::is_dimension(label, &case.rule.by));
        let labels = Labels(dimensions.cloned().collect());
        let group = self.groups.get(&case.group)?;
        let (level, has_room) = match group.has_overflow {
            false => (Level::Overflow, true),
            true => (Level::SecondOverflow, group.own + group.folded < case.rule.limit),
        };
        self.fold(case, &labels, level, kind, has_room)
    }
}

/// Whether a label goes where those at `over` and those named are to.
fn goes(
    case: &Case<'_, '_>,
    over: &[usize],
    keys: &[Box<[u8]>],
    place: usize,
    label: &Label<'_>,
) -> bool {
    over.contains(&place)
        || keys.iter().any(|key| **key == *label.key)
            && !case.rule.keep.iter().any(|key| **key == *label.key)
            && !Labels::is_dimension(label, &case.rule.by)
}
