//! `/metrics`, for Prometheus to scrape.

use std::net::SocketAddr;
use std::sync::Arc;

use http::StatusCode;
use prometheus::{TEXT_FORMAT, TextEncoder};
use tokio::time::Instant;

use super::metrics::Metrics;
use crate::net::listen::BindError;
use crate::net::plain;
use crate::net::server::Server;

/// The endpoint of `service.telemetry.metrics`.
pub struct MetricsServer(Server);

impl MetricsServer {
    /// Binds the endpoint and serves what the registry holds. Must be called in a Tokio runtime.
    ///
    /// # Errors
    ///
    /// Where the endpoint cannot be bound.
    pub async fn bind(endpoint: &str, metrics: &Metrics) -> Result<Self, BindError> {
        let registry = metrics.registry().clone();
        let answer = move |path: &str| {
            (path == "/metrics").then(|| {
                match TextEncoder::new().encode_to_string(&registry.gather()) {
                    Ok(text) => plain::reply(StatusCode::OK, TEXT_FORMAT, text),
                    Err(error) => {
                        let error = error.to_string();
                        plain::reply(StatusCode::INTERNAL_SERVER_ERROR, "text/plain", error)
                    }
                }
            })
        };
        plain::serve("service::telemetry::metrics", endpoint, Arc::new(answer)).await.map(Self)
    }

    pub fn local_addrs(&self) -> &[SocketAddr] {
        self.0.local_addrs()
    }

    pub async fn shutdown(self, deadline: Instant) {
        self.0.shutdown(deadline).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::Signal;
    use crate::net::plain::get;
    use crate::telemetry::process;

    #[tokio::test]
    async fn metrics_have_the_collectors_names_and_labels() {
        let metrics = Metrics::default();
        process::register(&metrics);
        metrics.receiver("otlp/2", "grpc").accepted.add(Signal::Metrics, 5);
        let server = MetricsServer::bind("localhost:0", &metrics).await.unwrap();
        let addr = server.local_addrs()[0];
        let (status, content_type, body) = get(addr, "/metrics").await;
        assert_eq!((status, content_type.as_str()), (200, TEXT_FORMAT));
        let lines = [
            "otelcol_receiver_accepted_metric_points{receiver=\"otlp/2\",transport=\"grpc\"} 5",
            "otelcol_receiver_refused_log_records{receiver=\"otlp/2\",transport=\"grpc\"} 0",
            "# TYPE otelcol_process_uptime counter",
            "# TYPE otelcol_process_cpu_seconds counter",
            "# TYPE otelcol_process_memory_rss gauge",
        ];
        for line in lines {
            assert!(body.lines().any(|each| each == line), "{line} is not in\n{body}");
        }
        assert_eq!(get(addr, "/").await.0, 404);
    }
}
