//! What the exporter counts beside the batches that it takes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use prometheus::{IntCounter, IntGauge};

use super::ingest::Tally;
use super::table::Table;
use crate::telemetry::metrics::Metrics;

/// Clones count together.
#[derive(Clone)]
pub(super) struct TableMetrics {
    id: Arc<str>,
    series: IntGauge,
    bytes: IntGauge,
    left_out: IntGauge,
    outdated: IntCounter,
    temporality: IntCounter,
    invalid: IntCounter,
    full: IntCounter,
    /// Whether the log has said that series are left out, and that the table is full.
    said: Arc<[AtomicBool; 2]>,
}

impl TableMetrics {
    /// `tamis_prometheus_{series,bytes,left_out_series}{exporter}` and
    /// `tamis_prometheus_ignored_points{exporter,cause}`.
    pub(super) fn new(id: &str, metrics: &Metrics) -> Self {
        let gauge = |name: &str, help: &str| {
            metrics.gauge(&format!("tamis_prometheus_{name}"), help, &[("exporter", id)])
        };
        let ignored = |cause| {
            let labels = [("exporter", id), ("cause", cause)];
            let help = "Data points that changed nothing of what is served";
            metrics.counter("tamis_prometheus_ignored_points", help, &labels)
        };
        Self {
            id: id.into(),
            series: gauge("series", "Series that are kept for scrapes"),
            bytes: gauge("bytes", "What the series weigh, in memory and as text"),
            left_out: gauge("left_out_series", "Series that the last scrape did not get"),
            outdated: ignored("outdated"),
            temporality: ignored("temporality"),
            invalid: ignored("invalid"),
            full: ignored("full"),
            said: Arc::default(),
        }
    }

    pub(super) fn count(&self, tally: Tally) {
        self.outdated.inc_by(tally.outdated as u64);
        self.temporality.inc_by(tally.temporality as u64);
        self.invalid.inc_by(tally.invalid as u64);
        self.full.inc_by(tally.full as u64);
        if tally.full > 0 && self.is_new(1) {
            let exporter = &*self.id;
            tracing::warn!(exporter, "the table of series is full; new series are refused");
        }
    }

    pub(super) fn show(&self, table: &Table) {
        self.series.set(i64::try_from(table.len()).unwrap_or(i64::MAX));
        self.bytes.set(i64::try_from(table.bytes()).unwrap_or(i64::MAX));
    }

    pub(super) fn left_out(&self, series: usize) {
        self.left_out.set(i64::try_from(series).unwrap_or(i64::MAX));
        if series > 0 && self.is_new(0) {
            tracing::warn!(
                exporter = &*self.id,
                series,
                "series are left out: they conflict with others of the same name in type or labels, \
                 or are histograms that do not add up"
            );
        }
    }

    /// Once in the life of the exporter.
    fn is_new(&self, what: usize) -> bool {
        self.said.get(what).is_some_and(|said| !said.swap(true, Ordering::Relaxed))
    }
}
