//! The same request to tamis and to the real Collector: the same answer.
//!
//! OTLP as JSON is left out: tamis takes protobuf only and says so with 415.

use std::io::Write;

use bytes::Bytes;
use hyper::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tonic::Code;
use tonic::codec::CompressionEncoding;

use crate::harness::answer::{Answer, Gate};
use crate::harness::backend::Backend;
use crate::harness::config::Config;
use crate::harness::gateway::{Gateway, Kind};
use crate::harness::http::PROTOBUF;
use crate::harness::{Signal, grpc, http, sample, soon};

const LIMIT_BYTES: usize = 1 << 20;

/// Both gateways with the same configuration, each before a backend of its own.
struct Both {
    tamis: (Gateway, Backend),
    collector: (Gateway, Backend),
}

impl Both {
    async fn start(config: impl Fn(&Backend) -> Config) -> Self {
        let side = async |kind| {
            let backend = Backend::start().await;
            (Gateway::start(kind, &config(&backend)).await, backend)
        };
        Self { tamis: side(Kind::Tamis).await, collector: side(Kind::Collector).await }
    }

    async fn limited() -> Self {
        Self::start(|backend| {
            Config::new()
                .receiver("grpc", "max_recv_msg_size_mib", LIMIT_BYTES >> 20)
                .receiver("http", "max_request_body_size", LIMIT_BYTES)
                .forward(backend.grpc)
        })
        .await
    }

    async fn http(
        &self,
        what: &str,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) {
        let send = |gateway: &Gateway| {
            http::send(gateway.http, method.clone(), path, headers, body.clone())
        };
        let tamis = send(&self.tamis.0).await;
        let collector = send(&self.collector.0).await;
        assert_same_http(what, &tamis, &collector);
    }

    async fn grpc(
        &self,
        what: &str,
        method: &'static str,
        body: Bytes,
        compression: Option<CompressionEncoding>,
    ) {
        let call = async |gateway: &Gateway| {
            let client = grpc::Client::connect(gateway.grpc).await;
            client.call(method, body.clone(), compression).await
        };
        let tamis = call(&self.tamis.0).await;
        let collector = call(&self.collector.0).await;
        assert_eq!(tamis.code, collector.code, "{what}: {tamis:?} beside {collector:?}");
    }
}

/// The parts of an answer by which a sender decides what to do next.
fn assert_same_http(what: &str, tamis: &http::Answer, collector: &http::Answer) {
    let decisive = |answer: &http::Answer| {
        (answer.status, answer.content_type.clone(), answer.retry_after.clone(), answer.code())
    };
    assert_eq!(decisive(tamis), decisive(collector), "{what}: {tamis:?} beside {collector:?}");
}

fn gzip(body: &[u8]) -> Bytes {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap().into()
}

#[tokio::test]
async fn requests_over_http_are_answered_like_the_collector_answers() {
    let both = Both::limited().await;
    let good = sample::one_span("good");
    let malformed = Bytes::from_static(b"\x0a\xff\xff\xff\xff\x0f not protobuf");
    let truncated = good.slice(..good.len() - 3);
    let post = |what: &'static str, path: &'static str, headers: &'static [(&str, &str)], body| {
        both.http(what, Method::POST, path, headers, body)
    };
    const TEXT: (&str, &str) = ("content-type", "text/plain");
    const GZIP: (&str, &str) = ("content-encoding", "gzip");
    const BROTLI: (&str, &str) = ("content-encoding", "br");
    post("a good request", "/v1/traces", &[PROTOBUF], good.clone()).await;
    post("an empty request", "/v1/traces", &[PROTOBUF], Bytes::new()).await;
    post("malformed protobuf", "/v1/traces", &[PROTOBUF], malformed).await;
    post("truncated protobuf", "/v1/traces", &[PROTOBUF], truncated).await;
    post("text", "/v1/traces", &[TEXT], good.clone()).await;
    post("no content type", "/v1/traces", &[], good.clone()).await;
    post("an unknown path", "/v1/unknown", &[PROTOBUF], good.clone()).await;
    post("the root", "/", &[PROTOBUF], good.clone()).await;
    post("a query", "/v1/traces?a=b", &[PROTOBUF], good.clone()).await;
    post("not really gzip", "/v1/traces", &[PROTOBUF, GZIP], good.clone()).await;
    post("an unknown encoding", "/v1/traces", &[PROTOBUF, BROTLI], good.clone()).await;
    post("gzip", "/v1/traces", &[PROTOBUF, GZIP], gzip(&good)).await;
    for method in [Method::GET, Method::PUT, Method::DELETE, Method::OPTIONS] {
        both.http(method.as_str(), method.clone(), "/v1/traces", &[PROTOBUF], good.clone()).await;
    }
    let charset = [("content-type", "application/x-protobuf; charset=utf-8")];
    both.http("a charset", Method::POST, "/v1/traces", &charset, good).await;
}

