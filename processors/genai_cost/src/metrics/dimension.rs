//! By what calls are told apart: values out of the item, what it stands in, and the request it came with.

use std::borrow::Cow;

use tamis_sdk::Context;
use tamis_sdk::otlp::common::{AnyValue, InstrumentationScope, KeyValue};
use tamis_sdk::otlp::metrics::NumberDataPoint;
use tamis_sdk::otlp::resource::Resource;
use tamis_sdk::wire::{Error, Message, Writer};

use crate::bytes::same;
use crate::call::Call;
use crate::item::Item;
use crate::meaning::Text;
use crate::pricing::Pricing;
use crate::seen::Seen;
use crate::value::{self, Value};
use crate::walk::{Around, attributes_of_item};
use crate::write::normalized;

/// One dimension: the first source that has a value counts.
#[derive(Clone, Debug)]
pub(crate) struct Dimension {
    pub(crate) name: String,
    pub(crate) sources: Vec<Source>,
    /// What it is where no source has a value. `None`: it is left out.
    pub(crate) default: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// An attribute of the span or log record.
    Item(String),
    Scope(String),
    Resource(String),
    /// An attribute of the item, else of its scope, else of its resource.
    Any(String),
    /// An entry of the baggage: an attribute `baggage.<name>`, or in the request's header.
    Baggage(String),
    /// Client metadata of the request.
    Metadata(String),
    Call(Field),
}

/// What is known of a call whatever its dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Provider,
    RequestModel,
    ResponseModel,
    /// As the price table calls it, else as the sender does.
    Model,
    Operation,
    Status,
}

/// A longer value is cut.
const VALUE_BYTES_MAX: usize = 256;

/// Finds the values of one call.
pub(super) struct Reader<'r, 'a> {
    pub(super) call: &'r Call,
    pub(super) item: &'r Item<'a>,
    pub(super) seen: &'r Seen<'a>,
    pub(super) around: Around<'a>,
    pub(super) context: &'r Context,
    pub(super) pricing: &'r Pricing,
}

