//! How pipelines feed each other: through connectors, and through processors that make telemetry of
//! their own, which a pipeline may name as its receiver.

use std::collections::{BTreeMap, BTreeSet};

use super::Config;
use super::components::Declared;
use super::connector::ConnectorSettings;
use super::id::{ComponentId, PipelineId};
use super::origin::Origin;
use super::problems::Report;
use super::processor::ProcessorSettings;
use super::service::Pipeline;
use crate::batch::Signal;

/// All components that stand in the YAML, those with broken settings included.
pub(super) struct Kinds<'a> {
    pub(super) receivers: &'a Declared,
    pub(super) processors: &'a Declared,
    pub(super) exporters: &'a Declared,
    pub(super) connectors: &'a Declared,
}

/// Complains about ids that could be two things, about ends that lead nowhere, and about circles.
pub(super) fn check(config: &Config, declared: &Kinds<'_>, report: &Report) {
    for (id, origin) in declared.connectors {
        for (kind, ids) in [
            ("receiver", declared.receivers),
            ("exporter", declared.exporters),
            ("processor", declared.processors),
        ] {
            if ids.contains_key(id) {
                report.problem(origin, ambiguous(id, kind));
            }
        }
        check_connector(config, id, origin, report);
    }
    for (id, origin) in declared.processors {
        if !declared.receivers.contains_key(id) && !declared.connectors.contains_key(id) {
            check_processor(config, id, origin, report);
        }
    }
    if let Some(circle) = config.circle() {
        let [first, ..] = circle.as_slice() else { return };
        let makers = [declared.connectors, declared.processors];
        let origin = makers.into_iter().find_map(|kind| kind.get(&first.via));
        let links: Vec<String> = circle.iter().chain([first]).map(|link| link.words()).collect();
        let message = format!("cycle detected: {}", links.join(" -> "));
        report.problem(origin.unwrap_or(&Origin::default()), message);
    }
}

fn ambiguous(id: &ComponentId, kind: &str) -> String {
    let id = id.to_string();
    let other = format!("{id}/connector");
    format!(
        "connectors::{id}: ambiguous ID: Found both {id:?} {kind} and {id:?} connector. Change one \
         of the components' IDs to eliminate ambiguity (e.g. rename {id:?} connector to {other:?})"
    )
}

/// What goes into a connector must come out somewhere, and the other way round.
fn check_connector(config: &Config, id: &ComponentId, origin: &Origin, report: &Report) {
    let ends = |is: fn(&Pipeline) -> &Vec<ComponentId>| -> Vec<&PipelineId> {
        let pipelines = config.service.pipelines.iter();
        pipelines.filter(|(_, pipeline)| is(pipeline).contains(id)).map(|(id, _)| id).collect()
    };
    let exporting = ends(|pipeline| &pipeline.exporters);
    let receiving = ends(|pipeline| &pipeline.receivers);
    let joined = |from: &PipelineId, to: &PipelineId| {
        from.signal() == to.signal()
            || !matches!(config.connectors.get(id), Some(ConnectorSettings::Forward))
    };
    let complain = |pipeline: &PipelineId, used: &str, other: &str| {
        let message = format!(
            "connector {:?} used as {used} in [{pipeline}] pipeline but not used in any supported \
             {other} pipeline",
            id.to_string()
        );
        report.problem(origin, message);
    };
    for from in &exporting {
        if !receiving.iter().any(|to| joined(from, to)) {
            complain(from, "exporter", "receiver");
        }
    }
    for to in &receiving {
        if !exporting.iter().any(|from| joined(from, to)) {
            complain(to, "receiver", "exporter");
        }
    }
}

/// A processor that a pipeline names as its receiver must be one, once.
fn check_processor(config: &Config, id: &ComponentId, origin: &Origin, report: &Report) {
    let pipelines = &config.service.pipelines;
    let fed = pipelines.iter().find(|(_, pipeline)| pipeline.receivers.contains(id));
    let Some((fed, _)) = fed else { return };
    let name = format!("{:?}", id.to_string());
    let place = format!("service::pipelines::{fed}: receiver {name}");
    if let Some(ProcessorSettings::Batch(_) | ProcessorSettings::MemoryLimiter(_)) =
        config.processors.get(id)
    {
        let message = format!("{place} is a processor that makes no telemetry of its own");
        return report.problem(origin, message);
    }
    let users = pipelines.iter().filter(|(_, pipeline)| pipeline.processors.contains(id));
    let users: Vec<String> = users.map(|(id, _)| id.to_string()).collect();
    let message = match users.len() {
        0 => format!("{place} is a processor that no pipeline uses"),
        1 => return,
        _ => format!(
            "{place} is a processor of several pipelines [{}], each with a state of its own: put it \
             under connectors and name it as their exporter, or give each pipeline its own id",
            users.join(" ")
        ),
    };
    report.problem(origin, message);
}

