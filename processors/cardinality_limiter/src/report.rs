//! What the processor tells of itself: metrics, a line where a limit is first crossed, JSON for the admin
//! endpoint.

use tamis_sdk::logging::{self, Level};
use tamis_sdk::metrics::{Kind, Measurement, record_all};

/// What became of a data point that did not leave as it came, or would not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// Added to the series for all that have no room.
    Overflow,
    /// Labels were taken off or replaced.
    Strip,
    /// Made a template of.
    Normalize,
    Drop,
    Tag,
    Observe,
    /// Older than what is known of its stream.
    Late,
    /// Cannot be added: not finite, buckets that do not fit, a summary.
    Invalid,
    /// "No recorded value", of a stream that is added to another.
    NoValue,
    /// No memory to remember its stream by.
    Memory,
}

impl Action {
    /// In the order of their numbers.
    const ALL: [Self; 10] = [
        Self::Overflow,
        Self::Strip,
        Self::Normalize,
        Self::Drop,
        Self::Tag,
        Self::Observe,
        Self::Late,
        Self::Invalid,
        Self::NoValue,
        Self::Memory,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::Overflow => "overflow",
            Self::Strip => "strip",
            Self::Normalize => "normalize",
            Self::Drop => "drop",
            Self::Tag => "tag",
            Self::Observe => "observe",
            Self::Late => "late",
            Self::Invalid => "invalid",
            Self::NoValue => "no_value",
            Self::Memory => "memory",
        }
    }
}

/// Collected during a batch, told at its end.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// By [`Action::ALL`].
    points: [u64; Action::ALL.len()],
    has_told_memory: bool,
}

impl Report {
    pub(crate) fn begin(&mut self) {
        self.points = Default::default();
    }

    pub(crate) fn point(&mut self, action: Action) {
        if let Some(count) = self.points.get_mut(action as usize) {
            *count += 1;
        }
    }

    pub(crate) fn send(&mut self) {
        let told = Action::ALL.iter().zip(self.points).filter(|(_, count)| *count > 0);
        let told: Vec<_> = told.collect();
        if told.is_empty() {
            return;
        }
        let is_full = told.iter().any(|(action, _)| **action == Action::Memory);
        if is_full && !self.has_told_memory {
            self.has_told_memory = true;
            let message = "memory_mib is used up: series that are not known yet are dropped";
            logging::log(Level::Error, message);
        }
        let told = told.into_iter().map(|(action, count)| Measurement {
            kind: Kind::Counter,
            name: "cardinality_limiter_points".to_owned(),
            labels: vec![("action".to_owned(), action.as_str().to_owned())],
            value: count as f64,
        });
        record_all(told.collect());
    }
}

/// A limit is crossed for the first time, or again after a while below it.
pub(crate) fn crossed(metric: &[u8], limit: usize, label: Option<(&[u8], u64)>) {
    let metric = String::from_utf8_lossy(metric);
    let label = label.map(|(key, values)| {
        let key = String::from_utf8_lossy(key);
        format!("; label {key:?} has about {values} values")
    });
    let message = format!(
        "metric {metric:?} has reached its limit of {limit} series{}",
        label.unwrap_or_default()
    );
    logging::log(Level::Warn, &message);
}

/// What there is now, for the gateway's metrics.
#[derive(Debug, Default)]
pub(crate) struct State<'s> {
    pub(crate) series: usize,
    pub(crate) folds: usize,
    pub(crate) remembered: usize,
    pub(crate) memory: usize,
    pub(crate) full: usize,
    pub(crate) saved: u64,
    pub(crate) cost: f64,
    pub(crate) offenders: Vec<Offender<'s>>,
}

/// A label with many values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Offender<'s> {
    pub(crate) values: u64,
    pub(crate) metric: &'s [u8],
    pub(crate) label: &'s [u8],
}

impl State<'_> {
    /// `before`: the offenders of the last time, which are set to 0 where they are none any more.
    pub(crate) fn send(&self, before: &mut Vec<(String, String)>) {
        let gauge = |name: &str, value: f64| Measurement {
            kind: Kind::Gauge,
            name: format!("cardinality_limiter_{name}"),
            labels: Vec::new(),
            value,
        };
        let mut told = vec![
            gauge("series", self.series as f64),
            gauge("folded_series", self.folds as f64),
            gauge("remembered_streams", self.remembered as f64),
            gauge("memory_bytes", self.memory as f64),
            gauge("metrics_over_limit", self.full as f64),
            gauge("saved_series", self.saved as f64),
        ];
        if self.cost > 0.0 {
            told.push(gauge("saved_cost", self.saved as f64 * self.cost));
        }
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let offender = |metric: String, label: String, values: u64| Measurement {
            kind: Kind::Gauge,
            name: "cardinality_limiter_label_values".to_owned(),
            labels: vec![("metric".to_owned(), metric), ("label".to_owned(), label)],
            value: values as f64,
        };
        let now: Vec<(String, String)> = self
            .offenders
            .iter()
            .map(|offender| (text(offender.metric), text(offender.label)))
            .collect();
        for (metric, label) in before.drain(..).filter(|pair| !now.contains(pair)) {
            told.push(offender(metric, label, 0));
        }
        for (pair, one) in now.iter().zip(&self.offenders) {
            told.push(offender(pair.0.clone(), pair.1.clone(), one.values));
        }
        *before = now;
        record_all(told);
    }
}
