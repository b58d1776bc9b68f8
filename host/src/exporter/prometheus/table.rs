//! The series that are served: the last value of each, within a bound, until nothing comes for it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::model::{Kind, Label, Labels};
use super::point::{Ignored, Point, Temporality};

/// What the series of one exporter may weigh: what they take in memory and the text that they make, of
/// which a histogram with many buckets has far more.
pub(super) const MAX_BYTES: usize = 256 << 20;

/// What a series or a target costs beside its texts and values: its places in the tables, and what the
/// allocator adds to every piece.
const OVERHEAD_BYTES: usize = 256;

/// What a label costs beside its text.
const LABEL_BYTES: usize = 48;

/// What a line of text has beside name and labels: a bound, a value, a time.
const LINE_BYTES: usize = 64;

#[derive(Debug)]
pub(super) struct Table {
    max_bytes: usize,
    bytes: usize,
    expiration: Duration,
    series: HashMap<Box<[u8]>, Series>,
    targets: HashMap<Arc<Target>, Labels>,
    /// What families were called when they were first served; a family keeps it for as long as it is
    /// served.
    pub(super) families: HashMap<Arc<str>, (Kind, Arc<str>)>,
    /// How many series came before.
    arrivals: u64,
}

#[derive(Debug)]
pub(super) struct Series {
    /// The older of two that conflict wins.
    pub(super) arrival: u64,
    pub(super) name: Arc<str>,
    pub(super) help: Arc<str>,
    pub(super) labels: Labels,
    pub(super) point: Point,
    /// Keeps its target served.
    target: Option<Arc<Target>>,
    updated: Instant,
    bytes: usize,
}

/// What telemetry is about: `job` and `instance`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Target {
    pub(super) job: String,
    pub(super) instance: String,
}

/// What came for a series.
pub(super) struct Update<'a> {
    pub(super) name: &'a Arc<str>,
    pub(super) help: &'a Arc<str>,
    pub(super) point: Point,
    pub(super) temporality: Temporality,
    pub(super) target: Option<&'a Arc<Target>>,
    pub(super) now: Instant,
}

/// What became of a data point that changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    Ignored(Ignored),
    /// Its labels cannot be served.
    Invalid,
    /// The table is full.
    Full,
}

impl Table {
    pub(super) fn new(max_bytes: usize, expiration: Duration) -> Self {
        Self {
            max_bytes,
            bytes: 0,
            expiration,
            series: HashMap::new(),
            targets: HashMap::new(),
            families: HashMap::new(),
            arrivals: 0,
        }
    }

    /// The new value of a series; `labels` makes those of one that is not there yet.
    pub(super) fn update(
        &mut self,
        key: &[u8],
        update: Update<'_>,
        labels: impl FnOnce() -> Option<Labels>,
    ) -> Result<(), Refused> {
        let room = self.max_bytes.saturating_sub(self.bytes);
        let Some(series) = self.series.get_mut(key) else {
            let labels = labels().ok_or(Refused::Invalid)?;
            return self.insert(key, update, labels);
        };
        let point =
            series.point.then(update.point, update.temporality).map_err(Refused::Ignored)?;
        let bytes = weight(key, update.name, update.help, &series.labels, &point);
        if bytes.saturating_sub(series.bytes) > room {
            return Err(Refused::Full);
        }
        self.bytes = self.bytes - series.bytes + bytes;
        series.bytes = bytes;
        series.point = point;
        series.updated = update.now;
        series.target = update.target.cloned();
        // The old texts where they are the same, so that those of a batch are not kept.
        if series.name != *update.name {
            series.name = Arc::clone(update.name);
        }
        if series.help != *update.help {
            series.help = Arc::clone(update.help);
        }
        Ok(())
    }

    fn insert(&mut self, key: &[u8], update: Update<'_>, labels: Labels) -> Result<(), Refused> {
        let bytes = weight(key, update.name, update.help, &labels, &update.point);
        if bytes > self.max_bytes.saturating_sub(self.bytes) {
            return Err(Refused::Full);
        }
        self.bytes += bytes;
        self.arrivals += 1;
        let series = Series {
            arrival: self.arrivals,
            name: Arc::clone(update.name),
            help: Arc::clone(update.help),
            labels,
            point: update.point,
            target: update.target.cloned(),
            updated: update.now,
            bytes,
        };
        self.series.insert(key.into(), series);
        Ok(())
    }

    /// A series of which nothing is known any more.
    pub(super) fn remove(&mut self, key: &[u8]) {
        if let Some(series) = self.series.remove(key) {
            self.bytes -= series.bytes;
        }
    }

    /// A target with the labels that it has from now on; none where there is no room for a new one.
    pub(super) fn target(&mut self, target: Target, labels: Labels) -> Option<Arc<Target>> {
        let room = self.max_bytes.saturating_sub(self.bytes);
        let bytes = target_weight(&target, &labels);
        match self.targets.entry(Arc::new(target)) {
            Entry::Occupied(mut known) => {
                let before = target_weight(known.key(), known.get());
                if *known.get() != labels && bytes.saturating_sub(before) <= room {
                    self.bytes = self.bytes - before + bytes;
                    known.insert(labels);
                }
                Some(Arc::clone(known.key()))
            }
            Entry::Vacant(new) if bytes <= room => {
                self.bytes += bytes;
                let target = Arc::clone(new.key());
                new.insert(labels);
                Some(target)
            }
            Entry::Vacant(_) => None,
        }
    }

