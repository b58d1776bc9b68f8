//! Pydantic AI and Logfire. Figures of the provider stand under `gen_ai.usage.details.`, which
//! [`super::MEMBERS`] reads; the spans of agent runs repeat the sums of their calls.

use crate::meaning::Meaning::{Cost, Mark};
use crate::meaning::{Mark as M, Name, name, weak};

pub(super) const NAMES: &[Name] = &[
    name("gen_ai.aggregated_usage.input_tokens", Mark(M::Aggregate)),
    name("gen_ai.aggregated_usage.output_tokens", Mark(M::Aggregate)),
    weak("pydantic_ai.all_messages", Mark(M::Aggregate)),
    weak("all_messages_events", Mark(M::Aggregate)),
    weak("operation.cost", Cost(4)),
];
