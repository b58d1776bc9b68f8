//! From a configuration to running pipelines, in two steps: everything that can be refused is
//! prepared first, so that nothing is bound or connected for a configuration that does not hold.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::Instant;

use super::forward::Forward;
use super::guests;
pub use super::guests::GuestId;
use crate::batch::Signal;
use crate::config::{
    ComponentId, Config, ConnectorSettings, Pipeline, PipelineId, Problem, Problems,
    ProcessorSettings, ReceiverSettings,
};
use crate::consumer::Consumer;
use crate::exporter;
use crate::extension::file_storage::{StorageStartError, Storages};
use crate::net::listen::BindError;
use crate::pipeline::FanOut;
use crate::processor::batch::BatchProcessor;
use crate::processor::memory_limiter::MemoryLimiter;
use crate::receiver::{Sinks, check_tls};
use crate::telemetry::metrics::Metrics;
use crate::wasm::inspect::Inspector;
use crate::wasm::outbox::Feeds;
use crate::wasm::runtime::{Configured, Runtime, RuntimeError};
use crate::wasm::settings::Module;

/// Of the time for shutdown, what is left to the exporters however long the processors take.
const EXPORTERS_SHARE: Duration = Duration::from_secs(5);

/// Exporters, and guests that have accepted their configuration; the first step.
pub struct Prepared {
    exporters: BTreeMap<ComponentId, Arc<dyn Consumer>>,
    runtime: Option<Runtime>,
    guests: BTreeMap<GuestId, Configured>,
}

/// All pipelines of the gateway; the second step.
pub struct Pipelines {
    /// For each receiver, where its batches go.
    pub sinks: BTreeMap<ComponentId, Sinks>,
    /// In the order of the data: what feeds others stands before them.
    stages: Vec<Vec<Chain>>,
    exporters: Vec<Arc<dyn Consumer>>,
    /// Whom questions can be put to.
    pub inspectors: Inspectors,
    /// Kept for as long as guests run.
    _runtime: Option<Runtime>,
}

/// Every guest, with what puts questions to it.
pub type Inspectors = BTreeMap<GuestId, Inspector>;

/// The processors of one pipeline in the order in which a batch meets them, or a connector.
type Chain = Vec<Arc<dyn Consumer>>;

/// Why pipelines cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    /// What guests say about their configuration, and what is wrong with files of certificates.
    #[error(transparent)]
    Problems(#[from] Problems),
    #[error(transparent)]
    Storage(#[from] StorageStartError),
}

impl Prepared {
    /// Builds the exporters (which connect to nothing yet), reads the certificates of the receivers,
    /// loads every guest and hands it its configuration; all complaints at once. Without storages what
    /// is held is in memory: for a configuration that is only to be checked.
    pub async fn new(
        config: &Config,
        storages: &Storages,
        workers: usize,
        metrics: &Metrics,
    ) -> Result<Self, BuildError> {
        let mut problems = receiver_problems(config);
        let exporters = exporters(config, metrics, &mut problems);
        let guests = guests::of(config);
        let mut configured = BTreeMap::new();
        let runtime = if guests.is_empty() {
            None
        } else {
            let user_modules =
                guests.iter().any(|guest| matches!(guest.settings.module, Module::File(_)));
            let runtime = Runtime::new(guests.len(), workers, user_modules)?;
            configured =
                guests::configure(&runtime, guests, storages, metrics, &mut problems).await?;
            Some(runtime)
        };
        if problems.is_empty() {
            Ok(Self { exporters, runtime, guests: configured })
        } else {
            Err(Problems::new(problems).into())
        }
    }

    /// Builds the chains and starts what runs beside the data path.
    pub fn start(self, config: &Config, metrics: &Metrics) -> Pipelines {
        let mut building = Building {
            prepared: self,
            config,
            metrics,
            entries: BTreeMap::new(),
            connectors: BTreeMap::new(),
            inspectors: Inspectors::new(),
        };
        let mut stages = Vec::new();
        // Back to front, because whatever feeds a pipeline needs its entry.
        for pipelines in config.stages().into_iter().rev() {
            let (mut chains, mut ends) = (Vec::new(), Vec::new());
            for id in pipelines {
                if let Some(pipeline) = config.service.pipelines.get(id) {
                    chains.extend(building.pipeline(id, pipeline, &mut ends));
                }
            }
            stages.extend([ends, chains]);
        }
        stages.reverse();
        let Building { prepared, entries, inspectors, .. } = building;
        let receivers = entries.into_iter().filter(|(id, _)| config.receivers.contains_key(id));
        let sinks = receivers.map(|(id, targets)| (id, sinks(&targets))).collect();
        let exporters = prepared.exporters.into_values().collect();
        Pipelines { sinks, stages, exporters, inspectors, _runtime: prepared.runtime }
    }
}

/// The second step while it goes on.
struct Building<'a> {
    prepared: Prepared,
    config: &'a Config,
    metrics: &'a Metrics,
    /// For each id that pipelines name as their receiver, and each signal, their first stages.
    entries: BTreeMap<ComponentId, [Vec<Arc<dyn Consumer>>; 3]>,
    connectors: BTreeMap<ComponentId, Arc<dyn Consumer>>,
    inspectors: Inspectors,
}

