//! `otlp_grpc` against a tonic server.

use std::time::Duration;

use bytes::Bytes;
use prost::Message;
use tokio::net::TcpListener;
use tonic::{Code, Status};

use crate::batch::Signal;
use crate::consumer::ConsumeError;
use crate::telemetry::metrics::Metrics;

use super::super::otlp_grpc::GrpcSender;
use super::super::settings::{Compression, ExporterSettings, QueueSettings, RetrySettings, Secret};
use super::super::status::{Any, ProtoDuration, RETRY_INFO_URL, RetryInfo, RpcStatus};
use super::super::{BuildError, Sender, build};
use super::backend::{Backend, Reply};
use super::{batch, grpc_settings};

fn accepted() -> Reply {
    Reply::Grpc(Ok(Vec::new()))
}

fn sender(backend: &Backend) -> GrpcSender {
    GrpcSender::new("otlp", &grpc_settings(backend.authority())).unwrap()
}

/// What one attempt makes of the answer.
async fn outcome(status: Status) -> ConsumeError {
    let backend = Backend::start(move |_| Reply::Grpc(Err(status.clone()))).await;
    sender(&backend).send(batch(Signal::Traces, 1, "x")).await.unwrap_err()
}

fn with_retry_info(code: Code, delay: Option<ProtoDuration>) -> Status {
    let value = RetryInfo { retry_delay: delay }.encode_to_vec().into();
    let other =
        Any { type_url: "type.googleapis.com/google.rpc.Help".into(), ..Default::default() };
    let details = vec![other, Any { type_url: RETRY_INFO_URL.into(), value }];
    let status = RpcStatus { code: code as i32, details, ..Default::default() };
    Status::with_details(code, "slow down", status.encode_to_vec().into())
}

#[tokio::test]
async fn each_code_is_permanent_or_retryable_as_in_the_collector() {
    let retryable = [
        Code::Cancelled,
        Code::DeadlineExceeded,
        Code::Aborted,
        Code::OutOfRange,
        Code::Unavailable,
        Code::DataLoss,
    ];
    for code in (1..=16).map(Code::from) {
        let error = outcome(Status::new(code, "because of secret-value")).await;
        assert_eq!(error.permanent, !retryable.contains(&code), "{code:?}");
        assert_eq!((error.code, error.retry_after), (Some(code), None));
        assert_eq!(error.backend_message.as_ref().unwrap().for_sender(), "because of secret-value");
        assert!(!format!("{error} {error:?}").contains("secret-value"));
    }
}

#[tokio::test]
async fn retry_info_makes_exhaustion_retryable_and_is_the_delay() {
    let delay = Some(ProtoDuration { seconds: 3, nanos: 500_000_000 });
    for code in [Code::ResourceExhausted, Code::Unavailable] {
        let error = outcome(with_retry_info(code, delay)).await;
        assert!(!error.permanent);
        assert_eq!(error.retry_after, Some(Duration::from_millis(3_500)));
    }
    let error = outcome(with_retry_info(Code::ResourceExhausted, None)).await;
    assert!(!error.permanent);
    assert_eq!(error.retry_after, None);
    assert!(outcome(with_retry_info(Code::InvalidArgument, delay)).await.permanent);
}

#[tokio::test]
async fn the_very_same_bytes_arrive_in_every_compression_on_the_path_of_the_signal() {
    let mut backend = Backend::start(|_| accepted()).await;
    let mut random = fastrand::Rng::with_seed(3);
    let large: Bytes = (0..1 << 20).map(|_| random.u8(b'a'..=b'f')).collect();
    for compression in [Compression::None, Compression::Gzip, Compression::Zstd] {
        let settings =
            super::OtlpGrpcSettings { compression, ..grpc_settings(backend.authority()) };
        let sender = GrpcSender::new("otlp", &settings).unwrap();
        for (signal, service) in [
            (Signal::Traces, "trace.v1.TraceService"),
            (Signal::Metrics, "metrics.v1.MetricsService"),
            (Signal::Logs, "logs.v1.LogsService"),
        ] {
            for body in [Bytes::new(), Bytes::from_static(b"x"), large.clone()] {
                sender.send(batch(signal, 1, body.clone())).await.unwrap();
                let received = backend.received().await;
                assert_eq!(received.body, body);
                let path = format!("/opentelemetry.proto.collector.{service}/Export");
                assert_eq!(received.path, path);
                let encoding = received.headers.get("grpc-encoding");
                assert_eq!(encoding.map(|value| value.to_str().unwrap()), compression.encoding());
            }
        }
    }
}

#[tokio::test]
async fn headers_and_the_timeout_arrive() {
    let mut backend = Backend::start(|_| accepted()).await;
    let mut settings = grpc_settings(format!("http://{}", backend.authority()));
    settings.headers = vec![("X-Tenant".to_owned(), Secret("blue".to_owned()))];
    let sender = GrpcSender::new("otlp", &settings).unwrap();
    sender.send(batch(Signal::Logs, 1, "x")).await.unwrap();
    let headers = backend.received().await.headers;
    assert_eq!(headers["x-tenant"], "blue");
    assert_eq!(headers["grpc-timeout"], "5000m");
    assert_eq!(headers["te"], "trailers");
    assert!(headers["user-agent"].to_str().unwrap().starts_with("tamis/"));
}

