//! OTLP/JSON: decoded to structs and encoded as protobuf, off the fast path.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use serde_json::from_slice;

use crate::batch::Signal;

/// Where the JSON is wrong. What is there is not said: it may be telemetry.
#[derive(Debug, thiserror::Error)]
#[error("malformed OTLP/JSON at line {line}, column {column}")]
pub(super) struct MalformedJson {
    line: usize,
    column: usize,
}

/// Turns an Export request in JSON into one in protobuf.
pub(super) fn to_protobuf(signal: Signal, json: &[u8]) -> Result<Vec<u8>, MalformedJson> {
    let request = match signal {
        Signal::Traces => from_slice(json).map(|r: ExportTraceServiceRequest| r.encode_to_vec()),
        Signal::Metrics => from_slice(json).map(|r: ExportMetricsServiceRequest| r.encode_to_vec()),
        Signal::Logs => from_slice(json).map(|r: ExportLogsServiceRequest| r.encode_to_vec()),
    };
    request.map_err(|error| MalformedJson { line: error.line(), column: error.column() })
}
