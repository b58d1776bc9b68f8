//! The scenarios of processors that wait, through the whole of this module: the clock is set and ticks
//! come by hand.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use tamis_sdk::Error;
use tamis_sdk::testing::{Driver, Failure, run_scenarios, run_tables};

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
    fn start(
        tokio: &Arc<tokio::runtime::Runtime>,
        name: &str,
        json: &str,
    ) -> Result<Self, Failure> {
        let mut runtime = Runtime::new(1, 1, false).unwrap();
        let (clock, metrics) = (Clock::manual(), Metrics::default());
        runtime.set_clock(clock.clone());
        let module = Module::BuiltIn(name.to_owned());
        let options = GuestOptions::default();
        let configuration = configuration(name, json);
        let guest = runtime.configure(name, &module, configuration, options, None, &metrics);
        let guest = match tokio.block_on(guest) {
            Ok(guest) => guest,
            Err(LoadError::Problems(found)) => return Err(problems(found)),
            Err(error) => panic!("{error}"),
        };
        let sink = Arc::new(Sink::default());
        let next = Arc::clone(&sink) as Arc<dyn Consumer>;
        let _entered = tokio.enter();
        let processor = runtime.start(guest, next, Feeds::default(), &metrics);
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

impl Driver for InWasm {
    fn set_time(&mut self, now: u64) {
        self.now = now;
        self.clock.set(now);
    }

    fn batch(&mut self, batch: &[u8]) -> Result<(), Error> {
        let batch = Batch {
            signal: Signal::Traces,
            items: otlp::walk(Signal::Traces, batch).expect("scenarios hold sound requests"),
            bytes: batch.to_vec().into(),
            received: UNIX_EPOCH + Duration::from_nanos(self.now),
            metadata: Arc::from([]),
        };
        let answer = self.tokio.block_on(self.processor.consume(batch));
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

    fn set_room(&mut self, _: Option<u64>) -> bool {
        // The bound is part of the configuration.
        false
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

fn tokio() -> Arc<tokio::runtime::Runtime> {
    Arc::new(tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap())
}

#[test]
fn the_scenarios_of_tail_sampling_hold_through_wasm() {
    let tokio = tokio();
    let start = |json: &str| InWasm::start(&tokio, "tail_sampling", json);
    run_scenarios(&cases("scenarios"), start).unwrap_or_else(|failures| panic!("{failures}"));
}

#[test]
fn the_policies_of_tail_sampling_vote_through_wasm_as_the_tables_say() {
    let tokio = tokio();
    let start = |json: &str| InWasm::start(&tokio, "tail_sampling", json);
    run_tables(&cases("policies"), start).unwrap_or_else(|failures| panic!("{failures}"));
}
