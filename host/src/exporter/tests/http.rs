//! `otlp_http` against a hyper server.

use std::io::Read;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use prost::Message;
use tokio::net::TcpListener;
use tonic::Code;

use crate::batch::Signal;
use crate::consumer::ConsumeError;

use super::super::otlp_http::HttpSender;
use super::super::settings::{Compression, ExporterSettings, Secret};
use super::super::status::RpcStatus;
use super::super::{BuildError, Sender, build};
use super::backend::{Backend, Reply};
use super::{batch, http_settings};

const PROTOBUF: &str = "application/x-protobuf";

fn accepted() -> Reply {
    Reply::Http(200, vec![("content-type", PROTOBUF.to_owned())], Vec::new())
}

fn sender(backend: &Backend) -> HttpSender {
    let endpoint = format!("http://{}/", backend.authority());
    HttpSender::new("otlp_http", &http_settings(endpoint)).unwrap()
}

/// What one attempt makes of the answer.
async fn outcome(
    status: u16,
    headers: &[(&'static str, &str)],
    body: Vec<u8>,
) -> Result<(), ConsumeError> {
    let headers: Vec<_> =
        headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    let backend = Backend::start(move |_| Reply::Http(status, headers.clone(), body.clone())).await;
    sender(&backend).send(batch(Signal::Traces, 1, "x")).await
}

#[tokio::test]
async fn each_status_is_permanent_or_retryable_as_in_the_collector() {
    let code = |status| match status {
        400 => Code::InvalidArgument,
        401 => Code::Unauthenticated,
        403 => Code::PermissionDenied,
        404 => Code::Unimplemented,
        429 => Code::ResourceExhausted,
        502 | 503 | 504 => Code::Unavailable,
        _ => Code::Unknown,
    };
    for status in (300..309).chain(400..432).chain(500..512) {
        let error = outcome(status, &[], Vec::new()).await.unwrap_err();
        assert_eq!(error.permanent, ![429, 502, 503, 504].contains(&status), "{status}");
        assert_eq!(error.code, Some(code(status)), "{status}");
        assert!(error.message.ends_with(&status.to_string()), "{error}");
    }
    for status in 200..207 {
        outcome(status, &[], Vec::new()).await.unwrap();
    }
}

#[tokio::test]
async fn retry_after_counts_where_the_backend_throttles() {
    let retry_after = |status, value: &'static str| async move {
        outcome(status, &[("retry-after", value)], Vec::new()).await.unwrap_err().retry_after
    };
    assert_eq!(retry_after(429, "7").await, Some(Duration::from_secs(7)));
    assert_eq!(retry_after(503, "7").await, Some(Duration::from_secs(7)));
    assert_eq!(retry_after(502, "7").await, None);
    assert_eq!(retry_after(400, "7").await, None);
    assert_eq!(retry_after(503, "soon").await, None);
    let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(600));
    let error = outcome(503, &[("retry-after", &date)], Vec::new()).await.unwrap_err();
    let delay = error.retry_after.unwrap();
    assert!(delay > Duration::from_secs(500) && delay <= Duration::from_secs(600), "{delay:?}");
}

#[tokio::test]
async fn the_backends_message_goes_back_but_is_not_shown() {
    let message = "field secret-value is bad".to_owned();
    let status = RpcStatus { code: 3, message: message.clone(), ..Default::default() };
    let error = outcome(400, &[("content-type", PROTOBUF)], status.encode_to_vec()).await;
    let error = error.unwrap_err();
    assert_eq!(error.backend_message.as_ref().unwrap().for_sender(), message);
    assert!(!format!("{error} {error:?}").contains("secret-value"));
    let html = outcome(502, &[], b"<html>".to_vec()).await.unwrap_err();
    assert_eq!(html.backend_message, None);
}

#[tokio::test]
async fn partial_success_is_success_and_an_unreadable_answer_is_permanent() {
    let protobuf = [("content-type", PROTOBUF)];
    outcome(200, &protobuf, b"\x0a\x06\x08\x02\x12\x02no".to_vec()).await.unwrap();
    outcome(200, &[("content-type", "text/html")], b"\x0a\xff".to_vec()).await.unwrap();
    assert!(outcome(200, &protobuf, b"\x0a\xff".to_vec()).await.unwrap_err().permanent);
}

