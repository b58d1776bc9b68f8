//! `/metrics` of the exporter: a scrape, from its head to the answer.

use std::convert::Infallible;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::accept::{self, Format};
use super::escape::Escaping;
use super::gather::gather;
use super::metrics::TableMetrics;
use super::settings::PrometheusSettings;
use super::table::Table;
use super::text::Dialect;
use super::unify::unify;
use super::{protobuf, text};
use crate::exporter::compress::compress;
use crate::exporter::settings::Compression;
use crate::net::listen::{self, BindError};
use crate::net::server::{ServeConnection, Server, Stop, drive, opening};
use crate::receiver::{Cors, Tls, response_headers};

/// Answers that are made at a time; each is a text of all series. More scrapes wait.
const MAX_SCRAPES: usize = 2;

type Reply = Response<Full<Bytes>>;

/// What answers scrapes, before and after the endpoint is bound.
pub(super) struct Scraper {
    settings: PrometheusSettings,
    table: Arc<Mutex<Table>>,
    metrics: TableMetrics,
    tls: Option<Tls>,
    response_headers: Vec<(HeaderName, HeaderValue)>,
    cors: Option<Cors>,
    scrapes: Arc<Semaphore>,
}

impl Scraper {
    /// Reads the files of the certificate, and binds nothing yet.
    pub(super) fn new(
        settings: &PrometheusSettings,
        table: Arc<Mutex<Table>>,
        metrics: TableMetrics,
    ) -> io::Result<Self> {
        Ok(Self {
            tls: settings.tls.as_ref().map(|tls| Tls::new(tls, &[b"http/1.1"])).transpose()?,
            response_headers: response_headers(&settings.response_headers)?,
            cors: settings.cors.as_ref().and_then(Cors::new),
            settings: settings.clone(),
            table,
            metrics,
            scrapes: Arc::new(Semaphore::new(MAX_SCRAPES)),
        })
    }

    /// Binds the endpoint and serves.
    pub(super) async fn bind(self: &Arc<Self>, id: &str) -> Result<Server, BindError> {
        let listeners = listen::bind(id, &self.settings.endpoint).await?;
        for address in listeners.iter().filter_map(|listener| listener.local_addr().ok()) {
            tracing::info!(component = id, protocol = "http", %address, "listening");
        }
        let scraper = Arc::clone(self);
        let serve: ServeConnection = Arc::new(move |stream, stop| {
            let scraper = Arc::clone(&scraper);
            Box::pin(async move {
                match scraper.tls.clone() {
                    None => scraper.connection(stream, stop).await,
                    Some(tls) => {
                        if let Some(stream) = opening(tls.accept(stream), stop.clone()).await {
                            scraper.connection(stream, stop).await;
                        }
                    }
                }
            })
        });
        Ok(Server::spawn(listeners, &serve))
    }

    async fn connection<S>(self: Arc<Self>, stream: S, stop: Stop)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        // One clock for waiting for a head and for reading it, as in the receiver.
        let head = self.settings.read_header_timeout.max(self.settings.idle_timeout);
        let service = service_fn(move |request: Request<_>| {
            let scraper = Arc::clone(&self);
            async move { Ok::<_, Infallible>(scraper.serve::<hyper::body::Incoming>(request).await) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout((!head.is_zero()).then_some(head))
            .serve_connection(TokioIo::new(stream), service);
        drive(connection, stop, std::future::pending(), None).await;
    }

    async fn serve<B>(self: Arc<Self>, request: Request<B>) -> Reply {
        let (head, _) = request.into_parts();
        let preflight =
            self.cors.as_ref().and_then(|cors| cors.preflight(&head.method, &head.headers));
        let mut reply = match preflight {
            Some(preflight) => preflight,
            None => {
                let mut reply = Self::answer(&self, head.uri.path(), &head.headers).await;
                if let Some(cors) = &self.cors {
                    cors.allow(&head.headers, reply.headers_mut());
                }
                reply
            }
        };
        for (name, value) in &self.response_headers {
            reply.headers_mut().insert(name, value.clone());
        }
        reply
    }

    async fn answer(self: &Arc<Self>, path: &str, headers: &HeaderMap) -> Reply {
        if path != "/metrics" {
            return crate::net::plain::reply(
                StatusCode::NOT_FOUND,
                "text/plain; charset=utf-8",
                "404 page not found\n",
            );
        }
        let (format, escaping) = accept::format(headers, self.settings.enable_open_metrics);
        let gzip = accept::gzip(headers);
        // The semaphore is never closed.
        let turn = Arc::clone(&self.scrapes).acquire_owned().await;
        let scraper = Arc::clone(self);
        // Many series are work for a while, and the workers have batches to move.
        let made = tokio::task::spawn_blocking(move || {
            // Until the answer is made, also where the scraper has gone away meanwhile.
            let _turn = turn;
            scraper.scrape(format, escaping, gzip)
        })
        .await;
        made.ok().and_then(Result::ok).unwrap_or_else(|| {
            crate::net::plain::reply(
                StatusCode::INTERNAL_SERVER_ERROR,
                "text/plain; charset=utf-8",
                "the metrics could not be written\n",
            )
        })
    }

    fn scrape(&self, format: Format, escaping: Escaping, gzip: bool) -> io::Result<Reply> {
        let gathered = {
            let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
            let gathered = gather(&self.settings, &mut table, Instant::now());
            self.metrics.show(&table);
            gathered
        };
        // The longest part, which needs the table no more: batches wait for its lock.
        let gathered = gathered.distinct();
        let gathered =
            if self.settings.translation.utf8 { unify(gathered, escaping) } else { gathered };
        self.metrics.left_out(gathered.left_out);
        let families = &gathered.families;
        let body = match format {
            Format::Text => text::write(families, Dialect::Classic, escaping).into_bytes(),
            Format::OpenMetrics(_) => {
                text::write(families, Dialect::OpenMetrics, escaping).into_bytes()
            }
            Format::Protobuf => protobuf::write(families, escaping),
        };
        let mut body = Bytes::from(body);
        if gzip {
            body = compress(Compression::Gzip, &body, 0)?.into();
        }
        let mut reply = Response::new(Full::new(body));
        let content_type = HeaderValue::try_from(format.content_type(escaping));
        reply.headers_mut().insert(CONTENT_TYPE, content_type.map_err(io::Error::other)?);
        if gzip {
            reply.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        Ok(reply)
    }
}
