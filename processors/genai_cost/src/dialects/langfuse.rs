//! Langfuse. Its figures are disjoint: `input` is without what was cached, and `total` is the sum.

use crate::meaning::Meaning::{Kind, Object, Parameters, Text};
use crate::meaning::{Name, Scheme, Text as T, name};

pub(super) const NAMES: &[Name] = &[
    name("langfuse.observation.type", Kind(Scheme::Langfuse)),
    name("langfuse.observation.model.name", Text(T::ResponseModel, 5)),
    name("langfuse.observation.model.parameters", Parameters),
    name("langfuse.observation.usage_details", Object),
    name("langfuse.observation.cost_details", Object),
];
