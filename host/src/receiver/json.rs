//! OTLP/JSON: translated to protobuf as it is read, off the fast path.

mod schema;
mod translate;

use serde::de::DeserializeSeed;
use serde_json::Deserializer;

use self::translate::Fields;
use crate::batch::Signal;

/// A request grows in translation to no more than so many times its size. The worst there is are lists
/// of numbers: a digit and a comma become eight bytes.
pub(super) const MAX_GROWTH: usize = 4;

/// Where the JSON is wrong. What is there is not said: it may be telemetry.
#[derive(Debug, thiserror::Error)]
#[error("malformed OTLP/JSON at line {line}, column {column}")]
pub(super) struct MalformedJson {
    line: usize,
    column: usize,
}

/// Turns an Export request in JSON into one in protobuf. Keys that OTLP does not have are skipped.
pub(super) fn to_protobuf(signal: Signal, json: &[u8]) -> Result<Vec<u8>, MalformedJson> {
    let mut protobuf = Vec::new();
    let mut reader = Deserializer::from_slice(json);
    Fields { of: schema::request(signal), out: &mut protobuf }
        .deserialize(&mut reader)
        .and_then(|()| reader.end())
        .map_err(|error| MalformedJson { line: error.line(), column: error.column() })?;
    Ok(protobuf)
}

#[cfg(test)]
mod tests;
