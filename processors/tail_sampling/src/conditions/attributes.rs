//! Attributes of resources and spans.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use tamis_re2::Set;
use tamis_sdk::otlp::common::{AnyValue, KeyValue, Value};
use tamis_sdk::wire::{Error, Message};

use crate::bits::{self, Bit};

/// The field `attributes` of a resource.
const OF_RESOURCE: u32 = 1;
/// The field `attributes` of a span.
const OF_SPAN: u32 = 9;

/// The conditions on attributes, by key.
#[derive(Debug, Default)]
pub(crate) struct Attributes {
    keys: Vec<Key>,
    /// The bits of all of them.
    all: Vec<u64>,
    /// Which keys have been met in the map in hand: of an attribute that is there twice, the first
    /// counts.
    met: Vec<bool>,
}

#[derive(Debug)]
struct Key {
    key: Box<[u8]>,
    conditions: Vec<(Bit, Test)>,
}

/// What is asked of a value.
#[derive(Debug)]
pub(crate) enum Test {
    /// A number between the two, inclusive.
    Number {
        min: i64,
        max: i64,
    },
    Boolean(bool),
    /// One of these texts; sorted.
    Texts(Vec<Box<[u8]>>),
    Patterns(Patterns),
}

/// Regular expressions, of which one must match.
#[derive(Debug)]
pub(crate) struct Patterns {
    pub(crate) set: Set,
    /// What texts were found to be; emptied when it is full.
    pub(crate) known: HashMap<Box<[u8]>, bool, FixedState>,
    pub(crate) known_max: usize,
}

/// Texts longer than this are not remembered, in bytes.
const KNOWN_TEXT_MAX: usize = 1024;

impl Attributes {
    pub(super) fn add(&mut self, bit: Bit, count: usize, key: &str, test: Test) {
        super::put(&mut self.all, bit, count);
        let position = self.keys.iter().position(|known| *known.key == *key.as_bytes());
        let index = position.unwrap_or_else(|| {
            self.keys.push(Key { key: key.as_bytes().into(), conditions: Vec::new() });
            self.met.push(false);
            self.keys.len() - 1
        });
        self.keys[index].conditions.push((bit, test));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    pub(super) fn resource(&mut self, resource: Message<'_>, row: &mut [u64]) -> Result<(), Error> {
        self.look(resource, OF_RESOURCE, row)
    }

    pub(super) fn span(&mut self, span: Message<'_>, row: &mut [u64]) -> Result<(), Error> {
        if bits::has_all(row, &self.all) {
            return Ok(());
        }
        self.look(span, OF_SPAN, row)
    }

    fn look(&mut self, owner: Message<'_>, number: u32, row: &mut [u64]) -> Result<(), Error> {
        self.met.fill(false);
        for field in owner.fields() {
            let field = field?;
            if field.number() != number {
                continue;
            }
            let attribute = field.message()?;
            let name = key(attribute)?;
            for (wanted, met) in self.keys.iter_mut().zip(&mut self.met) {
                if *wanted.key == *name && !std::mem::replace(met, true) {
                    let value = match KeyValue::from(attribute).value()? {
                        Some(value) => AnyValue::value(&value)?,
                        None => None,
                    };
                    wanted.look(value, number == OF_SPAN, row);
                }
            }
        }
        Ok(())
    }
}

#[inline]
fn key(attribute: Message<'_>) -> Result<&[u8], Error> {
    let mut key = &[][..];
    for field in attribute.fields() {
        let field = field?;
        if field.number() == KeyValue::KEY {
            key = field.bytes()?;
        }
    }
    Ok(key)
}

impl Key {
    fn look(&mut self, value: Option<Value<'_>>, of_span: bool, row: &mut [u64]) {
        for (bit, test) in &mut self.conditions {
            if !bit.is_set(row) && test.passes(value, of_span) {
                bit.set(row);
            }
        }
    }
}

impl Test {
    fn passes(&mut self, value: Option<Value<'_>>, of_span: bool) -> bool {
        match (self, value) {
            (Self::Number { min, max }, Some(Value::Int(value))) => (*min..=*max).contains(&value),
            (Self::Number { min, max }, Some(Value::Double(value))) => {
                *min as f64 <= value && value <= *max as f64
            }
            (Self::Number { .. }, _) => false,
            (Self::Boolean(wanted), Some(Value::Bool(value))) => *wanted == value,
            (Self::Boolean(_), _) => false,
            // To the Collector, whatever is no string is an empty one.
            (test, Some(Value::String(text))) => test.passes_text(text.as_bytes(), of_span),
            (test, _) => test.passes_text(&[], of_span),
        }
    }

    /// An empty text can match on a resource only.
    fn passes_text(&mut self, text: &[u8], of_span: bool) -> bool {
        if text.is_empty() && of_span {
            return false;
        }
        match self {
            Self::Texts(texts) => texts.binary_search_by(|known| (**known).cmp(text)).is_ok(),
            Self::Patterns(patterns) => patterns.is_match(text),
            Self::Number { .. } | Self::Boolean(_) => false,
        }
    }
}

impl Patterns {
    fn is_match(&mut self, text: &[u8]) -> bool {
        if let Some(known) = self.known.get(text) {
            return *known;
        }
        let is_match = self.set.is_match(text);
        if text.len() <= KNOWN_TEXT_MAX {
            if self.known.len() >= self.known_max {
                self.known.clear();
            }
            self.known.insert(text.into(), is_match);
        }
        is_match
    }
}
