//! The guests of a configuration: found, loaded, and asked whether they accept their part of it.

use std::collections::{BTreeMap, BTreeSet};

use crate::batch::Signal;
use crate::config::{
    ComponentId, Config, ConnectorSettings, PipelineId, Problem, ProcessorSettings, guest_problem,
};
use crate::extension::file_storage::{StorageStartError, Storages};
use crate::telemetry::metrics::Metrics;
use crate::wasm::bindings::handler::Configuration;
use crate::wasm::pool::signal;
use crate::wasm::runtime::{Configured, LoadError, Runtime, hash_seed};
use crate::wasm::settings::GuestSettings;

/// Which guest: a processor of one pipeline, or a connector.
pub type GuestId = (Option<PipelineId>, ComponentId);

/// One guest that will run.
pub(super) struct Guest<'a> {
    /// The pipeline whose processor it is; none for a connector, which is one for all pipelines.
    pipeline: Option<&'a PipelineId>,
    id: &'a ComponentId,
    pub(super) settings: &'a GuestSettings,
    /// What it is handed.
    takes: BTreeSet<Signal>,
    /// Of the pipelines that name it as their receiver.
    feeds: Vec<Signal>,
}

/// Every guest of every pipeline: each pipeline has instances of its own.
pub(super) fn of(config: &Config) -> Vec<Guest<'_>> {
    let mut guests = Vec::new();
    for (pipeline_id, pipeline) in &config.service.pipelines {
        for id in &pipeline.processors {
            if let Some(ProcessorSettings::Guest(settings)) = config.processors.get(id) {
                let takes = BTreeSet::from([pipeline_id.signal()]);
                let feeds = config.fed_signals(id);
                guests.push(Guest { pipeline: Some(pipeline_id), id, settings, takes, feeds });
            }
        }
    }
    for (id, settings) in &config.connectors {
        let pipelines = config.service.pipelines.iter();
        let ended = pipelines.filter(|(_, pipeline)| pipeline.exporters.contains(id));
        let takes: BTreeSet<Signal> = ended.map(|(id, _)| id.signal()).collect();
        if let ConnectorSettings::Guest(settings) = settings
            && !takes.is_empty()
        {
            let feeds = config.fed_signals(id);
            guests.push(Guest { pipeline: None, id, settings, takes, feeds });
        }
    }
    guests
}

/// Loads every guest and hands it its configuration.
pub(super) async fn configure(
    runtime: &Runtime,
    guests: Vec<Guest<'_>>,
    storages: &Storages,
    metrics: &Metrics,
    problems: &mut Vec<Problem>,
) -> Result<BTreeMap<GuestId, Configured>, StorageStartError> {
    let seed = hash_seed();
    let mut configured = BTreeMap::new();
    for guest in guests {
        let settings = guest.settings;
        let options = settings.options.clone();
        let namespace = match &options.storage {
            Some(storage) => storages.namespace(&storage.id, &guest.place())?,
            None => None,
        };
        let (name, configuration) = (guest.id.to_string(), guest.configuration(seed));
        let answer =
            runtime.configure(&name, &settings.module, configuration, options, namespace, metrics);
        match answer.await {
            Ok(answer) => {
                let refused = guest.misfits(&answer);
                if refused.is_empty() {
                    configured.insert((guest.pipeline.cloned(), guest.id.clone()), answer);
                }
                problems.extend(refused);
            }
            Err(error) => problems.extend(guest.complaints(&error)),
        }
    }
    Ok(configured)
}

impl Guest<'_> {
    /// What no other guest of the configuration is called.
    fn place(&self) -> String {
        match self.pipeline {
            Some(pipeline) => format!("{pipeline}/{}", self.id),
            None => format!("connectors/{}", self.id),
        }
    }

    fn configuration(&self, hash_seed: u64) -> Configuration {
        Configuration {
            id: self.id.to_string(),
            json: self.settings.config_json(),
            texts: self.settings.config_texts(),
            hash_seed,
            instances: 1,
            feeds: self.feeds.iter().map(|&fed| signal(fed)).collect(),
        }
    }

    /// Why it cannot stand where it stands.
    fn misfits(&self, guest: &Configured) -> Vec<Problem> {
        let mut problems = Vec::new();
        for signal in &self.takes {
            if !guest.takes(*signal) {
                let (id, signal) = (self.id, signal.name());
                problems.push(self.problem(
                    &[],
                    &match self.pipeline {
                        Some(pipeline) => format!(
                            "processor \"{id}\" does not support {signal}, the signal of pipeline \
                         \"{pipeline}\""
                        ),
                        None => format!("connector \"{id}\" does not support {signal}"),
                    },
                ));
            }
        }
        // A connector hands on what it takes; all else it must make.
        let handed_on = |signal: &Signal| self.pipeline.is_none() && self.takes.contains(signal);
        if !guest.emits && !self.feeds.iter().all(handed_on) {
            let message = "it is named as the receiver of a pipeline, but makes no telemetry of its own: \
                           the component does not import `emitter`";
            problems.push(self.problem(&[], message));
        }
        problems
    }

    /// What a guest says, in the words and with the places of our own complaints.
    fn complaints(&self, error: &LoadError) -> Vec<Problem> {
        match error {
            LoadError::Problems(problems) => problems
                .iter()
                .map(|problem| self.problem(&problem.path, &problem.message))
                .collect(),
            other => vec![self.problem(&[], &other.to_string())],
        }
    }

    fn problem(&self, path: &[String], message: &str) -> Problem {
        let kind = if self.pipeline.is_some() { "processors" } else { "connectors" };
        guest_problem(kind, self.id, self.settings, path, message)
    }
}
