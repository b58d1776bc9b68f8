//! YAML -> a validated [`Config`]: every problem at once, each with its place.
//!
//! Sources are parsed into one tree that remembers where everything stands, `${...}` is replaced, and
//! then every component reads its own section out of the tree. Nothing here touches the network.

mod components;
mod duration;
mod endpoint;
mod environment;
mod expand;
mod exporter;
mod extension;
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

use std::collections::{BTreeMap, BTreeSet};

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

use self::problems::Report;
use self::section::Section;
use self::service::Declared;

/// A configuration in which every reference leads somewhere. Whether the guests accept theirs is
/// known only when they have been asked: see [`guest_problem`].
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    pub receivers: BTreeMap<ComponentId, ReceiverSettings>,
    pub processors: BTreeMap<ComponentId, ProcessorSettings>,
    pub exporters: BTreeMap<ComponentId, ExporterSettings>,
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
    let connectors = refuse_connectors(root);
    let missing = |what| format!("no {what} configuration specified in config");
    let complain = |message: &str| root.report().problem(root.origin(), message);
    let kinds =
        [&receivers.declared, &processors.declared, &exporters.declared, &extensions.declared];
    let is_empty = kinds.into_iter().all(BTreeSet::is_empty) && connectors.is_empty();
    if is_empty {
        complain("empty configuration file");
    } else if receivers.declared.is_empty() {
        complain(&missing("receiver"));
    } else if exporters.declared.is_empty() {
        complain(&missing("exporter"));
    }
    let storages = extensions.declared.clone();
    let only_metrics = exporters.settings.iter().filter(|(_, settings)| settings.only_metrics());
    let declared = Declared {
        receivers: receivers.declared.union(&connectors).cloned().collect(),
        processors: processors.declared,
        exporters: exporters.declared.union(&connectors).cloned().collect(),
        extensions: extensions.declared,
        only_metrics: only_metrics.map(|(id, _)| id.clone()).collect(),
    };
    let service = service::read(root, &declared);
    storage::check(&processors.settings, &storages, &service.extensions, root.report());
    root.check_keys();
    Config {
        receivers: receivers.settings,
        processors: processors.settings,
        exporters: exporters.settings,
        extensions: extensions.settings,
        service,
    }
}

/// The ids of connectors, each with the message that there are none yet.
fn refuse_connectors(root: &Section<'_>) -> BTreeSet<ComponentId> {
    let mut declared = BTreeSet::new();
    for (id, section) in components::sections(root, "connectors", &mut declared) {
        let message = format!("connectors::{id}: connectors are not supported yet by tamis");
        root.report().problem(section.origin(), message);
    }
    declared
}
