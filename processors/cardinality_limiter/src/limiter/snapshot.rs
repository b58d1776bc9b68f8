//! The state as bytes, for another life of the process.
//!
//! A metric's state goes by its name, because that is what instances share the metrics by: first its
//! budgets with the series that were added to, then its streams, in parts of about a mebibyte. Hashes mean
//! something with the seed they were made with alone, so each part says which that was.

mod bytes;

use std::collections::VecDeque;
use std::rc::Rc;

use tamis_aggregate::{Kind, Last, Total};
use tamis_sdk::Part;

use self::bytes::{Reader, Writer};
use super::Limiter;
use crate::claims::Held;
use crate::fold::{Fold, Frame, Head, Level, Made};
use crate::group::Group;
use crate::identity::Identity;
use crate::table::{Base, NO_FOLD, Place, Stream};

const VERSION: u8 = 1;
const GROUP: u8 = b'g';
const STREAMS: u8 = b's';
/// Of one part with streams, about.
const PART_BYTES: usize = 1 << 20;
/// Of one answer.
const ANSWER_BYTES: usize = 8 << 20;
/// What was learned of paths goes with every metric, so that every instance gets it, while all of that is
/// less than this; then with one.
const LEARNED_BYTES: usize = 4 << 20;
/// The name of the budgets of spans, whose state belongs to the instance that gets what has no metric.
pub(crate) const SPANS: &[u8] = b"";

/// What is still to be written.
#[derive(Debug)]
pub(crate) struct Outstanding {
    groups: VecDeque<u32>,
    /// With their group, by it.
    streams: VecDeque<(u32, u32)>,
    learned: Vec<u8>,
    learned_is_told: bool,
}

impl Limiter {
    /// The next parts; none at the end.
    pub(crate) fn snapshot(&mut self) -> Vec<Part> {
        let mut outstanding = match self.outstanding.take() {
            Some(outstanding) => outstanding,
            None => self.outstanding(),
        };
        let mut parts = Vec::new();
        let mut bytes = 0;
        while bytes < ANSWER_BYTES {
            let Some(part) = self.next_part(&mut outstanding) else { break };
            bytes += part.state.len();
            parts.push(part);
        }
        self.outstanding = Some(outstanding);
        parts
    }

    fn outstanding(&self) -> Outstanding {
        let slots = 0..self.table.slots();
        let mut streams: Vec<(u32, u32)> = slots
            .filter(|slot| self.table.get(*slot).place != Place::Free)
            .map(|slot| (self.table.get(slot).group, slot))
            .filter(|(group, _)| self.groups.contains_key(group))
            .collect();
        streams.sort_unstable();
        Outstanding {
            groups: self.groups.keys().copied().collect(),
            streams: streams.into(),
            learned: self.paths.snapshot(),
            learned_is_told: false,
        }
    }

    fn next_part(&self, outstanding: &mut Outstanding) -> Option<Part> {
        if let Some(number) = outstanding.groups.pop_front() {
            let group = self.groups.get(&number)?;
            let is_small =
                outstanding.learned.len().saturating_mul(self.groups.len()) < LEARNED_BYTES;
            let learned: &[u8] = match is_small || !outstanding.learned_is_told {
                true => &outstanding.learned,
                false => &[],
            };
            outstanding.learned_is_told = true;
            return Some(Part {
                key: group.name.to_vec(),
                state: self.group_part(number, group, learned),
            });
        }
        let (number, _) = *outstanding.streams.front()?;
        let group = self.groups.get(&number)?;
        let mut writer = self.part(STREAMS);
        writer.identity(group.identity);
        while let Some((of, slot)) = outstanding.streams.front().copied() {
            if of != number || writer.len() >= PART_BYTES {
                break;
            }
            outstanding.streams.pop_front();
            self.write_stream(&mut writer, self.table.get(slot));
        }
        Some(Part { key: group.name.to_vec(), state: writer.into_bytes() })
    }

    fn part(&self, kind: u8) -> Writer {
        let mut writer = Writer::default();
        writer.byte(VERSION);
        writer.byte(kind);
        writer.identity(self.hashing.part(crate::identity::Part::Group, b"seed"));
        writer.number(self.began);
        writer
    }

