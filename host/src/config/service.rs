//! `service`: which extensions run, how components are joined to pipelines, and tamis' own telemetry.

mod telemetry;

use std::collections::{BTreeMap, BTreeSet};

use super::id::{ComponentId, PipelineId};
use super::nearest;
use super::origin::Origin;
use super::section::Section;
use crate::batch::Signal;
use crate::telemetry::settings::TelemetrySettings;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Each is configured.
    pub extensions: Vec<ComponentId>,
    /// At least one.
    pub pipelines: BTreeMap<PipelineId, Pipeline>,
    pub telemetry: TelemetrySettings,
}

/// Ids of configured components; at least one receiver and one exporter, and none twice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pipeline {
    pub receivers: Vec<ComponentId>,
    /// In the order in which a batch meets them.
    pub processors: Vec<ComponentId>,
    pub exporters: Vec<ComponentId>,
}

/// The ids that a service may refer to.
pub(super) struct References {
    pub(super) receivers: BTreeSet<ComponentId>,
    pub(super) processors: BTreeSet<ComponentId>,
    pub(super) exporters: BTreeSet<ComponentId>,
    pub(super) extensions: BTreeSet<ComponentId>,
    /// The exporters that take no other signal.
    pub(super) only_metrics: BTreeSet<ComponentId>,
}

pub(super) fn read(root: &Section<'_>, declared: &References) -> Service {
    let mut service = Service {
        extensions: Vec::new(),
        pipelines: BTreeMap::new(),
        telemetry: TelemetrySettings::default(),
    };
    let Some(section) = root.section("service") else {
        root.invalid_here(NO_PIPELINE);
        return service;
    };
    let extensions = Reference {
        section: &section,
        key: "extensions",
        what: "extension",
        owner: "service::extensions".to_owned(),
    };
    service.extensions = extensions.read(&declared.extensions, &BTreeSet::new());
    service.telemetry = telemetry::read(&section);
    service.pipelines = pipelines(&section, declared);
    section.finish();
    service
}

const NO_PIPELINE: &str = "service::pipelines: service must have at least one pipeline";

fn pipelines(service: &Section<'_>, declared: &References) -> BTreeMap<PipelineId, Pipeline> {
    let mut pipelines = BTreeMap::new();
    let Some(section) = service.section("pipelines") else {
        service.report().problem(service.origin(), NO_PIPELINE);
        return pipelines;
    };
    if section.entries().is_empty() {
        section.report().problem(section.origin(), NO_PIPELINE);
    }
    for entry in section.entries() {
        let pipeline = section.nested(entry.key.clone(), &entry.node);
        match PipelineId::parse(&entry.key) {
            Ok(id) => {
                let own = read_pipeline(&id, pipeline, declared);
                if pipelines.insert(id.clone(), own).is_some() {
                    let message = format!("duplicate name {:?} after unmarshaling {id}", entry.key);
                    complain(&section, &entry.origin, &message);
                }
            }
            Err(error) => complain(&section, &entry.origin, &error.to_string()),
        }
    }
    pipelines
}

fn complain(section: &Section<'_>, origin: &Origin, message: &str) {
    section.report().problem(origin, format!("'service.pipelines' {message}"));
}

fn read_pipeline(id: &PipelineId, section: Section<'_>, declared: &References) -> Pipeline {
    let owner = format!("service::pipelines::{id}");
    let references = |key, what, declared, more| {
        Reference { section: &section, key, what, owner: owner.clone() }.read(declared, more)
    };
    let none = BTreeSet::new();
    let pipeline = Pipeline {
        // A processor may make telemetry of its own, for a pipeline to receive.
        receivers: references("receivers", "receiver", &declared.receivers, &declared.processors),
        processors: references("processors", "processor", &declared.processors, &none),
        exporters: references("exporters", "exporter", &declared.exporters, &none),
    };
    for (key, what) in [("receivers", "receiver"), ("exporters", "exporter")] {
        if section.strings(key).is_empty() {
            section
                .report()
                .problem(section.origin(), format!("{owner}: must have at least one {what}"));
        }
    }
    check_signal(id, &section, &declared.only_metrics);
    section.finish();
    pipeline
}

/// Complains about exporters that do not take the signal of the pipeline.
fn check_signal(id: &PipelineId, section: &Section<'_>, only_metrics: &BTreeSet<ComponentId>) {
    let signal = id.signal();
    for (exporter, node) in section.strings("exporters") {
        let known = ComponentId::parse(&exporter).is_ok_and(|id| only_metrics.contains(&id));
        if known && signal != Signal::Metrics {
            let message = format!(
                "service::pipelines::{id}: failed to create {exporter:?} exporter for data type \
                 {:?}: telemetry type is not supported",
                signal.name()
            );
            section.report().problem(&node.origin, message);
        }
    }
}

/// A list of ids that must be configured.
struct Reference<'s, 'a> {
    section: &'s Section<'a>,
    key: &'static str,
    what: &'static str,
    owner: String,
}

impl Reference<'_, '_> {
    /// `more` may be referred to as well, but is not what one would look for.
    fn read(
        &self,
        declared: &BTreeSet<ComponentId>,
        more: &BTreeSet<ComponentId>,
    ) -> Vec<ComponentId> {
        let mut ids: Vec<ComponentId> = Vec::new();
        let report = self.section.report();
        let Self { owner, what, .. } = self;
        for (text, node) in self.section.strings(self.key) {
            let id = match ComponentId::parse(&text) {
                Ok(id) => id,
                Err(error) => {
                    self.section.decode(self.key, &node.origin, &error.to_string());
                    continue;
                }
            };
            let quoted = format!("{:?}", id.to_string());
            if !declared.contains(&id) && !more.contains(&id) {
                let known: Vec<String> = declared.iter().map(ToString::to_string).collect();
                let hint = nearest::hint(&id.to_string(), known.iter().map(String::as_str));
                let message =
                    format!("{owner}: references {what} {quoted} which is not configured{hint}");
                report.problem(&node.origin, message);
            } else if ids.contains(&id) {
                let message = format!("{owner}: references {what} {quoted} multiple times");
                // The Collector joins the two for all but processors, where order has a meaning.
                match *what {
                    "processor" => report.problem(&node.origin, message),
                    _ => report.warning(&node.origin, message),
                }
            } else {
                ids.push(id);
            }
        }
        ids
    }
}
