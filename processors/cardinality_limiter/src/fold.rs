//! A series that many streams are added to.

use std::collections::BTreeMap;
use std::rc::Rc;

use tamis_aggregate::{GaugeRule, Kind, Last, Point, Total};
use tamis_sdk::otlp::metrics::Metric;
use tamis_sdk::wire::{self, Message, Writer};

use crate::claims::Held;
use crate::identity::Identity;

/// Two data points of one series are at least so far apart: Prometheus knows milliseconds.
const STEP: u64 = 1_000_000;

/// What a metric says beside its data points.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Head {
    /// The encoded fields: name, description, unit, metadata.
    pub(crate) fields: Vec<u8>,
}

impl Head {
    pub(crate) fn read(metric: Message<'_>) -> Result<Self, wire::Error> {
        const FIELDS: [u32; 4] =
            [Metric::NAME, Metric::DESCRIPTION, Metric::UNIT, Metric::METADATA];
        let mut fields = Vec::new();
        let mut writer = Writer::new(&mut fields);
        for field in metric.fields() {
            let field = field?;
            if FIELDS.contains(&field.number()) {
                writer.bytes(field.number(), field.bytes()?);
            }
        }
        Ok(Self { fields })
    }
}

/// What stands around its data points.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Frame {
    /// Fields of `ResourceMetrics` and `ScopeMetrics` but what they hold of the next level.
    pub(crate) resource: Box<[u8]>,
    pub(crate) scope: Box<[u8]>,
    pub(crate) head: Rc<Head>,
}

/// How much a series was stripped of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    /// Of nothing, or of what its labels alone made necessary.
    Whole,
    /// Of labels that a full budget sacrificed.
    Stripped,
    /// Of everything; this one is beside the limit.
    Overflow,
    /// The same, of another kind of the same metric, and within the limit.
    SecondOverflow,
}

#[derive(Debug)]
pub(crate) struct Fold {
    pub(crate) identity: Identity,
    pub(crate) group: u32,
    pub(crate) level: Level,
    pub(crate) kind: Kind,
    pub(crate) claims: Held,
    pub(crate) frame: Frame,
    /// Records of the data points' attributes.
    pub(crate) attributes: Box<[u8]>,
    pub(crate) total: Total,
    /// The numbers of all sources where the least or the greatest is wanted.
    pub(crate) extremes: Option<Extremes>,
    /// Nanoseconds since the Unix epoch: where it counts from; of the last data point that left, 0 for
    /// none.
    pub(crate) start: u64,
    pub(crate) time: u64,
    /// When it last left, on the limiter's clock.
    pub(crate) seen: u32,
    /// Of the batch in hand.
    pub(crate) touched: bool,
    newest: u64,
    oldest: u64,
}

/// What has to be known to make one.
pub(crate) struct Made {
    pub(crate) identity: Identity,
    pub(crate) group: u32,
    pub(crate) level: Level,
    pub(crate) kind: Kind,
    pub(crate) gauge: GaugeRule,
    pub(crate) claims: Held,
    pub(crate) frame: Frame,
    pub(crate) attributes: Box<[u8]>,
}

impl Fold {
    pub(crate) fn new(made: Made) -> Self {
        let Made { identity, group, level, kind, gauge, claims, frame, attributes } = made;
        let is_extreme = matches!(gauge, GaugeRule::Min | GaugeRule::Max);
        Self {
            identity,
            group,
            level,
            kind,
            claims,
            frame,
            attributes,
            total: if kind == Kind::Gauge { Total::gauge(gauge) } else { Total::new(kind) },
            extremes: (kind == Kind::Gauge && is_extreme).then(|| Extremes::new(gauge)),
            start: 0,
            time: 0,
            seen: 0,
            touched: false,
            newest: 0,
            oldest: 0,
        }
    }

    /// The value that a source has; false where it cannot be added. Of totals it has left already.
    pub(crate) fn take_in(&mut self, last: &Last) -> bool {
        let is_gauge = self.kind == Kind::Gauge;
        if let Some(extremes) = &mut self.extremes {
            extremes.insert(last);
        } else if self.kind.is_level() || is_gauge && !last.is_none() {
            return self.total.add_last(last).is_ok();
        }
        true
    }

