//! Metrics that guests define themselves, on the gateway's metrics endpoint.

use std::collections::HashMap;

use prometheus::core::Collector;
use prometheus::{CounterVec, GaugeVec, HistogramOpts, HistogramVec, IntCounter, Opts};

use super::bindings::metrics::{Kind, Measurement};
use crate::telemetry::metrics::Metrics;

/// Most sets of label values of one processor, over all its metrics.
pub const MAX_LABEL_SETS: usize = 1_000;

/// Most metrics that one processor may define.
pub const MAX_METRICS: usize = 200;

/// The metrics of one processor. Each gets the label `processor` with the component id.
#[derive(Debug)]
pub struct OwnMetrics {
    metrics: Metrics,
    processor: String,
    families: HashMap<String, Family>,
    label_sets: usize,
    discarded: IntCounter,
}

#[derive(Debug)]
struct Family {
    /// Of the labels beside `processor`, in the order of the first measurement.
    label_names: Vec<String>,
    values: Values,
    seen: std::collections::HashSet<Vec<String>>,
}

#[derive(Debug)]
enum Values {
    Counter(CounterVec),
    Gauge(GaugeVec),
    Histogram(HistogramVec),
}

impl OwnMetrics {
    pub fn new(metrics: &Metrics, processor: &str) -> Self {
        let discarded = metrics.counter(
            "tamis_wasm_measurements_discarded",
            "Measurements of a processor's own metrics that were invalid or over its bounds",
            &[("processor", processor)],
        );
        Self {
            metrics: metrics.clone(),
            processor: processor.to_owned(),
            families: HashMap::new(),
            label_sets: 0,
            discarded,
        }
    }

    pub fn record(&mut self, measurement: Measurement) {
        if self.try_record(measurement).is_none() {
            self.discarded.inc();
        }
    }

    fn try_record(&mut self, measurement: Measurement) -> Option<()> {
        if !self.families.contains_key(&measurement.name) {
            if self.families.len() >= MAX_METRICS {
                return None;
            }
            let family = self.define(&measurement)?;
            self.families.insert(measurement.name.clone(), family);
        }
        let family = self.families.get_mut(&measurement.name)?;
        let values = family.values_in_order(measurement.labels)?;
        if !family.seen.contains(&values) {
            if self.label_sets >= MAX_LABEL_SETS {
                return None;
            }
            self.label_sets += 1;
            family.seen.insert(values.clone());
        }
        let mut labels = vec![self.processor.as_str()];
        labels.extend(values.iter().map(String::as_str));
        family.values.record(measurement.kind, &labels, measurement.value)
    }

    fn define(&self, first: &Measurement) -> Option<Family> {
        let label_names: Vec<String> = first.labels.iter().map(|(name, _)| name.clone()).collect();
        let mut names = vec!["processor"];
        names.extend(label_names.iter().map(String::as_str));
        let opts = || Opts::new(&first.name, "Defined by the processor");
        let values = match first.kind {
            Kind::Counter => Values::Counter(CounterVec::new(opts(), &names).ok()?),
            Kind::Gauge => Values::Gauge(GaugeVec::new(opts(), &names).ok()?),
            Kind::Histogram => {
                let opts = HistogramOpts::new(&first.name, "Defined by the processor");
                Values::Histogram(HistogramVec::new(opts, &names).ok()?)
            }
        };
        self.metrics.registry().register(values.collector()).ok()?;
        Some(Family { label_names, values, seen: Default::default() })
    }
}

impl Family {
    /// The label values in the order of `label_names`; `None` when the names are others.
    fn values_in_order(&self, mut labels: Vec<(String, String)>) -> Option<Vec<String>> {
        if labels.len() != self.label_names.len() {
            return None;
        }
        self.label_names
            .iter()
            .map(|name| {
                let index = labels.iter().position(|(label, _)| label == name)?;
                Some(labels.swap_remove(index).1)
            })
            .collect()
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

    fn record(&self, kind: Kind, labels: &[&str], value: f64) -> Option<()> {
        match (self, kind) {
            (Self::Counter(family), Kind::Counter) if value >= 0.0 => {
                family.with_label_values(labels).inc_by(value);
            }
            (Self::Gauge(family), Kind::Gauge) => family.with_label_values(labels).set(value),
            (Self::Histogram(family), Kind::Histogram) => {
                family.with_label_values(labels).observe(value);
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

    #[test]
    fn bad_measurements_are_counted_and_discarded() {
        let metrics = Metrics::default();
        let mut own = OwnMetrics::new(&metrics, "p");
        own.record(measurement(Kind::Counter, "seen", &[("a", "1")], 2.0));
        assert_eq!(own.discarded.get(), 0);
        own.record(measurement(Kind::Counter, "seen", &[("b", "1")], 1.0));
        own.record(measurement(Kind::Gauge, "seen", &[("a", "1")], 1.0));
        own.record(measurement(Kind::Counter, "seen", &[("a", "1")], -1.0));
        own.record(measurement(Kind::Counter, "not a name", &[], 1.0));
        assert_eq!(own.discarded.get(), 4);
    }

    #[test]
    fn label_sets_are_bounded() {
        let metrics = Metrics::default();
        let mut own = OwnMetrics::new(&metrics, "p");
        for n in 0..=MAX_LABEL_SETS {
            own.record(measurement(Kind::Gauge, "g", &[("n", &n.to_string())], 0.0));
        }
        assert_eq!(own.discarded.get(), 1);
    }
}
