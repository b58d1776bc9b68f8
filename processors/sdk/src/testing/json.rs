//! OTLP in its JSON form, <https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding>.

use super::cases::CaseError;
use crate::contract::Signal;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Which Export request it is, by its only key.
pub(super) fn signal(request: &Value) -> Option<Signal> {
    let keys = [
        ("resourceSpans", Signal::Traces),
        ("resourceMetrics", Signal::Metrics),
        ("resourceLogs", Signal::Logs),
    ];
    keys.into_iter().find(|(key, _)| request.get(key).is_some()).map(|(_, signal)| signal)
}

pub(super) fn encode(signal: Signal, request: &Value) -> Result<Vec<u8>, CaseError> {
    fn as_bytes<M: Message + DeserializeOwned>(request: &Value) -> Result<Vec<u8>, CaseError> {
        Ok(serde_json::from_value::<M>(request.clone())?.encode_to_vec())
    }
    match signal {
        Signal::Traces => as_bytes::<ExportTraceServiceRequest>(request),
        Signal::Metrics => as_bytes::<ExportMetricsServiceRequest>(request),
        Signal::Logs => as_bytes::<ExportLogsServiceRequest>(request),
    }
}

pub(super) fn decode(signal: Signal, batch: &[u8]) -> Result<Value, CaseError> {
    fn as_json<M: Message + Default + Serialize>(batch: &[u8]) -> Result<Value, CaseError> {
        Ok(serde_json::to_value(M::decode(batch)?)?)
    }
    let mut request = match signal {
        Signal::Traces => as_json::<ExportTraceServiceRequest>(batch),
        Signal::Metrics => as_json::<ExportMetricsServiceRequest>(batch),
        Signal::Logs => as_json::<ExportLogsServiceRequest>(batch),
    }?;
    leave_out_defaults(&mut request);
    Ok(request)
}

/// Takes out what means the same when it is absent, so that a case shows what it is about. A member
/// of a oneof stays even when it is 0: its key ends in `Value`, or is `asInt` or `asDouble`; and the
/// `values` of a list or map stay, without which it could not be read again.
fn leave_out_defaults(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(leave_out_defaults),
        Value::Object(map) => {
            map.values_mut().for_each(leave_out_defaults);
            map.retain(|key, value| {
                key.ends_with("Value")
                    || key == "value"
                    || key == "values"
                    || key.starts_with("as")
                    || !is_default(value)
            });
        }
        _ => {}
    }
}

fn is_default(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty() || text == "0",
        Value::Array(values) => values.is_empty(),
        Value::Object(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `BLESS=1` writes is what the next run reads.
    #[test]
    fn empty_maps_and_lists_can_be_read_again() {
        for kind in ["kvlistValue", "arrayValue"] {
            let body = serde_json::json!({ kind: { "values": [] } });
            let scope = serde_json::json!({ "logRecords": [{ "body": body }] });
            let request = serde_json::json!({ "resourceLogs": [{ "scopeLogs": [scope] }] });
            let batch = encode(Signal::Logs, &request).unwrap();
            let blessed = decode(Signal::Logs, &batch).unwrap();
            assert_eq!(encode(Signal::Logs, &blessed).unwrap(), batch);
        }
    }
}