#[tokio::test]
async fn partial_success_is_success_and_an_unreadable_answer_is_permanent() {
    // partial_success { rejected: 2, error_message: "no" }
    let partial = b"\x0a\x06\x08\x02\x12\x02no".to_vec();
    let backend = Backend::start(move |_| Reply::Grpc(Ok(partial.clone()))).await;
    sender(&backend).send(batch(Signal::Traces, 3, "x")).await.unwrap();
    let backend = Backend::start(|_| Reply::Grpc(Ok(b"\x0a\xff".to_vec()))).await;
    let error = sender(&backend).send(batch(Signal::Traces, 3, "x")).await.unwrap_err();
    assert!(error.permanent);
    assert_eq!(error.code, Some(Code::Internal));
}

#[tokio::test]
async fn a_backend_that_never_answers_is_a_retryable_deadline() {
    let backend = Backend::start(|_| Reply::Never).await;
    let mut settings = grpc_settings(backend.authority());
    settings.timeout = Duration::from_millis(50);
    let sender = GrpcSender::new("otlp", &settings).unwrap();
    let error = sender.send(batch(Signal::Traces, 1, "x")).await.unwrap_err();
    assert!(!error.permanent);
    assert_eq!(error.code, Some(Code::DeadlineExceeded));
}

#[tokio::test]
async fn a_closed_port_is_retryable_unavailability() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let settings = grpc_settings(listener.local_addr().unwrap().to_string());
    drop(listener);
    let sender = GrpcSender::new("otlp", &settings).unwrap();
    let error = sender.send(batch(Signal::Traces, 1, "x")).await.unwrap_err();
    assert!(!error.permanent && error.message.contains("refused"), "{error}");
    assert_eq!(error.code, Some(Code::Unavailable));
}

#[tokio::test]
async fn a_batch_survives_a_backend_that_was_down() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut settings = grpc_settings(listener.local_addr().unwrap().to_string());
    settings.queue = QueueSettings::default();
    let initial_interval = Duration::from_millis(1);
    settings.retry = RetrySettings { initial_interval, ..Default::default() };
    let metrics = Metrics::default();
    let exporter = build("otlp", &ExporterSettings::OtlpGrpc(settings), &metrics).unwrap();
    exporter.consume(batch(Signal::Traces, 7, "kept")).await.unwrap();
    // Down: hangs up on the first attempt. Then up, but not ready for the second.
    drop(listener.accept().await.unwrap());
    let mut backend = Backend::on(listener, None, |n| match n {
        0 => Reply::Grpc(Err(Status::unavailable("starting"))),
        _ => accepted(),
    });
    for _ in 0..2 {
        assert_eq!(backend.received().await.body, "kept");
    }
    exporter.shutdown().await;
    assert!(backend.received_nothing_more());
    assert_eq!(metrics.exporter("otlp").sent.get(Signal::Traces), 7);
    assert_eq!(metrics.exporter("otlp").send_failed.get(Signal::Traces), 0);
}

#[tokio::test]
async fn calls_share_one_connection_and_a_lost_one_is_replaced() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let sender = GrpcSender::new("otlp", &grpc_settings(address.to_string())).unwrap();
    let backend = Backend::on(listener, None, |_| accepted());
    for _ in 0..3 {
        sender.send(batch(Signal::Traces, 1, "x")).await.unwrap();
    }
    drop(backend);
    // The port is free when the server's task has ended; the client learns of the loss on its own.
    let listener = loop {
        match TcpListener::bind(address).await {
            Ok(listener) => break listener,
            Err(_) => tokio::task::yield_now().await,
        }
    };
    let _backend = Backend::on(listener, None, |_| accepted());
    while let Err(error) = sender.send(batch(Signal::Traces, 1, "x")).await {
        assert!(!error.permanent, "{error}");
    }
}

#[tokio::test]
async fn settings_that_cannot_work_are_refused() {
    let refused = |settings| match build("otlp/a", &settings, &Metrics::default()) {
        Err(error) => error,
        Ok(_) => panic!("built"),
    };
    let error = refused(ExporterSettings::OtlpGrpc(grpc_settings("not a host:1".to_owned())));
    assert!(matches!(error, BuildError::Endpoint { .. }), "{error}");
    let mut settings = grpc_settings("localhost:4317".to_owned());
    settings.headers = vec![("x-key".to_owned(), Secret("top\nsecret".to_owned()))];
    let error = refused(ExporterSettings::OtlpGrpc(settings)).to_string();
    assert!(error.contains("x-key") && !error.contains("secret"), "{error}");
    let mut settings = grpc_settings("localhost:4317".to_owned());
    settings.compression = Compression::Deflate;
    let error = refused(ExporterSettings::OtlpGrpc(settings));
    assert!(matches!(error, BuildError::Compression { .. }), "{error}");
}
