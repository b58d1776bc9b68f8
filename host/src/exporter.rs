//! Exporters: what sends telemetry out, with its queue and its retries.
//!
//! A [`Sender`] makes one attempt; `delivery` repeats it and counts how the batch ended; `queue`
//! stands before both where the sender of the batch need not wait.

mod client;
mod compress;
mod debug;
mod delivery;
mod nop;
mod otlp_grpc;
mod otlp_http;
mod prometheus;
mod queue;
mod retry;
pub mod settings;
mod status;
#[cfg(test)]
mod tests;
mod tls;

use std::io;
use std::sync::Arc;

use crate::batch::Batch;
use crate::consumer::{BoxFuture, ConsumeError, Consumer};
use crate::telemetry::metrics::Metrics;

use delivery::{Delivery, Direct};
use prometheus::PrometheusExporter;
pub(crate) use prometheus::is_label_name;
use queue::Queued;
use retry::Retry;
use settings::{ExporterSettings, QueueSettings, RetrySettings};

/// Why an exporter could not be built. Never holds a secret.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    #[error("exporters::{id}: {endpoint:?} is not a valid endpoint: {reason}")]
    Endpoint { id: String, endpoint: String, reason: String },
    #[error("exporters::{id}::headers: header {name:?} has an invalid name or value")]
    Header { id: String, name: String },
    #[error("exporters::{id}::compression: {compression:?} is not available for gRPC")]
    Compression { id: String, compression: settings::Compression },
    #[error("exporters::{id}::tls: {source}")]
    Tls { id: String, source: tls::TlsError },
    #[error("exporters::{id}::tls: {source}")]
    ServerTls { id: String, source: io::Error },
}

/// Sends one batch: one attempt, bounded in time by the sender itself.
trait Sender: Send + Sync + 'static {
    fn send(&self, batch: Batch) -> BoxFuture<'_, Result<(), ConsumeError>>;
}

/// Builds the exporter. Connects to nothing and binds nothing yet; must be used within a tokio runtime.
pub fn build(
    id: &str,
    settings: &ExporterSettings,
    metrics: &Metrics,
) -> Result<Arc<dyn Consumer>, BuildError> {
    Ok(match settings {
        ExporterSettings::OtlpGrpc(settings) => {
            let sender = otlp_grpc::GrpcSender::new(id, settings)?;
            assemble(id, sender, &settings.retry, &settings.queue, metrics)
        }
        ExporterSettings::OtlpHttp(settings) => {
            let sender = otlp_http::HttpSender::new(id, settings)?;
            assemble(id, sender, &settings.retry, &settings.queue, metrics)
        }
        ExporterSettings::Debug(settings) => {
            direct(id, debug::DebugSender::to_stderr(id, settings.verbosity), metrics)
        }
        ExporterSettings::Prometheus(settings) => {
            let inner = |sender| unrepeated(id, sender, metrics);
            let exporter = PrometheusExporter::new(id, settings, metrics, inner)
                .map_err(|source| BuildError::ServerTls { id: id.to_owned(), source })?;
            Arc::new(exporter)
        }
        ExporterSettings::Nop => direct(id, nop::NopSender, metrics),
    })
}

fn assemble<S: Sender>(
    id: &str,
    sender: S,
    retry: &RetrySettings,
    queue: &QueueSettings,
    metrics: &Metrics,
) -> Arc<dyn Consumer> {
    let retry = Retry::new(retry.clone(), fastrand::f64);
    let delivery = Delivery::new(id, sender, retry, metrics.exporter(id));
    if queue.enabled {
        Arc::new(Queued::new(delivery, queue.clone()))
    } else {
        Arc::new(Direct(delivery))
    }
}

fn direct<S: Sender>(id: &str, sender: S, metrics: &Metrics) -> Arc<dyn Consumer> {
    Arc::new(unrepeated(id, sender, metrics))
}

/// Neither queue nor retries: for senders that cannot fail for a while.
fn unrepeated<S: Sender>(id: &str, sender: S, metrics: &Metrics) -> Direct<S> {
    let never = RetrySettings { enabled: false, ..RetrySettings::default() };
    let retry = Retry::new(never, fastrand::f64);
    Direct(Delivery::new(id, sender, retry, metrics.exporter(id)))
}
