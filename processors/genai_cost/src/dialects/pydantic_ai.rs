//! Pydantic AI and Logfire. Figures of the provider stand under `gen_ai.usage.details.`, which
//! [`super::MEMBERS`] reads; the spans of agent runs repeat the sums of their calls.

use crate::meaning::Meaning::{Aggregate, Cost, Object, Parameters};
use crate::meaning::{Name, name, weak};

pub(super) const NAMES: &[Name] = &[
    name("gen_ai.aggregated_usage.input_tokens", Aggregate),
    name("gen_ai.aggregated_usage.output_tokens", Aggregate),
    weak("pydantic_ai.all_messages", Aggregate),
    weak("all_messages_events", Aggregate),
    weak("request_data", Parameters),
    weak("response_data", Object),
    weak("operation.cost", Cost(4)),
];