#[tokio::test]
async fn a_body_over_http_may_reach_the_limit_and_not_pass_it() {
    let both = Both::limited().await;
    for (what, size) in [("at the limit", LIMIT_BYTES), ("past the limit", LIMIT_BYTES + 1)] {
        let body = sample::one_span_of_size(size);
        let path = "/v1/traces";
        both.http(what, Method::POST, path, &[PROTOBUF], body.clone()).await;
        let headers = [PROTOBUF, ("content-encoding", "gzip")];
        let what = format!("{what}, compressed");
        both.http(&what, Method::POST, path, &headers, gzip(&body)).await;
    }
    let far = sample::one_span_of_size(8 * LIMIT_BYTES + 1000);
    let headers = [PROTOBUF, ("content-encoding", "gzip")];
    both.http("a bomb", Method::POST, "/v1/traces", &headers, gzip(&far)).await;
}

#[tokio::test]
async fn requests_over_grpc_are_answered_like_the_collector_answers() {
    let both = Both::limited().await;
    let traces = grpc::method(Signal::Traces);
    let good = sample::one_span("good");
    let malformed = Bytes::from_static(b"\x0a\xff\xff\xff\xff\x0f not protobuf");
    let gzip = Some(CompressionEncoding::Gzip);
    let zstd = Some(CompressionEncoding::Zstd);
    both.grpc("a good request", traces, good.clone(), None).await;
    both.grpc("gzip", traces, good.clone(), gzip).await;
    both.grpc("zstd", traces, good.clone(), zstd).await;
    both.grpc("an empty request", traces, Bytes::new(), None).await;
    both.grpc("malformed protobuf", traces, malformed, None).await;
    both.grpc("truncated protobuf", traces, good.slice(..good.len() - 3), None).await;
    let unknown = "/opentelemetry.proto.collector.trace.v1.TraceService/Unknown";
    both.grpc("an unknown method", unknown, good.clone(), None).await;
    both.grpc("an unknown service", "/unknown.Service/Export", good, None).await;
    let at_limit = sample::one_span_of_size(LIMIT_BYTES);
    let past_limit = sample::one_span_of_size(LIMIT_BYTES + 1);
    both.grpc("at the limit", traces, at_limit.clone(), None).await;
    both.grpc("past the limit", traces, past_limit.clone(), None).await;
    both.grpc("at the limit, gzip", traces, at_limit, gzip).await;
    both.grpc("past the limit, gzip", traces, past_limit, gzip).await;
}

#[tokio::test]
async fn a_signal_without_a_pipeline_is_answered_like_the_collector_answers() {
    let both =
        Both::start(|backend| Config::new().signals(&[Signal::Traces]).forward(backend.grpc)).await;
    for signal in Signal::ALL {
        let body = sample::one_item(signal, Vec::new());
        both.grpc(signal.name(), grpc::method(signal), body.clone(), None).await;
        let path = format!("/v1/{}", signal.name());
        both.http(signal.name(), Method::POST, &path, &[PROTOBUF], body).await;
    }
}

#[tokio::test]
async fn every_status_of_a_grpc_backend_reaches_the_sender_as_it_does_through_the_collector() {
    let both = Both::start(|backend| Config::new().forward(backend.grpc)).await;
    let busy = [Code::Unavailable, Code::ResourceExhausted];
    let busy = busy.into_iter().map(|code| Answer::GrpcRetryAfter(code, 7));
    for answer in (1..=16).map(|code| Answer::Grpc(Code::from_i32(code))).chain(busy) {
        both.tamis.1.answers.always(answer.clone());
        both.collector.1.answers.always(answer.clone());
        let what = format!("{answer:?}");
        let traces = grpc::method(Signal::Traces);
        both.grpc(&what, traces, sample::one_span("refused"), None).await;
        let body = sample::one_span("refused");
        both.http(&what, Method::POST, "/v1/traces", &[PROTOBUF], body).await;
    }
}

