//! OTLP/gRPC, with the generated tonic clients and with plain HTTP/2.

use http_body_util::{BodyExt, Full};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_client::MetricsServiceClient;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use prost::Message;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tonic::codec::CompressionEncoding;
use tonic::transport::Channel;
use tonic::{Code, Status};

use super::*;
use crate::net::decompress::{Encoding, compress};

async fn channel(fixture: &Fixture) -> Channel {
    let url = format!("http://{}", fixture.addr);
    Channel::from_shared(url).unwrap().connect().await.unwrap()
}

async fn export(fixture: &Fixture, request: ExportTraceServiceRequest) -> Result<(), Status> {
    TraceServiceClient::new(channel(fixture).await).export(request).await.map(|reply| {
        assert_eq!(reply.into_inner(), Default::default(), "partial_success is never set");
    })
}

/// Posts a body as it is and gives the gRPC status.
async fn post(fixture: &Fixture, path: &str, encoding: &str, body: Vec<u8>) -> Status {
    let stream = tokio::net::TcpStream::connect(fixture.addr).await.unwrap();
    let handshake =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
    let (mut sender, connection) = handshake.await.unwrap();
    tokio::spawn(connection);
    let request = Request::post(format!("http://{}{path}", fixture.addr))
        .header("content-type", "application/grpc")
        .header("grpc-encoding", encoding)
        .body(Full::new(bytes::Bytes::from(body)))
        .unwrap();
    let reply = sender.send_request(request).await.unwrap();
    match Status::from_header_map(reply.headers()) {
        Some(status) => status,
        None => {
            let body = reply.into_body().collect().await.unwrap();
            Status::from_header_map(body.trailers().unwrap()).unwrap()
        }
    }
}

const EXPORT: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/// A message with its prefix.
fn framed(compressed: bool, message: &[u8]) -> Vec<u8> {
    let mut framed = vec![u8::from(compressed)];
    framed.extend((message.len() as u32).to_be_bytes());
    framed.extend(message);
    framed
}

#[track_caller]
fn check(status: &Status, code: Code, message: &str) {
    assert_eq!((status.code(), status.message()), (code, message));
}

#[tokio::test]
async fn spans_arrive_as_they_were_sent_in_every_compression() {
    let sink = Arc::new(Sink::default());
    let fixture = Fixture::grpc(grpc_settings(), &sink).await;
    let client = TraceServiceClient::new(channel(&fixture).await);
    let clients = [
        client.clone(),
        client.clone().send_compressed(CompressionEncoding::Gzip),
        client.send_compressed(CompressionEncoding::Zstd),
    ];
    for mut client in clients {
        client.export(spans(3)).await.unwrap();
        let batch = sink.batch();
        assert_eq!((batch.signal, batch.items), (Signal::Traces, 3));
        assert_eq!(batch.bytes, spans(3).encode_to_vec());
        assert!(batch.metadata.is_empty());
    }
    assert_eq!(fixture.counts("grpc"), [9, 0, 0]);
}

#[tokio::test]
async fn a_message_at_the_limit_passes_and_one_above_it_is_refused_like_grpc_go_does() {
    let sink = Arc::new(Sink::default());
    let fixture = Fixture::grpc(grpc_settings(), &sink).await;
    export(&fixture, spans_of_len(MAX_SIZE)).await.unwrap();
    let status = export(&fixture, spans_of_len(MAX_SIZE + 1)).await.unwrap_err();
    let message = "grpc: received message larger than max (10001 vs. 10000)";
    check(&status, Code::ResourceExhausted, message);
    assert_eq!(sink.calls(), 1);
}

#[tokio::test]
async fn a_client_that_is_still_sending_hears_that_its_message_is_too_large() {
    let fixture = Fixture::grpc(grpc_settings(), &Arc::default()).await;
    // Above the window of a stream, so that the client cannot have sent it all.
    let status = export(&fixture, named_spans(1, "n".repeat(5_000_000))).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted, "{status}");
}

#[tokio::test]
async fn a_compressed_bomb_is_refused() {
    let sink = Arc::new(Sink::default());
    let fixture = Fixture::grpc(grpc_settings(), &sink).await;
    for (name, encoding) in [("gzip", Encoding::Gzip), ("zstd", Encoding::Zstd)] {
        let bomb = framed(true, &compress(encoding, &vec![0; 5_000_000]));
        let status = post(&fixture, EXPORT, name, bomb).await;
        let message = "grpc: received message after decompression larger than max 10000";
        check(&status, Code::ResourceExhausted, message);
    }
    assert_eq!(sink.calls(), 0);
}