#[tokio::test]
async fn an_answer_is_read_up_to_its_bound() {
    // An unknown field of the length that fills the answer.
    let answer = |bytes: usize| {
        let mut answer = vec![0x7a];
        prost::encode_length_delimiter(bytes - 4, &mut answer).unwrap();
        answer.resize(bytes, 0);
        answer
    };
    let protobuf = [("content-type", PROTOBUF)];
    outcome(200, &protobuf, answer(64 << 10)).await.unwrap();
    let error = outcome(200, &protobuf, answer((64 << 10) + 1)).await.unwrap_err();
    assert!(!error.permanent && error.message.contains("larger than 65536 bytes"), "{error}");
    let error = outcome(400, &protobuf, answer((64 << 10) + 1)).await.unwrap_err();
    assert!(error.permanent, "{error}");
}

fn decompress(compression: Compression, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    match compression {
        Compression::None => out.extend_from_slice(body),
        Compression::Gzip => {
            flate2::read::GzDecoder::new(body).read_to_end(&mut out).unwrap();
        }
        Compression::Deflate => {
            flate2::read::ZlibDecoder::new(body).read_to_end(&mut out).unwrap();
        }
        Compression::Zstd => out = zstd::decode_all(body).unwrap(),
    }
    out
}

#[tokio::test]
async fn the_very_same_bytes_arrive_in_every_compression_on_the_path_of_the_signal() {
    let mut backend = Backend::start(|_| accepted()).await;
    let body = Bytes::from(b"the same again ".repeat(9_000));
    for compression in
        [Compression::None, Compression::Gzip, Compression::Zstd, Compression::Deflate]
    {
        let endpoint = format!("http://{}/base", backend.authority());
        let mut settings = http_settings(endpoint);
        settings.compression = compression;
        settings.logs_endpoint = Some(format!("http://{}/logs?x=1", backend.authority()));
        settings.headers = vec![("X-Tenant".to_owned(), Secret("blue".to_owned()))];
        let sender = HttpSender::new("otlp_http", &settings).unwrap();
        for (signal, path) in [
            (Signal::Traces, "/base/v1/traces"),
            (Signal::Metrics, "/base/v1/metrics"),
            (Signal::Logs, "/logs"),
        ] {
            sender.send(batch(signal, 1, body.clone())).await.unwrap();
            let received = backend.received().await;
            assert_eq!(decompress(compression, &received.body), body);
            assert_eq!((received.path.as_str(), received.version), (path, http::Version::HTTP_11));
            assert_eq!(received.headers["content-type"], PROTOBUF);
            assert_eq!(received.headers["x-tenant"], "blue");
            let encoding = received.headers.get("content-encoding");
            assert_eq!(encoding.map(|value| value.to_str().unwrap()), compression.encoding());
        }
    }
}

#[tokio::test]
async fn a_backend_that_is_down_or_silent_is_retryable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let settings = http_settings(format!("http://{}", listener.local_addr().unwrap()));
    drop(listener);
    let down = HttpSender::new("otlp_http", &settings).unwrap();
    let error = down.send(batch(Signal::Traces, 1, "x")).await.unwrap_err();
    assert!(!error.permanent && error.message.contains("refused"), "{error}");

    let backend = Backend::start(|_| Reply::Never).await;
    let mut settings = http_settings(format!("http://{}", backend.authority()));
    settings.timeout = Duration::from_millis(50);
    let silent = HttpSender::new("otlp_http", &settings).unwrap();
    let error = silent.send(batch(Signal::Traces, 1, "x")).await.unwrap_err();
    assert!(!error.permanent && error.message.contains("in time"), "{error}");
}

#[tokio::test]
async fn endpoints_that_cannot_work_are_refused() {
    for endpoint in ["localhost:4318", "ftp://localhost", "http://a b"] {
        let settings = ExporterSettings::OtlpHttp(http_settings(endpoint.to_owned()));
        let error = build("otlp_http", &settings, &Default::default()).err().unwrap();
        assert!(matches!(error, BuildError::Endpoint { .. }), "{error}");
    }
    let mut settings = http_settings("http://localhost".to_owned());
    settings.endpoint = None;
    let sender = HttpSender::new("otlp_http", &settings).unwrap();
    assert!(sender.send(batch(Signal::Traces, 1, "x")).await.unwrap_err().permanent);
}
