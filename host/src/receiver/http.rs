//! OTLP/HTTP: one path per signal, protobuf or JSON.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use http_body::Body;
use http_body_util::Full;
use tonic::Code;

use super::body::{self, BodyError, InFlight, Share};
use super::cors::Cors;
use super::ingest::{Ingest, Rejection};
use super::json;
use super::status::Refusal;
use crate::batch::Signal;
use crate::net::decompress::{DecompressError, Encoding, decompress};

const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json";
const TEXT: &str = "text/plain";
/// Go's own answer to an unknown path has a charset, those of the receiver do not.
const TEXT_UTF8: &str = "text/plain; charset=utf-8";

pub(crate) type Reply = Response<Full<Bytes>>;

/// The paths of the signals that have a pipeline.
pub(super) struct HttpService {
    pub(super) ingest: Ingest,
    pub(super) in_flight: Arc<InFlight>,
    pub(super) paths: [(Signal, String); 3],
    /// Largest body in bytes, before and after decompression.
    pub(super) max_body: usize,
    /// Bound on reading a body; 0 means none beside [`body::MAX_STALL`].
    pub(super) read_timeout: Duration,
    pub(super) response_headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) cors: Option<Cors>,
}

/// The two content types of OTLP/HTTP. Answers come in the one of the request.
#[derive(Clone, Copy)]
enum Format {
    Protobuf,
    Json,
}

impl HttpService {
    pub(super) async fn serve<B>(&self, request: Request<B>) -> Reply
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let mut reply = match self.cors.as_ref().map(|cors| (cors, request.headers().clone())) {
            None => self.route(request).await,
            Some((cors, head)) => match cors.preflight(request.method(), &head) {
                Some(preflight) => preflight,
                None => {
                    let mut reply = self.route(request).await;
                    cors.allow(&head, reply.headers_mut());
                    reply
                }
            },
        };
        for (name, value) in &self.response_headers {
            reply.headers_mut().insert(name, value.clone());
        }
        reply
    }

    async fn route<B>(&self, request: Request<B>) -> Reply
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let path = request.uri().path();
        let signal = self.paths.iter().find(|(_, known)| known == path).map(|(signal, _)| *signal);
        let Some(signal) = signal.filter(|&signal| self.ingest.serves(signal)) else {
            return reply(StatusCode::NOT_FOUND, TEXT_UTF8, "404 page not found\n");
        };
        if request.method() != Method::POST {
            let message = "405 method not allowed, supported: [POST]";
            return reply(StatusCode::METHOD_NOT_ALLOWED, TEXT, message);
        }
        let Some(format) = Format::of(request.headers()) else {
            let message = format!("415 unsupported media type, supported: [{JSON}, {PROTOBUF}]");
            return reply(StatusCode::UNSUPPORTED_MEDIA_TYPE, TEXT, message);
        };
        match self.export(signal, format, request).await {
            Ok(()) => format.accepted(),
            Err(refusal) => format.refused(&refusal),
        }
    }

    async fn export<B>(
        &self,
        signal: Signal,
        format: Format,
        request: Request<B>,
    ) -> Result<(), Refusal>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let (head, body) = request.into_parts();
        let encoding = encoding(&head.headers)?;
        // Lives until the answer: what the pipeline works on is still in flight.
        let mut share = self.in_flight.share();
        let mut bytes = self.read(body, &mut share).await?;
        if let Some(encoding) = encoding {
            bytes = decompress(encoding, &bytes, self.max_body).map_err(|error| match error {
                DecompressError::TooLarge => read_error(BodyError::TooLarge),
                DecompressError::Corrupt(error) => bad_request(error),
            })?;
            share.grow(bytes.len()).map_err(read_error)?;
        }
        if let Format::Json = format {
            let room = bytes.len().saturating_mul(json::MAX_GROWTH);
            share.grow(room).map_err(read_error)?;
            bytes = json::to_protobuf(signal, &bytes).map_err(bad_request)?.into();
            share.shrink(room.saturating_sub(bytes.len()));
        }
        self.ingest.export(signal, bytes, &head.headers).await.map_err(|error| match error {
            Rejection::Refused(refusal) => refusal,
            Rejection::Malformed(malformed) => bad_request(malformed),
        })
    }

    async fn read<B>(&self, mut body: B, share: &mut Share) -> Result<Bytes, Refusal>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let claimed_len = body.size_hint().exact().unwrap_or(0);
        let claimed_len = usize::try_from(claimed_len).unwrap_or(usize::MAX);
        let read = body::read(&mut body, claimed_len, self.max_body, share);
        let read = if self.read_timeout.is_zero() {
            read.await
        } else {
            let timed_out = |_| Err(BodyError::Stalled);
            tokio::time::timeout(self.read_timeout, read).await.unwrap_or_else(timed_out)
        };
        if read == Err(BodyError::TooLarge) {
            body::drain(&mut body).await;
        }
        read.map_err(read_error)
    }
}

impl Format {
    fn of(headers: &HeaderMap) -> Option<Self> {
        let media_type = headers.get(CONTENT_TYPE)?.to_str().ok()?.split(';').next()?.trim();
        if media_type.eq_ignore_ascii_case(PROTOBUF) {
            Some(Self::Protobuf)
        } else if media_type.eq_ignore_ascii_case(JSON) {
            Some(Self::Json)
        } else {
            None
        }
    }

    fn accepted(self) -> Reply {
        match self {
            Self::Protobuf => reply(StatusCode::OK, PROTOBUF, ""),
            Self::Json => reply(StatusCode::OK, JSON, "{}"),
        }
    }

    fn refused(self, refusal: &Refusal) -> Reply {
        let mut reply = match self {
            Self::Protobuf => reply(refusal.http_status(), PROTOBUF, refusal.to_protobuf()),
            Self::Json => reply(refusal.http_status(), JSON, refusal.to_json()),
        };
        if let Some(seconds) = refusal.retry_after_seconds() {
            reply.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        reply
    }
}

fn encoding(headers: &HeaderMap) -> Result<Option<Encoding>, Refusal> {
    match headers.get(CONTENT_ENCODING).map(HeaderValue::as_bytes) {
        None | Some(b"" | b"identity") => Ok(None),
        Some(b"gzip") => Ok(Some(Encoding::Gzip)),
        Some(b"zstd") => Ok(Some(Encoding::Zstd)),
        Some(b"deflate" | b"zlib") => Ok(Some(Encoding::Zlib)),
        Some(other) => {
            let other = String::from_utf8_lossy(other);
            Err(bad_request(format!("unsupported Content-Encoding: {other}")))
        }
    }
}

fn bad_request(error: impl ToString) -> Refusal {
    Refusal::new(Code::InvalidArgument, error.to_string())
}

fn read_error(error: BodyError) -> Refusal {
    match error {
        BodyError::NoRoom => Refusal::new(Code::Unavailable, error.to_string()),
        BodyError::TooLarge => bad_request("http: request body too large"),
        BodyError::Stalled | BodyError::Broken => bad_request(error),
    }
}

pub(super) fn reply(
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<Bytes>,
) -> Reply {
    let mut reply = Response::new(Full::new(body.into()));
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    reply
}
