//! The whole gateway: started front to back, stopped back to front.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::Instant;

use crate::config::{ComponentId, Config, ExtensionSettings, ReceiverSettings};
use crate::extension::admin::Admin;
use crate::extension::file_storage::{StorageStartError, Storages};
use crate::extension::health_check::{HealthCheck, Readiness};
use crate::pipeline::{BuildError, Pipelines, Prepared};
use crate::receiver::{BindError, OtlpReceiver};
use crate::telemetry::metrics::Metrics;
use crate::telemetry::process;
use crate::telemetry::server::MetricsServer;

/// From the signal to stop until the process ends, whatever is still on its way. Below Kubernetes'
/// default of 30 s until it kills.
pub const SHUTDOWN_DEADLINE: Duration = Duration::from_secs(25);

/// Of that, what the receivers get to end the requests in flight.
const RECEIVERS_SHARE: Duration = Duration::from_secs(10);

/// A running gateway.
pub struct Service {
    receivers: Vec<OtlpReceiver>,
    pipelines: Pipelines,
    readiness: Readiness,
    health_checks: Vec<HealthCheck>,
    admins: Vec<Admin>,
    metrics_server: Option<MetricsServer>,
    storages: Storages,
}

/// Why the gateway does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Build(#[from] BuildError),
    #[error(transparent)]
    Storage(#[from] StorageStartError),
    #[error(transparent)]
    Bind(#[from] BindError),
}

impl Service {
    /// Starts everything. Nothing is bound before every guest has accepted its configuration, and no
    /// receiver before everything behind it stands.
    pub async fn start(config: &Config, workers: usize) -> Result<Self, StartError> {
        let metrics = Metrics::default();
        process::register(&metrics);
        let storages = tokio::task::block_in_place(|| Storages::open(config, &metrics))?;
        let prepared = Prepared::new(config, &storages, workers, &metrics).await?;
        tokio::task::block_in_place(|| storages.warn_of_unused());
        let metrics_server = match &config.service.telemetry.metrics_endpoint {
            Some(endpoint) => Some(MetricsServer::bind(endpoint, &metrics).await?),
            None => None,
        };
        let readiness = Readiness::default();
        let mut health_checks = Vec::new();
        for id in &config.service.extensions {
            if let Some(ExtensionSettings::HealthCheck(settings)) = config.extensions.get(id) {
                let health_check = HealthCheck::bind(&id.to_string(), settings, &readiness).await?;
                health_checks.push(health_check);
            }
        }
        let mut pipelines = prepared.start(config, &metrics);
        pipelines.start_exporters().await?;
        let admins = admins(config, &pipelines).await?;
        let receivers = receivers(config, &mut pipelines, &metrics).await?;
        readiness.set_ready();
        Ok(Self {
            receivers,
            pipelines,
            readiness,
            health_checks,
            admins,
            metrics_server,
            storages,
        })
    }

    /// Stops receiving, drains, and lets go. Every stage has a share of [`SHUTDOWN_DEADLINE`].
    pub async fn shutdown(self) {
        let deadline = Instant::now() + SHUTDOWN_DEADLINE;
        self.readiness.set_not_ready();
        let share = Instant::now() + RECEIVERS_SHARE;
        let receivers = self.receivers.into_iter().map(|receiver| receiver.shutdown(share));
        let admins = self.admins.into_iter().map(|admin| admin.shutdown(share));
        tokio::join!(join_all(receivers), join_all(admins));
        self.pipelines.shutdown(deadline).await;
        let closing = self.storages.close();
        if tokio::time::timeout_at(deadline, closing).await.is_err() {
            tracing::warn!("storages did not close in time; what was acknowledged is in them");
        }
        // Last, so that the end can be watched.
        for health_check in self.health_checks {
            health_check.shutdown(deadline).await;
        }
        if let Some(server) = self.metrics_server {
            server.shutdown(deadline).await;
        }
    }

    /// Where `/metrics` is served.
    pub fn metrics_addrs(&self) -> &[SocketAddr] {
        self.metrics_server.as_ref().map_or(&[], MetricsServer::local_addrs)
    }
}

async fn admins(config: &Config, pipelines: &Pipelines) -> Result<Vec<Admin>, BindError> {
    let mut admins = Vec::new();
    for id in &config.service.extensions {
        if let Some(ExtensionSettings::Admin(settings)) = config.extensions.get(id) {
            admins.push(Admin::bind(&id.to_string(), settings, &pipelines.inspectors).await?);
        }
    }
    Ok(admins)
}

async fn receivers(
    config: &Config,
    pipelines: &mut Pipelines,
    metrics: &Metrics,
) -> Result<Vec<OtlpReceiver>, BindError> {
    let mut receivers = Vec::new();
    let sinks: Vec<(ComponentId, _)> = std::mem::take(&mut pipelines.sinks).into_iter().collect();
    for (id, sinks) in sinks {
        if let Some(ReceiverSettings::Otlp(settings)) = config.receivers.get(&id) {
            receivers.push(OtlpReceiver::bind(&id.to_string(), settings, sinks, metrics).await?);
        }
    }
    Ok(receivers)
}
