//! The scenarios of processors that wait, through the whole of this module: the clock is set and ticks
//! come by hand.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use tamis_sdk::Error;
use tamis_sdk::testing::{Driver, Failure, run_scenarios, run_tables};
use tempfile::TempDir;

use super::{configuration, problems};
use crate::batch::{Batch, Signal};
use crate::consumer::{BoxFuture, ConsumeError, Consumer};
use crate::otlp;
use crate::telemetry::metrics::Metrics;
use crate::wasm::clock::Clock;
use crate::wasm::outbox::Feeds;
use crate::wasm::processor::GuestProcessor;
use crate::wasm::runtime::{LoadError, Runtime};
use crate::wasm::settings::{GuestOptions, Module};

/// Keeps every batch that came through.
#[derive(Default)]
struct Sink(Mutex<Vec<Vec<u8>>>);

impl Consumer for Sink {
    fn consume(&self, batch: Batch) -> BoxFuture<'_, Result<(), ConsumeError>> {
        self.0.lock().unwrap().push(batch.bytes.to_vec());
        Box::pin(std::future::ready(Ok(())))
    }
}

/// A built-in processor in a chain of its own.
struct InWasm {
    tokio: Arc<tokio::runtime::Runtime>,
    clock: Clock,
    processor: GuestProcessor,
    sink: Arc<Sink>,
    metrics: Metrics,
    now: u64,
}

impl InWasm {
    /// With so many instances.
    fn start(
        tokio: &Arc<tokio::runtime::Runtime>,
        instances: usize,
        json: &str,
    ) -> Result<Self, Failure> {
        let (clock, metrics) = (Clock::manual(), Metrics::default());
        let sink = Arc::new(Sink::default());
        let next = Arc::clone(&sink) as Arc<dyn Consumer>;
        let processor = tail_sampling(json, instances, clock.clone(), next, &metrics);
        let processor = tokio.block_on(processor)?;
        let tokio = Arc::clone(tokio);
        Ok(Self { tokio, clock, processor, sink, metrics, now: 0 })
    }

    /// Waits until what was released has gone on.
    fn settle(&self) {
        self.tokio.block_on(async {
            while !self.processor.has_released_all() {
                tokio::task::yield_now().await;
            }
        });
    }
}

/// `tail_sampling` in front of a stage, at most so many instances.
pub(super) async fn tail_sampling(
    json: &str,
    instances: usize,
    clock: Clock,
    next: Arc<dyn Consumer>,
    metrics: &Metrics,
) -> Result<GuestProcessor, Failure> {
    let name = "tail_sampling";
    let mut runtime = Runtime::new(1, instances, false).unwrap();
    runtime.set_clock(clock);
    let module = Module::BuiltIn(name.to_owned());
    let options = GuestOptions::default();
    let guest = runtime.configure(name, &module, configuration(name, json), options, None, metrics);
    match guest.await {
        Ok(guest) => Ok(runtime.start(guest, next, Feeds::default(), metrics)),
        Err(LoadError::Problems(found)) => Err(problems(found)),
        Err(error) => panic!("{error}"),
    }
}

pub(super) fn batch(bytes: &[u8], received: u64) -> Batch {
    Batch {
        signal: Signal::Traces,
        items: otlp::walk(Signal::Traces, bytes).expect("scenarios hold sound requests"),
        bytes: bytes.to_vec().into(),
        received: UNIX_EPOCH + Duration::from_nanos(received),
        metadata: Arc::from([]),
    }
}

impl Driver for InWasm {
    fn set_time(&mut self, now: u64) {
        self.now = now;
        self.clock.set(now);
    }

    fn batch(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let answer = self.tokio.block_on(self.processor.consume(batch(bytes, self.now)));
        self.settle();
        answer.map_err(|error| {
            let kind = if error.permanent { Error::Permanent } else { Error::Retryable };
            kind(error.message)
        })
    }

    fn tick(&mut self) -> Result<(), Error> {
        self.tokio.block_on(self.processor.tick());
        self.settle();
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Error> {
        self.tokio.block_on(self.processor.shutdown());
        Ok(())
    }

    fn restart(&mut self) -> Result<(), Error> {
        self.processor.retire();
        Ok(())
    }

    fn set_room(&mut self, bytes: Option<u64>) {
        self.processor.set_room(bytes.map_or(usize::MAX, |bytes| bytes as usize));
    }

    fn take_out(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.sink.0.lock().unwrap())
    }

