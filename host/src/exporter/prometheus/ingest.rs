//! From an Export request to the table: what each data point is called, and whose it is.

use std::sync::Arc;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::metrics::v1::{
    DataPointFlags, Metric, ResourceMetrics, ScopeMetrics,
};
use tokio::time::Instant;

use super::attribute;
use super::convert::MIN_SCHEMA;
use super::labels::{self, Key, Scope, Texts};
use super::names::{NameKind, metric_name};
use super::point::{self, Ignored, Incoming, Point, Temporality};
use super::settings::{PrometheusSettings, ResourceLabels};
use super::table::{Refused, Table, Target, Update};

/// The attributes that `job` and `instance` are made of.
const SERVICE: [&str; 3] = [SERVICE_NAME, SERVICE_NAMESPACE, SERVICE_INSTANCE];
const SERVICE_NAME: &str = "service.name";
const SERVICE_NAMESPACE: &str = "service.namespace";
const SERVICE_INSTANCE: &str = "service.instance.id";

/// How many data points changed nothing, by cause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) outdated: usize,
    pub(super) temporality: usize,
    pub(super) invalid: usize,
    pub(super) full: usize,
}

impl Tally {
    fn count(&mut self, refused: Refused) {
        *match refused {
            Refused::Ignored(Ignored::Outdated) => &mut self.outdated,
            Refused::Ignored(Ignored::Temporality) => &mut self.temporality,
            Refused::Invalid => &mut self.invalid,
            Refused::Full => &mut self.full,
        } += 1;
    }
}

/// Brings every data point to its series.
pub(super) fn ingest(
    request: ExportMetricsServiceRequest,
    settings: &PrometheusSettings,
    table: &mut Table,
) -> Tally {
    let mut ingest = Ingest { settings, table, tally: Tally::default(), now: Instant::now() };
    for resource in request.resource_metrics {
        ingest.resource(resource);
    }
    ingest.tally
}

struct Ingest<'a> {
    settings: &'a PrometheusSettings,
    table: &'a mut Table,
    tally: Tally,
    now: Instant,
}

/// What all series of a resource share.
struct Owner {
    job: Option<String>,
    instance: Option<String>,
    target: Option<Arc<Target>>,
    /// Attributes that become labels of every series.
    attributes: Texts,
}

/// What all series of a metric share.
struct Family<'a> {
    owner: &'a Owner,
    scope: &'a Scope,
    name: &'a Arc<str>,
    help: &'a Arc<str>,
    key: &'a mut Key,
}