    /// Forgets what nothing came for, and targets without series.
    pub(super) fn expire(&mut self, now: Instant) {
        let (mut gone, expiration) = (0, self.expiration);
        self.series.retain(|_, series| {
            let stays = now.saturating_duration_since(series.updated) <= expiration;
            gone += if stays { 0 } else { series.bytes };
            stays
        });
        self.targets.retain(|target, labels| {
            let stays = Arc::strong_count(target) > 1;
            gone += if stays { 0 } else { target_weight(target, labels) };
            stays
        });
        self.bytes -= gone;
        if self.series.is_empty() {
            // What a burst has left behind.
            self.series.shrink_to_fit();
            self.families.clear();
        }
    }

    /// In the order in which they came.
    pub(super) fn series(&self) -> Vec<&Series> {
        let mut series: Vec<&Series> = self.series.values().collect();
        series.sort_unstable_by_key(|series| series.arrival);
        series
    }

    /// The labels of the targets.
    pub(super) fn targets(&self) -> impl Iterator<Item = &Labels> {
        self.targets.values()
    }

    pub(super) fn len(&self) -> usize {
        self.series.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

fn weight(key: &[u8], name: &str, help: &str, labels: &[Label], point: &Point) -> usize {
    let texts = key.len() + name.len() + help.len() + labels_weight(labels);
    let line = LINE_BYTES + name.len() + labels_weight(labels);
    size_of::<Series>() + OVERHEAD_BYTES + texts + point.weight() + point.lines() * line
}

fn target_weight(target: &Target, labels: &[Label]) -> usize {
    OVERHEAD_BYTES + target.job.len() + target.instance.len() + labels_weight(labels)
}

fn labels_weight(labels: &[Label]) -> usize {
    labels.iter().map(|label| LABEL_BYTES + label.name.len() + label.value.len()).sum()
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::metrics::v1::{HistogramDataPoint, NumberDataPoint};

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn update(table: &mut Table, key: &str, now: Instant) -> Result<(), Refused> {
        let (name, help): (Arc<str>, Arc<str>) = ("name".into(), "".into());
        let point = Point::Gauge(NumberDataPoint::default());
        let temporality = Temporality::Cumulative;
        let update = Update { name: &name, help: &help, point, temporality, target: None, now };
        table.update(key.as_bytes(), update, || Some([Label::new("k", key)].into()))
    }

    #[tokio::test(start_paused = true)]
    async fn the_table_takes_what_fits_and_not_one_series_more() {
        let mut table = Table::new(usize::MAX, MINUTE);
        update(&mut table, "a", Instant::now()).unwrap();
        let one = table.bytes();
        let mut table = Table::new(2 * one, MINUTE);
        let now = Instant::now();
        assert_eq!(update(&mut table, "a", now), Ok(()));
        assert_eq!(update(&mut table, "b", now), Ok(()));
        assert_eq!(update(&mut table, "c", now), Err(Refused::Full));
        // What is in it is still updated.
        assert_eq!(update(&mut table, "a", now), Ok(()));
        assert_eq!((table.len(), table.bytes()), (2, 2 * one));
        table.remove(b"a");
        assert_eq!(update(&mut table, "c", now), Ok(()));
        assert_eq!(table.bytes(), 2 * one);
        let mut short = Table::new(2 * one - 1, MINUTE);
        assert_eq!(update(&mut short, "a", now), Ok(()));
        assert_eq!(update(&mut short, "b", now), Err(Refused::Full));
    }

    #[test]
    fn a_histogram_weighs_what_its_text_does() {
        let labels = [Label::new("k", &"v".repeat(1000))];
        let point = Point::Histogram(HistogramDataPoint {
            explicit_bounds: vec![0.0; 1000],
            ..HistogramDataPoint::default()
        });
        assert!(weight(b"", "name", "", &labels, &point) > 1000 * 1000);
    }

    #[tokio::test(start_paused = true)]
    async fn series_expire_when_nothing_came_for_longer_than_they_are_kept() {
        let mut table = Table::new(usize::MAX, MINUTE);
        let start = Instant::now();
        update(&mut table, "a", start).unwrap();
        update(&mut table, "b", start + MINUTE / 2).unwrap();
        table.expire(start + MINUTE);
        assert_eq!(table.len(), 2);
        table.expire(start + MINUTE + Duration::from_millis(1));
        assert_eq!(table.series()[0].labels[0].value, "b".into());
        assert_eq!(table.len(), 1);
        table.expire(start + 2 * MINUTE);
        assert_eq!((table.len(), table.bytes()), (0, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_target_lives_as_long_as_a_series_of_it() {
        let mut table = Table::new(usize::MAX, MINUTE);
        let now = Instant::now();
        let target = || Target { job: "j".into(), instance: "i".into() };
        let known = table.target(target(), [Label::new("a", "1")].into()).unwrap();
        let again = table.target(target(), [Label::new("a", "22")].into()).unwrap();
        assert!(Arc::ptr_eq(&known, &again));
        assert_eq!(table.targets().next().unwrap()[0].value, "22".into());
        table.expire(now);
        assert_eq!(table.targets().count(), 1);
        drop((known, again));
        table.expire(now);
        assert_eq!((table.targets().count(), table.bytes()), (0, 0));
    }
}
