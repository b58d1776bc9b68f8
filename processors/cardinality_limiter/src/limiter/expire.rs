//! Room comes free again: of what has not left for the idle time, and of what nobody sends any more.

use super::{IDLE_PARTS, Limiter};
use crate::fold::Level;
use crate::report::{Offender, State};
use crate::table::Place;

/// The table is gone through at most so often in one idle time.
const SWEEPS: u64 = 20;
/// When a sum last left is remembered for so many idle times: if it comes again, it begins after that.
const ENDED_IDLES: u32 = 8;

impl Limiter {
    pub(super) fn expire_when_due(&mut self) {
        if self.age(self.swept) >= (IDLE_PARTS / SWEEPS) as u32 {
            self.expire();
        }
    }

    /// Goes through everything.
    pub(crate) fn expire(&mut self) {
        self.swept = self.clock();
        let ends_epoch = self.now.saturating_sub(self.epoch) >= self.epoch_length();
        self.expire_streams();
        self.expire_folds();
        let (clock, idle) = (self.clock(), self.idle());
        let is_idle = |seen: u32| clock.wrapping_sub(seen) > idle;
        for group in self.groups.values_mut() {
            if group.full.is_some_and(is_idle) {
                // There is room again, so nothing has to be given up.
                group.full = None;
                group.sacrificed.clear();
            }
            if ends_epoch {
                group.rotate();
                group.labels.iter_mut().for_each(|counted| counted.grown = 0);
            }
        }
        let numbers = &mut self.group_numbers;
        self.groups.retain(|_, group| {
            let stays = !group.is_empty() || !is_idle(group.seen);
            if !stays {
                numbers.remove(&group.identity);
            }
            stays
        });
        if ends_epoch {
            self.epoch = self.now;
        }
        self.ended.retain(|_, (_, seen)| clock.wrapping_sub(*seen) <= ENDED_IDLES * idle);
        self.count_memory();
    }

    /// Of values that are new, and of what is told of labels.
    fn epoch_length(&self) -> u64 {
        let epochs = self.config.rules.all().filter_map(|rule| rule.values?.epoch);
        epochs.min().unwrap_or(self.config.idle)
    }

    fn expire_streams(&mut self) {
        let (clock, idle) = (self.clock(), self.idle());
        for slot in 0..self.table.slots() {
            let stream = self.table.get(slot);
            let age = clock.wrapping_sub(stream.seen);
            if stream.place == Place::Free || age <= idle {
                continue;
            }
            if stream.place == Place::Own {
                let group = stream.group;
                if let Some(group) = self.groups.get_mut(&group) {
                    group.own -= 1;
                }
                let claims = self.table.change(slot, |stream| {
                    stream.place = Place::Idle;
                    stream.claims.take()
                });
                self.claims.give_back(claims);
            }
            // A level ends. What leaves of it next leaves with what the others say.
            self.take_level(slot);
            // What a total had is remembered for as long again: it may go on elsewhere.
            let stream = self.table.get(slot);
            if age > 2 * idle || stream.last.is_none() {
                self.forget(slot);
            }
        }
    }

    /// All but that there was one.
    fn forget(&mut self, slot: u32) {
        let stream = self.table.remove(slot);
        if !stream.last.is_none() {
            let life = self.life(stream.identity(), stream.start);
            let is_elsewhere = stream.place == Place::Folded || stream.base.is_some();
            self.forgotten.insert(life, is_elsewhere);
        }
    }

    fn expire_folds(&mut self) {
        let (clock, idle) = (self.clock(), self.idle());
        let old = |seen: u32| clock.wrapping_sub(seen) > idle;
        let gone: Vec<u32> = self
            .folds
            .iter()
            .filter(|(_, fold)| old(fold.seen) && !fold.touched)
            .map(|(number, _)| *number)
            .collect();
        for number in gone {
            let Some(fold) = self.folds.remove(&number) else { continue };
            self.fold_numbers.remove(&fold.identity);
            if self.has_memory() {
                self.ended.insert(fold.identity, (fold.time, clock));
            }
            self.claims.give_back(fold.claims);
            if let Some(group) = self.groups.get_mut(&fold.group) {
                match fold.level {
                    Level::Overflow => group.has_overflow = false,
                    _ => group.folded -= 1,
                }
                group.stripped -= usize::from(fold.level == Level::Stripped);
            }
        }
    }

    /// Tells the host what there is.
    pub(crate) fn tell(&mut self) {
        let mut before = std::mem::take(&mut self.offenders);
        let memory = self.memory();
        let groups = self.groups.values();
        let beyond: u64 = groups
            .clone()
            .filter(|group| group.full.is_some())
            .map(|group| group.beyond.len())
            .sum();
        let state = State {
            series: groups.clone().map(|group| group.own).sum(),
            folds: self.folds.len(),
            remembered: self.table.len(),
            memory,
            full: groups.filter(|group| group.full.is_some()).count(),
            saved: beyond.saturating_sub(self.folds.len() as u64),
            cost: self.config.cost_per_series,
            offenders: self.offenders(self.config.offenders),
        };
        state.send(&mut before);
        self.offenders = before;
    }

    /// The labels with the most values, the greatest first.
    pub(super) fn offenders(&self, count: usize) -> Vec<Offender<'_>> {
        let mut all: Vec<Offender<'_>> = Vec::new();
        for group in self.groups.values() {
            for counted in &group.labels {
                let values = counted.values.len();
                let (metric, label) = (&*group.name, &*counted.key);
                // One metric may have many budgets.
                let same = |one: &&mut Offender<'_>| one.metric == metric && one.label == label;
                match all.iter_mut().find(same) {
                    Some(one) => one.values = one.values.max(values),
                    None => all.push(Offender { values, metric, label }),
                }
                if all.len() > 4 * count.max(16) {
                    keep_greatest(&mut all, count);
                }
            }
        }
        keep_greatest(&mut all, count);
        all
    }
}

fn keep_greatest(all: &mut Vec<Offender<'_>>, count: usize) {
    all.sort_by(|one, other| {
        other
            .values
            .cmp(&one.values)
            .then(one.metric.cmp(other.metric))
            .then(one.label.cmp(other.label))
    });
    all.truncate(count);
}
