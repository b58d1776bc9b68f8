//! From the table to what is served: every family once, no two series alike.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use tokio::time::Instant;

use super::convert;
use super::model::{Family, Kind, Labels, Nanos, Sample, Value};
use super::names::label_name;
use super::settings::PrometheusSettings;
use super::table::{Series, Table};

const TARGET_INFO: &str = "target_info";
const TARGET_INFO_HELP: &str = "Target metadata";

/// What a scrape gets.
#[derive(Clone)]
pub(super) struct Gathered {
    /// In the order of their names.
    pub(super) families: Vec<Family>,
    /// Series that are left out because they conflict with an older one, or cannot be shown.
    pub(super) left_out: usize,
}

impl Gathered {
    /// Leaves one of all that have the same name and labels.
    pub(super) fn distinct(mut self) -> Self {
        self.left_out += self.families.iter_mut().map(distinct).sum::<usize>();
        self
    }
}

/// Forgets what has expired and gives the rest, which may hold series that are alike.
pub(super) fn gather(settings: &PrometheusSettings, table: &mut Table, now: Instant) -> Gathered {
    table.expire(now);
    let mut gather = Gather {
        send_timestamps: settings.send_timestamps,
        known: std::mem::take(&mut table.families),
        families: BTreeMap::new(),
        left_out: 0,
    };
    let utf8 = settings.translation.utf8;
    let prefix = label_name(utf8, &settings.namespace).map(|name| name + "_").unwrap_or_default();
    gather.target_info(format!("{prefix}{TARGET_INFO}").into(), table.targets().cloned());
    for series in table.series() {
        if gather.series(series).is_none() {
            gather.left_out += 1;
        }
    }
    // What is not served any more may come back as something else.
    let families = gather.families.values();
    table.families = families
        .map(|family| (Arc::clone(&family.name), (family.kind, family.help.clone())))
        .collect();
    let families = gather.families.into_values().collect();
    Gathered { families, left_out: gather.left_out }
}

struct Gather {
    send_timestamps: bool,
    /// Type and help of the families that were served before.
    known: HashMap<Arc<str>, (Kind, Arc<str>)>,
    families: BTreeMap<Arc<str>, Family>,
    left_out: usize,
}

impl Gather {
    fn target_info(&mut self, name: Arc<str>, targets: impl Iterator<Item = Labels>) {
        let sample = |labels| Sample { labels, value: Value::Gauge(1.0), time: None };
        let samples: Vec<Sample> = targets.map(sample).collect();
        if !samples.is_empty() {
            let help = TARGET_INFO_HELP.into();
            let family = Family { name: Arc::clone(&name), help, kind: Kind::Gauge, samples };
            self.families.insert(name, family);
        }
    }

    fn series(&mut self, series: &Series) -> Option<()> {
        let kind = convert::kind(&series.point);
        if self.collides(&series.name, kind) {
            return None;
        }
        let value = convert::value(&series.point)?;
        let (known_kind, help) = match self.known.get(&series.name) {
            Some((kind, help)) => (*kind, Arc::clone(help)),
            None => (kind, Arc::clone(&series.help)),
        };
        let family = match self.families.entry(Arc::clone(&series.name)) {
            Entry::Occupied(family) => family.into_mut(),
            Entry::Vacant(new) if known_kind == kind => {
                let name = Arc::clone(&series.name);
                new.insert(Family { name, help, kind, samples: Vec::new() })
            }
            Entry::Vacant(_) => return None,
        };
        if family.kind != kind {
            return None;
        }
        let time = self.send_timestamps.then(|| Nanos(series.point.time()).millis());
        family.samples.push(Sample { labels: Arc::clone(&series.labels), value, time });
        Some(())
    }

    /// Whether a sample of a new family would be called like one of another: histograms and summaries
    /// append to their names.
    fn collides(&self, name: &str, kind: Kind) -> bool {
        if self.families.contains_key(name) {
            return false;
        }
        let kind_of = |name: &str| self.families.get(name).map(|family| family.kind);
        let appended = ["_count", "_sum", "_bucket"];
        let below =
            appended.iter().any(|suffix| match name.strip_suffix(suffix).and_then(kind_of) {
                Some(Kind::Histogram) => true,
                Some(Kind::Summary) => *suffix != "_bucket",
                _ => false,
            });
        let appends = match kind {
            Kind::Histogram => &appended[..],
            Kind::Summary => &appended[..2],
            Kind::Counter | Kind::Gauge => &[],
        };
        below || appends.iter().any(|suffix| kind_of(&format!("{name}{suffix}")).is_some())
    }
}

/// Sorts the series of a family as Prometheus' own library does, and leaves the first of those with the
/// same labels; answers how many went.
pub(super) fn distinct(family: &mut Family) -> usize {
    fn values(sample: &Sample) -> impl Iterator<Item = &str> {
        sample.labels.iter().map(|label| &*label.value)
    }
    let before = family.samples.len();
    family.samples.sort_by(|a, b| {
        let lengths = a.labels.len().cmp(&b.labels.len());
        lengths.then_with(|| values(a).cmp(values(b))).then_with(|| a.labels.cmp(&b.labels))
    });
    family.samples.dedup_by(|b, a| a.labels == b.labels);
    before - family.samples.len()
}