impl<'r, 'a: 'r> Reader<'r, 'a> {
    /// The attributes of the call's set, encoded as those of a data point of a number.
    pub(super) fn attributes(
        &self,
        dimensions: &[Dimension],
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let mut writer = Writer::new(out);
        for dimension in dimensions {
            let mut value = Value::Other;
            let mut text = None;
            for source in &dimension.sources {
                match self.value(source)? {
                    // Nothing to tell calls apart by.
                    Found::Attribute(
                        Value::Map(_) | Value::List | Value::Other | Value::Text([]),
                    ) => {}
                    Found::Attribute(found) => value = found,
                    Found::Text(found) => text = found.filter(|text| !text.is_empty()),
                }
                if text.is_some() || !matches!(value, Value::Other) {
                    break;
                }
            }
            if matches!(value, Value::Other) {
                text = text.or(dimension.default.as_deref().map(Cow::Borrowed));
            }
            put(&mut writer, &dimension.name, value, text.as_deref());
        }
        Ok(())
    }

    /// By what calls without a cost are told apart.
    pub(super) fn unpriced(&self) -> Vec<u8> {
        let status = self.call.status.as_str();
        self.pairs(&[
            ("gen_ai.request.model", self.model()),
            (crate::write::names::STATUS, Some(status)),
        ])
    }

    /// By what refused calls are told apart.
    pub(super) fn rate_limit(&self) -> Vec<u8> {
        self.pairs(&[
            ("gen_ai.provider.name", self.provider()),
            ("gen_ai.request.model", self.model()),
        ])
    }

    fn pairs(&self, pairs: &[(&str, Option<&str>)]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut writer = Writer::new(&mut out);
        for (name, text) in pairs {
            put(&mut writer, name, Value::Other, *text);
        }
        out
    }

    fn model(&self) -> Option<&str> {
        self.seen.get(Text::RequestModel).or(self.seen.get(Text::ResponseModel))
    }

    fn provider(&self) -> Option<&str> {
        let found = self.call.model.map(|model| self.pricing.provider_id(model));
        let known = normalized::convention(found.filter(|id| !id.is_empty()));
        known.or(self.seen.get(Text::Provider))
    }

    fn field(&self, field: Field) -> Option<&str> {
        match field {
            Field::Provider => self.provider(),
            Field::RequestModel => self.model(),
            Field::ResponseModel => {
                self.seen.get(Text::ResponseModel).or(self.seen.get(Text::RequestModel))
            }
            Field::Model => {
                let found = self.call.model.map(|model| self.pricing.model_id(model));
                found.filter(|id| !id.is_empty()).or(self.field(Field::ResponseModel))
            }
            Field::Operation => normalized::operation(self.call, self.seen),
            Field::Status => Some(self.call.status.as_str()),
        }
    }

    fn value(&self, source: &Source) -> Result<Found<'_>, Error> {
        let found = match source {
            Source::Item(key) => self.of_item(key)?,
            Source::Scope(key) => self.of_scope(key)?,
            Source::Resource(key) => self.of_resource(key)?,
            Source::Any(key) => match (self.of_item(key)?, self.of_scope(key)?) {
                (Value::Other, Value::Other) => self.of_resource(key)?,
                (Value::Other, found) | (found, _) => found,
            },
            Source::Baggage(name) => match self.of_item(&format!("baggage.{name}"))? {
                Value::Other => return Ok(Found::Text(self.baggage(name))),
                found => found,
            },
            Source::Metadata(key) => {
                let mut all = self.context.metadata.iter();
                let found = all.find(|(name, _)| name.eq_ignore_ascii_case(key));
                return Ok(Found::Text(found.map(|(_, text)| Cow::Borrowed(text.as_str()))));
            }
            Source::Call(field) => {
                return Ok(Found::Text(self.field(*field).map(Cow::Borrowed)));
            }
        };
        Ok(Found::Attribute(found))
    }

    fn of_item(&self, key: &str) -> Result<Value<'a>, Error> {
        find(Some(self.item.message), attributes_of_item(self.item.is_span), key)
    }

    fn of_scope(&self, key: &str) -> Result<Value<'a>, Error> {
        find(self.around.scope()?, InstrumentationScope::ATTRIBUTES, key)
    }

    fn of_resource(&self, key: &str) -> Result<Value<'a>, Error> {
        find(self.around.resource()?, Resource::ATTRIBUTES, key)
    }

    /// An entry of the W3C baggage that came with the request.
    fn baggage(&self, name: &str) -> Option<Cow<'_, str>> {
        let headers = self.context.metadata.iter().filter(|(key, _)| key == "baggage");
        let mut entries = headers.flat_map(|(_, header)| header.split(','));
        entries.find_map(|entry| {
            let pair = entry.split(';').next().unwrap_or_default();
            let (key, value) = pair.split_once('=')?;
            (key.trim() == name).then(|| percent_decoded(value.trim()))
        })
    }
}

enum Found<'v> {
    Attribute(Value<'v>),
    Text(Option<Cow<'v, str>>),
}

fn find<'a>(owner: Option<Message<'a>>, number: u32, key: &str) -> Result<Value<'a>, Error> {
    let Some(owner) = owner else { return Ok(Value::Other) };
    for field in owner.fields() {
        let field = field?;
        if field.number() == number {
            let (found, any) = value::pair(field.message()?)?;
            if same(found, key.as_bytes()) {
                return Value::read(any);
            }
        }
    }
    Ok(Value::Other)
}

fn put(writer: &mut Writer<'_>, name: &str, value: Value<'_>, text: Option<&str>) {
    let cut = match value {
        Value::Text(bytes) => Some(value::text(bytes)),
        _ => text.map(Cow::Borrowed),
    };
    if cut.is_none() && matches!(value, Value::Other) {
        return;
    }
    writer.message(NumberDataPoint::ATTRIBUTES, |pair| {
        pair.bytes(KeyValue::KEY, name);
        pair.message(KeyValue::VALUE, |any| match (value, &cut) {
            (Value::Bool(value), _) => any.varint(AnyValue::BOOL_VALUE, u64::from(value)),
            (Value::Int(value), _) => any.varint(AnyValue::INT_VALUE, value as u64),
            (Value::Double(value), _) => any.fixed64(AnyValue::DOUBLE_VALUE, value.to_bits()),
            (_, Some(text)) => {
                let end = text.floor_char_boundary(VALUE_BYTES_MAX);
                any.bytes(AnyValue::STRING_VALUE, &text[..end]);
            }
            (_, None) => {}
        });
    });
}

/// `%41` for A; what is no such sequence stays.
fn percent_decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let decoded = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match decoded.filter(|_| first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}
