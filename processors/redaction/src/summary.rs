//! Attributes that tell what was done: `redaction.masked.keys` and its like.

use std::ops::Range;

use tamis_sdk::wire::Writer;

use crate::config::Summary;
use crate::value::{Pair, Value};

/// Every name starts with this.
pub(crate) const PREFIX: &[u8] = b"redaction.";

/// What a summary tells.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Redacted,
    Masked,
    Allowed,
    Ignored,
}

/// How a summary is named, and whether a later redaction adds to it: what was redacted or masked is
/// gone, so the next processor of the chain cannot count it again, while it counts afresh what it
/// allows and ignores.
struct Names {
    kind: Kind,
    keys: Option<&'static str>,
    count: &'static str,
    accumulates: bool,
}

const OF_ATTRIBUTES: [Names; 4] = [
    Names {
        kind: Kind::Redacted,
        keys: Some("redaction.redacted.keys"),
        count: "redaction.redacted.count",
        accumulates: true,
    },
    Names {
        kind: Kind::Masked,
        keys: Some("redaction.masked.keys"),
        count: "redaction.masked.count",
        accumulates: true,
    },
    Names {
        kind: Kind::Allowed,
        keys: Some("redaction.allowed.keys"),
        count: "redaction.allowed.count",
        accumulates: false,
    },
    Names { kind: Kind::Ignored, keys: None, count: "redaction.ignored.count", accumulates: false },
];

/// They stand with the attributes of the log record.
const OF_BODY: [Names; 4] = [
    Names {
        kind: Kind::Redacted,
        keys: Some("redaction.body.redacted.keys"),
        count: "redaction.body.redacted.count",
        accumulates: true,
    },
    Names {
        kind: Kind::Masked,
        keys: Some("redaction.body.masked.keys"),
        count: "redaction.body.masked.count",
        accumulates: true,
    },
    Names {
        kind: Kind::Allowed,
        keys: Some("redaction.body.allowed.keys"),
        count: "redaction.body.allowed.count",
        accumulates: false,
    },
    Names {
        kind: Kind::Ignored,
        keys: None,
        count: "redaction.body.ignored.count",
        accumulates: false,
    },
];

/// Is this the key of a summary?
pub(crate) fn is_summary(key: &[u8]) -> bool {
    key.starts_with(PREFIX)
        && OF_ATTRIBUTES.iter().chain(&OF_BODY).any(|names| {
            names.count.as_bytes() == key || names.keys.is_some_and(|keys| keys.as_bytes() == key)
        })
}

/// Keys that met the same end.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    count: u64,
    /// Only for [`Summary::Debug`].
    keys: Vec<Vec<u8>>,
}

impl Tally {
    pub(crate) fn add(&mut self, summary: Summary, key: impl FnOnce() -> Vec<u8>) {
        self.count += 1;
        if summary == Summary::Debug {
            self.keys.push(key());
        }
    }
}

/// What was done to one map of attributes, or to one body.
#[derive(Debug, Default)]
pub(crate) struct Tallies {
    pub(crate) redacted: Tally,
    pub(crate) masked: Tally,
    pub(crate) allowed: Tally,
    pub(crate) ignored: Tally,
}

impl Tallies {
    fn of(&mut self, kind: Kind) -> &mut Tally {
        match kind {
            Kind::Redacted => &mut self.redacted,
            Kind::Masked => &mut self.masked,
            Kind::Allowed => &mut self.allowed,
            Kind::Ignored => &mut self.ignored,
        }
    }
}

/// A summary that is already there, from an earlier processor.
#[derive(Debug)]
pub(crate) struct Existing<'a> {
    pub(crate) record: Range<usize>,
    pub(crate) pair: Pair<'a>,
}

/// What is to be done about one summary attribute.
#[derive(Debug)]
pub(crate) enum Entry {
    Remove(Range<usize>),
    Replace(Range<usize>, Attribute),
    Append(Attribute),
}

/// The key and value of a summary.
#[derive(Debug)]
pub(crate) struct Attribute {
    key: &'static str,
    value: AttributeValue,
}

#[derive(Debug)]
enum AttributeValue {
    Keys(Vec<u8>),
    Count(i64),
}

impl Attribute {
    /// Writes the attribute as a field of that number.
    pub(crate) fn write(&self, number: u32, out: &mut Writer<'_>) {
        out.message(number, |pair| {
            pair.bytes(1, self.key);
            pair.message(2, |any| match &self.value {
                AttributeValue::Keys(keys) => any.bytes(1, keys),
                AttributeValue::Count(count) => any.varint(3, *count as u64),
            });
        });
    }
}

/// What to write about one map of attributes.
pub(crate) fn of_attributes(
    summary: Summary,
    tallies: &mut Tallies,
    existing: &[Existing<'_>],
    entries: &mut Vec<Entry>,
) {
    write_all(&OF_ATTRIBUTES, summary, tallies, existing, entries);
}

/// What to write about the body of a log record.
pub(crate) fn of_body(
    summary: Summary,
    tallies: &mut Tallies,
    existing: &[Existing<'_>],
    entries: &mut Vec<Entry>,
) {
    write_all(&OF_BODY, summary, tallies, existing, entries);
}

fn write_all(
    all: &[Names; 4],
    summary: Summary,
    tallies: &mut Tallies,
    existing: &[Existing<'_>],
    entries: &mut Vec<Entry>,
) {
    if summary == Summary::Silent {
        return;
    }
    for names in all {
        let tally = std::mem::take(tallies.of(names.kind));
        if tally.count > 0 {
            write(names, summary, tally, existing, entries);
        } else if !names.accumulates {
            let stale = |found: &&Existing<'_>| {
                let key = found.pair.key;
                key == names.count.as_bytes()
                    || names.keys.is_some_and(|keys| keys.as_bytes() == key)
            };
            let stale = existing.iter().filter(stale);
            entries.extend(stale.map(|found| Entry::Remove(found.record.clone())));
        }
    }
}

fn write(
    names: &Names,
    summary: Summary,
    mut tally: Tally,
    existing: &[Existing<'_>],
    entries: &mut Vec<Entry>,
) {
    let before = |key: &str| existing.iter().find(|found| found.pair.key == key.as_bytes());
    let mut put = |key, value| {
        let attribute = Attribute { key, value };
        entries.push(match before(key) {
            Some(found) => Entry::Replace(found.record.clone(), attribute),
            None => Entry::Append(attribute),
        });
    };
    if let (Summary::Debug, Some(key)) = (summary, names.keys) {
        if names.accumulates
            && let Some(Value::String(keys)) = before(key).map(|found| found.pair.any.value)
            && !keys.is_empty()
        {
            tally.keys.extend(keys.split(|&byte| byte == b',').map(<[u8]>::to_vec));
        }
        tally.keys.sort_unstable();
        put(key, AttributeValue::Keys(tally.keys.join(&b',')));
    }
    let mut count = tally.count as i64;
    if names.accumulates
        && let Some(Value::Int(counted)) = before(names.count).map(|found| found.pair.any.value)
    {
        count = count.wrapping_add(counted);
    }
    put(names.count, AttributeValue::Count(count));
}
