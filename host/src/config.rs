//! YAML -> a validated [`Config`]: every problem at once, each with its place.
//!
//! Sources are parsed into one tree that remembers where everything stands, `${...}` is replaced, and
//! then every component reads its own section out of the tree. Nothing here touches the network.

mod components;
mod connector;
mod duration;
mod endpoint;
mod environment;
mod expand;
mod exporter;
mod extension;
mod graph;
mod guest;
mod id;
mod merge;
mod nearest;
mod node;
mod origin;
mod problems;
mod processor;
mod receiver;
mod scalar;
mod section;
mod server;
mod service;
mod source;
mod storage;
mod tls;
mod yaml;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub use self::connector::ConnectorSettings;
pub use self::environment::{Environment, MAX_FILE_BYTES, ProcessEnvironment};
pub use self::extension::ExtensionSettings;
pub use self::guest::problem as guest_problem;
pub use self::id::{ComponentId, IdError, PipelineId};
pub use self::node::{Entry, Node, Value};
pub use self::origin::Origin;
pub use self::problems::{Problem, Problems, Warning};
pub use self::processor::ProcessorSettings;
pub use self::receiver::ReceiverSettings;
pub use self::service::{Pipeline, Service};
pub use self::source::{Source, SourceError};
pub use self::storage::StorageReference;

pub use crate::exporter::settings::ExporterSettings;

use self::components::Declared;
use self::problems::Report;
use self::section::Section;
use self::service::References;

/// A configuration in which every reference leads somewhere. Whether the guests accept theirs is
/// known only when they have been asked: see [`guest_problem`].
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    pub receivers: BTreeMap<ComponentId, ReceiverSettings>,
    pub processors: BTreeMap<ComponentId, ProcessorSettings>,
    pub exporters: BTreeMap<ComponentId, ExporterSettings>,
    pub connectors: BTreeMap<ComponentId, ConnectorSettings>,
    pub extensions: BTreeMap<ComponentId, ExtensionSettings>,
    pub service: Service,
}

/// Reads and checks a configuration. `builtins` are the processor types that are guests inside the
/// binary.
pub fn load(
    sources: &[Source],
    environment: &dyn Environment,
    builtins: &[&str],
) -> Result<(Config, Vec<Warning>), Problems> {
    let report = Report::default();
    let Some(tree) = source::read_all(sources, environment, &report) else {
        // Half of the sources would only lead to complaints about what the other half says.
        return Err(report.into_problems());
    };
    let tree = expand::expand(tree, environment, &report);
    let root = Section::root(&tree, &report);
    let config = read(&root, builtins);
    exporter::warn_of_proxies(&root, &config.exporters, environment);
    report.finish(config)
}

fn read(root: &Section<'_>, builtins: &[&str]) -> Config {
    let receivers = receiver::read(root);
    let processors = processor::read(root, builtins);
    let exporters = exporter::read(root);
    let extensions = extension::read(root);
    let connectors = connector::read(root, builtins);
    let missing = |what| format!("no {what} configuration specified in config");
    let complain = |message: &str| root.report().problem(root.origin(), message);
    let kinds = [
        &receivers.declared,
        &processors.declared,
        &exporters.declared,
        &extensions.declared,
        &connectors.declared,
    ];
    if kinds.into_iter().all(BTreeMap::is_empty) {
        complain("empty configuration file");
    } else if receivers.declared.is_empty() {
        complain(&missing("receiver"));
    } else if exporters.declared.is_empty() {
        complain(&missing("exporter"));
    }
    let ids = |kinds: &[&Declared]| kinds.iter().flat_map(|kind| kind.keys().cloned()).collect();
    let only_metrics = exporters.settings.iter().filter(|(_, settings)| settings.only_metrics());
    let references = References {
        receivers: ids(&[&receivers.declared, &connectors.declared]),
        processors: ids(&[&processors.declared]),
        exporters: ids(&[&exporters.declared, &connectors.declared]),
        extensions: ids(&[&extensions.declared]),
        only_metrics: only_metrics.map(|(id, _)| id.clone()).collect(),
    };
    let config = Config {
        service: service::read(root, &references),
        receivers: receivers.settings,
        processors: processors.settings,
        exporters: exporters.settings,
        connectors: connectors.settings,
        extensions: extensions.settings,
    };
    let kinds = graph::Kinds {
        receivers: &receivers.declared,
        processors: &processors.declared,
        exporters: &exporters.declared,
        connectors: &connectors.declared,
    };
    graph::check(&config, &kinds, root.report());
    storage::check(&config, &references.extensions, root.report());
    root.check_keys();
    config
}
