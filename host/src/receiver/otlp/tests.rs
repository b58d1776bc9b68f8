//! The receiver as clients see it: real connections to real servers on free ports.

mod grpc;
mod http;
mod tls;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use tokio::sync::Notify;

use super::*;
use crate::batch::Batch;
use crate::consumer::{BoxFuture, ConsumeError, Consumer};

/// A pipeline that answers what it is told to.
#[derive(Default)]
struct Sink {
    batches: Mutex<Vec<Batch>>,
    answer: Mutex<Option<ConsumeError>>,
    /// Answers only once told to.
    gate: Option<Notify>,
    entered: Notify,
    calls: AtomicUsize,
}

impl Sink {
    fn answering(error: ConsumeError) -> Arc<Self> {
        Arc::new(Self { answer: Mutex::new(Some(error)), ..Self::default() })
    }

    fn gated() -> Arc<Self> {
        Arc::new(Self { gate: Some(Notify::new()), ..Self::default() })
    }

    fn open(&self) {
        self.gate.as_ref().unwrap().notify_one();
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }

    fn batch(&self) -> Batch {
        self.batches.lock().unwrap().pop().unwrap()
    }
}

impl Consumer for Sink {
    fn consume(&self, batch: Batch) -> BoxFuture<'_, Result<(), ConsumeError>> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.batches.lock().unwrap().push(batch);
        self.entered.notify_one();
        Box::pin(async {
            if let Some(gate) = &self.gate {
                gate.notified().await;
            }
            self.answer.lock().unwrap().clone().map_or(Ok(()), Err)
        })
    }
}

const MAX_SIZE: usize = 10_000;

fn grpc_settings() -> GrpcServerSettings {
    GrpcServerSettings {
        endpoint: "127.0.0.1:0".into(),
        max_recv_msg_size: MAX_SIZE,
        max_concurrent_streams: 0,
        include_metadata: false,
        keepalive: KeepaliveSettings::default(),
        tls: None,
    }
}

fn http_settings() -> HttpServerSettings {
    HttpServerSettings {
        endpoint: "127.0.0.1:0".into(),
        traces_url_path: "/v1/traces".into(),
        metrics_url_path: "/v1/metrics".into(),
        logs_url_path: "/v1/logs".into(),
        max_request_body_size: MAX_SIZE,
        include_metadata: false,
        read_timeout: Duration::ZERO,
        read_header_timeout: Duration::ZERO,
        idle_timeout: Duration::from_secs(60),
        response_headers: Vec::new(),
        cors: None,
        tls: None,
    }
}

/// A receiver of traces, with `sink` as its pipeline.
struct Fixture {
    receiver: OtlpReceiver,
    metrics: Metrics,
    addr: SocketAddr,
}

impl Fixture {
    async fn grpc(settings: GrpcServerSettings, sink: &Arc<Sink>) -> Self {
        Self::new(OtlpReceiverSettings { grpc: Some(settings), http: None }, sink).await
    }

    async fn http(settings: HttpServerSettings, sink: &Arc<Sink>) -> Self {
        Self::new(OtlpReceiverSettings { grpc: None, http: Some(settings) }, sink).await
    }

    async fn new(settings: OtlpReceiverSettings, sink: &Arc<Sink>) -> Self {
        let metrics = Metrics::default();
        let traces: Arc<dyn Consumer> = sink.clone();
        let sinks = Sinks { traces: Some(traces), ..Sinks::default() };
        let receiver = OtlpReceiver::bind("otlp", &settings, sinks, &metrics).await.unwrap();
        let addr = receiver.local_addrs()[0];
        Self { receiver, metrics, addr }
    }

    /// Accepted, refused and failed spans over this transport.
    fn counts(&self, transport: &str) -> [u64; 3] {
        let metrics = self.metrics.receiver("otlp", transport);
        [metrics.accepted, metrics.refused, metrics.failed].map(|c| c.get(Signal::Traces))
    }
}

/// A request of so many spans.
fn spans(count: usize) -> ExportTraceServiceRequest {
    named_spans(count, "span".into())
}

fn named_spans(count: usize, name: String) -> ExportTraceServiceRequest {
    let span = Span { trace_id: vec![1; 16], span_id: vec![2; 8], name, ..Default::default() };
    let scope_spans = vec![ScopeSpans { spans: vec![span; count], ..Default::default() }];
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans { scope_spans, ..Default::default() }],
    }
}

/// A request that encodes to exactly `len` bytes.
fn spans_of_len(len: usize) -> ExportTraceServiceRequest {
    let fits = |name_len: &usize| len_of(*name_len) == len;
    named_spans(1, "n".repeat((0..len).find(fits).unwrap()))
}

fn len_of(name_len: usize) -> usize {
    prost::Message::encoded_len(&named_spans(1, "n".repeat(name_len)))
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}
