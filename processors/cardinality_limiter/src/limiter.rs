//! The state of one instance, and the way of one data point through it.
//!
//! A stream that is known and has a slot is found by its identity and stays as it is: that is what nearly
//! all points are, and it costs a hash and a look. For all others it is decided ([`admit`]) whether there
//! is room, or else which series they are added to ([`source`]). At the end of the batch what was added
//! to leaves as one data point each ([`leave`]). What has not left for a while gives its room back
//! ([`expire`]).

mod admit;
mod around;
mod expire;
mod forgotten;
mod inspect;
mod leave;
mod made;
mod plain;
pub(crate) mod snapshot;
mod source;

use std::borrow::Cow;
use std::rc::Rc;

use tamis_aggregate::{GaugeRule, Kind, Last, Point, Step, write_since};
use tamis_normalize::{Learning, Paths};
use tamis_sdk::otlp::common::KeyValue;
use tamis_sdk::otlp::resource::Resource;
use tamis_sdk::wire::{self, Message, Writer};

use self::around::Budget;
use self::forgotten::Forgotten;
use crate::claims::{ByIdentity, Claims};
use crate::config::Config;
use crate::fold::Fold;
use crate::group::Group;
use crate::identity::{Hashing, Identity, Part};
use crate::labels::{Label, Labels, Origin, overflow_record};
use crate::report::{Action, Report};
use crate::table::{Base, ByNumber, Table, allocated, doubling};

pub(crate) use self::around::{Around, Metric, Owner};
pub(crate) use crate::table::Place;

/// The clock counts in so many parts of the idle time.
const IDLE_PARTS: u64 = 1000;
const MILLISECOND: u64 = 1_000_000;
/// Clocks of senders are behind ours by no more than this, for the question what began before we did.
const SKEW: u64 = 60_000 * MILLISECOND;
/// Metrics whose rule is remembered by name.
const RULES_REMEMBERED: usize = 65_536;
/// Bytes that are left for what grows a little: buckets, sketches.
const ROOM: usize = 64 << 10;
/// Bytes in their maps, with the control byte.
const FOLD_ENTRY: usize = size_of::<(u32, Fold)>() + 1;
const GROUP_ENTRY: usize = size_of::<(u32, Group)>() + 1;
/// One part of so many of the memory is for positions of paths that were learned.
const LEARNING_PART: usize = 8;

/// What becomes of one data point.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Verdict {
    Stays,
    Goes,
    /// Its message gives way to this one.
    Becomes(Vec<u8>),
}

pub(crate) struct Limiter {
    pub(crate) hashing: Hashing,
    pub(crate) config: Config,
    table: Table,
    folds: ByNumber<Fold>,
    fold_numbers: ByIdentity<u32>,
    next_fold: u32,
    groups: ByNumber<Group>,
    group_numbers: ByIdentity<u32>,
    next_group: u32,
    rules: ByIdentity<u32>,
    claims: Claims,
    paths: Paths,
    pub(crate) report: Report,
    /// Of the labels of the data point in hand.
    hashes: Vec<Identity>,
    /// Folds that leave with the batch in hand, in the order in which they were touched.
    touched: Vec<u32>,
    /// The identity of the mark of an overflow.
    mark: Identity,
    /// Nanoseconds since the Unix epoch. It never goes back.
    now: u64,
    /// Parts of the idle time since the beginning. With the least idle time that begins again after
    /// weeks; what is compared ([`age`](Self::age)) is never that old.
    clock: u32,
    /// When this state began: what began before may have left already.
    began: u64,
    swept: u32,
    epoch: u64,
    /// Folds that have expired, by identity: the time of their last data point, and when they expired,
    /// on the limiter's clock.
    ended: ByIdentity<(u64, u32)>,
    forgotten: Forgotten,
    /// There are lives of sources that are not their last.
    has_former_lives: bool,
    /// Bytes that groups and folds have on the heap.
    other_memory: usize,
    offenders: Vec<(String, String)>,
    /// Of a snapshot that is being taken.
    outstanding: Option<snapshot::Outstanding>,
    /// What a former life had learned of paths was taken in.
    learned_is_known: bool,
}