impl Building<'_> {
    /// Builds one pipeline; the connectors that were built with it are left in `ends`.
    fn pipeline(
        &mut self,
        id: &PipelineId,
        pipeline: &Pipeline,
        ends: &mut Vec<Chain>,
    ) -> Option<Chain> {
        let mut targets = Vec::with_capacity(pipeline.exporters.len());
        for id in &pipeline.exporters {
            targets.extend(match self.config.connectors.get(id) {
                Some(settings) => self.connector(id, settings, ends),
                None => self.prepared.exporters.get(id).cloned(),
            });
        }
        let last = FanOut::over(targets)?;
        let chain = self.chain(id, pipeline, &last);
        let first = chain.first().cloned().unwrap_or(last);
        for receiver in &pipeline.receivers {
            let entry = self.entries.entry(receiver.clone()).or_default();
            entry[id.signal().index()].push(Arc::clone(&first));
        }
        Some(chain)
    }

    /// A connector is one, however many pipelines it ends. All that it feeds are built.
    fn connector(
        &mut self,
        id: &ComponentId,
        settings: &ConnectorSettings,
        ends: &mut Vec<Chain>,
    ) -> Option<Arc<dyn Consumer>> {
        if let Some(connector) = self.connectors.get(id) {
            return Some(Arc::clone(connector));
        }
        let forward: Arc<dyn Consumer> = Arc::new(Forward(each_fan_out(&self.feeds(id))));
        let connector = match settings {
            ConnectorSettings::Forward => forward,
            ConnectorSettings::Guest(_) => self.guest((None, id.clone()), forward)?,
        };
        self.connectors.insert(id.clone(), Arc::clone(&connector));
        ends.push(vec![Arc::clone(&connector)]);
        Some(connector)
    }

    /// The processors of one pipeline, each in front of the next and the last in front of `last`.
    fn chain(
        &mut self,
        pipeline_id: &PipelineId,
        pipeline: &Pipeline,
        last: &Arc<dyn Consumer>,
    ) -> Chain {
        let (config, metrics) = (self.config, self.metrics);
        let mut next = Arc::clone(last);
        let mut chain = Vec::with_capacity(pipeline.processors.len());
        for id in pipeline.processors.iter().rev() {
            let name = id.to_string();
            let processor: Option<Arc<dyn Consumer>> = match config.processors.get(id) {
                Some(ProcessorSettings::Batch(settings)) => {
                    Some(Arc::new(BatchProcessor::new(&name, settings, next.clone(), metrics)))
                }
                Some(ProcessorSettings::MemoryLimiter(settings)) => {
                    Some(Arc::new(MemoryLimiter::new(&name, settings, next.clone(), metrics)))
                }
                Some(ProcessorSettings::Guest(_)) => {
                    self.guest((Some(pipeline_id.clone()), id.clone()), next.clone())
                }
                None => None,
            };
            // Always there: the configuration has no dangling references, and Prepared::new has
            // configured every guest.
            let Some(processor) = processor else { continue };
            next = Arc::clone(&processor);
            chain.push(processor);
        }
        chain.reverse();
        chain
    }

    fn guest(&mut self, guest: GuestId, next: Arc<dyn Consumer>) -> Option<Arc<dyn Consumer>> {
        let feeds = self.feeds(&guest.1);
        let configured = self.prepared.guests.remove(&guest)?;
        let runtime = self.prepared.runtime.as_ref()?;
        let processor = runtime.start(configured, next, feeds, self.metrics);
        self.inspectors.insert(guest, processor.inspector());
        Some(Arc::new(processor))
    }

    /// The pipelines that name this component as their receiver.
    fn feeds(&self, id: &ComponentId) -> Feeds {
        self.entries.get(id).cloned().unwrap_or_default()
    }
}

