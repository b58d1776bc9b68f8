//! `otlp_grpc`: one unary Export call per batch over one HTTP/2 connection.
//!
//! The call is made by hand: gRPC's frame around a message is five bytes, and tonic's codec would copy
//! the whole batch once more to put them before it. The batch's own bytes go to the socket.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, TE};
use http::{HeaderMap, Method, Request, StatusCode, Uri, Version};
use http_body::Frame;
use tonic::{Code, Status};

use crate::batch::{Batch, Signal};
use crate::consumer::{BoxFuture, ConsumeError};
use crate::net::decompress::{Encoding, decompress};

use super::client::{self, Client, ReadError, Versions};
use super::compress::compress;
use super::settings::{Compression, OtlpGrpcSettings};
use super::{BuildError, Sender, status};

/// Largest answer, in bytes; grpc-go's default.
const MAX_ANSWER: usize = 4 << 20;
/// Flag and length before every gRPC message.
const PREFIX: usize = 5;

const GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");
const GRPC_ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");

pub(super) struct GrpcSender {
    id: String,
    client: Client<Message>,
    /// In the order of [`Signal::ALL`].
    uris: [Uri; 3],
    headers: HeaderMap,
    compression: Compression,
    timeout: Duration,
}

impl GrpcSender {
    pub(super) fn new(id: &str, settings: &OtlpGrpcSettings) -> Result<Self, BuildError> {
        if settings.compression == Compression::Deflate {
            let compression = settings.compression;
            return Err(BuildError::Compression { id: id.to_owned(), compression });
        }
        let uris = uris(id, settings)?;
        let client = client::new(&settings.tls, Versions::Http2, &uris)
            .map_err(|source| BuildError::Tls { id: id.to_owned(), source })?;
        Ok(Self {
            id: id.to_owned(),
            client,
            uris,
            headers: headers(id, settings)?,
            compression: settings.compression,
            timeout: settings.timeout,
        })
    }

    async fn attempt(&self, batch: &Batch) -> Result<(), ConsumeError> {
        let mut request = Request::new(self.message(&batch.bytes)?);
        *request.method_mut() = Method::POST;
        *request.version_mut() = Version::HTTP_2;
        *request.uri_mut() = self.uris[batch.signal.index()].clone();
        *request.headers_mut() = self.headers.clone();
        // Whatever the transport says, the call may work on another connection.
        let unavailable = |text: String| ConsumeError {
            code: Some(Code::Unavailable),
            ..ConsumeError::retryable(format!("cannot reach the backend: {text}"))
        };
        let response = self.client.request(request).await;
        let (head, body) =
            response.map_err(|error| unavailable(client::describe(&error)))?.into_parts();
        if head.status != StatusCode::OK {
            return Err(broken_answer(head.status));
        }
        // An answer without a message has its status in the head.
        if let Some(status) = Status::from_header_map(&head.headers)
            && status.code() != Code::Ok
        {
            return Err(status::from_grpc(&status));
        }
        let body = client::read(body, MAX_ANSWER).await.map_err(|error| match error {
            ReadError::TooLarge => unreadable(),
            ReadError::Transport(text) => unavailable(text),
        })?;
        let trailers = body.trailers().unwrap_or(&head.headers);
        match Status::from_header_map(trailers) {
            Some(status) if status.code() == Code::Ok => {
                let encoding = head.headers.get(GRPC_ENCODING).map(HeaderValue::as_bytes);
                self.success(batch, &body.to_bytes(), encoding)
            }
            Some(status) => Err(status::from_grpc(&status)),
            None => Err(unavailable("the answer ended without a status".to_owned())),
        }
    }

    /// grpc-go compresses its answer as the request was, whether we asked for that or not.
    fn success(
        &self,
        batch: &Batch,
        body: &[u8],
        encoding: Option<&[u8]>,
    ) -> Result<(), ConsumeError> {
        let inflated;
        let answer = match body {
            [] => &[][..],
            [0, _, _, _, _, message @ ..] => message,
            [1, _, _, _, _, message @ ..] => {
                let encoding = match encoding {
                    Some(b"gzip") => Encoding::Gzip,
                    Some(b"zstd") => Encoding::Zstd,
                    _ => return Err(unreadable()),
                };
                inflated = decompress(encoding, message, MAX_ANSWER).map_err(|_| unreadable())?;
                &inflated
            }
            _ => return Err(unreadable()),
        };
        status::read_success(&self.id, batch, answer).map_err(|()| unreadable())
    }

