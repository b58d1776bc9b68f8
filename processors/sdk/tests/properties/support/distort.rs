//! Makes of tidy bytes what other senders, newer or broken, might send.

use super::generate::Generate;
use super::schema::{self, Message};
use tamis_sdk::Signal;
use tamis_sdk::wire::{self, Writer};

/// The same data with unknown fields at random places and some lengths longer than needed.
pub(crate) fn with_unknown_fields(
    generate: &mut Generate,
    signal: Signal,
    batch: &[u8],
) -> Vec<u8> {
    let mut out = Vec::new();
    let root = wire::Message::new(batch);
    copy(generate, root, schema::request(signal), &mut out, &mut |generate, _, out| {
        if generate.chance(6) {
            unknown(generate, out);
        }
    });
    out
}

/// Data with marks that must outlive every edit.
pub(crate) struct Marks {
    pub(crate) batch: Vec<u8>,
    pub(crate) marks: Vec<Vec<u8>>,
}

/// The same data with unknown fields, each with a payload of its own, everywhere but in attributes
/// and links, which may be taken out.
pub(crate) fn with_marks(generate: &mut Generate, signal: Signal, batch: &[u8]) -> Marks {
    let mut out = Vec::new();
    let mut marks = Vec::new();
    let root = wire::Message::new(batch);
    copy(generate, root, schema::request(signal), &mut out, &mut |generate, message, out| {
        use Message::{Array, KeyValue, Leaf, Map, Value};
        let lost = matches!(message, Value | Array | Map | KeyValue | Leaf(4));
        if !lost && generate.chance(3) {
            let mark = format!("mark {} of the test", marks.len()).into_bytes();
            Writer::new(out).bytes(900, &mark);
            marks.push(mark);
        }
    });
    Marks { batch: out, marks }
}

type Insert<'i> = &'i mut dyn FnMut(&mut Generate, Message, &mut Vec<u8>);

fn copy(
    generate: &mut Generate,
    message: wire::Message<'_>,
    kind: Message,
    out: &mut Vec<u8>,
    insert: Insert<'_>,
) {
    let start = message.range().start;
    for field in message.fields() {
        let field = field.unwrap();
        insert(generate, kind, out);
        let Some(child) = schema::child(kind, field.number()) else {
            let record = field.record();
            out.extend(&message.bytes()[record.start - start..record.end - start]);
            continue;
        };
        let mut inner = Vec::new();
        copy(generate, field.message().unwrap(), child, &mut inner, insert);
        varint(out, u64::from(field.number()) << 3 | 2, 0);
        let padding = if generate.chance(8) { generate.below(4) } else { 0 };
        varint(out, inner.len() as u64, padding);
        out.extend(inner);
    }
    insert(generate, kind, out);
}

/// The same data with fields whose numbers are known but whose types may not fit, and with fields
/// that are there twice.
pub(crate) fn with_stray_fields(generate: &mut Generate, signal: Signal, batch: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let root = wire::Message::new(batch);
    copy(generate, root, schema::request(signal), &mut out, &mut |generate, _, out| {
        if generate.chance(100) {
            let number = 1 + generate.below(16) as u32;
            record(generate, number, out);
        }
    });
    out
}

fn unknown(generate: &mut Generate, out: &mut Vec<u8>) {
    let number = 100 + generate.below(100_000) as u32;
    record(generate, number, out);
}

fn record(generate: &mut Generate, number: u32, out: &mut Vec<u8>) {
    let mut writer = Writer::new(out);
    match generate.below(4) {
        0 => writer.bytes(number, generate.bytes()),
        1 => writer.varint(number, generate.number()),
        2 => writer.fixed32(number, generate.number() as u32),
        _ => writer.fixed64(number, generate.number()),
    }
}

/// A varint with bytes that only make it longer.
fn varint(out: &mut Vec<u8>, mut value: u64, mut padding: usize) {
    loop {
        let byte = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 && padding == 0 {
            return out.push(byte);
        }
        out.push(byte | 0x80);
        padding = if value == 0 { padding - 1 } else { padding };
    }
}

/// Changes, takes out or doubles some bytes, or cuts the end off.
pub(crate) fn mutate(generate: &mut Generate, batch: &mut Vec<u8>) {
    if batch.is_empty() {
        return batch.push(generate.bits() as u8);
    }
    let at = generate.below(batch.len());
    match generate.below(5) {
        0 => batch[at] = generate.bits() as u8,
        1 => batch[at] ^= 1 << generate.below(8),
        2 => drop(batch.remove(at)),
        3 => batch.insert(at, generate.bits() as u8),
        _ if generate.chance(4) => batch.truncate(at),
        _ => {
            let end = (at + generate.below(40)).min(batch.len());
            let piece = batch[at..end].to_vec();
            batch.splice(at..at, piece);
        }
    }
}
