//! Random edits, once through cursors and once by writing the whole batch anew.

use super::generate::Generate;
use super::schema::{self, Message};
use tamis_sdk::edit::Cursor;
use tamis_sdk::wire::{self, Field, WireType, Writer};

/// Whether everything stayed as it was.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kept {
    All,
    NotAll,
}

pub(crate) struct Rebuilt {
    pub(crate) bytes: Vec<u8>,
    pub(crate) kept: Kept,
}

/// What is done to a field.
enum Edit {
    Keep,
    Enter(Message),
    Remove,
    Replace(Vec<u8>),
    Number(u64),
    Records(Vec<u8>),
}

fn decide(generate: &mut Generate, field: &Field<'_>, kind: Message) -> Edit {
    let child = schema::child(kind, field.number());
    match (generate.below(24), field.wire_type()) {
        (0, _) => Edit::Remove,
        (1, WireType::Length) => Edit::Replace(generate.bytes()),
        (2, WireType::Length) => {
            let length = field.payload().len();
            Edit::Replace((0..length).map(|_| generate.bits() as u8).collect())
        }
        (1, _) => Edit::Number(generate.number()),
        (3, _) => Edit::Records(records(generate)),
        _ => child.map_or(Edit::Keep, Edit::Enter),
    }
}

fn records(generate: &mut Generate) -> Vec<u8> {
    let mut records = Vec::new();
    let mut writer = Writer::new(&mut records);
    writer.varint(777, generate.number());
    writer.bytes(778, generate.bytes());
    records
}

/// How often records are put at the end of a message.
fn appended(generate: &mut Generate) -> Vec<Vec<u8>> {
    if generate.chance(10) { generate.list(records) } else { Vec::new() }
}

pub(crate) fn edit(
    generate: &mut Generate,
    cursor: &mut Cursor<'_, '_>,
    kind: Message,
) -> Result<(), wire::Error> {
    while let Some(field) = cursor.next()? {
        match decide(generate, &field, kind) {
            Edit::Keep => {}
            Edit::Enter(child) => edit(generate, &mut cursor.enter(field)?, child)?,
            Edit::Remove => cursor.remove(field)?,
            Edit::Replace(payload) => cursor.replace(field, &payload)?,
            Edit::Number(value) => cursor.replace_number(field, value)?,
            Edit::Records(records) => {
                cursor.replace_record(field, |writer| writer.records(&records))?;
            }
        }
    }
    for records in appended(generate) {
        cursor.append(|writer| writer.records(&records))?;
    }
    Ok(())
}

pub(crate) fn rebuild(generate: &mut Generate, batch: &[u8], kind: Message) -> Rebuilt {
    let mut bytes = Vec::new();
    let kept = message(generate, batch, wire::Message::new(batch), kind, &mut bytes);
    Rebuilt { bytes, kept }
}

fn message(
    generate: &mut Generate,
    batch: &[u8],
    from: wire::Message<'_>,
    kind: Message,
    out: &mut Vec<u8>,
) -> Kept {
    let mut kept = Kept::All;
    for field in from.fields() {
        let field = field.unwrap();
        let record = &batch[field.record()];
        let edit = decide(generate, &field, kind);
        if !matches!(edit, Edit::Keep | Edit::Enter(_)) {
            kept = Kept::NotAll;
        }
        match edit {
            Edit::Keep => out.extend(record),
            Edit::Remove => {}
            Edit::Records(records) => out.extend(records),
            Edit::Replace(payload) => put(batch, &field, &payload, out),
            Edit::Number(value) => {
                out.extend(&batch[field.record().start..field.range().start]);
                match field.wire_type() {
                    WireType::Fixed32 => out.extend((value as u32).to_le_bytes()),
                    WireType::Fixed64 => out.extend(value.to_le_bytes()),
                    _ => put_varint(out, value),
                }
            }
            Edit::Enter(child) => {
                let mut payload = Vec::new();
                let inner = message(generate, batch, field.message().unwrap(), child, &mut payload);
                if inner == Kept::NotAll {
                    kept = inner;
                }
                put(batch, &field, &payload, out);
            }
        }
    }
    for records in appended(generate) {
        out.extend(records);
        kept = Kept::NotAll;
    }
    kept
}

/// The record with another payload: its prefix as it was when the length is, else as short as can be.
fn put(batch: &[u8], field: &Field<'_>, payload: &[u8], out: &mut Vec<u8>) {
    if payload.len() == field.payload().len() {
        out.extend(&batch[field.record().start..field.range().start]);
    } else {
        let record = &batch[field.record()];
        let tag = record.iter().position(|byte| *byte < 0x80).unwrap();
        out.extend(&record[..=tag]);
        put_varint(out, payload.len() as u64);
    }
    out.extend(payload);
}

fn put_varint(out: &mut Vec<u8>, value: u64) {
    let mut record = Vec::new();
    Writer::new(&mut record).varint(1, value);
    out.extend(&record[1..]);
}
