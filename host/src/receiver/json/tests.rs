//! The translation against serde's, and what serde's does not read.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use proptest::prelude::*;
use prost::Message;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::*;
use crate::otlp::{testing, walk};

/// A request in JSON, without what serde writes for a NaN or an infinity.
fn to_json(signal: Signal, request: &[u8]) -> Value {
    fn decoded<M: Message + Default + Serialize>(request: &[u8]) -> Value {
        serde_json::to_value(M::decode(request).unwrap()).unwrap()
    }
    fn leave_out_null(value: &mut Value) {
        match value {
            Value::Array(values) => values.iter_mut().for_each(leave_out_null),
            Value::Object(map) => {
                map.retain(|_, value| !value.is_null());
                map.values_mut().for_each(leave_out_null);
            }
            _ => {}
        }
    }
    let mut json = match signal {
        Signal::Traces => decoded::<ExportTraceServiceRequest>(request),
        Signal::Metrics => decoded::<ExportMetricsServiceRequest>(request),
        Signal::Logs => decoded::<ExportLogsServiceRequest>(request),
    };
    leave_out_null(&mut json);
    json
}

/// A request as serde reads it, in protobuf.
fn by_serde(signal: Signal, json: &str) -> Vec<u8> {
    fn encoded<M: Message + DeserializeOwned>(json: &str) -> Vec<u8> {
        serde_json::from_str::<M>(json).unwrap().encode_to_vec()
    }
    match signal {
        Signal::Traces => encoded::<ExportTraceServiceRequest>(json),
        Signal::Metrics => encoded::<ExportMetricsServiceRequest>(json),
        Signal::Logs => encoded::<ExportLogsServiceRequest>(json),
    }
}

proptest! {
    #[test]
    fn a_request_is_read_like_serde_reads_it(
        signal in prop::sample::select(&Signal::ALL),
        entropy in prop::collection::vec(any::<u8>(), 0..2000),
    ) {
        let json = to_json(signal, &testing::request(signal, &entropy)).to_string();
        let protobuf = to_protobuf(signal, json.as_bytes()).unwrap();
        let expected = by_serde(signal, &json);
        prop_assert_eq!(walk(signal, &protobuf), walk(signal, &expected));
        prop_assert_eq!(to_json(signal, &protobuf), to_json(signal, &expected));
    }
}

/// One log record with these keys, through protobuf and back.
fn record(fields: &str) -> Value {
    let json = format!(r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{fields}]}}]}}]}}"#);
    let protobuf = to_protobuf(Signal::Logs, json.as_bytes()).unwrap();
    let path = "/resourceLogs/0/scopeLogs/0/logRecords/0";
    to_json(Signal::Logs, &protobuf).pointer(path).unwrap().clone()
}

#[test]
fn keys_that_otlp_does_not_have_are_skipped_at_every_depth() {
    let unknown = r#""new": {"a": [1, {"b": null}], "stringValue": "no"}"#;
    let value = format!(r#"{{{unknown}, "stringValue": "yes", "later": [1, 2]}}"#);
    let list = format!(r#"{{"arrayValue": {{{unknown}, "values": [{value}]}}}}"#);
    let record = record(&format!(r#"{{{unknown}, "body": {list}}}"#));
    assert_eq!(record["body"], json!({ "arrayValue": { "values": [{ "stringValue": "yes" }] } }));
}

#[test]
fn keys_may_be_absent_null_or_in_snake_case() {
    let record = record(
        r#"{"severity_text": "warn", "severityNumber": null, "body": {"kvlistValue": {}},
            "attributes": [{"value": {"int_value": "7"}}, {"key": "k"}, {}]}"#,
    );
    assert_eq!(record["severityText"], "warn");
    assert_eq!(record["severityNumber"], 0);
    assert_eq!(record["body"], json!({ "kvlistValue": { "values": [] } }));
    assert_eq!(record["attributes"][0]["value"], json!({ "intValue": "7" }));
    assert_eq!(record["attributes"].as_array().unwrap().len(), 3);
}

#[test]
fn numbers_may_be_text_and_bytes_in_either_alphabet() {
    for (value, want) in [
        (r#"{"intValue": -3}"#, json!({ "intValue": "-3" })),
        (r#"{"intValue": "-9223372036854775808"}"#, json!({ "intValue": "-9223372036854775808" })),
        (r#"{"doubleValue": 1}"#, json!({ "doubleValue": 1.0 })),
        (r#"{"doubleValue": "0.5"}"#, json!({ "doubleValue": 0.5 })),
        // Which serde writes as null.
        (r#"{"doubleValue": "-Infinity"}"#, json!({})),
        (r#"{"bytesValue": "/+8="}"#, json!({ "bytesValue": "/+8=" })),
        (r#"{"bytesValue": "_-8"}"#, json!({ "bytesValue": "/+8=" })),
        (r#"{"bytesValue": ""}"#, json!({ "bytesValue": "" })),
    ] {
        assert_eq!(record(&format!(r#"{{"body": {value}}}"#))["body"], want, "{value}");
    }
}

#[test]
fn values_of_another_type_are_refused() {
    for fields in [
        "[]",
        "7",
        r#"{"body": "text"}"#,
        r#"{"body": {"stringValue": 7}}"#,
        r#"{"body": {"boolValue": "true"}}"#,
        r#"{"body": {"intValue": 1.5}}"#,
        r#"{"body": {"intValue": "9223372036854775808"}}"#,
        r#"{"body": {"bytesValue": "a"}}"#,
        r#"{"body": {"bytesValue": "a!=="}}"#,
        r#"{"attributes": {}}"#,
        r#"{"traceId": "123"}"#,
        r#"{"traceId": "xx"}"#,
        r#"{"droppedAttributesCount": -1}"#,
        r#"{"timeUnixNano": "now"}"#,
        r#"{"timeUnixNano": 1} "#.trim_end_matches("} "),
    ] {
        let json = format!(r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{fields}]}}]}}]}}"#);
        assert!(to_protobuf(Signal::Logs, json.as_bytes()).is_err(), "{fields}");
    }
    for json in ["", "[]", "null", "{} {}", r#"{"resourceLogs": {}}"#] {
        assert!(to_protobuf(Signal::Logs, json.as_bytes()).is_err(), "{json}");
    }
}

#[test]
fn a_request_grows_by_no_more_than_its_bound() {
    let of_counts = |counts: &str| {
        let point = format!(r#"{{"bucketCounts":[{counts}]}}"#);
        format!(
            r#"{{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{{"histogram":{{"dataPoints":[{point}]}}}}]}}]}}]}}"#
        )
    };
    let spans =
        |spans: &str| format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{spans}]}}]}}]}}"#);
    let many = |one: &str| vec![one; 10_000].join(",");
    for (signal, json) in [
        (Signal::Metrics, of_counts(&many("0"))),
        (Signal::Traces, spans(&many("{}"))),
        (Signal::Traces, spans(&many(r#"{"kind":0}"#))),
        (Signal::Traces, spans(&many(r#"{"flags":0}"#))),
    ] {
        let protobuf = to_protobuf(signal, json.as_bytes()).unwrap();
        assert!(protobuf.len() <= MAX_GROWTH * json.len(), "{} of {}", protobuf.len(), json.len());
    }
}
