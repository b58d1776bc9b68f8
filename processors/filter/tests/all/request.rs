//! Export requests of any signal: from JSON, and in the one form that both sides are brought to.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use prost::Message;
use serde_json::Value;
use tamis_sdk::Signal;

pub(crate) fn name(signal: Signal) -> &'static str {
    match signal {
        Signal::Traces => "traces",
        Signal::Metrics => "metrics",
        Signal::Logs => "logs",
    }
}

/// The signal and the bytes of a request in OTLP/JSON.
pub(crate) fn from_json(json: Value) -> (Signal, Vec<u8>) {
    if json.get("resourceSpans").is_some() {
        let request: ExportTraceServiceRequest = serde_json::from_value(json).unwrap();
        (Signal::Traces, request.encode_to_vec())
    } else if json.get("resourceMetrics").is_some() {
        let request: ExportMetricsServiceRequest = serde_json::from_value(json).unwrap();
        (Signal::Metrics, request.encode_to_vec())
    } else {
        let request: ExportLogsServiceRequest = serde_json::from_value(json).unwrap();
        (Signal::Logs, request.encode_to_vec())
    }
}

/// Decodes, and adds the messages that the Collector writes even when they are empty.
pub(crate) fn canonical(signal: Signal, batch: &[u8]) -> String {
    match signal {
        Signal::Traces => {
            let mut request = ExportTraceServiceRequest::decode(batch).unwrap();
            for resource in &mut request.resource_spans {
                resource.resource.get_or_insert_default();
                for scope in &mut resource.scope_spans {
                    scope.scope.get_or_insert_default();
                    for span in &mut scope.spans {
                        span.status.get_or_insert_default();
                    }
                }
            }
            format!("{request:#?}")
        }
        Signal::Logs => {
            let mut request = ExportLogsServiceRequest::decode(batch).unwrap();
            for resource in &mut request.resource_logs {
                resource.resource.get_or_insert_default();
                for scope in &mut resource.scope_logs {
                    scope.scope.get_or_insert_default();
                    for record in &mut scope.log_records {
                        record.body.get_or_insert_default();
                    }
                }
            }
            format!("{request:#?}")
        }
        Signal::Metrics => {
            let mut request = ExportMetricsServiceRequest::decode(batch).unwrap();
            for resource in &mut request.resource_metrics {
                resource.resource.get_or_insert_default();
                for scope in &mut resource.scope_metrics {
                    scope.scope.get_or_insert_default();
                    for metric in &mut scope.metrics {
                        if let Some(Data::ExponentialHistogram(data)) = &mut metric.data {
                            for point in &mut data.data_points {
                                point.positive.get_or_insert_default();
                                point.negative.get_or_insert_default();
                            }
                        }
                    }
                }
            }
            format!("{request:#?}")
        }
    }
}
