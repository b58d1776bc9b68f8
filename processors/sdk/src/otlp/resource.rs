//! `opentelemetry/proto/resource/v1/resource.proto`.

use super::common::{EntityRef, KeyValue};

message! {
    /// The entity that produced the telemetry.
    Resource {
        /// Keys are unique by specification; not every sender keeps to it.
        1 ATTRIBUTES attributes: repeated message KeyValue,
        /// How many attributes the sender left out.
        2 DROPPED_ATTRIBUTES_COUNT dropped_attributes_count: uint32,
        /// Which attributes identify and describe which entity (in development).
        3 ENTITY_REFS entity_refs: repeated message EntityRef,
    }
}