    fn counters(&mut self) -> BTreeMap<String, f64> {
        let mut counters = BTreeMap::new();
        for family in self.metrics.registry().gather() {
            for metric in family.get_metric() {
                let labels = metric.get_label().iter();
                let own = labels.filter(|label| label.name() != "processor");
                let labels: Vec<String> =
                    own.map(|label| format!("{}={}", label.name(), label.value())).collect();
                let name = match labels.as_slice() {
                    [] => family.name().to_owned(),
                    _ => format!("{}{{{}}}", family.name(), labels.join(",")),
                };
                counters.insert(name, metric.get_counter().get_value());
            }
        }
        counters
    }
}

fn cases(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../processors/tail_sampling/cases").join(folder)
}

fn tokio(threads: usize) -> Arc<tokio::runtime::Runtime> {
    Arc::new(
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(threads)
            .enable_time()
            .build()
            .unwrap(),
    )
}

#[test]
fn the_scenarios_of_tail_sampling_hold_through_wasm() {
    let tokio = tokio(1);
    let start = |json: &str| InWasm::start(&tokio, 1, json);
    run_scenarios(&cases("scenarios"), start).unwrap_or_else(|failures| panic!("{failures}"));
}

/// What goes otherwise with several instances: the room is that of all, and each decides early only
/// what it waits with.
const SCENARIOS_OF_ONE: &[&str] =
    &["a_batch_that_does_not_fit_is_refused", "near_its_bound_the_oldest_are_decided_early"];

/// The same of configurations with one of these: each instance has its share of the first two, so that
/// another trace has to go; and of traces that are due together, another may get what is left of a rate.
const KEYS_OF_ONE: [&str; 5] =
    ["num_traces", "decision_cache", "bytes_limiting", "composite", "rate_limiting"];

/// With several instances, where that makes no difference.
fn start_several(
    tokio: &Arc<tokio::runtime::Runtime>,
    several: &mut usize,
    json: &str,
) -> Result<InWasm, Failure> {
    let is_of_one = KEYS_OF_ONE.iter().any(|key| json.contains(key));
    *several += usize::from(!is_of_one);
    InWasm::start(tokio, if is_of_one { 1 } else { 3 }, json)
}

/// A folder of cases without some of them.
fn cases_without(folder: &str, names: &[&str]) -> TempDir {
    let rest = tempfile::tempdir().unwrap();
    let mut left_out = 0;
    for case in std::fs::read_dir(cases(folder)).unwrap() {
        let case = case.unwrap();
        if names.iter().any(|name| case.file_name() == *name) {
            left_out += 1;
        } else {
            std::os::unix::fs::symlink(case.path(), rest.path().join(case.file_name())).unwrap();
        }
    }
    assert_eq!(left_out, names.len());
    rest
}

#[test]
fn the_scenarios_of_tail_sampling_hold_with_several_instances() {
    let (tokio, mut several) = (tokio(3), 0);
    let start = |json: &str| start_several(&tokio, &mut several, json);
    let scenarios = cases_without("scenarios", SCENARIOS_OF_ONE);
    run_scenarios(scenarios.path(), start).unwrap_or_else(|failures| panic!("{failures}"));
    assert!(several > 70, "only {several} scenarios with several instances");
}

#[test]
fn the_policies_of_tail_sampling_vote_through_wasm_as_the_tables_say() {
    let tokio = tokio(1);
    let start = |json: &str| InWasm::start(&tokio, 1, json);
    run_tables(&cases("policies"), start).unwrap_or_else(|failures| panic!("{failures}"));
}

#[test]
fn the_policies_of_tail_sampling_vote_so_with_several_instances() {
    let (tokio, mut several) = (tokio(3), 0);
    let start = |json: &str| start_several(&tokio, &mut several, json);
    run_tables(&cases("policies"), start).unwrap_or_else(|failures| panic!("{failures}"));
    assert!(several > 100, "only {several} rows with several instances");
}