    fn group_part(&self, number: u32, group: &Group, learned: &[u8]) -> Vec<u8> {
        let mut writer = self.part(GROUP);
        writer.bytes(learned);
        writer.identity(group.identity);
        writer.bytes(&group.name);
        writer.number(self.moment(group.seen));
        writer.number(group.full.map_or(0, |full| self.moment(full).max(1)));
        writer.number(group.sacrificed.len() as u64);
        group.sacrificed.iter().for_each(|key| writer.bytes(key));
        for fold in self.folds.values().filter(|fold| fold.group == number) {
            self.write_fold(&mut writer, fold);
        }
        writer.into_bytes()
    }

    fn write_fold(&self, writer: &mut Writer, fold: &Fold) {
        writer.identity(fold.identity);
        writer.byte(fold.level as u8);
        writer.byte(KINDS.iter().position(|kind| *kind == fold.kind).unwrap_or_default() as u8);
        self.write_claims(writer, &fold.claims);
        writer.bytes(&fold.frame.resource);
        writer.bytes(&fold.frame.scope);
        writer.bytes(&fold.frame.head.fields);
        writer.bytes(&fold.attributes);
        writer.number(fold.start);
        writer.number(fold.time);
        writer.number(self.moment(fold.seen));
        let mut total = Vec::new();
        fold.total.snapshot(&mut total);
        writer.bytes(&total);
    }

    fn write_stream(&self, writer: &mut Writer, stream: &Stream) {
        writer.identity(stream.identity());
        writer.byte(stream.place as u8);
        writer.number(self.moment(stream.seen));
        writer.number(stream.start);
        writer.number(stream.time);
        let fold = self.folds.get(&stream.fold).map(|fold| fold.identity);
        writer.identity(fold.unwrap_or_default());
        stream.last.snapshot(writer.inner());
        writer.byte(stream.base.is_some().into());
        if let Some(base) = &stream.base {
            writer.number(base.start);
            base.last.snapshot(writer.inner());
        }
        self.write_claims(writer, &stream.claims);
    }

    fn write_claims(&self, writer: &mut Writer, held: &Held) {
        let held = held.as_ref().map_or(&[][..], |held| held);
        writer.number(held.len() as u64);
        for claim in held {
            writer.identity(*claim);
            writer.identity(self.claims.of(*claim).unwrap_or_default());
        }
    }

    /// Nanoseconds since the Unix epoch of a moment on the clock.
    fn moment(&self, clock: u32) -> u64 {
        self.began + u64::from(clock) * self.unit()
    }

    /// Takes in a part; false: it is damaged, or of another seed.
    pub(crate) fn restore(&mut self, part: &Part) -> bool {
        self.restored(&mut Reader::new(&part.state)).is_some()
    }

    fn restored(&mut self, reader: &mut Reader<'_>) -> Option<()> {
        let (version, kind) = (reader.byte()?, reader.byte()?);
        let seed = reader.identity()?;
        if version != VERSION || seed != self.hashing.part(crate::identity::Part::Group, b"seed") {
            return None;
        }
        // Nothing has been seen in this life yet, so the clock may begin earlier.
        self.began = self.began.min(reader.number()?);
        match kind {
            GROUP => self.restored_group(reader),
            STREAMS => self.restored_streams(reader),
            _ => None,
        }
    }

    fn restored_group(&mut self, reader: &mut Reader<'_>) -> Option<()> {
        let learned = reader.bytes()?;
        if !learned.is_empty() && !self.learned_is_known {
            self.learned_is_known = self.paths.restore(learned);
        }
        let identity = reader.identity()?;
        let mut group = Group::new(Rc::from(reader.bytes()?), identity);
        group.seen = self.clock_at(reader.number()?);
        group.full =
            Some(reader.number()?).filter(|full| *full > 0).map(|full| self.clock_at(full));
        for _ in 0..reader.number()? {
            group.sacrificed.push(reader.bytes()?.into());
        }
        if self.group_numbers.contains_key(&identity) {
            return None;
        }
        let number = self.next_group;
        self.next_group += 1;
        self.groups.insert(number, group);
        self.group_numbers.insert(identity, number);
        while !reader.is_empty() {
            self.restored_fold(reader, number)?;
        }
        Some(())
    }