    fn message(&self, payload: &Bytes) -> Result<Message, ConsumeError> {
        if self.compression == Compression::None {
            let prefix = prefix(0, payload.len())?;
            return Ok(Message([Bytes::copy_from_slice(&prefix), payload.clone()]));
        }
        let mut framed = compress(self.compression, payload, PREFIX)
            .map_err(|error| ConsumeError::permanent(format!("cannot compress: {error}")))?;
        let prefix = prefix(1, framed.len() - PREFIX)?;
        framed[..PREFIX].copy_from_slice(&prefix);
        Ok(Message([framed.into(), Bytes::new()]))
    }
}

impl Sender for GrpcSender {
    fn send(&self, batch: Batch) -> BoxFuture<'_, Result<(), ConsumeError>> {
        Box::pin(async move {
            let late = ConsumeError { code: Some(Code::DeadlineExceeded), ..client::late() };
            client::within(self.timeout, self.attempt(&batch), late).await
        })
    }
}

fn uris(id: &str, settings: &OtlpGrpcSettings) -> Result<[Uri; 3], BuildError> {
    let endpoint = settings.endpoint.as_str();
    let (https, address) = match endpoint.split_once("://") {
        Some(("https", address)) => (true, address),
        Some(("http", address)) => (false, address),
        Some(("dns", address)) => (false, address.trim_start_matches('/')),
        _ => (false, endpoint),
    };
    let tls = https || !settings.tls.plain_text();
    let uri = |signal: Signal| {
        Uri::builder()
            .scheme(if tls { "https" } else { "http" })
            .authority(address.trim_end_matches('/'))
            .path_and_query(path(signal))
            .build()
            .map_err(|error| BuildError::Endpoint {
                id: id.to_owned(),
                endpoint: endpoint.to_owned(),
                reason: error.to_string(),
            })
    };
    Ok([uri(Signal::Traces)?, uri(Signal::Metrics)?, uri(Signal::Logs)?])
}

fn path(signal: Signal) -> &'static str {
    match signal {
        Signal::Traces => "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
        Signal::Metrics => "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
        Signal::Logs => "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
    }
}

fn headers(id: &str, settings: &OtlpGrpcSettings) -> Result<HeaderMap, BuildError> {
    let own = [(CONTENT_TYPE, "application/grpc"), (TE, "trailers")];
    let mut headers = client::headers(id, &own, &settings.headers)?;
    if let Some(encoding) = settings.compression.encoding() {
        headers.insert(GRPC_ENCODING, HeaderValue::from_static(encoding));
    }
    if !settings.timeout.is_zero() {
        headers.insert(GRPC_TIMEOUT, grpc_timeout(settings.timeout));
    }
    Ok(headers)
}

/// At most eight digits and a unit.
fn grpc_timeout(timeout: Duration) -> HeaderValue {
    let text = match timeout.as_millis() {
        millis @ 1..=99_999_999 => format!("{millis}m"),
        0 => "1m".to_owned(),
        _ => format!("{}S", timeout.as_secs().min(99_999_999)),
    };
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("99999999S"))
}

fn prefix(flag: u8, length: usize) -> Result<[u8; PREFIX], ConsumeError> {
    let length = u32::try_from(length)
        .map_err(|_| ConsumeError::permanent("the batch is too large for gRPC"))?;
    let [a, b, c, d] = length.to_be_bytes();
    Ok([flag, a, b, c, d])
}

/// What answered with this status does not speak gRPC.
fn broken_answer(status: StatusCode) -> ConsumeError {
    let code = status::code_of_broken_grpc(status);
    ConsumeError {
        message: format!("the answer is not gRPC: HTTP status {}", status.as_u16()),
        ..status::from_grpc(&Status::new(code, ""))
    }
}

fn unreadable() -> ConsumeError {
    ConsumeError {
        code: Some(Code::Internal),
        ..ConsumeError::permanent("the backend's answer is not a valid Export response")
    }
}

/// The body of a call: up to two pieces that go out one after the other.
struct Message([Bytes; 2]);

impl http_body::Body for Message {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let piece = self.0.iter_mut().find(|piece| !piece.is_empty()).map(std::mem::take);
        Poll::Ready(piece.map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.iter().all(Bytes::is_empty)
    }
}
