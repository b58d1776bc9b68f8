//! One pass over a batch: visit each element, then carry out its changes while going through it.

use super::shapes::{ElementShape, Shape};
use super::{Change, Element};
use crate::contract::Error;
use crate::edit::Cursor;
use crate::otlp::common::KeyValue;
use crate::wire::{self, Field, Kind, Message, Writer};

type Visit<'v> = &'v mut dyn FnMut(&mut Element<'_>) -> Result<(), Error>;

/// Goes through the message of the cursor, whose own changes are given.
pub(super) fn walk(
    cursor: &mut Cursor<'_, '_>,
    shape: &Shape,
    mut changes: Vec<Change>,
    visit: Visit<'_>,
) -> Result<(), Error> {
    let attributes = shape.element.as_ref().map_or(0, |element| element.attributes);
    let mut implied = shape.implied;
    while let Some(field) = cursor.next()? {
        implied = implied.filter(|number| *number != field.number());
        if field.number() == attributes && !changes.is_empty() {
            change_attribute(cursor, field, &mut changes)?;
        } else if let Some(child) = shape.child(field.number()) {
            walk_child(cursor, field, child, visit)?;
        }
    }
    for change in &changes {
        if let Some(value) = &change.value {
            cursor.append(|writer| write_attribute(writer, attributes, &change.key, value))?;
        }
    }
    match implied {
        Some(number) => add_implied(cursor, number, shape, visit),
        None => Ok(()),
    }
}

fn walk_child<'a>(
    cursor: &mut Cursor<'_, 'a>,
    field: Field<'a>,
    shape: &Shape,
    visit: Visit<'_>,
) -> Result<(), Error> {
    let mut changes = Vec::new();
    if let Some(element) = &shape.element {
        match visit_element(element, field.message()?, visit)? {
            Some(wanted) => changes = wanted,
            None => return Ok(cursor.remove(field)?),
        }
    }
    if changes.is_empty() && shape.children.is_empty() {
        return Ok(());
    }
    walk(&mut cursor.enter(field)?, shape, changes, visit)
}

/// The changes that are wanted; none when the element is discarded.
fn visit_element(
    shape: &ElementShape,
    message: Message<'_>,
    visit: Visit<'_>,
) -> Result<Option<Vec<Change>>, Error> {
    let mut element = Element {
        view: (shape.view)(message),
        message,
        attributes: shape.attributes,
        changes: Vec::new(),
        discarded: false,
    };
    visit(&mut element)?;
    Ok((!element.discarded).then_some(element.changes))
}

/// Carries out the change of one attribute, if there is one. A value that was put in leaves a
/// removal behind: whatever else has the key goes.
fn change_attribute<'a>(
    cursor: &mut Cursor<'_, 'a>,
    field: Field<'a>,
    changes: &mut [Change],
) -> Result<(), wire::Error> {
    let key = KeyValue::from(field.message()?).key()?;
    let Some(change) = changes.iter_mut().find(|change| key == change.key.as_str()) else {
        return Ok(());
    };
    match change.value.take() {
        Some(value) => replace_value(&mut cursor.enter(field)?, &value),
        None => cursor.remove(field),
    }
}

fn replace_value(attribute: &mut Cursor<'_, '_>, value: &[u8]) -> Result<(), wire::Error> {
    let mut replaced = false;
    while let Some(field) = attribute.next()? {
        if field.number() == KeyValue::VALUE {
            if replaced {
                return Err(wire::Error::new(Kind::Repeated, field.record().start));
            }
            attribute.replace(field, value)?;
            replaced = true;
        }
    }
    if !replaced {
        attribute.append(|writer| writer.bytes(KeyValue::VALUE, value))?;
    }
    Ok(())
}

/// Visits a resource or scope that is not there and adds it if it gets attributes.
fn add_implied(
    cursor: &mut Cursor<'_, '_>,
    number: u32,
    shape: &Shape,
    visit: Visit<'_>,
) -> Result<(), Error> {
    let Some(element) = shape.child(number).and_then(|child| child.element.as_ref()) else {
        return Ok(());
    };
    let changes = visit_element(element, Message::new(&[]), visit)?.unwrap_or_default();
    if changes.iter().all(|change| change.value.is_none()) {
        return Ok(());
    }
    Ok(cursor.append(|writer| {
        writer.message(number, |message| {
            for change in &changes {
                if let Some(value) = &change.value {
                    write_attribute(message, element.attributes, &change.key, value);
                }
            }
        });
    })?)
}

fn write_attribute(writer: &mut Writer<'_>, number: u32, key: &str, value: &[u8]) {
    writer.message(number, |attribute| {
        attribute.bytes(KeyValue::KEY, key);
        attribute.bytes(KeyValue::VALUE, value);
    });
}
