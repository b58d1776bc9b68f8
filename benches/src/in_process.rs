//! Chains without a network: `redaction` as a guest or natively, or `tail_sampling`, in front of an
//! exporter that does nothing.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use anyhow::Context;
use bytes::Bytes;
use tamis::batch::{Batch, Metadata, Signal};
use tamis::config::{Environment, ExporterSettings, ProcessorSettings, Source, load};
use tamis::consumer::Consumer;
use tamis::exporter;
use tamis::telemetry::metrics::Metrics;
use tamis::wasm::bindings::handler::Configuration;
use tamis::wasm::outbox::Feeds;
use tamis::wasm::runtime::{Runtime, hash_seed};
use tamis::wasm::settings::{GuestOptions, Module};

use crate::native::NativeRedaction;
use crate::requests::{PREFIX, Requests, SPANS, Secrets};

/// Something that takes batches, and what must live as long.
pub struct Chain {
    pub first: Arc<dyn Consumer>,
    _runtime: Option<Runtime>,
}

impl Chain {
    /// `redaction` in the sandbox; `workers` threads will drive it.
    ///
    /// # Errors
    ///
    /// When the guest cannot be loaded or refuses its configuration.
    pub async fn guest(module: &Module, workers: usize) -> anyhow::Result<Self> {
        Self::start("redaction", module, GuestOptions::default(), workers).await
    }

    /// `tail_sampling`, which has room for whatever is sent in its `decision_wait`.
    ///
    /// # Errors
    ///
    /// When the guest cannot be loaded or refuses its configuration.
    pub async fn tail_sampling(workers: usize) -> anyhow::Result<Self> {
        let name = "tail_sampling";
        let mut options = GuestOptions::default();
        options.hold.memory = 4 << 30;
        Self::start(name, &Module::BuiltIn(name.to_owned()), options, workers).await
    }

    async fn start(
        name: &str,
        module: &Module,
        options: GuestOptions,
        workers: usize,
    ) -> anyhow::Result<Self> {
        let metrics = Metrics::default();
        let user_modules = matches!(module, Module::File(_));
        let runtime = Runtime::new(1, workers, user_modules)?;
        let configuration = Configuration {
            id: name.to_owned(),
            json: config_of(name)?,
            texts: Vec::new(),
            hash_seed: hash_seed(),
            instances: 1,
            feeds: Vec::new(),
        };
        let configured =
            runtime.configure(name, module, configuration, options, None, &metrics).await?;
        let guest = runtime.start(configured, nop(&metrics)?, Feeds::default(), &metrics);
        Ok(Self { first: Arc::new(guest), _runtime: Some(runtime) })
    }

    /// What is shipped.
    pub fn built_in() -> Module {
        Module::BuiltIn("redaction".to_owned())
    }

    /// Sends the batches in turns for so long; answers how many spans went through.
    ///
    /// # Errors
    ///
    /// When a batch is refused.
    pub async fn drive(&self, batches: &[Batch], time: Duration) -> anyhow::Result<usize> {
        drive(&*self.first, batches, time).await
    }

    /// As [`Self::drive`], every batch with traces of its own; of `drivers`, this is number `driver`.
    ///
    /// # Errors
    ///
    /// When a batch is refused.
    pub async fn drive_new_traces(
        &self,
        requests: &Requests,
        (driver, drivers): (usize, usize),
        time: Duration,
    ) -> anyhow::Result<usize> {
        let start = Instant::now();
        let mut spans = 0;
        for turn in (driver..).step_by(drivers) {
            let batch = Batch {
                signal: Signal::Traces,
                bytes: requests.with_new_traces(turn).slice(PREFIX..),
                items: SPANS,
                received: SystemTime::now(),
                metadata: Metadata::default(),
            };
            self.first.consume(batch).await?;
            spans += SPANS;
            if start.elapsed() >= time {
                break;
            }
            tokio::task::yield_now().await;
        }
        Ok(spans)
    }

    /// As [`Self::drive`]; microseconds a span.
    ///
    /// # Errors
    ///
    /// When a batch is refused.
    pub async fn cost(&self, batches: &[Batch], time: Duration) -> anyhow::Result<f64> {
        cost(&*self.first, batches, time).await
    }
}

/// `redaction` without the sandbox.
///
/// # Errors
///
/// When it refuses its configuration.
pub fn native() -> anyhow::Result<NativeRedaction> {
    let metrics = Metrics::default();
    NativeRedaction::new(&config_of("redaction")?, &metrics, nop(&metrics)?)
}

/// See [`Chain::drive`].
///
/// # Errors
///
/// When a batch is refused.
pub async fn drive(
    first: &dyn Consumer,
    batches: &[Batch],
    time: Duration,
) -> anyhow::Result<usize> {
    let start = Instant::now();
    let mut spans = 0;
    for batch in batches.iter().cycle() {
        first.consume(batch.clone()).await?;
        spans += batch.items;
        if start.elapsed() >= time {
            break;
        }
        tokio::task::yield_now().await;
    }
    Ok(spans)
}

/// See [`Chain::cost`].
///
/// # Errors
///
/// When a batch is refused.
pub async fn cost(first: &dyn Consumer, batches: &[Batch], time: Duration) -> anyhow::Result<f64> {
    let start = Instant::now();
    let spans = drive(first, batches, time).await?;
    Ok(start.elapsed().as_secs_f64() * 1e6 / spans as f64)
}

/// The messages of the load, in memory of their own.
pub fn batches(secrets: Secrets) -> Vec<Batch> {
    let batch = |bytes: Bytes| Batch {
        signal: Signal::Traces,
        bytes: Bytes::copy_from_slice(&bytes),
        items: SPANS,
        received: SystemTime::UNIX_EPOCH,
        metadata: Metadata::default(),
    };
    Requests::new(secrets).messages().map(batch).collect()
}

fn nop(metrics: &Metrics) -> Result<Arc<dyn Consumer>, exporter::BuildError> {
    exporter::build("nop", &ExporterSettings::Nop, metrics)
}

/// The section of a processor in the configuration that is called like it, as JSON.
fn config_of(processor: &str) -> anyhow::Result<String> {
    let file = format!("config/{}.yaml", processor.replace('_', "-"));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(&file);
    let (config, _) = load(&[Source::File(path)], &Placeholders, &[processor])?;
    match config.processors.first_key_value() {
        Some((_, ProcessorSettings::Guest(guest))) => Ok(guest.config_json()),
        _ => None.with_context(|| format!("{file} has no {processor}")),
    }
}

/// Nothing is bound, so the addresses of the configuration may be anything.
struct Placeholders;

impl Environment for Placeholders {
    fn variable(&self, name: &str) -> Option<String> {
        Some(if name.ends_with("PORT") { "1" } else { "127.0.0.1:1" }.to_owned())
    }

    fn read(&self, path: &Path) -> io::Result<String> {
        std::fs::read_to_string(path)
    }
}
