//! `prometheus`: keeps the last value of every series and serves them for Prometheus to scrape.
//!
//! A batch is decoded ([`ingest`]) and each data point brought to its series in the [`table`]; a scrape
//! gathers families from there ([`gather`]) and writes them in the format that the scraper asks for
//! ([`server`]). Names, labels and conflicts are as with the Collector's exporter of that name.

mod accept;
mod attribute;
mod convert;
mod escape;
mod exponential;
mod gather;
mod ingest;
mod labels;
mod metrics;
mod model;
mod names;
mod number;
mod point;
mod protobuf;
mod server;
pub(super) mod settings;
mod table;
#[cfg(test)]
mod tests;
mod text;
mod unify;

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use prost::Message;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::batch::{Batch, Signal};
use crate::consumer::{BoxFuture, ConsumeError, Consumer};
use crate::net::listen::BindError;
use crate::net::server::Server;
use crate::telemetry::metrics::Metrics;

use super::Sender;
use metrics::TableMetrics;
pub(crate) use names::is_label_name;
use server::Scraper;
use settings::PrometheusSettings;
use table::{MAX_BYTES, Table};

/// What a scrape in progress gets at the end.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(2);

/// Between two looks for series that have expired, at least.
const MIN_EXPIRY_INTERVAL: Duration = Duration::from_secs(1);

/// The exporter: `inner` takes batches to the table, and the server answers scrapes from it.
pub(super) struct PrometheusExporter<C> {
    id: String,
    inner: C,
    scraper: Arc<Scraper>,
    table: Arc<Mutex<Table>>,
    metrics: TableMetrics,
    expiration: Duration,
    running: Mutex<Option<Running>>,
}

struct Running {
    server: Server,
    expiry: JoinHandle<()>,
}

/// Brings batches to the table.
pub(super) struct PrometheusSender {
    settings: PrometheusSettings,
    table: Arc<Mutex<Table>>,
    metrics: TableMetrics,
}

impl<C: Consumer> PrometheusExporter<C> {
    /// Reads certificates, and binds nothing yet. `inner` makes the consumer around the sender.
    pub(super) fn new(
        id: &str,
        settings: &PrometheusSettings,
        metrics: &Metrics,
        inner: impl FnOnce(PrometheusSender) -> C,
    ) -> io::Result<Self> {
        let table = Table::new(MAX_BYTES, settings.metric_expiration);
        let table = Arc::new(Mutex::new(table));
        let metrics = TableMetrics::new(id, metrics);
        let scraper = Scraper::new(settings, Arc::clone(&table), metrics.clone())?;
        let sender = PrometheusSender {
            settings: settings.clone(),
            table: Arc::clone(&table),
            metrics: metrics.clone(),
        };
        Ok(Self {
            id: id.to_owned(),
            inner: inner(sender),
            scraper: Arc::new(scraper),
            table,
            metrics,
            expiration: settings.metric_expiration,
            running: Mutex::new(None),
        })
    }

    /// Forgets expired series also where nobody scrapes.
    fn expire(&self) -> JoinHandle<()> {
        let (table, metrics) = (Arc::clone(&self.table), self.metrics.clone());
        let interval = self.expiration.max(MIN_EXPIRY_INTERVAL);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(interval).await;
                let mut table = table.lock().unwrap_or_else(PoisonError::into_inner);
                table.expire(Instant::now());
                metrics.show(&table);
            }
        })
    }
}

impl<C: Consumer> Consumer for PrometheusExporter<C> {
    fn consume(&self, batch: Batch) -> BoxFuture<'_, Result<(), ConsumeError>> {
        self.inner.consume(batch)
    }

    fn start(&self) -> BoxFuture<'_, Result<(), BindError>> {
        Box::pin(async {
            let server = self.scraper.bind(&self.id).await?;
            let running = Running { server, expiry: self.expire() };
            *self.running.lock().unwrap_or_else(PoisonError::into_inner) = Some(running);
            Ok(())
        })
    }

    fn shutdown(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            self.inner.shutdown().await;
            let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(Running { server, expiry }) = running {
                expiry.abort();
                server.shutdown(Instant::now() + SHUTDOWN_GRACE).await;
            }
        })
    }
}

impl Sender for PrometheusSender {
    fn send(&self, batch: Batch) -> BoxFuture<'_, Result<(), ConsumeError>> {
        Box::pin(std::future::ready(self.take(&batch)))
    }
}

impl PrometheusSender {
    fn take(&self, batch: &Batch) -> Result<(), ConsumeError> {
        if batch.signal != Signal::Metrics {
            return Err(ConsumeError::permanent("telemetry type is not supported"));
        }
        let request = ExportMetricsServiceRequest::decode(batch.bytes.clone())
            .map_err(|_| ConsumeError::permanent("the batch is not valid protobuf"))?;
        let tally = {
            let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
            let tally = ingest::ingest(request, &self.settings, &mut table);
            self.metrics.show(&table);
            tally
        };
        self.metrics.count(tally);
        if tally.full > 0 {
            let (full, items) = (tally.full, batch.items);
            let message =
                format!("the table of series is full: {full} of {items} data points refused");
            return Err(ConsumeError::permanent(message));
        }
        Ok(())
    }
}
