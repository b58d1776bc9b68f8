//! Metrics that guests define themselves, on the gateway's metrics endpoint.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use prometheus::core::Collector;
use prometheus::{CounterVec, GaugeVec, HistogramOpts, HistogramVec, IntCounter, Opts};

use super::bindings::metrics::{Kind, Measurement};
use crate::telemetry::metrics::Metrics;

/// Most sets of label values of one processor, over all its metrics.
pub const MAX_LABEL_SETS: usize = 1_000;

/// Most names over all processors.
pub const MAX_NAMES: usize = 1_000;

/// Most bytes of a name, of a label's name and of a label's value.
pub const MAX_TEXT: usize = 256;

/// Most labels of one metric.
pub const MAX_LABELS: usize = 16;

/// How the gateway's own metrics begin; guests stay away from them.
const RESERVED: [&str; 9] = [
    "tamis_",
    "target_info",
    "otelcol_receiver_",
    "otelcol_exporter_",
    "otelcol_process_",
    "otelcol_processor_incoming_",
    "otelcol_processor_outgoing_",
    "otelcol_processor_batch_",
    "otelcol_processor_memory_limiter_",
];

/// All metrics that guests have defined.
#[derive(Debug, Default)]
pub struct Families {
    by_name: HashMap<String, Family>,
    /// How many sets of label values there are, by processor.
    label_sets: HashMap<String, usize>,
}

/// The metrics of one processor. Each gets the label `processor` with the component id.
#[derive(Debug)]
pub struct OwnMetrics {
    metrics: Metrics,
    processor: String,
    families: Arc<Mutex<Families>>,
    /// What each share of the keys last said of each gauge: a gauge shows the sum, over the pipelines
    /// in which the processor stands too.
    gauges: Mutex<HashMap<GaugeOfShare, f64>>,
    discarded: IntCounter,
}

/// Number of the share, name and label values.
type GaugeOfShare = (u32, String, Vec<String>);

/// One name: its kind and label names are those of the first measurement.
#[derive(Debug)]
struct Family {
    /// Of the labels beside `processor`.
    label_names: Vec<String>,
    values: Values,
    /// `processor`, and the values of the other labels.
    seen: HashSet<Vec<String>>,
}

#[derive(Debug)]
enum Values {
    Counter(CounterVec),
    Gauge(GaugeVec),
    Histogram(HistogramVec),
}

impl OwnMetrics {
    pub fn new(metrics: &Metrics, families: &Arc<Mutex<Families>>, processor: &str) -> Self {
        let discarded = metrics.counter(
            "tamis_wasm_measurements_discarded",
            "Measurements of a processor's own metrics that were invalid or over its bounds",
            &[("processor", processor)],
        );
        Self {
            metrics: metrics.clone(),
            processor: processor.to_owned(),
            families: Arc::clone(families),
            gauges: Mutex::default(),
            discarded,
        }
    }

    /// Records the measurement of a share, or counts it as discarded.
    pub fn record(&self, share: u32, measurement: Measurement) {
        let mut families = self.families.lock().unwrap_or_else(PoisonError::into_inner);
        if self.try_record(&mut families, share, measurement).is_none() {
            self.discarded.inc();
        }
    }

    fn try_record(
        &self,
        families: &mut Families,
        share: u32,
        measurement: Measurement,
    ) -> Option<()> {
        let Families { by_name, label_sets } = families;
        if !by_name.contains_key(&measurement.name) {
            if by_name.len() >= MAX_NAMES {
                return None;
            }
            by_name.insert(measurement.name.clone(), self.define(&measurement)?);
        }
        let family = by_name.get_mut(&measurement.name)?;
        let values = family.values(&self.processor, measurement.labels)?;
        if !family.seen.contains(&values) {
            let label_sets = label_sets.entry(self.processor.clone()).or_default();
            if *label_sets >= MAX_LABEL_SETS {
                return None;
            }
            *label_sets += 1;
            family.seen.insert(values.clone());
        }
        if let (Values::Gauge(gauge), Kind::Gauge) = (&family.values, measurement.kind) {
            let gauge = gauge.get_metric_with_label_values(&values).ok()?;
            let new = Some(measurement.value).filter(|value| value.is_finite())?;
            let mut gauges = self.gauges.lock().unwrap_or_else(PoisonError::into_inner);
            let old = gauges.insert((share, measurement.name, values), new).unwrap_or_default();
            gauge.add(new - old);
            return Some(());
        }
        family.values.record(measurement.kind, &values, measurement.value)
    }