impl Pipelines {
    /// Starts what exporters serve themselves; before the first batch comes.
    pub async fn start_exporters(&self) -> Result<(), BindError> {
        for exporter in &self.exporters {
            exporter.start().await?;
        }
        Ok(())
    }

    /// Drains everything, front to back, until the deadline. What is left then is counted as lost by
    /// whoever holds it.
    pub async fn shutdown(self, deadline: Instant) {
        let processors = async {
            for chains in &self.stages {
                // Side by side: a chain that is stuck must not take the time of the others.
                join_all(chains.iter().map(|chain| async move {
                    for processor in chain {
                        processor.shutdown().await;
                    }
                }))
                .await;
            }
        };
        let early = deadline.checked_sub(EXPORTERS_SHARE).unwrap_or(deadline);
        if tokio::time::timeout_at(early, processors).await.is_err() {
            tracing::warn!("processors did not drain in time");
        }
        let exporters = self.exporters.iter().map(|exporter| exporter.shutdown());
        let exporters = join_all(exporters);
        if tokio::time::timeout_at(deadline, exporters).await.is_err() {
            tracing::warn!("exporters did not drain in time");
        }
    }
}

/// What is wrong with the certificates of the receivers that pipelines refer to. They are read again
/// when the receivers are bound.
fn receiver_problems(config: &Config) -> Vec<Problem> {
    let used: BTreeSet<&ComponentId> =
        config.service.pipelines.values().flat_map(|pipeline| &pipeline.receivers).collect();
    let mut problems = Vec::new();
    for id in used {
        let Some(ReceiverSettings::Otlp(settings)) = config.receivers.get(id) else { continue };
        let grpc = settings.grpc.as_ref().and_then(|grpc| grpc.tls.as_ref());
        let http = settings.http.as_ref().and_then(|http| http.tls.as_ref());
        for (protocol, tls) in [("grpc", grpc), ("http", http)] {
            if let Some(tls) = tls
                && let Err(error) = check_tls(tls)
            {
                let message = format!("receivers::{id}::protocols::{protocol}::tls: {error}");
                problems.push(Problem { origin: tls.origin.clone(), message });
            }
        }
    }
    problems
}

/// The exporters that pipelines refer to.
fn exporters(
    config: &Config,
    metrics: &Metrics,
    problems: &mut Vec<Problem>,
) -> BTreeMap<ComponentId, Arc<dyn Consumer>> {
    let used: BTreeSet<&ComponentId> =
        config.service.pipelines.values().flat_map(|pipeline| &pipeline.exporters).collect();
    let mut exporters = BTreeMap::new();
    for id in used {
        let Some(settings) = config.exporters.get(id) else { continue };
        match exporter::build(&id.to_string(), settings, metrics) {
            Ok(exporter) => {
                exporters.insert(id.clone(), exporter);
            }
            Err(error) => {
                let origin = settings.origin().cloned().unwrap_or_default();
                problems.push(Problem { origin, message: error.to_string() });
            }
        }
    }
    exporters
}

fn sinks(targets: &[Vec<Arc<dyn Consumer>>; 3]) -> Sinks {
    let [traces, metrics, logs] = each_fan_out(targets);
    debug_assert_eq!(Signal::ALL.map(Signal::index), [0, 1, 2]);
    Sinks { traces, metrics, logs }
}

fn each_fan_out(targets: &[Vec<Arc<dyn Consumer>>; 3]) -> [Option<Arc<dyn Consumer>>; 3] {
    targets.each_ref().map(|targets| FanOut::over(targets.clone()))
}

#[cfg(test)]
mod tests;
