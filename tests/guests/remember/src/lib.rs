//! A guest that counts metrics by name and remembers the counts over restarts of the process.
//!
//! It proves `snapshotter` and `inspector`. Spans and log records count under the empty name. Each count is
//! written in a part of its own, so many parts as the configuration says in one answer:
//! - `parts_per_answer`: 1 by default;
//! - `trap_on`: panics at a metric of that name;
//! - `refuse_restore`: answers an error to `restore`;
//! - `trap_in_snapshot_of`: panics where it counted that name.
//!
//! To the query `sum` it answers the sum of all counts, to the empty one all counts, to `loop` never.

use std::collections::BTreeMap;

use tamis_sdk::otlp::metrics::ExportMetricsServiceRequest;
use tamis_sdk::wire::Message;
use tamis_sdk::{
    Configuration, Context, Descriptor, Error, Inspector, Outcome, Part, Partition, Problem,
    Processor, Signal, Snapshotter,
};

#[derive(Default)]
struct Remember {
    counts: BTreeMap<String, u64>,
    /// What was answered to `snapshot` already.
    told: usize,
    parts_per_answer: usize,
    trap_on: Option<String>,
    trap_in_snapshot_of: Option<String>,
    refuse_restore: bool,
}

impl Remember {
    fn count(&mut self, name: &str) {
        assert!(self.trap_on.as_deref() != Some(name), "told to");
        *self.counts.entry(name.to_owned()).or_default() += 1;
    }
}

impl Processor for Remember {
    fn configure(configuration: Configuration) -> Result<(Self, Descriptor), Vec<Problem>> {
        let remember = configuration.read(|section| Self {
            parts_per_answer: section
                .integer("parts_per_answer")
                .map_or(1, |parts| usize::try_from(parts).unwrap_or(usize::MAX)),
            trap_on: section.string("trap_on"),
            trap_in_snapshot_of: section.string("trap_in_snapshot_of"),
            refuse_restore: section.boolean("refuse_restore").unwrap_or(false),
            ..Self::default()
        })?;
        let signals = [Signal::Traces, Signal::Metrics, Signal::Logs];
        let mut descriptor = Descriptor::new("remember", "0.1.0", &signals);
        descriptor.partition = Partition::Metric;
        Ok((remember, descriptor))
    }

    fn process(&mut self, context: &Context, batch: &[u8]) -> Result<Outcome, Error> {
        if context.signal != Signal::Metrics {
            self.count("");
            return Ok(Outcome::Unchanged);
        }
        for resource in ExportMetricsServiceRequest::from(Message::new(batch)).resource_metrics() {
            for scope in resource?.scope_metrics() {
                for metric in scope?.metrics() {
                    let name = metric?.name()?;
                    self.count(&String::from_utf8_lossy(name.as_bytes()));
                }
            }
        }
        Ok(Outcome::Unchanged)
    }
}

impl Snapshotter for Remember {
    fn snapshot(&mut self) -> Result<Vec<Part>, Error> {
        let trap = |name| self.counts.contains_key(name);
        assert!(!self.trap_in_snapshot_of.as_ref().is_some_and(trap), "told to");
        let more = self.counts.iter().skip(self.told).take(self.parts_per_answer);
        let parts: Vec<Part> = more
            .map(|(name, count)| Part {
                key: name.clone().into_bytes(),
                state: count.to_be_bytes().to_vec(),
            })
            .collect();
        self.told += parts.len();
        Ok(parts)
    }

    fn restore(&mut self, parts: &[Part]) -> Result<(), Error> {
        if self.refuse_restore {
            return Err(Error::Permanent("told to refuse".to_owned()));
        }
        for part in parts {
            let count = part.state.as_slice().try_into().map(u64::from_be_bytes);
            let count = count.map_err(|_| Error::Permanent("no count".to_owned()))?;
            *self.counts.entry(String::from_utf8_lossy(&part.key).into_owned()).or_default() +=
                count;
        }
        Ok(())
    }
}

impl Inspector for Remember {
    fn inspect(&self, query: &str) -> Result<String, String> {
        match query {
            "" => {
                let count = |(name, count): (&String, &u64)| format!("{name:?}:{count}");
                let counts: Vec<String> = self.counts.iter().map(count).collect();
                Ok(format!("{{{}}}", counts.join(",")))
            }
            "sum" => Ok(self.counts.values().sum::<u64>().to_string()),
            "no json" => Ok("{".to_owned()),
            "loop" => loop {
                std::hint::spin_loop();
            },
            _ => Err("the queries are \"\", \"sum\", \"no json\" and \"loop\"".to_owned()),
        }
    }
}

tamis_sdk::export!(Remember, snapshotter, inspector);