    /// `None` where the name or a label may not be.
    fn define(&self, first: &Measurement) -> Option<Family> {
        let label_names: Vec<String> = first.labels.iter().map(|(name, _)| name.clone()).collect();
        let reserved = RESERVED.iter().any(|prefix| first.name.starts_with(prefix));
        let too_long = |text: &String| text.len() > MAX_TEXT;
        // `le` is the label of a histogram's own buckets.
        let forbidden = |label: &String| label == "le" || label == "processor" || too_long(label);
        if reserved
            || too_long(&first.name)
            || label_names.len() > MAX_LABELS
            || label_names.iter().any(forbidden)
        {
            return None;
        }
        let mut names = vec!["processor"];
        names.extend(label_names.iter().map(String::as_str));
        let help = "Defined by a processor";
        let values = match first.kind {
            Kind::Counter => {
                Values::Counter(CounterVec::new(Opts::new(&first.name, help), &names).ok()?)
            }
            Kind::Gauge => Values::Gauge(GaugeVec::new(Opts::new(&first.name, help), &names).ok()?),
            Kind::Histogram => {
                let opts = HistogramOpts::new(&first.name, help);
                Values::Histogram(HistogramVec::new(opts, &names).ok()?)
            }
        };
        self.metrics.registry().register(values.collector()).ok()?;
        Some(Family { label_names, values, seen: HashSet::new() })
    }
}

impl Family {
    /// All label values in order; `None` when the names are others, or a value is too long.
    fn values(&self, processor: &str, mut labels: Vec<(String, String)>) -> Option<Vec<String>> {
        if labels.len() != self.label_names.len() {
            return None;
        }
        let others = self.label_names.iter().map(|name| {
            let index = labels.iter().position(|(label, _)| label == name)?;
            Some(labels.swap_remove(index).1).filter(|value| value.len() <= MAX_TEXT)
        });
        std::iter::once(Some(processor.to_owned())).chain(others).collect()
    }
}

impl Values {
    fn collector(&self) -> Box<dyn Collector> {
        match self {
            Self::Counter(family) => Box::new(family.clone()),
            Self::Gauge(family) => Box::new(family.clone()),
            Self::Histogram(family) => Box::new(family.clone()),
        }
    }

    /// Of counters and histograms. `None` for another kind, and a counter that would fall.
    fn record(&self, kind: Kind, labels: &[String], value: f64) -> Option<()> {
        match (self, kind) {
            (Self::Counter(family), Kind::Counter) if value >= 0.0 && value.is_finite() => {
                family.get_metric_with_label_values(labels).ok()?.inc_by(value);
            }
            (Self::Histogram(family), Kind::Histogram) => {
                family.get_metric_with_label_values(labels).ok()?.observe(value);
            }
            _ => return None,
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measurement(kind: Kind, name: &str, labels: &[(&str, &str)], value: f64) -> Measurement {
        let labels = labels.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Measurement { kind, name: name.to_owned(), labels, value }
    }

    fn own(metrics: &Metrics, processor: &str) -> OwnMetrics {
        OwnMetrics::new(metrics, &Arc::default(), processor)
    }

    #[test]
    fn bad_measurements_are_counted_and_discarded() {
        let own = own(&Metrics::default(), "p");
        own.record(0, measurement(Kind::Counter, "seen", &[("a", "1")], 2.0));
        assert_eq!(own.discarded.get(), 0);
        let bad = [
            measurement(Kind::Counter, "seen", &[("b", "1")], 1.0),
            measurement(Kind::Gauge, "seen", &[("a", "1")], 1.0),
            measurement(Kind::Counter, "seen", &[("a", "1")], -1.0),
            measurement(Kind::Counter, "seen", &[("a", &"x".repeat(MAX_TEXT + 1))], 1.0),
            measurement(Kind::Counter, "not a name", &[], 1.0),
            measurement(Kind::Counter, "otelcol_exporter_sent_spans", &[], 1.0),
            measurement(Kind::Histogram, "buckets", &[("le", "1")], 1.0),
        ];
        let count = bad.len() as u64;
        bad.into_iter().for_each(|measurement| own.record(0, measurement));
        assert_eq!(own.discarded.get(), count);
    }

    #[test]
    fn processors_share_names_and_are_told_apart_by_their_label() {
        let (metrics, families) = (Metrics::default(), Arc::default());
        for processor in ["a", "b"] {
            let own = OwnMetrics::new(&metrics, &families, processor);
            own.record(0, measurement(Kind::Counter, "seen", &[], 1.0));
            assert_eq!(own.discarded.get(), 0);
        }
        let seen = metrics.registry().gather();
        let seen = seen.iter().find(|family| family.name() == "seen").unwrap();
        assert_eq!(seen.get_metric().len(), 2);
    }

    #[test]
    fn a_gauge_is_the_sum_of_what_the_shares_last_said() {
        let metrics = Metrics::default();
        let own = own(&metrics, "p");
        let waiting = |value| measurement(Kind::Gauge, "waiting", &[], value);
        for (share, value) in [(0, 5.0), (1, 7.0), (0, 1.0)] {
            own.record(share, waiting(value));
        }
        own.record(1, waiting(f64::NAN));
        let families = metrics.registry().gather();
        let gauge = families.iter().find(|family| family.name() == "waiting").unwrap();
        assert_eq!(gauge.get_metric()[0].get_gauge().get_value(), 8.0);
        assert_eq!(own.discarded.get(), 1);
    }

    #[test]
    fn label_sets_are_bounded() {
        let own = own(&Metrics::default(), "p");
        for n in 0..=MAX_LABEL_SETS {
            own.record(0, measurement(Kind::Gauge, "g", &[("n", &n.to_string())], 0.0));
        }
        assert_eq!(own.discarded.get(), 1);
    }
}
