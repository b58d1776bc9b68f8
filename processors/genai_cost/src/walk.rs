//! The way through a batch: to each span or log record that may tell of a call, and back with what is
//! written on it.

use tamis_sdk::edit::{Cursor, Editor};
use tamis_sdk::otlp::logs::LogRecord;
use tamis_sdk::otlp::trace::Span;
use tamis_sdk::wire::{Error, Field, Message};
use tamis_sdk::{Context, Hit, Outcome, Signal};

use crate::item::Item;
use crate::names::Names;
use crate::seen::Seen;
use crate::value;
use crate::write::{self, Dialects};

// The signals have one shape: an Export request has resources, a resource has scopes, a scope has items.
const RESOURCES: u32 = 1;
const RESOURCE: u32 = 1;
const SCOPES: u32 = 2;
const SCOPE: u32 = 1;
const ITEMS: u32 = 2;

/// What an item stands in.
#[derive(Clone, Copy)]
pub(crate) struct Around<'a> {
    /// The message that holds the resource.
    resources: Message<'a>,
    /// The message that holds the scope.
    scopes: Message<'a>,
}

impl<'a> Around<'a> {
    /// The resource, wherever it stands among the scopes.
    pub(crate) fn resource(&self) -> Result<Option<Message<'a>>, Error> {
        member(self.resources, RESOURCE)
    }

    pub(crate) fn scope(&self) -> Result<Option<Message<'a>>, Error> {
        member(self.scopes, SCOPE)
    }
}

fn member(message: Message<'_>, number: u32) -> Result<Option<Message<'_>>, Error> {
    for field in message.fields() {
        let field = field?;
        if field.number() == number {
            return field.message().map(Some);
        }
    }
    Ok(None)
}

/// What is to be put on an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// It stays as it is.
    Nothing,
    /// The cost.
    Cost,
    /// The cost, and the call in the words of the conventions; what they said before gives way.
    Normalized,
}

/// What is done with what an item says.
pub(crate) trait Visit {
    /// Called for every item, before [`item`](Self::item) for those that are about a model.
    fn any(&mut self, _: &Item<'_>) {}

    /// Writes attributes into `attributes`, encoded for the item.
    fn item<'a>(
        &mut self,
        item: &Item<'a>,
        seen: &mut Seen<'a>,
        around: Around<'a>,
        attributes: &mut Vec<u8>,
    ) -> Result<Written, Error>;
}

/// One batch on its way through.
pub(crate) struct Walk<'w, V> {
    names: &'w Names,
    visit: &'w mut V,
    signal: Signal,
    /// What the host found from here on.
    hits: Option<&'w [Hit]>,
    /// Items at these offsets are taken out, ascending.
    leaving: &'w [u32],
    dialects: Dialects,
}

impl<'w, V: Visit> Walk<'w, V> {
    pub(crate) fn new(
        names: &'w Names,
        visit: &'w mut V,
        context: &'w Context,
        dialects: Dialects,
    ) -> Self {
        let (signal, hits) = (context.signal, context.hits.as_deref());
        Self { names, visit, signal, hits, leaving: &[], dialects }
    }

    /// Takes the items at these offsets out, with what they leave empty.
    pub(crate) fn without(self, leaving: &'w [u32]) -> Self {
        Self { leaving, ..self }
    }

    pub(crate) fn batch(&mut self, batch: &[u8]) -> Result<Outcome, Error> {
        let mut editor = Editor::new(batch);
        let mut seen = Seen::default();
        let mut attributes = Vec::new();
        let mut request = editor.root();
        while let Some(resources) = request.next()? {
            if resources.number() != RESOURCES || !self.may_matter(&resources) {
                continue;
            }
            let outer = resources.message()?;
            if self.all_leave(outer, SCOPES, |scopes| {
                self.all_leave(scopes, ITEMS, |item| self.leaves(item))
            })? {
                request.remove(resources)?;
                continue;
            }
            let mut resources = request.enter(resources)?;
            while let Some(scopes) = resources.next()? {
                if scopes.number() != SCOPES || !self.may_matter(&scopes) {
                    continue;
                }
                let around = Around { resources: outer, scopes: scopes.message()? };
                if self.all_leave(around.scopes, ITEMS, |item| self.leaves(item))? {
                    resources.remove(scopes)?;
                    continue;
                }
                let mut scopes = resources.enter(scopes)?;
                while let Some(item) = scopes.next()? {
                    if item.number() != ITEMS {
                        continue;
                    }
                    if self.leaves(item.message()?)? {
                        scopes.remove(item)?;
                    } else if self.may_tell(&item) {
                        self.item(&mut scopes, item, around, &mut seen, &mut attributes)?;
                    }
                }
            }
        }
        drop(request);
        editor.finish()
    }

