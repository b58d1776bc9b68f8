//! What a data point adds to the series that its stream was folded into.

use tamis_aggregate::{GaugeRule, Invalid, Kind, Last, Point, Step};

use super::admit::Case;
use super::{Limiter, Verdict};
use crate::config::Initial;
use crate::fold::Level;
use crate::identity::{Identity, Part};
use crate::report::Action;
use crate::table::{NO_FOLD, Place, Stream};

/// What was done with a point's value.
enum Added {
    /// Counting from then on; 0: not known.
    From(u64),
    Late,
    NoMemory,
}

impl Limiter {
    /// Adds a point to a fold. `known`: its stream, where it is known.
    pub(super) fn add(
        &mut self,
        number: u32,
        known: Option<u32>,
        case: &Case<'_, '_>,
        point: &Point<'_>,
    ) -> Verdict {
        let Some(fold) = self.folds.get(&number) else { return Verdict::Goes };
        let (kind, level) = (fold.kind, fold.level);
        // Numbers do not grow.
        let may_grow = fold.extremes.is_some() || !matches!(kind, Kind::Sum { .. } | Kind::Gauge);
        let before = if may_grow { fold.memory() } else { 0 };
        let added = if self.is_of_lasts(kind) {
            self.add_level(number, known, case, point)
        } else if kind.is_cumulative() {
            self.add_cumulative(number, known, case, point)
        } else if let Some(fold) = self.folds.get_mut(&number) {
            fold.total.add(point).map(|()| Added::From(point.start))
        } else {
            Ok(Added::Late)
        };
        if let Some(fold) = self.folds.get(&number).filter(|_| may_grow) {
            self.other_memory = (self.other_memory + fold.memory()).saturating_sub(before);
        }
        let action = match added {
            Ok(Added::From(from)) => {
                if let Some(fold) = self.folds.get_mut(&number) {
                    if !fold.touched {
                        self.touched.push(number);
                    }
                    fold.touch(point, from);
                }
                match level {
                    Level::Whole => Action::Normalize,
                    Level::Stripped => Action::Strip,
                    Level::Overflow | Level::SecondOverflow => Action::Overflow,
                }
            }
            Ok(Added::Late) => Action::Late,
            // Where nothing is to be lost it leaves as it is.
            _ if !case.is_hard() => {
                self.report.point(Action::Observe);
                return Verdict::Stays;
            }
            Ok(Added::NoMemory) => Action::Memory,
            Err(_) => Action::Invalid,
        };
        self.report.point(action);
        Verdict::Goes
    }

    /// What tells the lives of a source apart.
    pub(super) fn life(&self, identity: Identity, start: u64) -> Identity {
        self.hashing.pair(Part::Incarnation, identity, Identity(start.into()))
    }

    /// What a cumulative stream has more than when it was last seen.
    fn add_cumulative(
        &mut self,
        number: u32,
        known: Option<u32>,
        case: &Case<'_, '_>,
        point: &Point<'_>,
    ) -> Result<Added, Invalid> {
        let seen = known.filter(|slot| !self.table.get(*slot).last.is_none());
        if let Some(slot) = seen.filter(|slot| self.table.get(*slot).start == point.start) {
            return self.add_since(number, slot, point);
        }
        // What a source was before it began again is kept beside it: points of that may be on the way,
        // or two sources may share one identity.
        let before = match self.has_former_lives {
            true => self.table.find(self.life(case.identity, point.start)),
            false => None,
        };
        let before = before.filter(|slot| !self.table.get(*slot).last.is_none());
        match (seen, before) {
            (Some(slot), _) if point.start > self.table.get(slot).start => {
                self.begin_again(number, slot, case, point)
            }
            (_, Some(before)) => self.add_since(number, before, point),
            (Some(_), None) => {
                let life = self.life(case.identity, point.start);
                self.has_former_lives = true;
                self.add_first(number, None, case, life, point)
            }
            (None, None) => self.add_first(number, known, case, case.identity, point),
        }
    }

    /// A source with a new start time: all of it is new.
    fn begin_again(
        &mut self,
        number: u32,
        slot: u32,
        case: &Case<'_, '_>,
        point: &Point<'_>,
    ) -> Result<Added, Invalid> {
        let stream = self.table.get(slot);
        let former = self.life(case.identity, stream.start);
        if self.has_memory() && self.table.find(former).is_none() {
            let stream = self.table.get(slot);
            let mut before = Stream::new(former, stream.group);
            before.last.clone_from(&stream.last);
            (before.start, before.time) = (stream.start, stream.time);
            (before.fold, before.seen, before.place) = (number, stream.seen, Place::Folded);
            self.table.insert(before);
            self.has_former_lives = true;
        }
        let Some(fold) = self.folds.get_mut(&number) else { return Ok(Added::Late) };
        fold.total.add(point)?;
        self.remember(slot, number, point)?;
        Ok(Added::From(point.start))
    }