#[tokio::test]
async fn what_is_no_request_is_refused_with_what_is_wrong() {
    let fixture = Fixture::grpc(grpc_settings(), &Arc::default()).await;
    let internal = Code::Internal;
    let cases: [(&str, Vec<u8>, Code, &str); 8] = [
        (
            "identity",
            framed(false, b"\x0a\x05\x12"),
            internal,
            "grpc: error unmarshalling request: ExportTraceServiceRequest: field 1: the bytes end \
             inside the field",
        ),
        ("identity", framed(false, b"abc")[..7].into(), internal, "the request body ended early"),
        ("identity", vec![0, 0], internal, "the request body ended early"),
        ("identity", vec![], internal, "the request body ended early"),
        (
            "identity",
            [framed(false, b""), framed(false, b"")].concat(),
            internal,
            "cardinality violation: expected <EOF> for non client-streaming RPCs, but received \
             another message",
        ),
        (
            "identity",
            framed(true, b""),
            internal,
            "grpc: compressed flag set with identity or empty encoding",
        ),
        (
            "gzip",
            framed(true, b"no gzip at all"),
            internal,
            "grpc: failed to decompress the received message: invalid gzip header",
        ),
        (
            "lz4",
            framed(true, b""),
            Code::Unimplemented,
            "grpc: Decompressor is not installed for grpc-encoding \"lz4\"",
        ),
    ];
    for (encoding, body, code, message) in cases {
        check(&post(&fixture, EXPORT, encoding, body).await, code, message);
    }
    assert_eq!(fixture.counts("grpc"), [0, 0, 0]);
}

#[tokio::test]
async fn services_without_a_pipeline_and_other_methods_are_unknown() {
    let fixture = Fixture::grpc(grpc_settings(), &Arc::default()).await;
    let mut client = MetricsServiceClient::new(channel(&fixture).await);
    let status = client.export(ExportMetricsServiceRequest::default()).await.unwrap_err();
    let message = "unknown service opentelemetry.proto.collector.metrics.v1.MetricsService";
    check(&status, Code::Unimplemented, message);

    let path = EXPORT.replace("Export", "Import");
    let status = post(&fixture, &path, "identity", framed(false, b"")).await;
    let message = "unknown method Import for service \
                   opentelemetry.proto.collector.trace.v1.TraceService";
    check(&status, Code::Unimplemented, message);
}

#[tokio::test]
async fn the_pipelines_error_reaches_the_sender_and_is_counted_as_refused() {
    let error = ConsumeError {
        code: Some(Code::ResourceExhausted),
        retry_after: Some(Duration::from_secs(3)),
        ..ConsumeError::retryable("slow down")
    };
    let fixture = Fixture::grpc(grpc_settings(), &Sink::answering(error)).await;
    let status = export(&fixture, spans(2)).await.unwrap_err();
    check(&status, Code::ResourceExhausted, "slow down");
    assert!(!status.details().is_empty(), "RetryInfo");
    assert_eq!(fixture.counts("grpc"), [0, 2, 0]);

    let fixture =
        Fixture::grpc(grpc_settings(), &Sink::answering(ConsumeError::retryable("full"))).await;
    check(&export(&fixture, spans(1)).await.unwrap_err(), Code::Unavailable, "full");
    let fixture =
        Fixture::grpc(grpc_settings(), &Sink::answering(ConsumeError::permanent("bad"))).await;
    check(&export(&fixture, spans(1)).await.unwrap_err(), Code::Internal, "bad");
}