    /// Whether a group has to be looked at.
    #[inline]
    fn may_matter(&mut self, field: &Field<'_>) -> bool {
        !self.leaving.is_empty() || self.may_tell(field)
    }

    fn leaves(&self, item: Message<'_>) -> Result<bool, Error> {
        // A batch is far below 4 GiB.
        Ok(self.leaving.binary_search(&(item.range().start as u32)).is_ok())
    }

    /// Whether a group has members, and all of them leave.
    fn all_leave(
        &self,
        group: Message<'_>,
        number: u32,
        leaves: impl Fn(Message<'_>) -> Result<bool, Error>,
    ) -> Result<bool, Error> {
        let mut any = false;
        if self.leaving.is_empty() {
            return Ok(any);
        }
        for field in group.fields() {
            let field = field?;
            if field.number() == number {
                any = true;
                if !leaves(field.message()?)? {
                    return Ok(false);
                }
            }
        }
        Ok(any)
    }

    /// Whether the host found anything in it that tells of a call. To be asked in the order of the batch.
    #[inline]
    fn may_tell(&mut self, field: &Field<'_>) -> bool {
        let Some(mut hits) = self.hits else { return true };
        let range = field.range();
        while let [hit, rest @ ..] = hits
            && (hit.offset as usize) < range.start
        {
            hits = rest;
        }
        self.hits = Some(hits);
        hits.first().is_some_and(|hit| (hit.offset as usize) < range.end)
    }

    #[inline]
    fn item<'a>(
        &mut self,
        scopes: &mut Cursor<'_, 'a>,
        field: Field<'a>,
        around: Around<'a>,
        seen: &mut Seen<'a>,
        attributes: &mut Vec<u8>,
    ) -> Result<(), Error> {
        seen.clear();
        let item = match self.signal {
            Signal::Logs => Item::log_record(field.message()?, self.names, seen)?,
            _ => Item::span(field.message()?, self.names, seen)?,
        };
        self.visit.any(&item);
        if !seen.is_about_model() {
            return Ok(());
        }
        attributes.clear();
        match self.visit.item(&item, seen, around, attributes)? {
            Written::Nothing => Ok(()),
            written => self.write(scopes, field, seen, attributes, written),
        }
    }

    fn write<'a>(
        &self,
        scopes: &mut Cursor<'_, 'a>,
        field: Field<'a>,
        seen: &Seen<'a>,
        attributes: &[u8],
        written: Written,
    ) -> Result<(), Error> {
        let normalized = written == Written::Normalized;
        let number = attributes_of(self.signal);
        let mut item = scopes.enter(field)?;
        if seen.has_own || seen.reported().is_some() || self.dialects.are_of_others() || normalized
        {
            while let Some(attribute) = item.next()? {
                if attribute.number() == number {
                    let (key, _) = value::pair(attribute.message()?)?;
                    if write::gives_way(key, self.dialects)
                        || normalized && write::is_normalized(key)
                    {
                        item.remove(attribute)?;
                    }
                }
            }
        }
        item.append(|out| out.records(attributes))
    }
}

/// Field number of an item's attributes.
pub(crate) fn attributes_of(signal: Signal) -> u32 {
    attributes_of_item(signal != Signal::Logs)
}

pub(crate) fn attributes_of_item(is_span: bool) -> u32 {
    if is_span { Span::ATTRIBUTES } else { LogRecord::ATTRIBUTES }
}
