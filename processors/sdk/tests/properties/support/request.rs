//! The Export request of any signal.

use super::decode::Decode;
use super::generate::Generate;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use tamis_sdk::{Signal, otlp, wire};

#[derive(Debug, PartialEq)]
pub(crate) enum Request {
    Traces(ExportTraceServiceRequest),
    Metrics(ExportMetricsServiceRequest),
    Logs(ExportLogsServiceRequest),
}

impl Request {
    pub(crate) fn generate(signal: Signal, generate: &mut Generate) -> Self {
        match signal {
            Signal::Traces => {
                let resource_spans = generate.list(Generate::resource_spans);
                Self::Traces(ExportTraceServiceRequest { resource_spans })
            }
            Signal::Metrics => {
                let resource_metrics = generate.list(Generate::resource_metrics);
                Self::Metrics(ExportMetricsServiceRequest { resource_metrics })
            }
            Signal::Logs => {
                let resource_logs = generate.list(Generate::resource_logs);
                Self::Logs(ExportLogsServiceRequest { resource_logs })
            }
        }
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        match self {
            Self::Traces(request) => request.encode_to_vec(),
            Self::Metrics(request) => request.encode_to_vec(),
            Self::Logs(request) => request.encode_to_vec(),
        }
    }

    pub(crate) fn decode(signal: Signal, batch: &[u8]) -> Result<Self, String> {
        match signal {
            Signal::Traces => Message::decode(batch).map(Self::Traces),
            Signal::Metrics => Message::decode(batch).map(Self::Metrics),
            Signal::Logs => Message::decode(batch).map(Self::Logs),
        }
        .map_err(|error| error.to_string())
    }

    /// Decodes through the SDK's views.
    pub(crate) fn view(signal: Signal, batch: &[u8]) -> Result<Self, wire::Error> {
        let batch = wire::Message::new(batch);
        match signal {
            Signal::Traces => {
                otlp::trace::ExportTraceServiceRequest::from(batch).decode().map(Self::Traces)
            }
            Signal::Metrics => {
                otlp::metrics::ExportMetricsServiceRequest::from(batch).decode().map(Self::Metrics)
            }
            Signal::Logs => {
                otlp::logs::ExportLogsServiceRequest::from(batch).decode().map(Self::Logs)
            }
        }
    }

    /// As `==`, but NaN is the same as NaN.
    pub(crate) fn same_as(&self, other: &Self) -> bool {
        self == other || self.encode() == other.encode()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.encode().is_empty()
    }
}