#[tokio::test]
async fn every_status_of_an_http_backend_reaches_the_sender_as_it_does_through_the_collector() {
    let both = Both::start(|backend| {
        let exporter = json!({
            "endpoint": format!("http://{}", backend.http),
            "sending_queue": {"enabled": false},
            "retry_on_failure": {"enabled": false},
        });
        Config::new().exporter("otlp_http", exporter)
    })
    .await;
    let statuses = [400, 401, 403, 404, 408, 413, 429, 500, 501, 502, 503, 504];
    for answer in statuses.into_iter().map(Answer::Http) {
        both.tamis.1.answers.always(answer.clone());
        both.collector.1.answers.always(answer.clone());
        let what = format!("{answer:?}");
        let traces = grpc::method(Signal::Traces);
        both.grpc(&what, traces, sample::one_span("refused"), None).await;
        let body = sample::one_span("refused");
        both.http(&what, Method::POST, "/v1/traces", &[PROTOBUF], body).await;
    }
    // The Collector keeps the wait that an HTTP backend asks for to itself; tamis hands it on.
    for status in [429, 503] {
        both.tamis.1.answers.always(Answer::HttpRetryAfter(status, 7));
        let body = sample::one_span("refused");
        let gateway = both.tamis.0.http;
        let answer = http::send(gateway, Method::POST, "/v1/traces", &[PROTOBUF], body).await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.retry_after.as_deref(), Some("7"));
    }
}

#[tokio::test]
async fn a_backend_that_is_down_is_answered_like_the_collector_answers() {
    // Reserved and let go: nothing listens there.
    let down = Backend::start().await;
    let (address, _) = (down.grpc, down.stop().await);
    let both = Both::start(|_| Config::new().forward(address)).await;
    let traces = grpc::method(Signal::Traces);
    both.grpc("down", traces, sample::one_span("lost"), None).await;
    both.http("down", Method::POST, "/v1/traces", &[PROTOBUF], sample::one_span("lost")).await;
}

#[tokio::test]
async fn a_backend_that_does_not_answer_in_time_is_answered_like_the_collector_answers() {
    let both = Both::start(|backend| {
        let exporter = json!({
            "endpoint": backend.grpc.to_string(),
            "tls": {"insecure": true},
            "timeout": "200ms",
            "sending_queue": {"enabled": false},
            "retry_on_failure": {"enabled": false},
        });
        Config::new().exporter("otlp_grpc", exporter)
    })
    .await;
    let never = Answer::Behind(Gate::shut());
    both.tamis.1.answers.always(never.clone());
    both.collector.1.answers.always(never);
    let traces = grpc::method(Signal::Traces);
    both.grpc("slow", traces, sample::one_span("slow"), None).await;
    both.http("slow", Method::POST, "/v1/traces", &[PROTOBUF], sample::one_span("slow")).await;
}

/// Sends a request's head and half of its body, proves that others are served meanwhile, and then
/// sends the rest.
async fn dawdle(gateway: &Gateway) -> String {
    let body = sample::one_span("slow");
    let (first, rest) = body.split_at(body.len() / 2);
    let mut stream = TcpStream::connect(gateway.http).await.unwrap();
    let head = format!(
        "POST /v1/traces HTTP/1.1\r\nhost: gateway\r\ncontent-type: application/x-protobuf\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(first).await.unwrap();
    let quick = http::export(gateway.http, Signal::Traces, sample::one_span("quick")).await;
    assert_eq!(quick.status, 200);
    stream.write_all(rest).await.unwrap();
    let mut answer = String::new();
    soon("an answer", stream.read_to_string(&mut answer)).await.unwrap();
    answer.lines().next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_slow_client_is_waited_for_and_holds_up_nobody() {
    let both = Both::limited().await;
    let tamis = dawdle(&both.tamis.0).await;
    assert_eq!(tamis, dawdle(&both.collector.0).await);
    assert_eq!(tamis, "HTTP/1.1 200 OK");
    let received = both.tamis.1.received();
    assert_eq!(received.span_names(), ["quick", "slow"]);
}

#[tokio::test]
async fn a_client_that_leaves_in_the_middle_of_a_request_changes_nothing() {
    let backend = Backend::start().await;
    let tamis = Gateway::tamis(&Config::new().forward(backend.grpc)).await;
    for _ in 0..50 {
        let mut stream = TcpStream::connect(tamis.http).await.unwrap();
        let head = "POST /v1/traces HTTP/1.1\r\nhost: gateway\r\n\
                    content-type: application/x-protobuf\r\ncontent-length: 1000\r\n\r\nhalf";
        stream.write_all(head.as_bytes()).await.unwrap();
    }
    let answer = http::export(tamis.http, Signal::Traces, sample::one_span("whole")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(backend.received().span_names(), ["whole"]);
}
