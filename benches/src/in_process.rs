//! Chains without a network: `redaction` as a guest or natively, in front of an exporter that does
//! nothing.

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
use tamis::wasm::runtime::{Runtime, hash_seed};
use tamis::wasm::settings::{GuestOptions, Module};

use crate::native::NativeRedaction;
use crate::requests::{Requests, SPANS, Secrets};

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
        let metrics = Metrics::default();
        let user_modules = matches!(module, Module::File(_));
        let runtime = Runtime::new(1, workers, user_modules)?;
        let configuration = Configuration {
            id: "redaction".to_owned(),
            json: redaction_config()?,
            texts: Vec::new(),
            hash_seed: hash_seed(),
            instances: 1,
        };
        let options = GuestOptions::default();
        let configured =
            runtime.configure("redaction", module, configuration, options, None, &metrics).await?;
        let guest = runtime.start(configured, nop(&metrics)?, &metrics);
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
    NativeRedaction::new(&redaction_config()?, &metrics, nop(&metrics)?)
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

/// The section of `config/redaction.yaml`, as JSON.
fn redaction_config() -> anyhow::Result<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/redaction.yaml");
    let (config, _) = load(&[Source::File(path)], &Placeholders, &["redaction"])?;
    match config.processors.first_key_value() {
        Some((_, ProcessorSettings::Guest(guest))) => Ok(guest.config_json()),
        _ => None.context("config/redaction.yaml has no redaction"),
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