    /// A source that was not seen before, or not its value.
    fn add_first(
        &mut self,
        number: u32,
        known: Option<u32>,
        case: &Case<'_, '_>,
        identity: Identity,
        point: &Point<'_>,
    ) -> Result<Added, Invalid> {
        let is_known =
            !self.forgotten.is_empty() && self.forgotten.has(self.life(case.identity, point.start));
        let counts_in_full = self.counts_in_full(point) && !is_known;
        let slot = match known {
            Some(slot) => slot,
            None if self.has_memory() => self.table.insert(Stream::new(identity, case.group)),
            None => return Ok(Added::NoMemory),
        };
        let Some(fold) = self.folds.get_mut(&number) else { return Ok(Added::Late) };
        let added = if counts_in_full { fold.total.add(point) } else { Ok(()) };
        let remembered = added.and_then(|()| self.remember(slot, number, point));
        if remembered.is_err() && known.is_none() {
            self.table.remove(slot);
        }
        remembered?;
        Ok(Added::From(if counts_in_full { point.start } else { point.time }))
    }

    fn add_since(&mut self, number: u32, slot: u32, point: &Point<'_>) -> Result<Added, Invalid> {
        let clock = self.clock();
        let stream = self.table.get_mut(slot);
        if point.time < stream.time {
            return Ok(Added::Late);
        }
        let since = stream.time;
        let Some(fold) = self.folds.get_mut(&number) else { return Ok(Added::Late) };
        if point.time == stream.time {
            // Again: the sender may not have heard that it arrived.
            (stream.seen, stream.fold) = (clock, number);
            return Ok(Added::From(since));
        }
        let advance = |stream: &mut Stream| fold.total.advance(point, &mut stream.last);
        if self.table.change(slot, advance)? == Step::Fell {
            fold.total.add(point)?;
            self.remember(slot, number, point)?;
        } else {
            self.moved(slot, number, point);
        }
        Ok(Added::From(since))
    }

    /// A number that is the same however often it is told: it takes the place of the one before it.
    fn add_level(
        &mut self,
        number: u32,
        known: Option<u32>,
        case: &Case<'_, '_>,
        point: &Point<'_>,
    ) -> Result<Added, Invalid> {
        let slot = match known {
            Some(slot) => slot,
            None if self.has_memory() => self.table.insert(Stream::new(case.identity, case.group)),
            None => return Ok(Added::NoMemory),
        };
        let stream = self.table.get(slot);
        let is_in =
            stream.place == Place::Folded && stream.fold == number && !stream.last.is_none();
        if point.time < stream.time {
            return Ok(Added::Late);
        }
        let changed = self.put_level(number, slot, is_in, point);
        if changed.is_err() && known.is_none() {
            self.table.remove(slot);
        }
        changed.map(|()| Added::From(point.start))
    }

    fn put_level(
        &mut self,
        number: u32,
        slot: u32,
        is_in: bool,
        point: &Point<'_>,
    ) -> Result<(), Invalid> {
        if !is_in && let Some(fold) = self.take_level(slot) {
            self.touch_later(fold);
        }
        let Some(fold) = self.folds.get_mut(&number) else { return Ok(()) };
        let stream = self.table.get(slot);
        let Some(extremes) = &mut fold.extremes else {
            match is_in {
                true => fold.total.replace(point, &stream.last)?,
                false => fold.total.add(point)?,
            }
            return self.remember(slot, number, point);
        };
        let mut last = Last::default();
        last.set(point)?;
        if is_in {
            extremes.remove(&stream.last);
        }
        extremes.insert(&last);
        self.remember(slot, number, point)
    }

    fn remember(&mut self, slot: u32, number: u32, point: &Point<'_>) -> Result<(), Invalid> {
        self.table.change(slot, |stream| stream.last.set(point))?;
        self.moved(slot, number, point);
        Ok(())
    }

    /// A stream whose last value is the point's is in that fold.
    fn moved(&mut self, slot: u32, number: u32, point: &Point<'_>) {
        let clock = self.clock();
        let stream = self.table.get_mut(slot);
        (stream.start, stream.time) = (point.start, point.time);
        (stream.fold, stream.seen, stream.place) = (number, clock, Place::Folded);
    }

    /// Takes the level of a stream out of the fold that it is in: it goes elsewhere, or ends. Answers
    /// which fold that was.
    pub(super) fn take_level(&mut self, slot: u32) -> Option<u32> {
        let is_sum = self.config.gauge == GaugeRule::Sum;
        let stream = self.table.get(slot);
        if stream.place != Place::Folded || stream.last.is_none() {
            return None;
        }
        let number = stream.fold;
        let fold = self.folds.get_mut(&number)?;
        let is_sum = is_sum && fold.kind == Kind::Gauge;
        if !fold.take_out(&stream.last, is_sum) {
            return None;
        }
        self.table.change(slot, |stream| {
            stream.last = Last::default();
            stream.fold = NO_FOLD;
        });
        Some(number)
    }

    /// A fold leaves with the batch in hand although nothing was added to it.
    pub(super) fn touch_later(&mut self, number: u32) {
        if let Some(fold) = self.folds.get_mut(&number)
            && !fold.touched
        {
            fold.touch_later();
            self.touched.push(number);
        }
    }

    /// Of a cumulative stream that was not seen from its start on, what it has so far may have left
    /// before, through whatever stood here then.
    fn counts_in_full(&self, point: &Point<'_>) -> bool {
        match self.config.initial {
            Initial::Keep => true,
            Initial::Drop => false,
            Initial::Auto => {
                point.start != 0
                    && point.start != point.time
                    && point.start >= self.began.saturating_sub(super::SKEW)
            }
        }
    }
}
