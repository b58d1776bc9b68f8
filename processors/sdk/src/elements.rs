//! The easy way: visit everything that has attributes and change them by key.
//!
//! [`edit`] goes through a batch of any signal once and hands every [`Element`] to a function:
//! resources, scopes, spans and their events and links, metrics, data points and exemplars, log
//! records. It builds on [`Editor`] and costs the same; a processor that must look at every byte
//! uses that directly.

mod shapes;
mod value;
mod walk;

pub use shapes::View;
pub use value::NewValue;

use crate::contract::{Error, Outcome, Signal};
use crate::edit::Editor;
use crate::otlp::common::{AnyValue, KeyValue};
use crate::otlp::{Repeated, common};
use crate::wire::{self, Message, Writer};

/// Visits every element of the batch, in wire order, a parent before what is in it.
///
/// A resource or scope that the sender left out is visited too, empty and after its items: it comes
/// to be when an attribute is set.
///
/// # Errors
///
/// The batch is malformed, or what `visit` answered.
pub fn edit(
    signal: Signal,
    batch: &[u8],
    mut visit: impl FnMut(&mut Element<'_>) -> Result<(), Error>,
) -> Result<Outcome, Error> {
    let mut editor = Editor::new(batch);
    walk::walk(&mut editor.root(), shapes::request(signal), Vec::new(), &mut visit)?;
    Ok(editor.finish()?)
}

/// Something with attributes. Changes are carried out when the visit is over.
#[derive(Debug)]
pub struct Element<'a> {
    view: View<'a>,
    message: Message<'a>,
    /// Number of the field that holds the attributes.
    attributes: u32,
    changes: Vec<Change>,
    discarded: bool,
}

/// What is to become of the attribute with this key.
#[derive(Debug)]
struct Change {
    key: String,
    /// As an encoded `AnyValue`; none: removed.
    value: Option<Vec<u8>>,
}

impl<'a> Element<'a> {
    /// What it is, as it was received.
    #[must_use]
    pub fn view(&self) -> View<'a> {
        self.view
    }

    /// The attributes as they were received.
    #[must_use]
    pub fn attributes(&self) -> Repeated<'a, KeyValue<'a>> {
        Repeated::new(self.message, self.attributes)
    }

    /// The value of an attribute as it now stands; the first one, should the key be there twice.
    ///
    /// # Errors
    ///
    /// The element is malformed.
    pub fn get(&self, key: &str) -> Result<Option<AnyValue<'_>>, wire::Error> {
        if let Some(change) = self.changes.iter().find(|change| change.key == key) {
            let value = change.value.as_deref();
            return Ok(value.map(|bytes| AnyValue::from(Message::new(bytes))));
        }
        for attribute in self.attributes() {
            let attribute = attribute?;
            if attribute.key()? == key {
                let empty = || AnyValue::from(Message::new(&[]));
                return Ok(Some(attribute.value()?.unwrap_or_else(empty)));
            }
        }
        Ok(None)
    }

    /// The value of an attribute that is a string; none when it is absent or something else.
    ///
    /// # Errors
    ///
    /// The element is malformed.
    pub fn get_string(&self, key: &str) -> Result<Option<wire::Text<'_>>, wire::Error> {
        let value = match self.get(key)? {
            Some(value) => value.value()?,
            None => None,
        };
        Ok(match value {
            Some(common::Value::String(text)) => Some(text),
            _ => None,
        })
    }

    /// Sets an attribute: the first with that key gets the value, others with that key go; where
    /// there is none it is added.
    pub fn set<'v>(&mut self, key: &str, value: impl Into<NewValue<'v>>) {
        let mut bytes = Vec::new();
        value.into().write(&mut Writer::new(&mut bytes));
        self.change(key, Some(bytes));
    }

    /// Takes an attribute out, however often its key is there.
    pub fn remove(&mut self, key: &str) {
        self.change(key, None);
    }

    /// Takes the element out of the batch, with all that is in it. A resource or scope leaves its
    /// items behind, without one.
    pub fn discard(&mut self) {
        self.discarded = true;
    }

    fn change(&mut self, key: &str, value: Option<Vec<u8>>) {
        match self.changes.iter_mut().find(|change| change.key == key) {
            Some(change) => change.value = value,
            None => self.changes.push(Change { key: key.to_owned(), value }),
        }
    }
}
