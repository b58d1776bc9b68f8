//! One batch taken apart by trace. The buffers are used again for the next one.

use hashbrown::HashTable;
use tamis_sdk::otlp::trace::{ResourceSpans, ScopeSpans};
use tamis_sdk::wire::{Error, Message};

use crate::bits;
use crate::conditions::{Conditions, Owners, Seen};
use crate::ids::{Hashing, TraceId};
use crate::policy::Verdict;
use crate::size::Size;

/// The fields of a request and of the groups in it that hold the next level.
pub(crate) const RESOURCES: u32 = 1;
pub(crate) const SCOPES: u32 = ResourceSpans::SCOPE_SPANS;
pub(crate) const SPANS: u32 = ScopeSpans::SPANS;

/// The spans of a batch by trace.
#[derive(Debug)]
pub(crate) struct Batch {
    /// In order of appearance.
    pub(crate) groups: Vec<Group>,
    /// In order of appearance.
    pub(crate) spans: Vec<SpanAt>,
    pub(crate) resources: Vec<Extent>,
    /// How many spans each scope has.
    pub(crate) scopes: Vec<usize>,
    index: HashTable<u32>,
    hashing: Hashing,
    /// The rows of the groups, one after the other.
    rows: Vec<u64>,
    width: usize,
    /// What holds of the resource in hand.
    resource: Vec<u64>,
}

/// How many scopes and spans a resource has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extent {
    pub(crate) scopes: usize,
    pub(crate) spans: usize,
}

/// Where a span is: its group, and its offset in the batch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SpanAt {
    pub(crate) group: u32,
    pub(crate) offset: u32,
}

/// The spans of one trace in the batch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Group {
    pub(crate) id: TraceId,
    pub(crate) origin: Origin,
    pub(crate) fate: Fate,
    pub(crate) spans: u32,
    pub(crate) has_root: bool,
    pub(crate) size: Size,
}

/// What was known of a trace before the batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    New,
    /// It waits, in this slot.
    Pending(u32),
    /// It was decided, in this slot.
    Decided(u32),
}

/// What becomes of the spans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// They are held.
    Wait,
    /// They go the way of their trace.
    Settled(Verdict),
}

/// The resource in hand.
#[derive(Debug, Clone, Copy)]
struct Around<'a> {
    /// Bytes of its own.
    header: u64,
    owners: Owners<'a>,
    /// See [`Batch::read`].
    parts: bool,
}

/// What the walk asks of whoever knows the traces.
pub(crate) trait Known {
    /// What is known of a trace; where it waits, its row goes to `row`, which is all zeros.
    fn look_up(&self, id: &TraceId, row: &mut [u64]) -> (Origin, Fate);

    /// Called at the end of each resource for each waiting trace in it, where parts are decided.
    fn part(&mut self, group: &Group, conditions: &Conditions, row: &[u64]) -> Fate;
}

impl Batch {
    pub(crate) fn new(hashing: Hashing, width: usize) -> Self {
        Self {
            groups: Vec::new(),
            spans: Vec::new(),
            resources: Vec::new(),
            scopes: Vec::new(),
            index: HashTable::new(),
            hashing,
            rows: Vec::new(),
            width,
            resource: Vec::new(),
        }
    }

    pub(crate) fn row(&self, group: usize) -> &[u64] {
        &self.rows[group * self.width..][..self.width]
    }

    /// Takes a batch apart and folds its spans into rows. With `parts`, each resource stands alone:
    /// rows begin anew and are decided at its end.
    pub(crate) fn read(
        &mut self,
        batch: &[u8],
        conditions: &mut Conditions,
        known: &mut impl Known,
        parts: bool,
    ) -> Result<(), Error> {
        self.clear();
        for resource in Message::new(batch).fields() {
            let resource = resource?;
            if resource.number() != RESOURCES {
                continue;
            }
            let (scopes, spans) = (self.scopes.len(), self.spans.len());
            self.resource(resource.message()?, conditions, known, parts)?;
            let (scopes, spans) = (self.scopes.len() - scopes, self.spans.len() - spans);
            self.resources.push(Extent { scopes, spans });
            if parts {
                self.decide_parts(conditions, known);
            }
        }
        self.groups.iter_mut().for_each(|group| group.size.close());
        Ok(())
    }

    fn clear(&mut self) {
        self.groups.clear();
        self.spans.clear();
        self.resources.clear();
        self.scopes.clear();
        self.index.clear();
        self.rows.clear();
    }

