//! The built-in processors through the whole of this module: their cases, which also run natively.

mod releases;
mod scenarios;

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use tamis_sdk::testing::{Failure, run_cases};
use tamis_sdk::{Context, Error, Outcome};

use super::bindings::handler::Configuration;
use super::bindings::types::Problem;
use super::outbox::Feeds;
use super::runtime::{LoadError, Runtime};
use super::settings::{GuestOptions, Module};
use crate::batch::{Batch, Signal};
use crate::consumer::{BoxFuture, ConsumeError, Consumer};
use crate::otlp;
use crate::telemetry::metrics::Metrics;

/// Keeps the last batch that came through.
#[derive(Default)]
struct Sink(Mutex<Option<Batch>>);

impl Consumer for Sink {
    fn consume(&self, batch: Batch) -> BoxFuture<'_, Result<(), ConsumeError>> {
        *self.0.lock().unwrap() = Some(batch);
        Box::pin(std::future::ready(Ok(())))
    }
}

#[test]
fn the_cases_of_cardinality_limiter_hold_through_wasm() {
    cases_hold_through_wasm("cardinality_limiter");
}

#[test]
fn the_cases_of_filter_hold_through_wasm() {
    cases_hold_through_wasm("filter");
}

#[test]
fn the_cases_of_genai_cost_hold_through_wasm() {
    cases_hold_through_wasm("genai_cost");
}

#[test]
fn the_cases_of_redaction_hold_through_wasm() {
    cases_hold_through_wasm("redaction");
}

fn cases_hold_through_wasm(name: &str) {
    let tokio = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_time()
        .build()
        .unwrap();
    let runtime = Runtime::new(1, 1, false).unwrap();
    let processors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../processors");
    let folder = processors.join(name).join("cases");
    let result = run_cases(&folder, |json, context, batch| {
        tokio.block_on(through(&runtime, name, json, context, batch))
    });
    result.unwrap_or_else(|failures| panic!("{failures}"));
}

fn configuration(id: &str, json: &str) -> Configuration {
    let (id, json) = (id.to_owned(), json.to_owned());
    Configuration { id, json, texts: Vec::new(), hash_seed: 1, instances: 1, feeds: Vec::new() }
}

fn problems(found: Vec<Problem>) -> Failure {
    let problem = |found: Problem| tamis_sdk::Problem { path: found.path, message: found.message };
    Failure::Configuration(found.into_iter().map(problem).collect())
}

/// One batch through a new instance of a built-in processor.
async fn through(
    runtime: &Runtime,
    name: &str,
    json: &str,
    context: &Context,
    batch: &[u8],
) -> Result<Outcome, Failure> {
    let metrics = Metrics::default();
    let configuration = configuration(name, json);
    let module = Module::BuiltIn(name.to_owned());
    let options = GuestOptions::default();
    let guest = match runtime.configure(name, &module, configuration, options, None, &metrics).await
    {
        Ok(guest) => guest,
        Err(LoadError::Problems(found)) => return Err(problems(found)),
        Err(error) => panic!("{error}"),
    };
    let sink = Arc::new(Sink::default());
    let next = Arc::clone(&sink) as Arc<dyn Consumer>;
    let processor = runtime.start(guest, next, Feeds::default(), &metrics);
    let signal = match context.signal {
        tamis_sdk::Signal::Traces => Signal::Traces,
        tamis_sdk::Signal::Metrics => Signal::Metrics,
        tamis_sdk::Signal::Logs => Signal::Logs,
    };
    let batch = Batch {
        signal,
        bytes: batch.to_vec().into(),
        items: otlp::walk(signal, batch).expect("cases hold sound requests"),
        received: SystemTime::UNIX_EPOCH,
        metadata: Arc::from([]),
    };
    let answer = processor.consume(batch).await;
    processor.shutdown().await;
    match (answer, sink.0.lock().unwrap().take()) {
        (Err(error), _) => {
            // The host says whose error it is.
            let whose = format!("processor \"{name}\": ");
            let message = error.message.strip_prefix(&whose).unwrap_or(&error.message);
            Err(Failure::Batch(Error::Permanent(message.to_owned())))
        }
        (Ok(()), Some(batch)) => Ok(Outcome::Replaced(batch.bytes.to_vec())),
        (Ok(()), None) => Ok(Outcome::Dropped),
    }
}
