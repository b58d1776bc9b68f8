//! OTLP/gRPC: the three Export methods, straight on HTTP/2.
//!
//! Three unary methods with empty answers need little of a gRPC framework, and going without one
//! spares copies and boxes, and gives the wording of grpc-go where it matters: clients and their
//! tests know the Collector's messages.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, Bytes};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use tonic::Code;

use super::body::{self, BodyError, InFlight, Share};
use super::ingest::{Ingest, Rejection};
use super::status::Refusal;
use crate::batch::Signal;
use crate::net::decompress::{DecompressError, Encoding, decompress};

/// The compressed flag and the length before a message.
const PREFIX_LEN: usize = 5;

/// The Export methods of the signals that have a pipeline.
pub(super) struct GrpcService {
    pub(super) ingest: Ingest,
    pub(super) in_flight: Arc<InFlight>,
    /// Largest message in bytes, before and after decompression.
    pub(super) max_message: usize,
}

impl GrpcService {
    pub(super) async fn serve<B>(&self, request: Request<B>) -> Response<Reply>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        if let Err(reply) = check_protocol(&request) {
            return *reply;
        }
        let answer = match deadline(request.headers()) {
            None => self.export(request).await,
            Some(deadline) => {
                let late = || Refusal::new(Code::DeadlineExceeded, "context deadline exceeded");
                tokio::time::timeout(deadline, self.export(request))
                    .await
                    .unwrap_or_else(|_| Err(late()))
            }
        };
        match answer {
            Ok(()) => Reply::ok(),
            Err(refusal) => refusal.to_grpc().into_http(),
        }
    }

    async fn export<B>(&self, request: Request<B>) -> Result<(), Refusal>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let signal = self.route(request.uri().path())?;
        let encoding = encoding(request.headers())?;
        let (head, body) = request.into_parts();
        // Lives until the answer: what the pipeline works on is still in flight.
        let mut share = self.in_flight.share();
        let message = self.read_message(body, encoding, &mut share).await?;
        self.ingest.export(signal, message, &head.headers).await.map_err(|error| match error {
            Rejection::Refused(refusal) => refusal,
            Rejection::Malformed(malformed) => {
                let message = format!("grpc: error unmarshalling request: {malformed}");
                Refusal::new(Code::Internal, message)
            }
        })
    }

    /// Which signal's Export a path names.
    fn route(&self, path: &str) -> Result<Signal, Refusal> {
        let unimplemented = |message| Err(Refusal::new(Code::Unimplemented, message));
        let Some((service, method)) = path.trim_start_matches('/').rsplit_once('/') else {
            return unimplemented(format!("malformed method name: {path:?}"));
        };
        let signal = Signal::ALL.into_iter().find(|&signal| service_name(signal) == service);
        match signal.filter(|&signal| self.ingest.serves(signal)) {
            None => unimplemented(format!("unknown service {service}")),
            Some(signal) if method == "Export" => Ok(signal),
            Some(_) => unimplemented(format!("unknown method {method} for service {service}")),
        }
    }

    /// Reads the one message of the request and decompresses it.
    async fn read_message<B>(
        &self,
        mut body: B,
        encoding: Option<Encoding>,
        share: &mut Share,
    ) -> Result<Bytes, Refusal>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let mut start = Bytes::new();
        while start.len() < PREFIX_LEN {
            let data = body::next_data(&mut body, share).await.map_err(read_error)?;
            let data = data.ok_or_else(|| read_error(BodyError::Broken))?;
            start = if start.is_empty() { data } else { [start, data].concat().into() };
        }
        let compressed = start.get_u8();
        let len = start.get_u32() as usize;
        if len > self.max_message {
            return Err(too_large(len, self.max_message));
        }
        let message = if start.len() == len && body.is_end_stream() {
            start
        } else {
            // Counted again as the first piece of the rest.
            share.shrink(start.len());
            let rest = Prepended { first: Some(start), rest: body };
            body::read(rest, len, len, share).await.map_err(|error| match error {
                BodyError::TooLarge => Refusal::new(
                    Code::Internal,
                    "cardinality violation: expected <EOF> for non client-streaming RPCs, but \
                     received another message",
                ),
                error => read_error(error),
            })?
        };
        if message.len() < len {
            return Err(read_error(BodyError::Broken));
        }
        let inflated = self.inflate(compressed, encoding, message)?;
        if compressed == 1 {
            share.grow(inflated.len()).map_err(read_error)?;
        }
        Ok(inflated)
    }

    fn inflate(
        &self,
        compressed: u8,
        encoding: Option<Encoding>,
        message: Bytes,
    ) -> Result<Bytes, Refusal> {
        let encoding = match (compressed, encoding) {
            (0, _) => return Ok(message),
            (1, Some(encoding)) => encoding,
            (1, None) => {
                let message = "grpc: compressed flag set with identity or empty encoding";
                return Err(Refusal::new(Code::Internal, message));
            }
            (flag, _) => {
                let message = format!("grpc: received unexpected payload format {flag}");
                return Err(Refusal::new(Code::Internal, message));
            }
        };
        decompress(encoding, &message, self.max_message).map_err(|error| match error {
            DecompressError::TooLarge => {
                let limit = self.max_message;
                let message =
                    format!("grpc: received message after decompression larger than max {limit}");
                Refusal::new(Code::ResourceExhausted, message)
            }
            DecompressError::Corrupt(error) => {
                let message = format!("grpc: failed to decompress the received message: {error}");
                Refusal::new(Code::Internal, message)
            }
        })
    }
}

