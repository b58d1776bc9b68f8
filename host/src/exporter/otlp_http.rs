//! `otlp_http`: one POST of protobuf per batch.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::{HeaderMap, Method, Request, Uri};
use http_body_util::Full;
use tonic::Code;

use crate::batch::{Batch, Signal};
use crate::consumer::{BoxFuture, ConsumeError};

use super::client::{self, Client, ReadError, Versions};
use super::compress::compress;
use super::settings::{Compression, OtlpHttpSettings};
use super::{BuildError, Sender, status};

/// Largest answer, in bytes; as much as the Collector reads.
const MAX_ANSWER: usize = 64 << 10;
const PROTOBUF: &str = "application/x-protobuf";

pub(super) struct HttpSender {
    id: String,
    client: Client<Full<Bytes>>,
    /// In the order of [`Signal::ALL`]; `None` where the YAML gave no endpoint for the signal.
    uris: [Option<Uri>; 3],
    headers: HeaderMap,
    compression: Compression,
    timeout: Duration,
}

impl HttpSender {
    pub(super) fn new(id: &str, settings: &OtlpHttpSettings) -> Result<Self, BuildError> {
        let uris = uris(id, settings)?;
        let client = client::new(&settings.tls, Versions::Any, uris.iter().flatten())
            .map_err(|source| BuildError::Tls { id: id.to_owned(), source })?;
        let mut headers = client::headers(id, &[(CONTENT_TYPE, PROTOBUF)], &settings.headers)?;
        if let Some(encoding) = settings.compression.encoding() {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        Ok(Self {
            id: id.to_owned(),
            client,
            uris,
            headers,
            compression: settings.compression,
            timeout: settings.timeout,
        })
    }

    async fn attempt(&self, batch: &Batch) -> Result<(), ConsumeError> {
        let Some(uri) = &self.uris[batch.signal.index()] else {
            let signal = batch.signal.name();
            return Err(ConsumeError::permanent(format!("no endpoint is set for {signal}")));
        };
        let mut request = Request::new(Full::new(self.body(&batch.bytes)?));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = uri.clone();
        *request.headers_mut() = self.headers.clone();
        let unreachable =
            |text| ConsumeError::retryable(format!("cannot reach the backend: {text}"));
        let response = self.client.request(request).await;
        let (head, body) =
            response.map_err(|error| unreachable(client::describe(&error)))?.into_parts();
        // Also where it says nothing to us: an answer left unread costs the connection.
        let body = client::read(body, MAX_ANSWER).await.map(|body| body.to_bytes());
        if !head.status.is_success() {
            let retry_after = head.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
            let body = body.unwrap_or_default();
            return Err(status::from_http(head.status, retry_after, &body, SystemTime::now()));
        }
        // Answers of another type say nothing that we could read.
        let readable = head.headers.get(CONTENT_TYPE).is_some_and(|value| value == PROTOBUF);
        match body {
            Ok(body) if readable => {
                status::read_success(&self.id, batch, &body).map_err(|()| unreadable())
            }
            // The backend has the batch: sending it again would only double it.
            Err(ReadError::TooLarge) if readable => Err(unreadable()),
            Ok(_) | Err(ReadError::TooLarge) => Ok(()),
            Err(ReadError::Transport(text)) => Err(unreachable(text)),
        }
    }

    fn body(&self, payload: &Bytes) -> Result<Bytes, ConsumeError> {
        if self.compression == Compression::None {
            return Ok(payload.clone());
        }
        compress(self.compression, payload, 0)
            .map(Bytes::from)
            .map_err(|error| ConsumeError::permanent(format!("cannot compress: {error}")))
    }
}

impl Sender for HttpSender {
    fn send(&self, batch: Batch) -> BoxFuture<'_, Result<(), ConsumeError>> {
        Box::pin(
            async move { client::within(self.timeout, self.attempt(&batch), client::late()).await },
        )
    }
}

fn uris(id: &str, settings: &OtlpHttpSettings) -> Result<[Option<Uri>; 3], BuildError> {
    let base = settings.endpoint.as_deref().map(|base| base.trim_end_matches('/'));
    let uri = |signal: Signal, own: &Option<String>| {
        let derived = || base.map(|base| format!("{base}/v1/{}", signal.name()));
        own.clone().or_else(derived).map(|endpoint| parse(id, endpoint)).transpose()
    };
    Ok([
        uri(Signal::Traces, &settings.traces_endpoint)?,
        uri(Signal::Metrics, &settings.metrics_endpoint)?,
        uri(Signal::Logs, &settings.logs_endpoint)?,
    ])
}

fn parse(id: &str, endpoint: String) -> Result<Uri, BuildError> {
    let reason = match endpoint.parse::<Uri>() {
        Ok(uri) if matches!(uri.scheme_str(), Some("http" | "https")) => return Ok(uri),
        Ok(_) => "the scheme must be http or https".to_owned(),
        Err(error) => error.to_string(),
    };
    Err(BuildError::Endpoint { id: id.to_owned(), endpoint, reason })
}

fn unreadable() -> ConsumeError {
    ConsumeError {
        code: Some(Code::Internal),
        ..ConsumeError::permanent("the backend's answer is not a valid Export response")
    }
}
