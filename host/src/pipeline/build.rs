//! From a configuration to running pipelines, in two steps: everything that can be refused is
//! prepared first, so that nothing is bound or connected for a configuration that does not hold.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::Instant;

use crate::batch::Signal;
use crate::config::{
    ComponentId, Config, Pipeline, PipelineId, Problem, Problems, ProcessorSettings,
    ReceiverSettings, guest_problem,
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
use crate::wasm::bindings::handler::Configuration;
use crate::wasm::runtime::{Configured, LoadError, Runtime, RuntimeError, hash_seed};
use crate::wasm::settings::{GuestSettings, Module};

/// Of the time for shutdown, what is left to the exporters however long the processors take.
const EXPORTERS_SHARE: Duration = Duration::from_secs(5);

/// Exporters, and guests that have accepted their configuration; the first step.
pub struct Prepared {
    exporters: BTreeMap<ComponentId, Arc<dyn Consumer>>,
    runtime: Option<Runtime>,
    guests: BTreeMap<(PipelineId, ComponentId), Configured>,
}

/// All pipelines of the gateway; the second step.
pub struct Pipelines {
    /// For each receiver, where its batches go.
    pub sinks: BTreeMap<ComponentId, Sinks>,
    /// The processors of each pipeline, in the order in which a batch meets them.
    chains: Vec<Vec<Arc<dyn Consumer>>>,
    exporters: Vec<Arc<dyn Consumer>>,
    /// Kept for as long as guests run.
    _runtime: Option<Runtime>,
}

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
        let guests = guests(config);
        let mut configured = BTreeMap::new();
        let runtime = if guests.is_empty() {
            None
        } else {
            let user_modules =
                guests.iter().any(|(_, _, guest)| matches!(guest.module, Module::File(_)));
            let runtime = Runtime::new(guests.len(), workers, user_modules)?;
            configured = configure(&runtime, guests, storages, metrics, &mut problems).await?;
            Some(runtime)
        };
        if problems.is_empty() {
            Ok(Self { exporters, runtime, guests: configured })
        } else {
            Err(Problems::new(problems).into())
        }
    }

    /// Builds the chains and starts what runs beside the data path.
    pub fn start(mut self, config: &Config, metrics: &Metrics) -> Pipelines {
        let mut chains = Vec::new();
        let mut entries: BTreeMap<ComponentId, [Vec<Arc<dyn Consumer>>; 3]> = BTreeMap::new();
        for (id, pipeline) in &config.service.pipelines {
            let targets =
                pipeline.exporters.iter().filter_map(|id| self.exporters.get(id).cloned());
            let Some(last) = FanOut::over(targets.collect()) else { continue };
            let chain = self.chain(config, id, pipeline, &last, metrics);
            let first = chain.first().cloned().unwrap_or(last);
            for receiver in &pipeline.receivers {
                let entry = entries.entry(receiver.clone()).or_default();
                entry[id.signal().index()].push(Arc::clone(&first));
            }
            chains.push(chain);
        }
        let sinks = entries.into_iter().map(|(id, targets)| (id, sinks(targets))).collect();
        let exporters = self.exporters.into_values().collect();
        Pipelines { sinks, chains, exporters, _runtime: self.runtime }
    }

    /// The processors of one pipeline, each in front of the next and the last in front of `last`.
    fn chain(
        &mut self,
        config: &Config,
        pipeline_id: &PipelineId,
        pipeline: &Pipeline,
        last: &Arc<dyn Consumer>,
        metrics: &Metrics,
    ) -> Vec<Arc<dyn Consumer>> {
        let mut next = Arc::clone(last);
        let mut chain = Vec::with_capacity(pipeline.processors.len());
        for id in pipeline.processors.iter().rev() {
            let name = id.to_string();
            let processor: Arc<dyn Consumer> = match config.processors.get(id) {
                Some(ProcessorSettings::Batch(settings)) => {
                    Arc::new(BatchProcessor::new(&name, settings, next, metrics))
                }
                Some(ProcessorSettings::MemoryLimiter(settings)) => {
                    Arc::new(MemoryLimiter::new(&name, settings, next, metrics))
                }
                Some(ProcessorSettings::Guest(_)) => {
                    let key = (pipeline_id.clone(), id.clone());
                    match (&self.runtime, self.guests.remove(&key)) {
                        (Some(runtime), Some(guest)) => {
                            Arc::new(runtime.start(guest, next, metrics))
                        }
                        // Prepared::new has configured every guest of every pipeline.
                        _ => continue,
                    }
                }
                // The configuration has no dangling references.
                None => continue,
            };
            next = Arc::clone(&processor);
            chain.push(processor);
        }
        chain.reverse();
        chain
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
        // Side by side: a chain that is stuck must not take the time of the others.
        let processors = join_all(self.chains.iter().map(|chain| async move {
            for processor in chain {
                processor.shutdown().await;
            }
        }));
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

/// Loads every guest and hands it its configuration.
async fn configure(
    runtime: &Runtime,
    guests: Vec<(&PipelineId, &ComponentId, &GuestSettings)>,
    storages: &Storages,
    metrics: &Metrics,
    problems: &mut Vec<Problem>,
) -> Result<BTreeMap<(PipelineId, ComponentId), Configured>, StorageStartError> {
    let seed = hash_seed();
    let mut configured = BTreeMap::new();
    for (pipeline, id, settings) in guests {
        let configuration = Configuration {
            id: id.to_string(),
            json: settings.config_json(),
            texts: settings.config_texts(),
            hash_seed: seed,
            instances: 1,
        };
        let options = settings.options.clone();
        let namespace = match &options.hold.storage {
            Some(storage) => storages.hold(&storage.id, pipeline, id)?,
            None => None,
        };
        let name = id.to_string();
        let answer =
            runtime.configure(&name, &settings.module, configuration, options, namespace, metrics);
        match answer.await {
            Ok(guest) if guest.takes(pipeline.signal()) => {
                configured.insert((pipeline.clone(), id.clone()), guest);
            }
            Ok(_) => {
                let message = format!(
                    "processor \"{id}\" does not support {}, the signal of pipeline \"{pipeline}\"",
                    pipeline.signal().name()
                );
                problems.push(guest_problem(id, settings, &[], &message));
            }
            Err(error) => problems.extend(complaints(id, settings, &error)),
        }
    }
    Ok(configured)
}

/// Every guest of every pipeline: each pipeline has instances of its own.
fn guests(config: &Config) -> Vec<(&PipelineId, &ComponentId, &GuestSettings)> {
    let mut guests = Vec::new();
    for (pipeline_id, pipeline) in &config.service.pipelines {
        for id in &pipeline.processors {
            if let Some(ProcessorSettings::Guest(settings)) = config.processors.get(id) {
                guests.push((pipeline_id, id, settings.as_ref()));
            }
        }
    }
    guests
}

/// What a guest says, in the words and with the places of our own complaints.
fn complaints(id: &ComponentId, settings: &GuestSettings, error: &LoadError) -> Vec<Problem> {
    match error {
        LoadError::Problems(problems) => problems
            .iter()
            .map(|problem| guest_problem(id, settings, &problem.path, &problem.message))
            .collect(),
        other => vec![guest_problem(id, settings, &[], &other.to_string())],
    }
}

fn sinks(targets: [Vec<Arc<dyn Consumer>>; 3]) -> Sinks {
    let [traces, metrics, logs] = targets.map(FanOut::over);
    debug_assert_eq!(Signal::ALL.map(Signal::index), [0, 1, 2]);
    Sinks { traces, metrics, logs }
}

#[cfg(test)]
mod tests;
