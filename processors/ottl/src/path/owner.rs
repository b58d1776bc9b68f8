//! Paths of resources and scopes.

use tamis_sdk::otlp::common::InstrumentationScope;
use tamis_sdk::otlp::resource::Resource;
use tamis_sdk::wire::Error;

use super::{text, unsigned};
use crate::item::Owner;
use crate::value::{Map, Value};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Attributes,
    DroppedAttributesCount,
    SchemaUrl,
    Name,
    Version,
}

pub(super) const RESOURCE: &[(&str, Field)] = &[
    ("attributes", Field::Attributes),
    ("dropped_attributes_count", Field::DroppedAttributesCount),
    ("schema_url", Field::SchemaUrl),
];

pub(super) const SCOPE: &[(&str, Field)] = &[
    ("name", Field::Name),
    ("version", Field::Version),
    ("attributes", Field::Attributes),
    ("dropped_attributes_count", Field::DroppedAttributesCount),
    ("schema_url", Field::SchemaUrl),
];

/// Where the attributes and their count of dropped ones are.
pub(super) struct Numbers {
    attributes: u32,
    is_resource: bool,
}

pub(super) const RESOURCE_NUMBERS: Numbers =
    Numbers { attributes: Resource::ATTRIBUTES, is_resource: true };
pub(super) const SCOPE_NUMBERS: Numbers =
    Numbers { attributes: InstrumentationScope::ATTRIBUTES, is_resource: false };

impl Field {
    #[inline]
    pub(super) fn read<'a>(self, owner: Owner<'a>, at: Numbers) -> Result<Value<'a>, Error> {
        let scope = InstrumentationScope::from(owner.message);
        match self {
            Self::Attributes => Ok(Value::Map(Map::new(owner.message, at.attributes))),
            Self::DroppedAttributesCount if at.is_resource => {
                unsigned(Resource::from(owner.message).dropped_attributes_count())
            }
            Self::DroppedAttributesCount => unsigned(scope.dropped_attributes_count()),
            Self::SchemaUrl => Ok(Value::text(owner.schema_url.as_bytes())),
            Self::Name => text(scope.name()),
            Self::Version => text(scope.version()),
        }
    }
}
