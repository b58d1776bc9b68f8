//! The state of one instance, and the way of one data point through it.
//!
//! A stream that is known and has a slot is found by its identity and stays as it is: that is what nearly
//! all points are, and it costs a hash and a look. For all others it is decided ([`admit`]) whether there
//! is room, or else which series they are added to ([`source`]). At the end of the batch what was added
//! to leaves as one data point each ([`leave`]). What has not left for a while gives its room back
//! ([`expire`]).

mod admit;
mod expire;
mod inspect;
mod leave;
pub(crate) mod snapshot;
mod source;

use std::borrow::Cow;
use std::rc::Rc;

use tamis_aggregate::{Kind, Point, Step, write_since};
use tamis_normalize::{Learning, Paths};
use tamis_sdk::otlp::common::KeyValue;
use tamis_sdk::otlp::resource::Resource;
use tamis_sdk::wire::{self, Message, Writer};

use crate::claims::{ByIdentity, Claims};
use crate::config::Config;
use crate::fold::{Fold, Head};
use crate::group::Group;
use crate::identity::{Hashing, Identity, Part};
use crate::labels::{Label, Labels, Origin, overflow_record};
use crate::report::{Action, Report};
use crate::table::{ByNumber, Table, is_tracked};

pub(crate) use crate::table::Place;

/// The clock counts in so many parts of the idle time.
const IDLE_PARTS: u64 = 1000;
const MILLISECOND: u64 = 1_000_000;
/// Clocks of senders are behind ours by no more than this, for the question what began before we did.
const SKEW: u64 = 60_000 * MILLISECOND;
/// Metrics whose rule is remembered by name.
const RULES_REMEMBERED: usize = 65_536;
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

/// The metric, scope and resource that a data point stands in.
pub(crate) struct Around<'s, 'a> {
    pub(crate) resource: &'s Owner<'a>,
    pub(crate) scope: &'s Owner<'a>,
    pub(crate) metric: &'s Metric<'a>,
}

/// A resource or a scope.
pub(crate) struct Owner<'a> {
    /// Its part of the identity.
    pub(crate) identity: Identity,
    /// The resource or scope itself.
    pub(crate) message: Option<Message<'a>>,
    /// The schema URL, as the encoded field, or nothing.
    pub(crate) schema: &'a [u8],
}

pub(crate) struct Metric<'a> {
    pub(crate) name: &'a [u8],
    pub(crate) identity: Identity,
    /// None where nobody can tell what its values mean.
    pub(crate) kind: Option<Kind>,
    /// Number of the field with the attributes of a data point.
    pub(crate) attributes: u32,
    pub(crate) message: Message<'a>,
    pub(crate) head: std::cell::OnceCell<Rc<Head>>,
}