impl Limiter {
    pub(crate) fn new(config: Config, seed: u64, now: u64) -> Self {
        let hashing = Hashing::new(seed);
        let learning = Learning {
            values: config.normalize.learn,
            memory_bytes: config.memory_bytes / LEARNING_PART,
        };
        let mark = hashing.label(&overflow_record());
        let memory_bytes = config.memory_bytes;
        Self {
            paths: Paths::new(learning, seed),
            hashing,
            config,
            table: Table::default(),
            folds: ByNumber::default(),
            fold_numbers: ByIdentity::default(),
            next_fold: 0,
            groups: ByNumber::default(),
            group_numbers: ByIdentity::default(),
            next_group: 0,
            rules: ByIdentity::default(),
            claims: Claims::default(),
            report: Report::default(),
            hashes: Vec::new(),
            touched: Vec::new(),
            mark,
            now,
            clock: 0,
            began: now,
            swept: 0,
            epoch: now,
            ended: ByIdentity::default(),
            forgotten: Forgotten::new(memory_bytes),
            has_former_lives: false,
            other_memory: 0,
            offenders: Vec::new(),
            outstanding: None,
            learned_is_known: false,
        }
    }

    /// A batch, or a tick, at that time.
    pub(crate) fn begin(&mut self, now: u64) {
        self.now = self.now.max(now);
        self.clock = self.clock_at(self.now);
        self.report.begin();
        self.expire_when_due();
    }

    fn clock(&self) -> u32 {
        self.clock
    }

    /// What the clock says at a time, in nanoseconds since the Unix epoch.
    fn clock_at(&self, time: u64) -> u32 {
        // Truncation wanted.
        (time.saturating_sub(self.began) / self.unit()) as u32
    }

    /// Nanoseconds of one part of the clock.
    fn unit(&self) -> u64 {
        (self.config.idle / IDLE_PARTS).max(MILLISECOND)
    }

    /// Parts of the idle time since then.
    fn age(&self, seen: u32) -> u32 {
        self.clock().wrapping_sub(seen)
    }

    /// Whether streams of a kind have to be remembered: what they add is told by what they had.
    fn is_tracked(&self, kind: Kind) -> bool {
        kind.is_cumulative() || self.is_of_lasts(kind)
    }

    /// Whether a sum is of the last values of its sources, and not of what they add.
    fn is_of_lasts(&self, kind: Kind) -> bool {
        kind.is_level() || kind == Kind::Gauge && self.config.gauge != GaugeRule::Last
    }

    /// How long something may not have left and still have its room; a part of the clock more, so that
    /// it is never less than what was asked for.
    fn idle(&self) -> u32 {
        self.config.idle.div_ceil(self.unit()) as u32 + 1
    }