#[tokio::test]
async fn an_empty_request_is_accepted_without_asking_the_pipeline() {
    let sink = Sink::answering(ConsumeError::permanent("never asked"));
    let fixture = Fixture::grpc(grpc_settings(), &sink).await;
    export(&fixture, ExportTraceServiceRequest::default()).await.unwrap();
    export(&fixture, spans(0)).await.unwrap();
    assert_eq!(sink.calls(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_of_the_client_ends_the_request_and_counts_it_once() {
    let metrics = Metrics::default().receiver("otlp", "grpc");
    let sinks = Sinks { traces: Some(Sink::gated()), ..Sinks::default() };
    let service = GrpcService {
        ingest: Ingest { sinks, metrics: metrics.clone(), include_metadata: false },
        in_flight: InFlight::new(MAX_SIZE),
        max_message: MAX_SIZE,
    };
    let body = framed(false, &spans(1).encode_to_vec());
    let request = Request::post(EXPORT)
        .header("content-type", "application/grpc")
        .header("grpc-timeout", "10S")
        .body(Full::new(bytes::Bytes::from(body)))
        .unwrap();
    let start = Instant::now();
    let reply = service.serve(request).await;
    assert_eq!(start.elapsed().as_secs(), 10);
    let status = Status::from_header_map(reply.headers()).unwrap();
    check(&status, Code::DeadlineExceeded, "context deadline exceeded");
    assert_eq!(metrics.refused.get(Signal::Traces), 1);
    assert_eq!(metrics.accepted.get(Signal::Traces), 0);
}

#[tokio::test]
async fn metadata_goes_with_the_batch_where_it_is_asked_for() {
    let sink = Arc::new(Sink::default());
    let settings = GrpcServerSettings { include_metadata: true, ..grpc_settings() };
    let fixture = Fixture::grpc(settings, &sink).await;
    let mut client = TraceServiceClient::new(channel(&fixture).await);
    let mut request = tonic::Request::new(spans(1));
    request.metadata_mut().insert("x-tenant", "acme".parse().unwrap());
    client.export(request).await.unwrap();
    assert!(sink.batch().metadata.contains(&("x-tenant".into(), "acme".into())));
}

#[tokio::test]
async fn shutdown_lets_the_requests_in_flight_end() {
    let sink = Sink::gated();
    let fixture = Fixture::grpc(grpc_settings(), &sink).await;
    let mut client = TraceServiceClient::new(channel(&fixture).await);
    let request = tokio::spawn(async move { client.export(spans(1)).await });
    sink.entered.notified().await;
    let addr = fixture.addr;
    let shutdown = tokio::spawn(fixture.receiver.shutdown(soon()));
    // Refused from the moment on at which the listener is closed.
    while tokio::net::TcpStream::connect(addr).await.is_ok() {
        tokio::task::yield_now().await;
    }
    sink.open();
    request.await.unwrap().unwrap();
    shutdown.await.unwrap();
}

/// Everything but the last byte of what every HTTP/2 client says first.
const HALF_A_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r";

#[tokio::test(start_paused = true)]
async fn a_connection_that_does_not_begin_is_cut_off() {
    let fixture = Fixture::grpc(grpc_settings(), &Arc::default()).await;
    for said in [&b""[..], HALF_A_PREFACE] {
        let mut stream = tokio::net::TcpStream::connect(fixture.addr).await.unwrap();
        stream.write_all(said).await.unwrap();
        let mut reply = Vec::new();
        let _ = stream.read_to_end(&mut reply).await;
    }
    let mut stream = tokio::net::TcpStream::connect(fixture.addr).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let _ = stream.read_to_end(&mut Vec::new()).await;
    export(&fixture, spans(1)).await.unwrap();
}

#[tokio::test]
async fn shutdown_does_not_wait_for_a_connection_that_has_not_begun() {
    let fixture = Fixture::grpc(grpc_settings(), &Arc::default()).await;
    let mut silent = tokio::net::TcpStream::connect(fixture.addr).await.unwrap();
    silent.write_all(HALF_A_PREFACE).await.unwrap();
    // Accepted after it.
    export(&fixture, spans(1)).await.unwrap();
    let start = Instant::now();
    fixture.receiver.shutdown(soon()).await;
    assert!(start.elapsed() < Duration::from_secs(10));
    let _ = silent.read_to_end(&mut Vec::new()).await;
}

#[tokio::test]
async fn shutdown_cuts_off_what_does_not_end_by_the_deadline() {
    let sink = Sink::gated();
    let fixture = Fixture::grpc(grpc_settings(), &sink).await;
    let mut client = TraceServiceClient::new(channel(&fixture).await);
    let request = tokio::spawn(async move { client.export(spans(1)).await });
    sink.entered.notified().await;
    let metrics = fixture.metrics.receiver("otlp", "grpc");
    fixture.receiver.shutdown(Instant::now()).await;
    assert!(request.await.unwrap().is_err());
    assert_eq!(metrics.accepted.get(Signal::Traces), 0);
}

#[tokio::test]
async fn a_connection_is_told_to_go_when_it_is_idle_or_old() {
    let moment = Some(Duration::from_millis(20));
    for keepalive in [
        KeepaliveSettings { max_connection_idle: moment, ..Default::default() },
        KeepaliveSettings { max_connection_age: moment, ..Default::default() },
    ] {
        let settings = GrpcServerSettings { keepalive, ..grpc_settings() };
        let fixture = Fixture::grpc(settings, &Arc::default()).await;
        let stream = tokio::net::TcpStream::connect(fixture.addr).await.unwrap();
        let executor = TokioExecutor::new();
        let (sender, connection) =
            hyper::client::conn::http2::handshake::<_, _, Full<bytes::Bytes>>(
                executor,
                TokioIo::new(stream),
            )
            .await
            .unwrap();
        // Ends at the server's GOAWAY; the sender is still there.
        let _ = connection.await;
        assert!(sender.is_closed());
    }
}
