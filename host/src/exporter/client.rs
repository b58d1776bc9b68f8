//! The HTTP client under both OTLP exporters: pooled connections, TLS, bounded waits and answers.

use std::error::Error;
use std::time::Duration;

use http::uri::Scheme;
use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use http_body_util::{BodyExt, Collected, LengthLimitError, Limited};
use hyper_rustls::{FixedServerNameResolver, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use crate::consumer::ConsumeError;

use super::BuildError;
use super::settings::{Secret, TlsClientSettings};
use super::tls::{self, TlsError};

/// Also where `timeout` is 0: bound of one TCP connect.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);
/// Idle connections are closed after this; the Collector's default.
const IDLE_TIMEOUT: Duration = Duration::from_secs(90);
/// Idle connections kept per backend; the Collector's default.
const MAX_IDLE_CONNECTIONS: usize = 100;
/// A connection that owes answers and has been silent for this long is asked whether it lives.
/// Servers count pings that come too often, so never while idle.
const PING_AFTER: Duration = Duration::from_secs(30);
const PING_TIMEOUT: Duration = Duration::from_secs(20);
/// Longest error text of the transport that becomes part of a message.
const MAX_ERROR_TEXT: usize = 512;

pub(super) type Client<B> = HyperClient<HttpsConnector<HttpConnector>, B>;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Versions {
    /// What TLS negotiates; HTTP/1.1 without TLS.
    Any,
    /// HTTP/2, also without TLS.
    Http2,
}

/// A client for these endpoints. The system's trusted certificates are read only for `https`.
pub(super) fn new<'a, B>(
    tls: &TlsClientSettings,
    versions: Versions,
    endpoints: impl IntoIterator<Item = &'a Uri>,
) -> Result<Client<B>, TlsError>
where
    B: http_body::Body + Send,
    B::Data: Send,
{
    let uses_tls = endpoints.into_iter().any(|uri| uri.scheme() == Some(&Scheme::HTTPS));
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
    let mut https = HttpsConnectorBuilder::new()
        .with_tls_config(tls::client_config(tls, uses_tls)?)
        .https_or_http();
    if let Some(name) = tls::server_name(tls)? {
        https = https.with_server_name_resolver(FixedServerNameResolver::new(name));
    }
    let connector = match versions {
        Versions::Any => https.enable_http1().enable_http2().wrap_connector(tcp),
        Versions::Http2 => https.enable_http2().wrap_connector(tcp),
    };
    Ok(HyperClient::builder(TokioExecutor::new())
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE_TIMEOUT)
        .pool_max_idle_per_host(MAX_IDLE_CONNECTIONS)
        .http2_only(versions == Versions::Http2)
        .http2_keep_alive_interval(PING_AFTER)
        .http2_keep_alive_timeout(PING_TIMEOUT)
        .build(connector))
}

/// The headers of every request: the exporter's own, over which the configured ones win.
pub(super) fn headers(
    id: &str,
    own: &[(HeaderName, &str)],
    configured: &[(String, Secret)],
) -> Result<HeaderMap, BuildError> {
    let mut headers = HeaderMap::new();
    let user_agent = concat!("tamis/", env!("CARGO_PKG_VERSION"));
    for (name, value) in own.iter().chain(&[(http::header::USER_AGENT, user_agent)]) {
        headers.insert(name, value.parse().map_err(|_| header_error(id, name.as_str()))?);
    }
    for (name, value) in configured {
        let parsed: HeaderName = name.parse().map_err(|_| header_error(id, name))?;
        let mut value: HeaderValue = value.0.parse().map_err(|_| header_error(id, name))?;
        value.set_sensitive(true);
        headers.insert(parsed, value);
    }
    Ok(headers)
}

fn header_error(id: &str, name: &str) -> BuildError {
    BuildError::Header { id: id.to_owned(), name: name.to_owned() }
}

/// An attempt that fails with `late` where it takes longer than `timeout`; 0 means no bound.
pub(super) async fn within<A>(
    timeout: Duration,
    attempt: A,
    late: ConsumeError,
) -> Result<(), ConsumeError>
where
    A: Future<Output = Result<(), ConsumeError>>,
{
    if timeout.is_zero() {
        return attempt.await;
    }
    tokio::time::timeout(timeout, attempt).await.unwrap_or(Err(late))
}

/// What an attempt without an answer in time ends with.
pub(super) fn late() -> ConsumeError {
    ConsumeError::retryable("the backend did not answer in time")
}

/// Why an answer could not be read.
pub(super) enum ReadError {
    TooLarge,
    /// Text for a message.
    Transport(String),
}

/// Reads an answer of at most `limit` bytes.
pub(super) async fn read<B>(body: B, limit: usize) -> Result<Collected<bytes::Bytes>, ReadError>
where
    B: http_body::Body<Data = bytes::Bytes, Error: Into<Box<dyn Error + Send + Sync>>>,
{
    Limited::new(body, limit).collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() {
            ReadError::TooLarge
        } else {
            ReadError::Transport(describe(&*error))
        }
    })
}

/// An error of the transport with its causes: names of hosts and certificates, no telemetry.
pub(super) fn describe(error: &(dyn Error + 'static)) -> String {
    let mut text = String::new();
    let mut next = Some(error);
    while let Some(cause) = next {
        let cause_text = match cause.downcast_ref::<h2::Error>().and_then(h2::Error::reason) {
            // The reason alone: a GOAWAY carries text of the backend's.
            Some(reason) => format!("HTTP/2: {}", reason.description()),
            None => cause.to_string(),
        };
        if !text.ends_with(&cause_text) {
            let separator = if text.is_empty() { "" } else { ": " };
            text.push_str(separator);
            text.push_str(&cause_text);
        }
        next = cause.source();
    }
    text.truncate(text.floor_char_boundary(MAX_ERROR_TEXT));
    text
}
