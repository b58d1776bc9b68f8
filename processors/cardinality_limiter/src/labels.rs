//! What a series is told apart by, taken apart: only for the data points of which it has to be decided
//! what leaves. For all others the sums of hashes are enough.

use std::borrow::Cow;

use tamis_sdk::otlp::common::KeyValue;
use tamis_sdk::wire::{self, Message, Writer};

use crate::config::Dimension;
use crate::identity::{Hashing, Identity};

/// The mark that the SDKs give the series for all that had no room.
/// <https://opentelemetry.io/docs/specs/otel/metrics/sdk/#overflow-attribute>
pub(crate) const OVERFLOW: &str = "otel.metric.overflow";
/// In place of a value, as contrib's `cardinality_guardian` has it.
const REPLACEMENT: &str = "otel.cardinality_overflow";

/// Where a label stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    Resource,
    Point,
}

/// One attribute.
#[derive(Debug, Clone)]
pub(crate) struct Label<'a> {
    pub(crate) key: &'a [u8],
    /// The encoded `KeyValue`.
    pub(crate) record: Cow<'a, [u8]>,
    /// As it counts in the identity.
    pub(crate) hash: Identity,
    pub(crate) origin: Origin,
}

impl<'a> Label<'a> {
    pub(crate) fn read(
        hashing: &Hashing,
        origin: Origin,
        attribute: Message<'a>,
    ) -> Result<Self, wire::Error> {
        Self::hashed(hashing.label(attribute.bytes()), origin, attribute)
    }

    /// `hash`: of the record.
    pub(crate) fn hashed(
        hash: Identity,
        origin: Origin,
        attribute: Message<'a>,
    ) -> Result<Self, wire::Error> {
        let key = KeyValue::from(attribute).key()?.as_bytes();
        let record = Cow::Borrowed(attribute.bytes());
        Ok(Self { key, record, hash: placed(hash, origin), origin })
    }

    /// The same key with another text.
    pub(crate) fn with_text(&self, hashing: &Hashing, text: &str) -> Self {
        let record = text_record(self.key, text);
        let hash = placed(hashing.label(&record), self.origin);
        Self { key: self.key, record: Cow::Owned(record), hash, origin: self.origin }
    }

    /// Whether it is what stands there where values gave way.
    pub(crate) fn is_replaced(&self, hashing: &Hashing) -> bool {
        self.hash == self.replaced(hashing).hash
    }

    /// What stands in its place where values give way.
    pub(crate) fn replaced(&self, hashing: &Hashing) -> Self {
        self.with_text(hashing, REPLACEMENT)
    }
}

/// The same label on a resource is another one.
pub(crate) fn placed(hash: Identity, origin: Origin) -> Identity {
    match origin {
        Origin::Point => hash,
        // Any odd number: nothing is lost, and sums stay sums.
        Origin::Resource => {
            Identity(hash.0.wrapping_mul(0x2545_f491_4f6c_dd1d_9e37_79b9_7f4a_7c15))
        }
    }
}

fn text_record(key: &[u8], text: &str) -> Vec<u8> {
    let mut record = Vec::new();
    let mut writer = Writer::new(&mut record);
    writer.bytes(KeyValue::KEY, key);
    writer.message(KeyValue::VALUE, |value| value.bytes(1, text));
    record
}

/// The marked label as a `KeyValue`.
pub(crate) fn overflow_record() -> Vec<u8> {
    let mut record = Vec::new();
    let mut writer = Writer::new(&mut record);
    writer.bytes(KeyValue::KEY, OVERFLOW);
    // `bool_value` of an `AnyValue`.
    writer.message(KeyValue::VALUE, |value| value.varint(2, 1));
    record
}

/// All labels of one series, those of its resource first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Labels<'a>(pub(crate) Vec<Label<'a>>);

impl<'a> Labels<'a> {
    pub(crate) fn sum(&self) -> Identity {
        self.0.iter().fold(Identity::default(), |sum, label| sum.plus(label.hash))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Label<'a>> {
        self.0.iter()
    }

    /// The one that a budget means: of the data point, else of the resource.
    pub(crate) fn named(&self, key: &[u8]) -> Option<&Label<'a>> {
        let of = |origin| self.0.iter().find(move |one| one.origin == origin && one.key == key);
        of(Origin::Point).or_else(|| of(Origin::Resource))
    }

    /// What tells budgets apart, as one number.
    pub(crate) fn dimensions(&self, by: &[Dimension], scope: Identity) -> Identity {
        let of = |dimension: &Dimension| match dimension {
            Dimension::Resource => self
                .0
                .iter()
                .filter(|label| label.origin == Origin::Resource)
                .fold(Identity(1), |sum, label| sum.plus(label.hash)),
            Dimension::Scope => scope,
            Dimension::Attribute(key) => {
                self.named(key).map_or(Identity::default(), |label| label.hash)
            }
        };
        // The place of a dimension counts: two may have the same value.
        by.iter().zip(1_u128..).fold(Identity::default(), |sum, (dimension, place)| {
            sum.plus(Identity(of(dimension).0.wrapping_mul(2 * place + 1)))
        })
    }

    /// Whether a budget is apart by this label.
    pub(crate) fn is_dimension(label: &Label<'_>, by: &[Dimension]) -> bool {
        by.iter().any(|dimension| match dimension {
            Dimension::Resource => label.origin == Origin::Resource,
            Dimension::Scope => false,
            Dimension::Attribute(key) => label.key == key,
        })
    }

    /// The encoded labels of one origin as a repeated field of that number.
    pub(crate) fn records(&self, origin: Origin, number: u32) -> Vec<u8> {
        let mut records = Vec::new();
        let mut writer = Writer::new(&mut records);
        self.0
            .iter()
            .filter(|label| label.origin == origin)
            .for_each(|label| writer.bytes(number, &label.record));
        records
    }
}
