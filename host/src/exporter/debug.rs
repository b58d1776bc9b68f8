//! `debug`: writes what arrives to standard error. An exporter whose job is to show telemetry, and
//! which therefore decodes it.

mod items;

use std::fmt::Write as _;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::{
    logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
    trace::v1::ExportTraceServiceRequest,
};
use prost::Message;
use serde::Serialize;

use crate::batch::{Batch, Signal};
use crate::consumer::{BoxFuture, ConsumeError};

use super::Sender;
use super::settings::Verbosity;

pub(super) struct DebugSender {
    id: String,
    verbosity: Verbosity,
    /// Locked per batch, so that batches do not mix.
    out: Mutex<Box<dyn Write + Send>>,
}

impl DebugSender {
    pub(super) fn to_stderr(id: &str, verbosity: Verbosity) -> Self {
        Self::new(id, verbosity, Box::new(std::io::stderr()))
    }

    fn new(id: &str, verbosity: Verbosity, out: Box<dyn Write + Send>) -> Self {
        Self { id: id.to_owned(), verbosity, out: Mutex::new(out) }
    }

    fn print(&self, batch: &Batch) -> Result<(), prost::DecodeError> {
        let mut text = counts(&self.id, batch)?;
        match self.verbosity {
            Verbosity::Basic => {}
            Verbosity::Normal => items::one_line_each(&mut text, batch)?,
            Verbosity::Detailed => text.push_str(&every_field(batch)?),
        }
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        // Nobody reads standard error any more: nothing to tell anybody.
        let _ = out.write_all(text.as_bytes());
        Ok(())
    }
}

impl Sender for DebugSender {
    fn send(&self, batch: Batch) -> BoxFuture<'_, Result<(), ConsumeError>> {
        let printed = self.print(&batch);
        Box::pin(std::future::ready(
            printed.map_err(|_| ConsumeError::permanent("the batch is not valid protobuf")),
        ))
    }
}

/// The upper levels of an Export request: field numbers are the same for all signals. The leaves
/// share the batch's bytes.
#[derive(Clone, PartialEq, Message)]
struct Request {
    #[prost(message, repeated, tag = "1")]
    resources: Vec<Resource>,
}

#[derive(Clone, PartialEq, Message)]
struct Resource {
    #[prost(message, repeated, tag = "2")]
    scopes: Vec<Scope>,
}

#[derive(Clone, PartialEq, Message)]
struct Scope {
    #[prost(bytes = "bytes", repeated, tag = "2")]
    records: Vec<Bytes>,
}

fn counts(id: &str, batch: &Batch) -> Result<String, prost::DecodeError> {
    let request = Request::decode(batch.bytes.clone())?;
    let resources = request.resources.len();
    let items = batch.items;
    let mut line = match batch.signal {
        Signal::Traces => format!(r#"Traces {{"exporter": "{id}", "resource spans": {resources}"#),
        Signal::Metrics => {
            let scopes = request.resources.iter().flat_map(|resource| &resource.scopes);
            let metrics: usize = scopes.map(|scope| scope.records.len()).sum();
            format!(
                r#"Metrics {{"exporter": "{id}", "resource metrics": {resources}, "metrics": {metrics}"#
            )
        }
        Signal::Logs => format!(r#"Logs {{"exporter": "{id}", "resource logs": {resources}"#),
    };
    let item_name = match batch.signal {
        Signal::Traces => "spans",
        Signal::Metrics => "data points",
        Signal::Logs => "log records",
    };
    // Writing to a String cannot fail.
    let _ = writeln!(line, r#", "{item_name}": {items}}}"#);
    Ok(line)
}

/// OTLP/JSON: no field is missing and ids are readable.
fn every_field(batch: &Batch) -> Result<String, prost::DecodeError> {
    let bytes = batch.bytes.clone();
    Ok(match batch.signal {
        Signal::Traces => json(&ExportTraceServiceRequest::decode(bytes)?),
        Signal::Metrics => json(&ExportMetricsServiceRequest::decode(bytes)?),
        Signal::Logs => json(&ExportLogsServiceRequest::decode(bytes)?),
    })
}

fn json(request: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(request).unwrap_or_default();
    text.push('\n');
    text
}

#[cfg(test)]
mod tests;