    fn restored_fold(&mut self, reader: &mut Reader<'_>, group: u32) -> Option<()> {
        let identity = reader.identity()?;
        let level = *LEVELS.get(usize::from(reader.byte()?))?;
        let kind = *KINDS.get(usize::from(reader.byte()?))?;
        let claims = self.restored_claims(reader)?;
        let frame = Frame {
            resource: reader.bytes()?.into(),
            scope: reader.bytes()?.into(),
            head: Rc::new(Head { fields: reader.bytes()?.to_vec() }),
        };
        let attributes = reader.bytes()?.into();
        let gauge = self.gauge_rule(kind);
        let made = Made { identity, group, level, kind, gauge, claims, frame, attributes };
        let mut fold = Fold::new(made);
        (fold.start, fold.time) = (reader.number()?, reader.number()?);
        fold.seen = self.clock_at(reader.number()?);
        let total = reader.bytes()?;
        // What goes by the last values of its sources comes with them.
        if !self.is_of_lasts(kind) {
            fold.total = Total::restore(kind, &mut &*total)?;
        }
        self.counted_in(fold);
        Some(())
    }

    fn restored_streams(&mut self, reader: &mut Reader<'_>) -> Option<()> {
        let group = *self.group_numbers.get(&reader.identity()?)?;
        while !reader.is_empty() {
            let mut stream = Stream::new(reader.identity()?, group);
            stream.place = *PLACES.get(usize::from(reader.byte()?))?;
            stream.seen = self.clock_at(reader.number()?);
            (stream.start, stream.time) = (reader.number()?, reader.number()?);
            let fold = reader.identity()?;
            stream.fold = self.fold_numbers.get(&fold).copied().unwrap_or(NO_FOLD);
            stream.last = Last::restore(reader.inner())?;
            if reader.byte()? != 0 {
                let start = reader.number()?;
                stream.base = Some(Box::new(Base { start, last: Last::restore(reader.inner())? }));
            }
            stream.claims = self.restored_claims(reader)?;
            if self.table.find(stream.identity()).is_some() {
                return None;
            }
            if stream.place == Place::Own
                && let Some(group) = self.groups.get_mut(&group)
            {
                group.own += 1;
            }
            self.restored_level(&stream);
            self.table.insert(stream);
            // Nobody has written which are.
            self.has_former_lives = true;
        }
        Some(())
    }

    /// What a source of a level adds to its fold.
    fn restored_level(&mut self, stream: &Stream) {
        let Some(fold) = self.folds.get_mut(&stream.fold) else { return };
        if stream.place != Place::Folded {
            return;
        }
        if let Some(extremes) = &mut fold.extremes {
            extremes.insert(&stream.last);
        } else if fold.kind.is_level() || fold.kind == Kind::Gauge {
            let _ = fold.total.add_last(&stream.last);
        }
    }

    fn restored_claims(&mut self, reader: &mut Reader<'_>) -> Option<Held> {
        let mut held: Vec<Identity> = Vec::new();
        for _ in 0..reader.number()? {
            let (claim, of) = (reader.identity()?, reader.identity()?);
            self.claims.take(claim, Some(of).filter(|of| *of != Identity::default()));
            held.push(claim);
        }
        Some((!held.is_empty()).then(|| Box::new(held)))
    }
}

const LEVELS: [Level; 4] = [Level::Whole, Level::Stripped, Level::Overflow, Level::SecondOverflow];
const PLACES: [Place; 4] = [Place::Free, Place::Own, Place::Idle, Place::Folded];
const KINDS: [Kind; 9] = [
    Kind::Gauge,
    Kind::Sum { delta: false, monotonic: false },
    Kind::Sum { delta: false, monotonic: true },
    Kind::Sum { delta: true, monotonic: false },
    Kind::Sum { delta: true, monotonic: true },
    Kind::Histogram { delta: false },
    Kind::Histogram { delta: true },
    Kind::Exponential { delta: false },
    Kind::Exponential { delta: true },
];
