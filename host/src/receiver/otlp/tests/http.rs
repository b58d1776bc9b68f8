//! OTLP/HTTP, with a plain HTTP/1 client.

use ::http::{HeaderMap, Response, StatusCode};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use prost::Message;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tonic::Code;

use super::*;
use crate::net::decompress::{Encoding, compress};
use crate::receiver::settings::CorsSettings;

const PROTOBUF: &str = "application/x-protobuf";

struct Reply {
    status: u16,
    headers: HeaderMap,
    body: Bytes,
}

async fn send(addr: SocketAddr, request: Request<Full<Bytes>>) -> Reply {
    let stream = TcpStream::connect(addr).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let (head, body) = sender.send_request(request).await.map(Response::into_parts).unwrap();
    let body = body.collect().await.unwrap().to_bytes();
    Reply { status: head.status.as_u16(), headers: head.headers, body }
}

async fn post(
    fixture: &Fixture,
    path: &str,
    content_type: &str,
    encoding: &str,
    body: Vec<u8>,
) -> Reply {
    let request = Request::post(path)
        .header("content-type", content_type)
        .header("content-encoding", encoding)
        .body(Full::new(body.into()))
        .unwrap();
    send(fixture.addr, request).await
}

/// A `google.rpc.Status` without details.
fn status(code: Code, message: &str) -> Vec<u8> {
    let mut status = vec![8, code as u8, 0x12, u8::try_from(message.len()).unwrap()];
    status.extend(message.as_bytes());
    status
}

#[tokio::test]
async fn spans_arrive_as_they_were_sent_in_every_compression() {
    let sink = Arc::new(Sink::default());
    let fixture = Fixture::http(http_settings(), &sink).await;
    let request = spans(3).encode_to_vec();
    let bodies = [
        ("", request.clone()),
        ("gzip", compress(Encoding::Gzip, &request)),
        ("zstd", compress(Encoding::Zstd, &request)),
        ("deflate", compress(Encoding::Zlib, &request)),
        ("zlib", compress(Encoding::Zlib, &request)),
    ];
    for (encoding, body) in bodies {
        let reply = post(&fixture, "/v1/traces", PROTOBUF, encoding, body).await;
        assert_eq!((reply.status, &reply.body[..]), (200, &b""[..]), "{encoding}");
        assert_eq!(reply.headers["content-type"], PROTOBUF);
        let batch = sink.batch();
        assert_eq!((batch.items, &batch.bytes[..]), (3, &request[..]));
    }
    assert_eq!(fixture.counts("http"), [15, 0, 0]);
}

#[tokio::test]
async fn json_is_accepted_and_answered_in_json() {
    let sink = Arc::new(Sink::default());
    let fixture = Fixture::http(http_settings(), &sink).await;
    let json = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"span",
        "traceId":"01010101010101010101010101010101","spanId":"0202020202020202"}]}]}]}"#;
    let content_type = "application/json; charset=utf-8";
    let reply = post(&fixture, "/v1/traces", content_type, "", json.into()).await;
    assert_eq!((reply.status, &reply.body[..]), (200, &b"{}"[..]));
    assert_eq!(reply.headers["content-type"], "application/json");
    assert_eq!(ExportTraceServiceRequest::decode(sink.batch().bytes), Ok(spans(1)));

    let reply = post(&fixture, "/v1/traces", "application/json", "", b"{\"a\":\n!".into()).await;
    assert_eq!(reply.status, 400);
    let message = r#"{"code":3,"message":"malformed OTLP/JSON at line 2, column 1"}"#;
    assert_eq!(reply.body, message);
}