impl Around<'_, '_> {
    fn identity(&self) -> Identity {
        self.metric.identity.plus(self.resource.identity).plus(self.scope.identity)
    }
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
    /// Folds that leave with the batch in hand, in the order in which they were touched.
    touched: Vec<u32>,
    /// The identity of the mark of an overflow.
    mark: Identity,
    /// Nanoseconds since the Unix epoch. It never goes back.
    now: u64,
    /// When this state began: what began before may have left already.
    began: u64,
    swept: u32,
    epoch: u64,
    /// Bytes of everything but the table, as of the last count.
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
            touched: Vec::new(),
            mark,
            now,
            began: now,
            swept: 0,
            epoch: now,
            other_memory: 0,
            offenders: Vec::new(),
            outstanding: None,
            learned_is_known: false,
        }
    }

    /// A batch, or a tick, at that time.
    pub(crate) fn begin(&mut self, now: u64) {
        self.now = self.now.max(now);
        self.report.begin();
        self.expire_when_due();
    }

    /// Parts of the idle time since the beginning.
    fn clock(&self) -> u32 {
        let unit = (self.config.idle / IDLE_PARTS).max(MILLISECOND);
        // Decades fit.
        ((self.now - self.began) / unit) as u32
    }

    /// How long something may not have left and still have its room; a part of the clock more, so that
    /// it is never less than what was asked for.
    fn idle(&self) -> u32 {
        (self.config.idle.div_ceil((self.config.idle / IDLE_PARTS).max(MILLISECOND))) as u32 + 1
    }

    /// What becomes of a data point.
    pub(crate) fn point(
        &mut self,
        around: &Around<'_, '_>,
        message: Message<'_>,
    ) -> Result<Verdict, wire::Error> {
        let mut identity = around.identity();
        for field in message.fields() {
            let field = field?;
            if field.number() == around.metric.attributes {
                identity = identity.plus(self.hashing.label(field.bytes()?));
            }
        }
        match self.table.find(identity) {
            Some(slot) if self.table.get(slot).place == Place::Own => {
                self.own(slot, around.metric.kind, message)
            }
            known => self.place(known, identity, around, message),
        }
    }

    /// A stream that leaves under its own identity.
    fn own(
        &mut self,
        slot: u32,
        kind: Option<Kind>,
        message: Message<'_>,
    ) -> Result<Verdict, wire::Error> {
        let clock = self.clock();
        let stream = self.table.get_mut(slot);
        stream.seen = clock;
        let Some(kind) = kind.filter(|kind| is_tracked(*kind)) else { return Ok(Verdict::Stays) };
        let point = Point::read(kind, message)?;
        if point.no_recorded_value() {
            return Ok(Verdict::Stays);
        }
        if stream.base.is_some() {
            return Ok(self.continued(slot, kind, &point, message));
        }
        if point.time >= stream.time || point.start > stream.start {
            let is_flat = matches!(kind, Kind::Sum { .. });
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
        if point.start < stream.start || (point.start == stream.start && point.time < stream.time) {
            self.report.point(Action::Late);
            return Verdict::Goes;
        }
        let is_new = point.start > stream.start;
        let written = stream.base.as_ref().filter(|_| !is_new).map(|base| {
            let mut out = Vec::new();
            let step =
                write_since(message, kind, &base.last, base.start, &mut Writer::new(&mut out));
            step.map(|step| (step, out))
        });
        let point_is_to_stay = |limiter: &mut Self| {
            limiter.table.change(slot, |stream| {
                stream.base = None;
                (stream.start, stream.time) = (point.start, point.time);
                let _ = stream.last.set(point);
            });
            Verdict::Stays
        };
        match written {
            Some(Ok((Step::Added, out))) => {
                self.table.change(slot, |stream| {
                    stream.time = point.time;
                    let _ = stream.last.set(point);
                });
                Verdict::Becomes(out)
            }
            // The stream began anew, and so does what leaves of it.
            None | Some(Ok((Step::Fell, _))) => point_is_to_stay(self),
            Some(Err(_)) => {
                self.report.point(Action::Invalid);
                Verdict::Goes
            }
        }
    }

    /// All labels, templates made of those that are to be; whether any was.
    fn labels<'a>(
        &mut self,
        around: &Around<'_, 'a>,
        message: Message<'a>,
    ) -> Result<(Labels<'a>, bool), wire::Error> {
        let mut labels = Labels::default();
        let resource = around.resource.message.iter();
        for field in resource.flat_map(Message::fields) {
            let field = field?;
            if field.number() == Resource::ATTRIBUTES {
                labels.0.push(Label::read(&self.hashing, Origin::Resource, field.message()?)?);
            }
        }
        let mut is_changed = false;
        for field in message.fields() {
            let field = field?;
            if field.number() == around.metric.attributes {
                let label = Label::read(&self.hashing, Origin::Point, field.message()?)?;
                let made = self.normalized(&label);
                is_changed |= made.is_some();
                labels.0.push(made.unwrap_or(label));
            }
        }
        Ok((labels, is_changed))
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

    /// The rule of a metric.
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

    /// Whether there is memory for one more of something.
    fn has_memory(&self) -> bool {
        self.table.memory() + self.other_memory < self.config.memory_bytes
    }

    pub(crate) fn memory(&self) -> usize {
        let folds: usize = self.folds.values().map(Fold::memory).sum();
        let groups: usize = self.groups.values().map(Group::memory).sum();
        let entry = size_of::<(Identity, u32)>() + 1;
        let maps = (self.fold_numbers.capacity() + self.group_numbers.capacity()) * entry;
        let rules = self.rules.capacity() * entry;
        folds
            + groups
            + maps
            + rules
            + self.claims.memory()
            + self.paths.memory()
            + self.table.memory()
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
