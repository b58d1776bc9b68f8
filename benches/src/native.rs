//! `redaction` called natively: as tamis calls the guest, without the sandbox.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::UNIX_EPOCH;

use anyhow::{Context as _, anyhow};
use redaction::Redaction;
use tamis::batch::{Batch, Signal};
use tamis::consumer::{BoxFuture, ConsumeError, Consumer};
use tamis::otlp;
use tamis::telemetry::metrics::{Metrics, ProcessorMetrics};
use tamis::wasm::bindings::types;
use tamis::wasm::scan::Scanner;
use tamis_sdk::{Configuration, Context, Hit, Outcome, Processor, Trigger, edit};

/// One instance in a chain, scanned for by the host like a guest.
pub struct NativeRedaction {
    processor: Mutex<Redaction>,
    scanner: Scanner,
    metrics: ProcessorMetrics,
    next: Arc<dyn Consumer>,
}

impl NativeRedaction {
    /// `json` is the processor's section of the YAML.
    ///
    /// # Errors
    ///
    /// What the processor says about its configuration.
    pub fn new(json: &str, metrics: &Metrics, next: Arc<dyn Consumer>) -> anyhow::Result<Self> {
        let configured = Redaction::configure(Configuration::from_json(json));
        let (processor, descriptor) = configured.map_err(|problems| anyhow!("{problems:?}"))?;
        let triggers: Vec<types::Trigger> = descriptor.triggers.iter().map(trigger).collect();
        Ok(Self {
            processor: Mutex::new(processor),
            scanner: Scanner::new(&triggers)?,
            metrics: metrics.processor("redaction"),
            next,
        })
    }

    /// What the host looks for before it calls.
    pub fn scanner(&self) -> &Scanner {
        &self.scanner
    }

    fn process(&self, batch: &Batch) -> anyhow::Result<Option<Batch>> {
        let hits = self.scanner.scan(&batch.bytes);
        let hit = |hit: types::Hit| Hit { offset: hit.offset, trigger: hit.trigger };
        let received = batch.received.duration_since(UNIX_EPOCH).unwrap_or_default();
        let context = Context {
            signal: signal(batch.signal),
            received: u64::try_from(received.as_nanos()).unwrap_or(u64::MAX),
            metadata: batch.metadata.to_vec(),
            hits: hits.map(|hits| hits.into_iter().map(hit).collect()),
        };
        let mut processor = self.processor.lock().unwrap_or_else(PoisonError::into_inner);
        let outcome = processor.process(&context, &batch.bytes)?;
        drop(processor);
        let bytes = match outcome {
            Outcome::Unchanged => return Ok(Some(batch.clone())),
            Outcome::Dropped => return Ok(None),
            Outcome::Edited(edits) => {
                edit::apply(&batch.bytes, &edits).context("the edits do not fit")?
            }
            Outcome::Replaced(bytes) => bytes,
        };
        // Natively there is nothing to distrust, but the items must be counted all the same.
        let items = otlp::walk(batch.signal, &bytes)?;
        Ok(Some(Batch { bytes: bytes.into(), items, ..batch.clone() }))
    }
}

impl Consumer for NativeRedaction {
    fn consume(&self, batch: Batch) -> BoxFuture<'_, Result<(), ConsumeError>> {
        Box::pin(async move {
            self.metrics.incoming.add(batch.signal, batch.items);
            let processed = self.process(&batch);
            match processed.map_err(|error| ConsumeError::permanent(error.to_string()))? {
                None => Ok(()),
                Some(batch) => {
                    self.metrics.outgoing.add(batch.signal, batch.items);
                    self.next.consume(batch).await
                }
            }
        })
    }
}

fn trigger(trigger: &Trigger) -> types::Trigger {
    types::Trigger { sets: trigger.sets().iter().map(|set| set.words().into()).collect() }
}

fn signal(signal: Signal) -> tamis_sdk::Signal {
    match signal {
        Signal::Traces => tamis_sdk::Signal::Traces,
        Signal::Metrics => tamis_sdk::Signal::Metrics,
        Signal::Logs => tamis_sdk::Signal::Logs,
    }
}
