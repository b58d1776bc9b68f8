//! What a data point adds to the series that its stream was folded into.

use tamis_aggregate::{GaugeRule, Invalid, Kind, Last, Point, Step};

use super::admit::Case;
use super::{Limiter, Verdict};
use crate::config::Initial;
use crate::fold::Level;
use crate::identity::{Identity, Part};
use crate::report::Action;
use crate::table::{NO_FOLD, Place, Stream, is_tracked};

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
        let Some(fold) = self.folds.get_mut(&number) else { return Verdict::Goes };
        let (kind, level) = (fold.kind, fold.level);
        let was_touched = fold.touched;
        let added = if is_tracked(kind) && !kind.is_level() {
            self.add_cumulative(number, known, case, point)
        } else if kind.is_level() || kind == Kind::Gauge && self.config.gauge != GaugeRule::Last {
            self.add_level(number, known, case, point)
        } else {
            fold.total.add(point).map(|()| Added::From(point.start))
        };
        let action = match added {
            Ok(Added::From(from)) => {
                if let Some(fold) = self.folds.get_mut(&number) {
                    fold.touch(point, from);
                }
                if !was_touched {
                    self.touched.push(number);
                }
                match level {
                    Level::Whole => Action::Normalize,
                    Level::Stripped => Action::Strip,
                    Level::Overflow | Level::SecondOverflow => Action::Overflow,
                }
            }
            Ok(Added::Late) => Action::Late,
            Ok(Added::NoMemory) => Action::Memory,
            Err(_) => Action::Invalid,
        };
        self.report.point(action);
        Verdict::Goes
    }

    /// What a cumulative stream has more than when it was last seen.
    fn add_cumulative(
        &mut self,
        number: u32,
        known: Option<u32>,
        case: &Case<'_, '_>,
        point: &Point<'_>,
    ) -> Result<Added, Invalid> {
        let Some(slot) = known.filter(|slot| !self.table.get(*slot).last.is_none()) else {
            return self.add_first(number, known, case, case.identity, point);
        };
        let stream = self.table.get(slot);
        if point.start == stream.start {
            return self.add_since(number, slot, point);
        }
        let older = stream.start.min(point.start);
        let incarnation =
            self.hashing.pair(Part::Incarnation, case.identity, Identity(u128::from(older)));
        if point.start > stream.start {
            // The source began again. What it was before is kept beside it: points of it may be on the
            // way, or two sources may share one identity.
            let stream = self.table.get(slot);
            if stream.place == Place::Folded && self.has_memory() {
                let mut before = Stream::new(incarnation, stream.group);
                before.last.clone_from(&stream.last);
                (before.start, before.time) = (stream.start, stream.time);
                (before.fold, before.seen, before.place) = (number, stream.seen, Place::Folded);
                if self.table.find(incarnation).is_none() {
                    self.table.insert(before);
                }
            }
            let Some(fold) = self.folds.get_mut(&number) else { return Ok(Added::Late) };
            fold.total.add(point)?;
            self.remember(slot, number, point)?;
            return Ok(Added::From(point.start));
        }
        match self.table.find(incarnation) {
            Some(slot) => self.add_since(number, slot, point),
            None => self.add_first(number, None, case, incarnation, point),
        }
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
        let counts_in_full = self.counts_in_full(point);
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
        if fold.total.add_since(point, &stream.last)? == Step::Fell {
            fold.total.add(point)?;
        }
        self.remember(slot, number, point)?;
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
        if is_in && point.time < stream.time {
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
        if !is_in {
            self.take_out(slot);
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
        let clock = self.clock();
        self.table.change(slot, |stream| {
            stream.last.set(point)?;
            (stream.start, stream.time) = (point.start, point.time);
            (stream.fold, stream.seen, stream.place) = (number, clock, Place::Folded);
            Ok(())
        })
    }

    /// Takes the level of a stream out of the fold that it is in: it goes elsewhere, or ends.
    pub(super) fn take_out(&mut self, slot: u32) {
        let stream = self.table.get(slot);
        let Some(fold) = self.folds.get_mut(&stream.fold).filter(|_| stream.place == Place::Folded)
        else {
            return;
        };
        let is_sum = fold.kind == Kind::Gauge && self.config.gauge == GaugeRule::Sum;
        if let Some(extremes) = &mut fold.extremes {
            extremes.remove(&stream.last);
        } else if fold.kind.is_level() || is_sum {
            let _ = fold.total.subtract(&stream.last);
        } else {
            return;
        }
        let number = stream.fold;
        if !fold.touched {
            fold.touch_later();
            self.touched.push(number);
        }
        self.table.change(slot, |stream| {
            stream.last = Last::default();
            stream.fold = NO_FOLD;
        });
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
