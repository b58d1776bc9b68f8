//! `verbosity: normal`: one line per span, data point or log record.

use std::fmt::Write;

use opentelemetry_proto::tonic::collector::{
    logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
    trace::v1::ExportTraceServiceRequest,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::metrics::v1::{metric::Data, number_data_point};
use prost::Message;

use crate::batch::{Batch, Signal};

pub(super) fn one_line_each(out: &mut String, batch: &Batch) -> Result<(), prost::DecodeError> {
    let bytes = batch.bytes.clone();
    match batch.signal {
        Signal::Traces => spans(out, ExportTraceServiceRequest::decode(bytes)?),
        Signal::Metrics => points(out, ExportMetricsServiceRequest::decode(bytes)?),
        Signal::Logs => records(out, ExportLogsServiceRequest::decode(bytes)?),
    }
    Ok(())
}

fn spans(out: &mut String, request: ExportTraceServiceRequest) {
    let scopes = request.resource_spans.into_iter().flat_map(|resource| resource.scope_spans);
    for span in scopes.flat_map(|scope| scope.spans) {
        let ids = format!("{} {}", hex(&span.trace_id), hex(&span.span_id));
        line(out, &format!("{} {ids}{}", span.name, attributes(&span.attributes)));
    }
}

fn points(out: &mut String, request: ExportMetricsServiceRequest) {
    let scopes = request.resource_metrics.into_iter().flat_map(|resource| resource.scope_metrics);
    for metric in scopes.flat_map(|scope| scope.metrics) {
        for (labels, value) in metric.data.iter().flat_map(values) {
            line(out, &format!("{}{} {value}", metric.name, attributes(labels)));
        }
    }
}

fn records(out: &mut String, request: ExportLogsServiceRequest) {
    let scopes = request.resource_logs.into_iter().flat_map(|resource| resource.scope_logs);
    for record in scopes.flat_map(|scope| scope.log_records) {
        let body = text(record.body.as_ref());
        line(out, &format!("{body}{}", attributes(&record.attributes)));
    }
}

/// The attributes and the value of every data point.
fn values(data: &Data) -> Vec<(&[KeyValue], String)> {
    let number = |value: Option<number_data_point::Value>| match value {
        Some(number_data_point::Value::AsDouble(value)) => value.to_string(),
        Some(number_data_point::Value::AsInt(value)) => value.to_string(),
        None => "no value".to_owned(),
    };
    let sum = |count: u64, sum: Option<f64>| match sum {
        Some(sum) => format!("count={count} sum={sum}"),
        None => format!("count={count}"),
    };
    match data {
        Data::Gauge(gauge) => {
            gauge.data_points.iter().map(|p| (&p.attributes[..], number(p.value))).collect()
        }
        Data::Sum(sum) => {
            sum.data_points.iter().map(|p| (&p.attributes[..], number(p.value))).collect()
        }
        Data::Histogram(histogram) => {
            let points = histogram.data_points.iter();
            points.map(|p| (&p.attributes[..], sum(p.count, p.sum))).collect()
        }
        Data::ExponentialHistogram(histogram) => {
            let points = histogram.data_points.iter();
            points.map(|p| (&p.attributes[..], sum(p.count, p.sum))).collect()
        }
        Data::Summary(summary) => {
            let points = summary.data_points.iter();
            points.map(|p| (&p.attributes[..], sum(p.count, Some(p.sum)))).collect()
        }
    }
}

fn attributes(attributes: &[KeyValue]) -> String {
    attributes.iter().fold(String::new(), |mut out, attribute| {
        let value = text(attribute.value.as_ref());
        // Writing to a String cannot fail.
        let _ = write!(out, " {}={value}", attribute.key);
        out
    })
}

fn text(value: Option<&AnyValue>) -> String {
    match value.and_then(|value| value.value.as_ref()) {
        None => String::new(),
        Some(Value::StringValue(value)) => value.clone(),
        Some(Value::BoolValue(value)) => value.to_string(),
        Some(Value::IntValue(value)) => value.to_string(),
        Some(Value::DoubleValue(value)) => value.to_string(),
        Some(Value::BytesValue(value)) => hex(value),
        Some(nested) => serde_json::to_string(nested).unwrap_or_default(),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// One item, one line, also where its text has line breaks.
fn line(out: &mut String, text: &str) {
    out.push_str(&text.replace('\r', "\\r").replace('\n', "\\n"));
    out.push('\n');
}