    /// Takes out what a source had; false where nothing of it is in there now.
    pub(crate) fn take_out(&mut self, last: &Last, is_sum: bool) -> bool {
        if let Some(extremes) = &mut self.extremes {
            extremes.remove(last);
        } else if self.kind.is_level() || is_sum {
            let _ = self.total.subtract(last);
        } else {
            return false;
        }
        true
    }

    /// It is to leave with this batch. `from`: since when what was added counts; 0 for not known.
    pub(crate) fn touch(&mut self, point: &Point<'_>, from: u64) {
        self.touched = true;
        self.newest = self.newest.max(point.time);
        if from != 0 && (self.oldest == 0 || from < self.oldest) {
            self.oldest = from;
        }
        if self.start == 0 || (self.time == 0 && self.oldest != 0) {
            self.start = if self.oldest == 0 { point.time } else { self.oldest };
        }
    }

    /// It is to leave with the next batch that there is, although nothing was added.
    pub(crate) fn touch_later(&mut self) {
        self.touched = true;
    }

    /// Writes its data point, and begins the next.
    pub(crate) fn write(&mut self, clock: u32, out: &mut Writer<'_>) {
        let is_delta = self.kind.is_delta();
        let step = if is_delta { 1 } else { STEP };
        let time = match self.time {
            0 => self.newest.max(STEP),
            time => self.newest.max(time.saturating_add(step)),
        };
        let start = if is_delta && self.time != 0 { self.time } else { self.start };
        // Some backends refuse a point whose start is not before its time.
        let start = if start < time { start } else { time - STEP.min(time) };
        self.start = if is_delta { self.start } else { start };
        out.records(&self.attributes);
        if self.kind != Kind::Gauge && start != 0 {
            out.fixed64(Kind::START, start);
        }
        out.fixed64(Kind::TIME, time);
        if let Some(extremes) = &self.extremes {
            extremes.refill(&mut self.total);
        }
        self.total.write(out);
        if is_delta {
            self.total.reset();
        }
        (self.time, self.seen) = (time, clock);
        (self.touched, self.newest, self.oldest) = (false, 0, 0);
    }

    /// Whether there is anything to write.
    pub(crate) fn has_value(&self) -> bool {
        match self.kind {
            Kind::Sum { delta: false, .. } => true,
            Kind::Gauge if self.extremes.is_some() => {
                self.extremes.as_ref().is_some_and(|extremes| !extremes.is_empty())
            }
            _ => !self.total.is_empty(),
        }
    }

    /// Bytes on the heap.
    pub(crate) fn memory(&self) -> usize {
        let frame = self.frame.resource.len() + self.frame.scope.len();
        let extremes = self.extremes.as_ref().map_or(0, Extremes::memory);
        let frame = frame + self.frame.head.fields.len();
        let claims = self.claims.as_ref().map_or(0, |held| held.capacity() * size_of::<Identity>());
        frame + claims + self.attributes.len() + self.total.memory() + extremes
    }
}

/// The last numbers of all sources, in order.
#[derive(Debug)]
pub(crate) struct Extremes {
    is_max: bool,
    /// By an order-preserving form of the number: how many sources have it, and one of them.
    values: BTreeMap<u64, (u32, Last)>,
}

impl Extremes {
    fn new(rule: GaugeRule) -> Self {
        Self { is_max: rule == GaugeRule::Max, values: BTreeMap::new() }
    }

    fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    pub(crate) fn insert(&mut self, last: &Last) {
        let Some(key) = ordered(last) else { return };
        self.values.entry(key).or_insert_with(|| (0, last.clone())).0 += 1;
    }

    pub(crate) fn remove(&mut self, last: &Last) {
        let Some(key) = ordered(last) else { return };
        if let Some(entry) = self.values.get_mut(&key) {
            entry.0 -= 1;
            if entry.0 == 0 {
                self.values.remove(&key);
            }
        }
    }

    fn refill(&self, total: &mut Total) {
        total.reset();
        let extreme =
            if self.is_max { self.values.last_key_value() } else { self.values.first_key_value() };
        if let Some((_, (_, last))) = extreme {
            // It was valid when it was set.
            let _ = total.add_last(last);
        }
    }

    fn memory(&self) -> usize {
        self.values.len() * size_of::<(u64, (u32, Last))>() * 3 / 2
    }
}

/// A number in a form whose order is the numbers' own.
fn ordered(last: &Last) -> Option<u64> {
    let bits = last.to_f64()?.to_bits();
    Some(if bits >> 63 == 1 { !bits } else { bits | 1 << 63 })
}