#[tokio::test]
async fn what_is_no_request_is_answered_like_the_collector_does() {
    let fixture = Fixture::http(http_settings(), &Arc::default()).await;
    let addr = fixture.addr;

    let reply = send(addr, Request::get("/v1/traces").body(Full::default()).unwrap()).await;
    assert_eq!(reply.status, 405);
    assert_eq!(reply.headers["content-type"], "text/plain");
    assert_eq!(reply.body, "405 method not allowed, supported: [POST]");

    for content_type in ["text/plain", "", "application/x-protobuffer"] {
        let reply = post(&fixture, "/v1/traces", content_type, "", vec![]).await;
        assert_eq!(reply.status, 415);
        assert_eq!(reply.headers["content-type"], "text/plain");
        let message =
            "415 unsupported media type, supported: [application/json, application/x-protobuf]";
        assert_eq!(reply.body, message);
    }

    // A signal without a pipeline has no path.
    for path in ["/v1/metrics", "/v1/logs", "/", "/v1/traces/"] {
        assert_eq!(post(&fixture, path, PROTOBUF, "", vec![]).await.status, 404, "{path}");
    }

    let bad = Code::InvalidArgument;
    let cases: [(&str, &[u8], &str); 3] = [
        ("", b"\x0a\x05\x12", "ExportTraceServiceRequest: field 1: the bytes end inside the field"),
        ("gzip", b"no gzip at all", "invalid gzip header"),
        ("br", b"", "unsupported Content-Encoding: br"),
    ];
    for (encoding, body, message) in cases {
        let reply = post(&fixture, "/v1/traces", PROTOBUF, encoding, body.into()).await;
        assert_eq!((reply.status, reply.body.to_vec()), (400, status(bad, message)), "{message}");
        assert_eq!(reply.headers["content-type"], PROTOBUF);
    }
    assert_eq!(fixture.counts("http"), [0, 0, 0]);
}

#[tokio::test]
async fn a_body_at_the_limit_passes_and_one_above_it_does_not_compressed_or_not() {
    let sink = Arc::new(Sink::default());
    let fixture = Fixture::http(http_settings(), &sink).await;
    for (len, want) in [(MAX_SIZE, 200), (MAX_SIZE + 1, 400)] {
        let request = spans_of_len(len).encode_to_vec();
        for (encoding, body) in
            [("", request.clone()), ("gzip", compress(Encoding::Gzip, &request))]
        {
            let reply = post(&fixture, "/v1/traces", PROTOBUF, encoding, body).await;
            assert_eq!(reply.status, want, "{encoding} {len}");
            if want == 400 {
                let body = status(Code::InvalidArgument, "http: request body too large");
                assert_eq!(reply.body, body);
            }
        }
    }
    assert_eq!(sink.calls(), 2);
}

#[tokio::test]
async fn a_client_that_is_still_sending_hears_that_its_body_is_too_large() {
    let fixture = Fixture::http(http_settings(), &Arc::default()).await;
    const BODY: usize = 1_000_000;
    let mut stream = TcpStream::connect(fixture.addr).await.unwrap();
    let mut request = format!(
        "POST /v1/traces HTTP/1.1\r\nhost: a\r\ncontent-type: {PROTOBUF}\r\n\
         content-length: {BODY}\r\nconnection: close\r\n\r\n"
    )
    .into_bytes();
    request.resize(request.len() + BODY / 2, 0);
    stream.write_all(&request).await.unwrap();
    // The second half only after the server has had all reason to hang up.
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    stream.write_all(&[0; BODY / 2]).await.unwrap();
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).await.unwrap();
    assert!(reply.starts_with(b"HTTP/1.1 400 "), "{}", reply.escape_ascii());
}

#[tokio::test]
async fn the_pipelines_error_gives_status_body_and_retry_after() {
    let delay = Some(Duration::from_secs(3));
    let error =
        |code, retry_after| ConsumeError { code, retry_after, ..ConsumeError::retryable("no") };
    let cases = [
        (error(None, None), 503, None),
        (ConsumeError::permanent("no"), 500, None),
        (error(Some(Code::ResourceExhausted), delay), 429, Some("3")),
        (error(Some(Code::Unavailable), delay), 503, Some("3")),
        (error(Some(Code::InvalidArgument), delay), 400, None),
    ];
    for (error, want, retry_after) in cases {
        let fixture = Fixture::http(http_settings(), &Sink::answering(error.clone())).await;
        let body = spans(2).encode_to_vec();
        let reply = post(&fixture, "/v1/traces", PROTOBUF, "", body).await;
        assert_eq!(reply.status, want);
        let header = reply.headers.get("retry-after").map(|value| value.to_str().unwrap());
        assert_eq!(header, retry_after);
        let code =
            error.code.unwrap_or(if error.permanent { Code::Internal } else { Code::Unavailable });
        assert!(reply.body.starts_with(&status(code, "no")));
        assert_eq!(fixture.counts("http"), [0, 2, 0]);
    }
}

