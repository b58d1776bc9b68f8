//! What is told about a batch: how much was dropped, and what could not be evaluated.

use tamis_ottl::{Condition, EvalError};
use tamis_sdk::logging::{Level, log};
use tamis_sdk::metrics::{Kind, Measurement, record_all};
use tamis_sdk::{Error, Signal};

/// At most this many conditions are told about per batch.
const LINES_MAX: usize = 8;

#[derive(Debug, Default)]
pub(crate) struct Report {
    /// Spans, data points or log records.
    pub(crate) dropped: u64,
    /// Each condition that failed and was ignored, why at first, and for how many items.
    ignored: Vec<(String, EvalError, u64)>,
    failure: Option<EvalError>,
}

impl Report {
    /// A condition failed and counts as one that does not hold.
    pub(crate) fn ignore(&mut self, condition: &Condition, error: EvalError) {
        let text = condition.text();
        if let Some((.., count)) = self.ignored.iter_mut().find(|(known, ..)| known == text) {
            *count += 1;
        } else if self.ignored.len() < LINES_MAX {
            self.ignored.push((text.to_owned(), error, 1));
        }
    }

    /// A condition failed, and so does the batch.
    pub(crate) fn fail(&mut self, error: EvalError) {
        self.failure.get_or_insert(error);
    }

    /// Not retryable: the same batch would fail again.
    pub(crate) fn failure(&self) -> Option<Error> {
        let told = |error| Error::Permanent(format!("a condition cannot be evaluated: {error}"));
        self.failure.map(told)
    }

    pub(crate) fn send(self, signal: Signal) {
        for (text, error, count) in self.ignored {
            let items = if count == 1 { "item" } else { "items" };
            log(Level::Warn, &format!("condition failed on {count} {items}: {error}: {text}"));
        }
        if self.dropped == 0 {
            return;
        }
        let name = match signal {
            Signal::Traces => "otelcol_processor_filter_spans_filtered",
            Signal::Metrics => "otelcol_processor_filter_datapoints_filtered",
            Signal::Logs => "otelcol_processor_filter_logs_filtered",
        };
        record_all(vec![Measurement {
            kind: Kind::Counter,
            name: name.to_owned(),
            labels: Vec::new(),
            value: self.dropped as f64,
        }]);
    }
}
