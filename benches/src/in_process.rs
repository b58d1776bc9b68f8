//! Chains without a network: `redaction` as a guest or natively, `tail_sampling`, `genai_cost` or
//! `cardinality_limiter`, in front of an exporter that does nothing.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use anyhow::Context;
use bytes::Bytes;
use serde_json::{Value, json};
use tamis::batch::{Batch, Metadata, Signal};
use tamis::config::{Environment, ExporterSettings, ProcessorSettings, Source, load};
use tamis::consumer::Consumer;
use tamis::exporter;
use tamis::storage::Namespace;
use tamis::telemetry::metrics::Metrics;
use tamis::wasm::bindings::handler::Configuration;
use tamis::wasm::outbox::Feeds;
use tamis::wasm::pool::signal;
use tamis::wasm::runtime::{Runtime, hash_seed};
use tamis::wasm::settings::{GuestOptions, Module};

use crate::native::NativeRedaction;
use crate::requests::{PREFIX, Requests, SPANS, Secrets};

/// Something that takes batches, and what must live as long.
pub struct Chain {
    pub first: Arc<dyn Consumer>,
    /// What the processor counts.
    pub metrics: Metrics,
    _runtime: Option<Runtime>,
}

/// A guest and what it is given.
struct Guest {
    name: &'static str,
    module: Module,
    json: String,
    options: GuestOptions,
    namespace: Option<Namespace>,
    workers: usize,
    /// Whether a pipeline of metrics takes what it emits.
    is_fed: bool,
}

impl Guest {
    /// A built-in one, by its defaults.
    fn new(name: &'static str, json: String) -> Self {
        Self {
            name,
            module: Module::BuiltIn(name.to_owned()),
            json,
            options: GuestOptions::default(),
            namespace: None,
            workers: 1,
            is_fed: false,
        }
    }
}

impl Chain {
    /// `redaction` in the sandbox; `workers` threads will drive it.
    ///
    /// # Errors
    ///
    /// When the guest cannot be loaded or refuses its configuration.
    pub async fn guest(module: &Module, workers: usize) -> anyhow::Result<Self> {
        let json = config_of("redaction")?;
        Self::start(Guest { workers, module: module.clone(), ..Guest::new("redaction", json) })
            .await
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
        Self::start(Guest { options, workers, ..Guest::new(name, config_of(name)?) }).await
    }

    /// `genai_cost`, which feeds a pipeline of metrics or does not.
    ///
    /// # Errors
    ///
    /// When the guest cannot be loaded or refuses its configuration.
    pub async fn genai_cost(is_fed: bool) -> anyhow::Result<Self> {
        // The same calls come again and again, and are to count every time.
        let json = r#"{"metrics": {"remember_calls": 0}}"#.to_owned();
        Self::start(Guest { is_fed, ..Guest::new("genai_cost", json) }).await
    }

    /// `cardinality_limiter`, with room for all that its own bound allows.
    ///
    /// # Errors
    ///
    /// When the guest cannot be loaded or refuses its configuration.
    pub async fn cardinality_limiter(json: &str) -> anyhow::Result<Self> {
        let options = GuestOptions { memory_limit: 4 << 30, ..GuestOptions::default() };
        let json = json.to_owned();
        Self::start(Guest { options, ..Guest::new("cardinality_limiter", json) }).await
    }

    /// `tail_sampling` with one instance, in which traces wait for an hour, up to so many.
    ///
    /// # Errors
    ///
    /// When the guest cannot be loaded or refuses its configuration.
    pub async fn that_waits(
        traces: usize,
        options: GuestOptions,
        namespace: Option<Namespace>,
    ) -> anyhow::Result<Self> {
        let name = "tail_sampling";
        let mut config: Value = serde_json::from_str(&config_of(name)?)?;
        config["decision_wait"] = json!("1h");
        config["num_traces"] = json!(traces);
        Self::start(Guest { options, namespace, ..Guest::new(name, config.to_string()) }).await
    }

    async fn start(guest: Guest) -> anyhow::Result<Self> {
        let Guest { name, module, json, options, namespace, workers, is_fed } = guest;
        let metrics = Metrics::default();
        let user_modules = matches!(module, Module::File(_));
        let runtime = Runtime::new(1, workers, user_modules)?;
        let configuration = Configuration {
            id: name.to_owned(),
            json,
            texts: Vec::new(),
            hash_seed: hash_seed(),
            instances: 1,
            feeds: is_fed.then(|| signal(Signal::Metrics)).into_iter().collect(),
        };
        let configured =
            runtime.configure(name, &module, configuration, options, namespace, &metrics).await?;
        let mut feeds = Feeds::default();
        if is_fed {
            feeds[Signal::Metrics.index()].push(nop(&metrics)?);
        }
        let guest = runtime.start(configured, nop(&metrics)?, feeds, &metrics);
        Ok(Self { first: Arc::new(guest), metrics, _runtime: Some(runtime) })
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

    /// The sum of a gauge over its label sets.
    pub fn gauge(&self, name: &str) -> f64 {
        let families = self.metrics.registry().gather();
        let own = families.iter().filter(|family| family.name() == name);
        let metrics = own.flat_map(|family| family.get_metric());
        metrics.map(|metric| metric.get_gauge().get_value()).sum()
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
    batches_of(&Requests::new(secrets))
}

/// The requests as they come out of a receiver.
pub fn batches_of(requests: &Requests) -> Vec<Batch> {
    let batch = |bytes: Bytes| Batch {
        signal: Signal::Traces,
        bytes: Bytes::copy_from_slice(&bytes),
        items: SPANS,
        received: SystemTime::UNIX_EPOCH,
        metadata: Metadata::default(),
    };
    requests.messages().map(batch).collect()
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