    /// What becomes of a data point.
    pub(crate) fn point<'a>(
        &mut self,
        around: &Around<'_, 'a>,
        message: Message<'a>,
    ) -> Result<Verdict, wire::Error> {
        let metric = around.metric;
        let is_number = matches!(metric.kind, Some(Kind::Gauge | Kind::Sum { .. }));
        let mut identity = around.identity();
        let mut point = Point::default();
        self.hashes.clear();
        for field in message.fields() {
            let field = field?;
            let number = field.number();
            if number == metric.attributes {
                let hash = self.hashing.label(field.bytes()?);
                self.hashes.push(hash);
                identity = identity.plus(hash);
            } else if is_number {
                point.read_number_field(message, &field)?;
            } else if number == Kind::TIME {
                point.time = field.fixed64()?;
            }
        }
        let (time, number) = (point.time, is_number.then_some(point));
        match self.table.find(identity) {
            Some(slot) if self.table.get(slot).place == Place::Own => {
                self.own(slot, metric.kind, message, time, number)
            }
            known => self.place(known, identity, around, message, time, number),
        }
    }

    /// A stream that leaves under its own identity. `number`: the point, where it was read already.
    fn own(
        &mut self,
        slot: u32,
        kind: Option<Kind>,
        message: Message<'_>,
        time: u64,
        number: Option<Point<'_>>,
    ) -> Result<Verdict, wire::Error> {
        let clock = self.clock();
        let kind = kind.filter(|kind| self.is_tracked(*kind));
        let stream = self.table.get_mut(slot);
        stream.seen = clock;
        let Some(kind) = kind else {
            // Another point under this identity must be later.
            stream.time = stream.time.max(time);
            return Ok(Verdict::Stays);
        };
        let point = match number {
            Some(point) => point,
            None => Point::read(kind, message)?,
        };
        if stream.base.is_some() {
            return Ok(self.continued(slot, kind, &point, message));
        }
        if point.no_recorded_value() {
            stream.time = stream.time.max(time);
            return Ok(Verdict::Stays);
        }
        if point.time >= stream.time || point.start > stream.start {
            let is_flat = matches!(kind, Kind::Sum { .. } | Kind::Gauge);
            (stream.start, stream.time) = (point.start, point.time);
            // What cannot be added later is not what it is to go on from.
            let _ = match is_flat {
                true => stream.last.set(&point),
                false => self.table.change(slot, |stream| stream.last.set(&point)),
            };
        }
        Ok(Verdict::Stays)
    }

    /// A stream of which something has left under another identity: only what came since leaves under
    /// this one.
    fn continued(
        &mut self,
        slot: u32,
        kind: Kind,
        point: &Point<'_>,
        message: Message<'_>,
    ) -> Verdict {
        let stream = self.table.get(slot);
        let (start, time) = (stream.start, stream.time);
        let is_recorded = !point.no_recorded_value();
        // The same again would count from its own time.
        if is_recorded && point.start < start
            || point.time <= time && (point.start == start || !is_recorded)
        {
            self.report.point(Action::Late);
            return Verdict::Goes;
        }
        let Some(base) = &stream.base else { return Verdict::Stays };
        let (mut last, mut from) = (base.last.clone(), base.start);
        if is_recorded && point.start > start {
            // The stream began anew, and so does what leaves of it: never before what has left.
            (last, from) = (Last::default(), from.max(point.start).max(time));
        }
        if from >= point.time {
            self.report.point(Action::Late);
            return Verdict::Goes;
        }
        let mut out = Vec::new();
        let mut step = write_since(message, kind, &last, from, &mut Writer::new(&mut out));
        if matches!(step, Ok(Step::Fell)) {
            (last, from) = (Last::default(), from.max(time));
            step = write_since(message, kind, &last, from, &mut Writer::new(&mut out));
        }
        if step.is_err() {
            self.report.point(Action::Invalid);
            return Verdict::Goes;
        }
        self.table.change(slot, |stream| {
            stream.time = point.time;
            if is_recorded {
                stream.start = point.start;
                let _ = stream.last.set(point);
                // Where nothing is left to take off, it leaves as it is.
                let is_itself = last.is_none() && from == point.start;
                stream.base = (!is_itself).then(|| Box::new(Base { last, start: from }));
            }
        });
        Verdict::Becomes(out)
    }

    /// All labels, templates made of those that are to be; whether any was.
    fn labels<'a>(
        &mut self,
        around: &Around<'_, 'a>,
        message: Message<'a>,
    ) -> Result<(Labels<'a>, bool), wire::Error> {
        let is_foldable = around.metric.kind.is_some_and(|kind| kind != Kind::Summary);
        let resource = &around.resource.labels;
        let mut labels = Labels(Vec::with_capacity(resource.len() + self.hashes.len()));
        labels.0.extend_from_slice(resource);
        let mut is_changed = false;
        let mut place = 0;
        for field in message.fields() {
            let field = field?;
            if field.number() != around.metric.attributes {
                continue;
            }
            let attribute = field.message()?;
            let label = match self.hashes.get(place) {
                Some(hash) => Label::hashed(*hash, Origin::Point, attribute)?,
                None => Label::read(&self.hashing, Origin::Point, attribute)?,
            };
            place += 1;
            // What cannot be added to anything stays what it is.
            let made = if is_foldable { self.normalized(&label) } else { None };
            is_changed |= made.is_some();
            labels.0.push(made.unwrap_or(label));
        }
        Ok((labels, is_changed))
    }

    /// The labels of a resource.
    pub(crate) fn labels_of<'a>(
        &self,
        resource: Message<'a>,
    ) -> Result<Vec<Label<'a>>, wire::Error> {
        let attributes = resource.fields_of(Resource::ATTRIBUTES);
        attributes
            .map(|field| Label::read(&self.hashing, Origin::Resource, field?.message()?))
            .collect()
    }

    /// The label with a template for a value; none where that is what it has.
    pub(crate) fn normalized<'a>(&mut self, label: &Label<'a>) -> Option<Label<'a>> {
        let normalize = &self.config.normalize;
        if normalize.is_off() || self.config.dry_run {
            return None;
        }
        let is_in = |keys: &[Vec<u8>]| keys.iter().any(|key| **key == *label.key);
        let (is_path, is_message) = (is_in(&normalize.paths), is_in(&normalize.messages));
        if !is_path && !is_message {
            return None;
        }
        let text = text_of(&label.record)?;
        let mut made = String::new();
        let is_changed = match is_path {
            true => self.paths.normalize(&text, &mut made),
            false => tamis_normalize::message(&text, &mut made),
        };
        is_changed.then(|| label.with_text(&self.hashing, &made))
    }

    /// The terms of a metric's budget, and the budget where there is one only.
    fn budget<'m>(&mut self, metric: &'m Metric<'_>) -> &'m Budget {
        if let Some(budget) = metric.budget.get() {
            return budget;
        }
        let rule = self.rule_of(metric.name);
        let rule = Rc::clone(self.config.rules.get(rule));
        let is_one = rule.by.is_empty();
        let group = is_one.then(|| self.group_by(metric.name, Identity::default())).flatten();
        metric.budget.get_or_init(|| Budget { rule, group })
    }

    fn rule_of(&mut self, name: &[u8]) -> usize {
        if self.config.rules.special.is_empty() {
            return 0;
        }
        let key = self.hashing.part(Part::Metric, name);
        if let Some(rule) = self.rules.get(&key) {
            return *rule as usize;
        }
        if self.rules.len() >= RULES_REMEMBERED {
            self.rules.clear();
        }
        let rule = self.config.rules.of(name);
        // There are as many as somebody wrote.
        self.rules.insert(key, rule as u32);
        rule
    }

    /// Whether there is memory for one more of something, even where a table has to grow for it.
    fn has_memory(&self) -> bool {
        let entry = size_of::<(Identity, u32)>() + 1;
        let growth = self.table.growth()
            + self.claims.growth()
            + doubling(self.folds.len(), self.folds.capacity(), FOLD_ENTRY)
            + doubling(self.groups.len(), self.groups.capacity(), GROUP_ENTRY)
            + doubling(self.fold_numbers.len(), self.fold_numbers.capacity(), entry)
            + doubling(self.group_numbers.len(), self.group_numbers.capacity(), entry);
        self.memory() + growth + ROOM < self.config.memory_bytes
    }

    /// As it is known without going through everything.
    pub(crate) fn memory(&self) -> usize {
        let entry = size_of::<(Identity, u32)>() + 1;
        let numbers = [self.fold_numbers.capacity(), self.group_numbers.capacity()];
        self.table.memory()
            + self.claims.memory()
            + self.paths.memory()
            + self.forgotten.memory()
            + self.other_memory
            + allocated(self.folds.capacity(), FOLD_ENTRY)
            + allocated(self.groups.capacity(), GROUP_ENTRY)
            + numbers.iter().map(|capacity| allocated(*capacity, entry)).sum::<usize>()
            + allocated(self.rules.capacity(), entry)
            + allocated(self.ended.capacity(), size_of::<(Identity, (u64, u32))>() + 1)
    }

    /// Counts anew what groups and folds have on the heap.
    fn count_memory(&mut self) {
        let folds: usize = self.folds.values().map(Fold::memory).sum();
        let groups: usize = self.groups.values().map(Group::memory).sum();
        self.other_memory = folds + groups;
    }
}

/// The text of an encoded `KeyValue`, if that is what it holds.
pub(crate) fn text_of(record: &[u8]) -> Option<Cow<'_, str>> {
    let value = KeyValue::from(Message::new(record)).value().ok()??;
    match value.value().ok()? {
        Some(tamis_sdk::otlp::common::Value::String(text)) => Some(text.to_string_lossy()),
        _ => None,
    }
}
