//! What `debug` prints.

use std::sync::Arc;
use std::time::SystemTime;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::{
    Gauge, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, metric::Data, number_data_point,
};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};

use super::*;

#[derive(Clone, Default)]
struct Screen(Arc<Mutex<Vec<u8>>>);

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn printed(verbosity: Verbosity, signal: Signal, request: &impl Message, items: usize) -> String {
    let screen = Screen::default();
    let debug = DebugSender::new("debug/x", verbosity, Box::new(screen.clone()));
    let (bytes, received) = (request.encode_to_vec().into(), SystemTime::UNIX_EPOCH);
    debug.print(&Batch { signal, bytes, items, received, metadata: [].into() }).unwrap();
    String::from_utf8(screen.0.lock().unwrap().clone()).unwrap()
}

fn attribute(key: &str, value: Value) -> KeyValue {
    let value = Some(AnyValue { value: Some(value) });
    KeyValue { key: key.to_owned(), value, ..Default::default() }
}

fn spans() -> ExportTraceServiceRequest {
    let span = Span {
        trace_id: vec![0xab; 16],
        span_id: vec![0xcd; 8],
        name: "GET /".to_owned(),
        attributes: vec![attribute("n", Value::IntValue(7))],
        ..Default::default()
    };
    let scope_spans = vec![ScopeSpans { spans: vec![span; 2], ..Default::default() }];
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans { scope_spans, ..Default::default() }],
    }
}

#[test]
fn spans_are_counted_listed_or_shown() {
    let show = |verbosity| printed(verbosity, Signal::Traces, &spans(), 2);
    let counts = "Traces {\"exporter\": \"debug/x\", \"resource spans\": 1, \"spans\": 2}\n";
    assert_eq!(show(Verbosity::Basic), counts);
    let item = "GET / abababababababababababababababab cdcdcdcdcdcdcdcd n=7\n";
    assert_eq!(show(Verbosity::Normal), [counts, item, item].concat());
    let detailed = show(Verbosity::Detailed);
    let json = detailed.strip_prefix(counts).unwrap();
    assert_eq!(serde_json::from_str::<ExportTraceServiceRequest>(json).unwrap(), spans());
}

#[test]
fn data_points_have_a_line_each_under_their_metric() {
    let point = |value| NumberDataPoint {
        attributes: vec![attribute("host", Value::StringValue("a".to_owned()))],
        value: Some(value),
        ..Default::default()
    };
    let data_points = vec![
        point(number_data_point::Value::AsInt(3)),
        point(number_data_point::Value::AsDouble(0.5)),
    ];
    let metric = Metric {
        name: "cpu".to_owned(),
        data: Some(Data::Gauge(Gauge { data_points })),
        ..Default::default()
    };
    let scope_metrics = vec![ScopeMetrics { metrics: vec![metric], ..Default::default() }];
    let request = ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics { scope_metrics, ..Default::default() }],
    };
    let counts = concat!(
        "Metrics {\"exporter\": \"debug/x\", \"resource metrics\": 1, \"metrics\": 1, ",
        "\"data points\": 2}\n"
    );
    let lines = [counts, "cpu host=a 3\n", "cpu host=a 0.5\n"].concat();
    assert_eq!(printed(Verbosity::Normal, Signal::Metrics, &request, 2), lines);
}

#[test]
fn a_log_record_stays_on_one_line() {
    let body = Some(AnyValue { value: Some(Value::StringValue("a\nb".to_owned())) });
    let log_records = vec![LogRecord { body, ..Default::default() }];
    let scope_logs = vec![ScopeLogs { log_records, ..Default::default() }];
    let request = ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs { scope_logs, ..Default::default() }],
    };
    let lines =
        "Logs {\"exporter\": \"debug/x\", \"resource logs\": 1, \"log records\": 1}\na\\nb\n";
    assert_eq!(printed(Verbosity::Normal, Signal::Logs, &request, 1), lines);
}