#[tokio::test]
async fn an_empty_request_is_accepted_without_asking_the_pipeline() {
    let sink = Sink::answering(ConsumeError::permanent("never asked"));
    let fixture = Fixture::http(http_settings(), &sink).await;
    assert_eq!(post(&fixture, "/v1/traces", PROTOBUF, "", vec![]).await.status, 200);
    let body = spans(0).encode_to_vec();
    assert_eq!(post(&fixture, "/v1/traces", PROTOBUF, "", body).await.status, 200);
    assert_eq!(sink.calls(), 0);
}

#[tokio::test]
async fn paths_metadata_response_headers_and_cors_are_as_configured() {
    let sink = Arc::new(Sink::default());
    let settings = HttpServerSettings {
        traces_url_path: "/otel".into(),
        include_metadata: true,
        response_headers: vec![("X-Served-By".into(), "tamis".into())],
        cors: Some(CorsSettings { allowed_origins: vec!["*".into()], ..Default::default() }),
        ..http_settings()
    };
    let fixture = Fixture::http(settings, &sink).await;
    let request = Request::post("/otel")
        .header("content-type", PROTOBUF)
        .header("origin", "http://app")
        .header("x-tenant", "acme")
        .body(Full::new(spans(1).encode_to_vec().into()))
        .unwrap();
    let reply = send(fixture.addr, request).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.headers["x-served-by"], "tamis");
    assert_eq!(reply.headers["access-control-allow-origin"], "*");
    assert!(sink.batch().metadata.contains(&("x-tenant".into(), "acme".into())));

    let preflight = Request::options("/otel")
        .header("origin", "http://app")
        .header("access-control-request-method", "POST")
        .body(Full::default())
        .unwrap();
    let reply = send(fixture.addr, preflight).await;
    assert_eq!(reply.status, StatusCode::NO_CONTENT);
    assert_eq!(reply.headers["access-control-allow-methods"], "POST");
}

/// Sends these bytes and nothing more, and gives all that comes back until the server hangs up.
async fn stall(addr: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut reply = Vec::new();
    let _ = stream.read_to_end(&mut reply).await;
    String::from_utf8(reply).unwrap()
}

#[tokio::test]
async fn slow_clients_are_cut_off() {
    let moment = Duration::from_millis(20);
    let settings =
        HttpServerSettings { idle_timeout: moment, read_timeout: moment, ..http_settings() };
    let fixture = Fixture::http(settings, &Arc::default()).await;
    // Silent, within the head, and within the body.
    assert_eq!(stall(fixture.addr, b"").await, "");
    stall(fixture.addr, b"POST /v1/traces HTTP/1.1\r\nhost: a\r\n").await;
    let head = "POST /v1/traces HTTP/1.1\r\nhost: a\r\ncontent-type: application/x-protobuf\r\n\
                content-length: 100\r\n\r\nhalf";
    let reply = stall(fixture.addr, head.as_bytes()).await;
    assert!(reply.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{reply}");
    assert!(reply.contains("timeout reading the request body"), "{reply}");
}

#[tokio::test]
async fn shutdown_closes_idle_connections_and_lets_requests_end() {
    let sink = Sink::gated();
    let fixture = Fixture::http(http_settings(), &sink).await;
    let mut idle = TcpStream::connect(fixture.addr).await.unwrap();
    let body = spans(1).encode_to_vec();
    let addr = fixture.addr;
    let request = Request::post("/v1/traces")
        .header("content-type", PROTOBUF)
        .body(Full::new(body.into()))
        .unwrap();
    let request = tokio::spawn(send(addr, request));
    sink.entered.notified().await;
    let shutdown = tokio::spawn(fixture.receiver.shutdown(soon()));
    assert_eq!(idle.read(&mut [0]).await.unwrap(), 0, "hung up");
    sink.open();
    assert_eq!(request.await.unwrap().status, 200);
    shutdown.await.unwrap();
}
