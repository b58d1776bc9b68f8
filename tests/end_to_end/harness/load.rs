//! Spans of random traces, and what must come of them where traces are sampled: each is kept whole or
//! not at all, and nothing of what was refused.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use serde_json::{Value as Json, json};
use tonic::Code;

use super::received::Received;
use super::seed::Seed;
use super::{Signal, grpc, sample};

/// Traces of one sender that get spans at the same time.
const OPEN_TRACES: u64 = 40;

/// Spans in a request.
const SPANS: usize = 8;

/// `tail_sampling` for this load: keeps about half of the traces.
pub(crate) fn sampling() -> Json {
    json!({
        "decision_wait": "300ms",
        "policies": [
            {"name": "kept", "type": "boolean_attribute",
             "boolean_attribute": {"key": "keep", "value": true}},
            {"name": "some", "type": "probabilistic", "probabilistic": {"sampling_percentage": 10}},
        ],
        "decision_cache": {"sampled_cache_size": 100_000, "non_sampled_cache_size": 100_000},
    })
}

/// Sends spans of random traces, and remembers what was answered.
pub(crate) struct Sender {
    pub(crate) seed: Seed,
    /// Its traces and spans are no other sender's.
    number: u64,
    /// Bytes of text in each span.
    padding: usize,
    requests: u64,
    spans: u64,
    /// Ids of the acknowledged spans, by trace.
    acknowledged: BTreeMap<Vec<u8>, BTreeSet<Vec<u8>>>,
    refused: BTreeSet<Vec<u8>>,
}

impl Sender {
    pub(crate) fn new(seed: Seed, number: u64, padding: usize) -> Self {
        let (acknowledged, refused) = (BTreeMap::new(), BTreeSet::new());
        Self { seed, number, padding, requests: 0, spans: 0, acknowledged, refused }
    }

    /// Sends one request; the text stands in one of its spans.
    pub(crate) async fn send(&mut self, client: &grpc::Client, text: &str) -> Code {
        let mut spans: Vec<Span> = (0..SPANS).map(|_| self.span()).collect();
        text.clone_into(&mut spans[0].name);
        let request: Bytes = sample::bytes(&sample::traces(spans.clone()));
        self.requests += 1;
        let code = client.export(Signal::Traces, request).await.code;
        for span in spans {
            if code == Code::Ok {
                self.acknowledged.entry(span.trace_id).or_default().insert(span.span_id);
            } else {
                self.refused.insert(span.span_id);
            }
        }
        code
    }

    /// A span of one of the newest traces. One in five has what its trace is kept for: the earlier
    /// it comes, the more of the trace waits for it.
    fn span(&mut self) -> Span {
        self.spans += 1;
        let newest = self.requests / 8;
        let trace = newest + self.seed.below(OPEN_TRACES as usize) as u64;
        let mut attributes = Vec::new();
        if self.seed.once_in(5) && trace.is_multiple_of(2) {
            attributes.push(sample::attribute("keep", sample::value(Value::BoolValue(true))));
        }
        if self.padding > 0 {
            let padding = (0..self.padding).map(|_| (b'a' + self.seed.below(26) as u8) as char);
            attributes
                .push(sample::attribute("padding", sample::text(&padding.collect::<String>())));
        }
        let unique = |number| self.number << 32 | number;
        let span_id = unique(self.spans).to_be_bytes().to_vec();
        Span { span_id, ..sample::span(unique(trace), "span", attributes) }
    }

    /// Nobody knows what became of the requests without an OK: the process was gone.
    pub(crate) fn forget_refused(&mut self) {
        self.refused.clear();
    }

    /// Spans that were not acknowledged.
    pub(crate) fn refused(&self) -> usize {
        self.refused.len()
    }

    /// Compares what was received with what was answered.
    pub(crate) fn assert_kept_whole(&self, what: &str, received: &Received) {
        let mut spans: BTreeMap<&[u8], BTreeSet<&[u8]>> = BTreeMap::new();
        for span in received.spans() {
            assert!(!self.refused.contains(&span.span_id), "{what}: a span that was refused came");
            spans.entry(&span.trace_id).or_default().insert(&span.span_id);
        }
        let mut kept = 0;
        for (trace, acknowledged) in &self.acknowledged {
            let came = spans.get(trace.as_slice());
            let is_missing = |id: &&Vec<u8>| came.is_none_or(|came| !came.contains(id.as_slice()));
            let missing = acknowledged.iter().filter(is_missing).count();
            kept += usize::from(missing == 0);
            assert!(
                missing == 0 || came.is_none(),
                "{what}: of a trace {} spans were acknowledged and {missing} of them are missing",
                acknowledged.len()
            );
        }
        let all = self.acknowledged.len();
        assert!(kept > all / 4 && kept < all * 3 / 4, "{what}: {kept} of {all} traces kept");
    }
}