fn service_name(signal: Signal) -> &'static str {
    match signal {
        Signal::Traces => "opentelemetry.proto.collector.trace.v1.TraceService",
        Signal::Metrics => "opentelemetry.proto.collector.metrics.v1.MetricsService",
        Signal::Logs => "opentelemetry.proto.collector.logs.v1.LogsService",
    }
}

/// What is no gRPC at all is told so by an HTTP status.
fn check_protocol<B>(request: &Request<B>) -> Result<(), Box<Response<Reply>>> {
    let content_type = request.headers().get(CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    let is_grpc = content_type
        .strip_prefix(b"application/grpc")
        .is_some_and(|rest| matches!(rest.first(), None | Some(b'+' | b';')));
    let (status, refusal) = if request.method() != Method::POST {
        let message = format!("method {:?} which should be POST", request.method().as_str());
        (StatusCode::METHOD_NOT_ALLOWED, Refusal::new(Code::Internal, message))
    } else if !is_grpc {
        let content_type = String::from_utf8_lossy(content_type);
        let message = format!("invalid gRPC request content-type {content_type:?}");
        (StatusCode::UNSUPPORTED_MEDIA_TYPE, Refusal::new(Code::InvalidArgument, message))
    } else {
        return Ok(());
    };
    let mut reply: Response<Reply> = refusal.to_grpc().into_http();
    *reply.status_mut() = status;
    Err(Box::new(reply))
}

fn encoding(headers: &HeaderMap) -> Result<Option<Encoding>, Refusal> {
    match headers.get("grpc-encoding").map(HeaderValue::as_bytes) {
        None | Some(b"identity") => Ok(None),
        Some(b"gzip") => Ok(Some(Encoding::Gzip)),
        Some(b"zstd") => Ok(Some(Encoding::Zstd)),
        Some(other) => {
            let other = String::from_utf8_lossy(other);
            let message =
                format!("grpc: Decompressor is not installed for grpc-encoding {other:?}");
            Err(Refusal::new(Code::Unimplemented, message))
        }
    }
}

/// How long the client waits: `grpc-timeout`, up to eight digits and a unit. One that cannot be read
/// bounds nothing.
fn deadline(headers: &HeaderMap) -> Option<Duration> {
    let timeout = headers.get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = timeout.split_at_checked(timeout.len().checked_sub(1)?)?;
    if digits.len() > 8 {
        return None;
    }
    let value: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(value * 3600)),
        "M" => Some(Duration::from_secs(value * 60)),
        "S" => Some(Duration::from_secs(value)),
        "m" => Some(Duration::from_millis(value)),
        "u" => Some(Duration::from_micros(value)),
        "n" => Some(Duration::from_nanos(value)),
        _ => None,
    }
}

fn too_large(len: usize, limit: usize) -> Refusal {
    let message = format!("grpc: received message larger than max ({len} vs. {limit})");
    Refusal::new(Code::ResourceExhausted, message)
}

fn read_error(error: BodyError) -> Refusal {
    let code = match error {
        BodyError::TooLarge => Code::ResourceExhausted,
        BodyError::NoRoom => Code::Unavailable,
        BodyError::Stalled => Code::DeadlineExceeded,
        BodyError::Broken => Code::Internal,
    };
    Refusal::new(code, error.to_string())
}

/// A body whose first piece has been read already.
struct Prepended<B> {
    first: Option<Bytes>,
    rest: B,
}

impl<B: Body<Data = Bytes> + Unpin> Body for Prepended<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        match self.first.take() {
            Some(first) => Poll::Ready(Some(Ok(Frame::data(first)))),
            None => Pin::new(&mut self.rest).poll_frame(cx),
        }
    }
}

/// The body of an answer: one empty message and the status, or nothing where the status stands in the
/// head.
#[derive(Debug, Default)]
pub(super) struct Reply {
    message: Option<Bytes>,
    trailers: Option<HeaderMap>,
}

impl Reply {
    fn ok() -> Response<Self> {
        let mut trailers = HeaderMap::with_capacity(1);
        trailers.insert("grpc-status", HeaderValue::from_static("0"));
        let message = Some(Bytes::from_static(&[0; PREFIX_LEN]));
        let mut response = Response::new(Self { message, trailers: Some(trailers) });
        let grpc = HeaderValue::from_static("application/grpc");
        response.headers_mut().insert(CONTENT_TYPE, grpc);
        response
    }
}

impl Body for Reply {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(message) = self.message.take() {
            return Poll::Ready(Some(Ok(Frame::data(message))));
        }
        Poll::Ready(self.trailers.take().map(|trailers| Ok(Frame::trailers(trailers))))
    }

    fn is_end_stream(&self) -> bool {
        self.message.is_none() && self.trailers.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.message.as_ref().map_or(0, |message| message.len() as u64))
    }
}
