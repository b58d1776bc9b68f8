//! LiteLLM: the names of OpenLLMetry, and costs of its own.

use crate::meaning::Meaning::{Cost, Object};
use crate::meaning::{Name, name, weak};

pub(super) const NAMES: &[Name] = &[
    name("gen_ai.cost.total_cost", Cost(2)),
    name("litellm.cost.total", Cost(2)),
    weak("metadata.usage_object", Object),
];
