//! The processor's own metrics, on the gateway's endpoint: how many calls, of which status, and of which
//! models there is no cost.

use std::collections::BTreeMap;

use tamis_sdk::metrics::{Kind, Measurement, record_all};

use crate::call::Call;
use crate::meaning::Text;
use crate::seen::Seen;

/// Models that have a label of their own, first come, first served; the rest share one. It is the one
/// value of the telemetry that becomes a label: who is to mend a missing price has to know of what.
const MODELS_MAX: usize = 100;
const MODEL_BYTES_MAX: usize = 128;
const OTHER_MODEL: &str = "_other";

/// What is told of the batch in hand, and the models that were told of.
#[derive(Debug, Default)]
pub(crate) struct Report {
    models: Vec<String>,
    calls: BTreeMap<&'static str, u64>,
    unpriced: BTreeMap<(usize, &'static str), u64>,
}

impl Report {
    pub(crate) fn begin(&mut self) {
        self.calls.clear();
        self.unpriced.clear();
    }

    pub(crate) fn call(&mut self, call: &Call, seen: &Seen<'_>) {
        let status = call.status.as_str();
        *self.calls.entry(status).or_default() += 1;
        if !call.status.has_cost() && status != "aggregate" {
            let model = seen.get(Text::ResponseModel).or(seen.get(Text::RequestModel));
            let model = self.model(model.unwrap_or_default());
            *self.unpriced.entry((model, status)).or_default() += 1;
        }
    }

    /// Its place; [`MODELS_MAX`] for all that have none.
    fn model(&mut self, name: &str) -> usize {
        let known = self.models.iter().position(|known| known == name);
        known.unwrap_or_else(|| {
            if self.models.len() >= MODELS_MAX || name.len() > MODEL_BYTES_MAX {
                return MODELS_MAX;
            }
            self.models.push(name.to_owned());
            self.models.len() - 1
        })
    }

    /// Tells the host. `repeated`: calls that were not counted, because they had been.
    pub(crate) fn send(&self, repeated: u64) {
        let counter = |name: &str, labels: &[(&str, &str)], value: u64| Measurement {
            kind: Kind::Counter,
            name: name.to_owned(),
            labels: labels
                .iter()
                .map(|(key, text)| ((*key).to_owned(), (*text).to_owned()))
                .collect(),
            value: value as f64,
        };
        let mut told = Vec::new();
        for (status, count) in &self.calls {
            told.push(counter("genai_cost_calls", &[("status", status)], *count));
        }
        for ((model, status), count) in &self.unpriced {
            let model = self.models.get(*model).map_or(OTHER_MODEL, String::as_str);
            let labels = [("model", model), ("status", *status)];
            told.push(counter("genai_cost_unpriced_calls", &labels, *count));
        }
        if repeated > 0 {
            told.push(counter("genai_cost_repeated_calls", &[], repeated));
        }
        if !told.is_empty() {
            record_all(told);
        }
    }
}
