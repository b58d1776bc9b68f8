//! From the bytes of a request to the pipeline's answer: the part that both protocols share.

use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use http::HeaderMap;

use super::status::Refusal;
use crate::batch::{Batch, Metadata, Signal};
use crate::consumer::Consumer;
use crate::otlp::{self, Malformed};
use crate::telemetry::metrics::ReceiverMetrics;

/// Where each signal goes. A signal without a consumer is in no pipeline, and the receiver does not
/// know its paths and services.
#[derive(Clone, Default)]
pub struct Sinks {
    pub traces: Option<Arc<dyn Consumer>>,
    pub metrics: Option<Arc<dyn Consumer>>,
    pub logs: Option<Arc<dyn Consumer>>,
}

impl Sinks {
    fn get(&self, signal: Signal) -> Option<&Arc<dyn Consumer>> {
        match signal {
            Signal::Traces => self.traces.as_ref(),
            Signal::Metrics => self.metrics.as_ref(),
            Signal::Logs => self.logs.as_ref(),
        }
    }
}

/// Why a request was not accepted.
#[derive(Debug)]
pub(super) enum Rejection {
    Malformed(Malformed),
    Refused(Refusal),
}

/// One protocol's way into the pipelines.
pub(super) struct Ingest {
    pub(super) sinks: Sinks,
    pub(super) metrics: ReceiverMetrics,
    pub(super) include_metadata: bool,
}

impl Ingest {
    pub(super) fn serves(&self, signal: Signal) -> bool {
        self.sinks.get(signal).is_some()
    }

    /// Walks the request, pushes it into the pipeline and waits for the answer.
    pub(super) async fn export(
        &self,
        signal: Signal,
        bytes: Bytes,
        headers: &HeaderMap,
    ) -> Result<(), Rejection> {
        let items = otlp::walk(signal, &bytes).map_err(Rejection::Malformed)?;
        let Some(sink) = self.sinks.get(signal).filter(|_| items > 0) else { return Ok(()) };
        let outcome = Outcome { metrics: &self.metrics, signal, items, accepted: false };
        let metadata = self.metadata(headers);
        let batch = Batch { signal, bytes, items, received: SystemTime::now(), metadata };
        match sink.consume(batch).await {
            Ok(()) => {
                outcome.accepted();
                Ok(())
            }
            Err(error) => Err(Rejection::Refused(Refusal::from(&error))),
        }
    }

    fn metadata(&self, headers: &HeaderMap) -> Metadata {
        if !self.include_metadata {
            return Metadata::default();
        }
        let pair = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
            Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
        };
        headers.iter().filter_map(pair).collect()
    }
}

/// Counts the items of one request exactly once. Also where the sender went away or its deadline
/// passed before the pipeline answered, which drops the request half way: refused then.
struct Outcome<'a> {
    metrics: &'a ReceiverMetrics,
    signal: Signal,
    items: usize,
    accepted: bool,
}

impl Outcome<'_> {
    fn accepted(mut self) {
        self.accepted = true;
    }
}

impl Drop for Outcome<'_> {
    fn drop(&mut self) {
        let counter = if self.accepted { &self.metrics.accepted } else { &self.metrics.refused };
        counter.add(self.signal, self.items);
    }
}
