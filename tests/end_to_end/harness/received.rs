//! What a backend got, and questions about it.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::metrics::v1::Metric;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;

/// Everything that was accepted, in order of arrival.
#[derive(Debug, Clone, Default)]
pub(crate) struct Received {
    pub(crate) traces: Vec<ExportTraceServiceRequest>,
    pub(crate) metrics: Vec<ExportMetricsServiceRequest>,
    pub(crate) logs: Vec<ExportLogsServiceRequest>,
    /// Headers or gRPC metadata of the last request.
    pub(crate) headers: BTreeMap<String, String>,
    /// Requests that came in, answered in whatever way.
    pub(crate) attempts: usize,
}

impl Received {
    pub(crate) fn spans(&self) -> Vec<&Span> {
        let resources = self.traces.iter().flat_map(|request| &request.resource_spans);
        resources
            .flat_map(|resource| &resource.scope_spans)
            .flat_map(|scope| &scope.spans)
            .collect()
    }

    pub(crate) fn metrics(&self) -> Vec<&Metric> {
        let resources = self.metrics.iter().flat_map(|request| &request.resource_metrics);
        let scopes = resources.flat_map(|resource| &resource.scope_metrics);
        scopes.flat_map(|scope| &scope.metrics).collect()
    }

    pub(crate) fn log_records(&self) -> Vec<&LogRecord> {
        let resources = self.logs.iter().flat_map(|request| &request.resource_logs);
        let scopes = resources.flat_map(|resource| &resource.scope_logs);
        scopes.flat_map(|scope| &scope.log_records).collect()
    }

    /// The names of all spans, sorted.
    pub(crate) fn span_names(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.spans().iter().map(|span| span.name.as_str()).collect();
        names.sort_unstable();
        names
    }

    /// How often the text stands anywhere in what was received.
    pub(crate) fn occurrences(&self, text: &str) -> usize {
        let count = |bytes: Vec<u8>| {
            bytes.windows(text.len()).filter(|window| *window == text.as_bytes()).count()
        };
        let traces = self.traces.iter().map(Message::encode_to_vec);
        let metrics = self.metrics.iter().map(Message::encode_to_vec);
        let logs = self.logs.iter().map(Message::encode_to_vec);
        traces.chain(metrics).chain(logs).map(count).sum()
    }
}