    fn resource(
        &mut self,
        message: Message<'_>,
        conditions: &mut Conditions,
        known: &mut impl Known,
        parts: bool,
    ) -> Result<(), Error> {
        conditions.resource(ResourceSpans::from(message).resource()?, &mut self.resource)?;
        let around = Around {
            header: header(message, SCOPES)?,
            owners: Owners { resource: conditions.owner(message)?, ..Owners::default() },
            parts,
        };
        for scope in message.fields() {
            let scope = scope?;
            if scope.number() == SCOPES {
                let before = self.spans.len();
                self.scope(scope.message()?, around, conditions, known)?;
                self.scopes.push(self.spans.len() - before);
            }
        }
        Ok(())
    }

    fn scope(
        &mut self,
        message: Message<'_>,
        around: Around<'_>,
        conditions: &mut Conditions,
        known: &mut impl Known,
    ) -> Result<(), Error> {
        let scope_header = header(message, SPANS)?;
        let owners = Owners { scope: conditions.owner(message)?, ..around.owners };
        let (resource, scope) = (self.resources.len() as u32, self.scopes.len() as u32);
        let mut group = usize::MAX;
        for record in message.fields() {
            let record = record?;
            if record.number() != SPANS {
                continue;
            }
            let span = record.message()?;
            let seen = Seen::read(span)?;
            let id = trace_id(seen.trace_id);
            // Spans of one trace often come one after the other.
            if self.groups.get(group).is_none_or(|group| group.id != id) {
                group = self.group(id, known);
            }
            // A batch is far below 4 GiB.
            let offset = span.range().start as u32;
            self.spans.push(SpanAt { group: group as u32, offset });
            let row = &mut self.rows[group * self.width..][..self.width];
            let group = &mut self.groups[group];
            group.spans += 1;
            group.has_root |= !seen.has_parent;
            if group.size.enter(resource, around.header, scope, scope_header) {
                if around.parts {
                    row.fill(0);
                }
                bits::unite(row, &self.resource);
            }
            group.size.add(record.record().len() as u64);
            if group.fate == Fate::Wait {
                conditions.span(&seen, span, owners, row)?;
            }
        }
        Ok(())
    }

    /// The group of a trace, made when it is not there yet.
    fn group(&mut self, id: TraceId, known: &mut impl Known) -> usize {
        let hash = self.hashing.hash(&id);
        let groups = &self.groups;
        let found = self.index.find(hash, |&group| groups[group as usize].id == id);
        if let Some(&found) = found {
            return found as usize;
        }
        let group = self.groups.len();
        self.rows.resize((group + 1) * self.width, 0);
        let (origin, fate) = known.look_up(&id, &mut self.rows[group * self.width..]);
        let size = Size::default();
        self.groups.push(Group { id, origin, fate, spans: 0, has_root: false, size });
        let (groups, hashing) = (&self.groups, &self.hashing);
        let rehash = |&group: &u32| hashing.hash(&groups[group as usize].id);
        self.index.insert_unique(hash, group as u32, rehash);
        group
    }

    fn decide_parts(&mut self, conditions: &Conditions, known: &mut impl Known) {
        let resource = self.resources.len() as u32 - 1;
        for (index, group) in self.groups.iter_mut().enumerate() {
            if group.fate == Fate::Wait && group.size.is_in(resource) {
                let row = &self.rows[index * self.width..][..self.width];
                group.fate = known.part(group, conditions, row);
            }
        }
    }

    /// The spans of each group that is to be held: its place, and their offsets.
    pub(crate) fn waiting(&self) -> Vec<(usize, Vec<u32>)> {
        let waits = |(_, group): &(usize, &Group)| group.fate == Fate::Wait;
        let mut places = vec![usize::MAX; self.groups.len()];
        let mut waiting = Vec::new();
        for (group, of) in self.groups.iter().enumerate().filter(waits) {
            places[group] = waiting.len();
            waiting.push((group, Vec::with_capacity(of.spans as usize)));
        }
        for span in &self.spans {
            if let Some((_, offsets)) = waiting.get_mut(places[span.group as usize]) {
                offsets.push(span.offset);
            }
        }
        waiting
    }
}

/// Bytes of all fields but those that hold the next level.
fn header(message: Message<'_>, children: u32) -> Result<u64, Error> {
    let mut bytes = 0;
    for field in message.fields() {
        let field = field?;
        if field.number() != children {
            bytes += field.record().len() as u64;
        }
    }
    Ok(bytes)
}

/// Ids of another length than 16 bytes are cut or filled up.
#[inline]
fn trace_id(bytes: &[u8]) -> TraceId {
    bytes.try_into().unwrap_or_else(|_| {
        let mut id = [0; 16];
        id.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        id
    })
}