/// One pipeline feeds another.
#[derive(Clone, Debug)]
struct Link {
    from: PipelineId,
    via: ComponentId,
    is_connector: bool,
    to: PipelineId,
}

impl Link {
    fn words(&self) -> String {
        let id = self.via.to_string();
        if self.is_connector {
            let (from, to) = (self.from.signal().name(), self.to.signal().name());
            format!("connector {id:?} ({from} to {to})")
        } else {
            format!("processor {id:?} in pipeline {:?}", self.from.to_string())
        }
    }
}

impl Config {
    /// The signals of the pipelines that name this component as their receiver.
    pub fn fed_signals(&self, id: &ComponentId) -> Vec<Signal> {
        let pipelines = self.service.pipelines.iter();
        let fed = pipelines.filter(|(_, pipeline)| pipeline.receivers.contains(id));
        let signals: BTreeSet<Signal> = fed.map(|(id, _)| id.signal()).collect();
        signals.into_iter().collect()
    }

    /// The pipelines in the order of the data: each stands in a later stage than all that feed it.
    pub fn stages(&self) -> Vec<Vec<&PipelineId>> {
        let links = self.links();
        let pipelines = &self.service.pipelines;
        let mut stages: BTreeMap<&PipelineId, usize> = pipelines.keys().map(|id| (id, 0)).collect();
        // There is no circle, so no way is longer than there are pipelines.
        for _ in 0..pipelines.len() {
            for link in &links {
                let after = stages.get(&link.from).map_or(0, |stage| stage + 1);
                if let Some(stage) = stages.get_mut(&link.to) {
                    *stage = after.max(*stage).min(pipelines.len());
                }
            }
        }
        let mut ordered: BTreeMap<usize, Vec<&PipelineId>> = BTreeMap::new();
        for (id, stage) in stages {
            ordered.entry(stage).or_default().push(id);
        }
        ordered.into_values().collect()
    }

    fn links(&self) -> Vec<Link> {
        let mut links = Vec::new();
        for (to, fed) in &self.service.pipelines {
            // An id may stand for a receiver, a processor and an exporter at once.
            let made = |id: &&ComponentId| !self.receivers.contains_key(*id);
            for via in fed.receivers.iter().filter(made) {
                for (from, pipeline) in &self.service.pipelines {
                    let is_connector =
                        self.connectors.contains_key(via) && pipeline.exporters.contains(via);
                    let forwards = self.connectors.get(via) == Some(&ConnectorSettings::Forward);
                    let joins = is_connector && (!forwards || from.signal() == to.signal());
                    if joins || pipeline.processors.contains(via) {
                        let (from, via, to) = (from.clone(), via.clone(), to.clone());
                        links.push(Link { from, via, is_connector, to });
                    }
                }
            }
        }
        links
    }

    /// Links that lead back to where they began, if there are any.
    fn circle(&self) -> Option<Vec<Link>> {
        let links = self.links();
        self.service.pipelines.keys().find_map(|start| {
            let mut way = Vec::new();
            leads_back(&links, start, start, &mut BTreeSet::new(), &mut way).then_some(way)
        })
    }
}

/// Looks for a way from `at` to `start`, and leaves it in `way`.
fn leads_back<'a>(
    links: &'a [Link],
    start: &PipelineId,
    at: &PipelineId,
    seen: &mut BTreeSet<&'a PipelineId>,
    way: &mut Vec<Link>,
) -> bool {
    for link in links.iter().filter(|link| link.from == *at) {
        way.push(link.clone());
        if link.to == *start
            || seen.insert(&link.to) && leads_back(links, start, &link.to, seen, way)
        {
            return true;
        }
        way.pop();
    }
    false
}