impl Ingest<'_> {
    fn resource(&mut self, resource: ResourceMetrics) {
        let attributes = texts(&resource.resource.unwrap_or_default().attributes);
        let find = |key| attributes.iter().find(|(known, _)| known == key);
        let job = find(SERVICE_NAME).map(|(_, name)| match find(SERVICE_NAMESPACE) {
            Some((_, namespace)) => format!("{namespace}/{name}"),
            None => name.clone(),
        });
        let instance = find(SERVICE_INSTANCE).map(|(_, instance)| instance.clone());
        let target = self.target(&attributes, job.as_deref(), instance.as_deref());
        let attributes = match self.settings.resource_labels {
            ResourceLabels::None => Vec::new(),
            ResourceLabels::All => attributes,
            ResourceLabels::AllButService => without_service(attributes),
        };
        let owner = Owner { job, instance, target, attributes };
        for scope in resource.scope_metrics {
            self.scope(&owner, scope);
        }
    }

    /// What `target_info` says of the resource, where it has both `job` and `instance`.
    fn target(
        &mut self,
        attributes: &Texts,
        job: Option<&str>,
        instance: Option<&str>,
    ) -> Option<Arc<Target>> {
        let job = job.filter(|job| !job.is_empty())?;
        let instance = instance.filter(|instance| !instance.is_empty())?;
        let attributes = without_service(attributes.clone());
        let labels = labels::of_target(self.settings, &attributes, job, instance)?;
        let target = Target { job: job.to_owned(), instance: instance.to_owned() };
        self.table.target(target, labels)
    }

    fn scope(&mut self, owner: &Owner, scope_metrics: ScopeMetrics) {
        let scope = scope_metrics.scope.unwrap_or_default();
        let scope = Scope {
            attributes: texts(&scope.attributes),
            name: scope.name,
            version: scope.version,
            schema_url: scope_metrics.schema_url,
        };
        for metric in scope_metrics.metrics {
            self.metric(owner, &scope, metric);
        }
    }

    fn metric(&mut self, owner: &Owner, scope: &Scope, metric: Metric) {
        let Some(data) = metric.data else { return };
        let (temporality, points) = point::split(data);
        let (kind, letter) = match points.first().map(|incoming| &incoming.point) {
            Some(Point::Gauge(_)) => (NameKind::Gauge, b'g'),
            Some(Point::Sum { monotonic: true, .. }) => (NameKind::Counter, b'c'),
            Some(Point::Sum { .. }) => (NameKind::Other, b'c'),
            Some(Point::Histogram(_)) => (NameKind::Other, b'h'),
            Some(Point::Exponential(_)) => (NameKind::Other, b'e'),
            Some(Point::Summary(_)) => (NameKind::Other, b's'),
            None => return,
        };
        let PrometheusSettings { translation, namespace, .. } = self.settings;
        let name = metric_name(*translation, namespace, &metric.name, &metric.unit, kind);
        let Some(name) = name else {
            self.tally.invalid += points.len();
            return;
        };
        let mut key = Key::new(letter, &metric.name, scope);
        let name = name.into();
        let help = metric.description.into();
        let mut family = Family { owner, scope, name: &name, help: &help, key: &mut key };
        for incoming in points {
            if let Err(refused) = self.point(&mut family, temporality, incoming) {
                self.tally.count(refused);
            }
        }
    }

    fn point(
        &mut self,
        family: &mut Family<'_>,
        temporality: Option<Temporality>,
        incoming: Incoming,
    ) -> Result<(), Refused> {
        let temporality = temporality.ok_or(Refused::Ignored(Ignored::Temporality))?;
        if matches!(&incoming.point, Point::Exponential(point) if point.scale < MIN_SCHEMA) {
            return Err(Refused::Invalid);
        }
        let Owner { job, instance, target, attributes: of_resource } = family.owner;
        let attributes = joined(texts(&incoming.attributes), of_resource);
        let key = family.key.of(&attributes, [job, instance]);
        if incoming.flags & DataPointFlags::NoRecordedValueMask as u32 != 0 {
            self.table.remove(key);
            return Ok(());
        }
        let update = Update {
            name: family.name,
            help: family.help,
            temporality,
            target: target.as_ref(),
            now: self.now,
            point: incoming.point,
        };
        let reserved = match update.point {
            // In text an exponential histogram has buckets too.
            Point::Histogram(_) | Point::Exponential(_) => Some("le"),
            Point::Summary(_) => Some("quantile"),
            _ => None,
        };
        let labels = || {
            let labels =
                labels::of_series(self.settings, family.scope, &attributes, [job, instance]);
            labels.filter(|labels| !labels.iter().any(|label| Some(&*label.name) == reserved))
        };
        self.table.update(key, update, labels)
    }
}

fn texts(attributes: &[KeyValue]) -> Texts {
    attributes.iter().map(|each| (each.key.clone(), attribute::text(each))).collect()
}

fn without_service(mut attributes: Texts) -> Texts {
    attributes.retain(|(key, _)| !SERVICE.contains(&&**key));
    attributes
}

/// Those of the resource win.
fn joined(mut attributes: Texts, of_resource: &Texts) -> Texts {
    attributes.retain(|(key, _)| !of_resource.iter().any(|(known, _)| known == key));
    attributes.extend_from_slice(of_resource);
    attributes
}
