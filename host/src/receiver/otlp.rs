//! The `otlp` receiver: its two servers, from the settings to the connections.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, HeaderValue, Request};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

use super::body::{InFlight, MAX_IN_FLIGHT_BYTES};
use super::cors::Cors;
use super::grpc::GrpcService;
use super::http::HttpService;
use super::idle::Activity;
use super::ingest::{Ingest, Sinks};
use super::preface;
use super::settings::{
    GrpcServerSettings, HttpServerSettings, KeepaliveSettings, OtlpReceiverSettings,
};
use super::tls::Tls;
use crate::batch::Signal;
use crate::net::listen::{self, BindError};
use crate::net::server::{ServeConnection, Server, Stop, drive, opening};
use crate::telemetry::metrics::Metrics;

/// HTTP/2 requests of one connection at a time, where the settings do not say.
const MAX_CONCURRENT_STREAMS: u32 = 4096;

/// What a client may send ahead of what has been read, for one request and for all of a connection.
const STREAM_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = 8 << 20;

/// Large enough that most requests come in one piece from clients that make use of it.
const MAX_FRAME_SIZE: u32 = 1 << 20;

/// Request heads above this are refused.
const MAX_HEAD_SIZE: u32 = 64 << 10;

/// Where the settings do not say: what grpc-go does.
const KEEPALIVE_TIME: Duration = Duration::from_secs(2 * 3600);
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(20);

/// A running `otlp` receiver.
pub struct OtlpReceiver {
    servers: Vec<Server>,
}

impl OtlpReceiver {
    /// Binds the endpoints of both protocols and starts to serve. Must be called in a Tokio runtime.
    ///
    /// # Errors
    ///
    /// Where an endpoint cannot be bound or its certificate cannot be read; nothing is served then.
    pub async fn bind(
        id: &str,
        settings: &OtlpReceiverSettings,
        sinks: Sinks,
        metrics: &Metrics,
    ) -> Result<Self, BindError> {
        let in_flight = InFlight::new(MAX_IN_FLIGHT_BYTES);
        let ingest = |transport, include_metadata| Ingest {
            sinks: sinks.clone(),
            metrics: metrics.receiver(id, transport),
            include_metadata,
        };
        let mut bound = Vec::new();
        if let Some(grpc) = &settings.grpc {
            let ingest = ingest("grpc", grpc.include_metadata);
            let serve = grpc_connections(grpc, ingest, &in_flight);
            bound.push(bind_server(id, "grpc", &grpc.endpoint, serve).await?);
        }
        if let Some(http) = &settings.http {
            let ingest = ingest("http", http.include_metadata);
            let serve = http_connections(http, ingest, &in_flight);
            bound.push(bind_server(id, "http", &http.endpoint, serve).await?);
        }
        let spawn = |(listeners, serve)| Server::spawn(listeners, &serve);
        Ok(Self { servers: bound.into_iter().map(spawn).collect() })
    }

    /// Where the servers listen: gRPC before HTTP, IPv4 before IPv6.
    pub fn local_addrs(&self) -> Vec<SocketAddr> {
        self.servers.iter().flat_map(|server| server.local_addrs().iter().copied()).collect()
    }

    /// Stops accepting, tells clients to go elsewhere, lets requests in flight end until the deadline,
    /// and cuts off those that did not.
    pub async fn shutdown(self, deadline: Instant) {
        let mut servers = tokio::task::JoinSet::new();
        for server in self.servers {
            servers.spawn(server.shutdown(deadline));
        }
        while servers.join_next().await.is_some() {}
    }
}

async fn bind_server(
    id: &str,
    protocol: &str,
    endpoint: &str,
    serve: io::Result<ServeConnection>,
) -> Result<(Vec<tokio::net::TcpListener>, ServeConnection), BindError> {
    let failed = |source| BindError { id: id.to_owned(), endpoint: endpoint.to_owned(), source };
    let serve = serve.map_err(failed)?;
    let listeners = listen::bind(id, endpoint).await?;
    for address in listeners.iter().filter_map(|listener| listener.local_addr().ok()) {
        tracing::info!(component = id, protocol, %address, "listening");
    }
    Ok((listeners, serve))
}

fn grpc_connections(
    settings: &GrpcServerSettings,
    ingest: Ingest,
    in_flight: &Arc<InFlight>,
) -> io::Result<ServeConnection> {
    let tls = settings.tls.as_ref().map(|tls| Tls::new(tls, &[b"h2"])).transpose()?;
    let service = Arc::new(GrpcService {
        ingest,
        in_flight: Arc::clone(in_flight),
        max_message: match settings.max_recv_msg_size {
            0 => 4 << 20,
            size => size,
        },
    });
    let http2 = http2_builder(settings);
    let keepalive = settings.keepalive.clone();
    Ok(Arc::new(move |stream, stop| {
        let (service, http2, keepalive) = (Arc::clone(&service), http2.clone(), keepalive.clone());
        match tls.clone() {
            None => Box::pin(async move {
                if let Some(stream) = opening(preface::read(stream), stop.clone()).await {
                    serve_grpc(stream, service, http2, keepalive, stop).await;
                }
            }),
            Some(tls) => Box::pin(async move {
                let greeted = async { preface::read(tls.accept(stream).await?).await };
                if let Some(stream) = opening(greeted, stop.clone()).await {
                    serve_grpc(stream, service, http2, keepalive, stop).await;
                }
            }),
        }
    }))
}

fn http2_builder(settings: &GrpcServerSettings) -> http2::Builder<TokioExecutor> {
    let streams = match settings.max_concurrent_streams {
        0 => MAX_CONCURRENT_STREAMS,
        streams => streams,
    };
    let mut http2 = http2::Builder::new(TokioExecutor::new());
    http2
        .timer(TokioTimer::new())
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_frame_size(MAX_FRAME_SIZE)
        .max_header_list_size(MAX_HEAD_SIZE)
        .max_concurrent_streams(streams)
        .keep_alive_interval(settings.keepalive.time.unwrap_or(KEEPALIVE_TIME))
        .keep_alive_timeout(settings.keepalive.timeout.unwrap_or(KEEPALIVE_TIMEOUT));
    http2
}

async fn serve_grpc<S>(
    stream: S,
    service: Arc<GrpcService>,
    http2: http2::Builder<TokioExecutor>,
    keepalive: KeepaliveSettings,
    stop: Stop,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let activity = keepalive.max_connection_idle.map(|_| Activity::default());
    let active = activity.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        let service = Arc::clone(&service);
        let busy = active.as_ref().map(Activity::busy);
        async move {
            let reply = service.serve(request).await;
            drop(busy);
            Ok::<_, Infallible>(reply)
        }
    });
    let retire = async {
        let idle = async {
            match (&activity, keepalive.max_connection_idle) {
                (Some(activity), Some(idle)) => activity.idle_for(idle).await,
                _ => std::future::pending().await,
            }
        };
        let old = async {
            match keepalive.max_connection_age {
                Some(age) => tokio::time::sleep(age).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = idle => {}
            () = old => {}
        }
    };
    let connection = http2.serve_connection(TokioIo::new(stream), service);
    drive(connection, stop, retire, keepalive.max_connection_age_grace).await;
}

fn http_connections(
    settings: &HttpServerSettings,
    ingest: Ingest,
    in_flight: &Arc<InFlight>,
) -> io::Result<ServeConnection> {
    let tls = settings.tls.as_ref().map(|tls| Tls::new(tls, &[b"http/1.1"])).transpose()?;
    let service = Arc::new(HttpService {
        ingest,
        in_flight: Arc::clone(in_flight),
        paths: [
            (Signal::Traces, settings.traces_url_path.clone()),
            (Signal::Metrics, settings.metrics_url_path.clone()),
            (Signal::Logs, settings.logs_url_path.clone()),
        ],
        max_body: match settings.max_request_body_size {
            0 => 20 << 20,
            size => size,
        },
        read_timeout: settings.read_timeout,
        response_headers: response_headers(&settings.response_headers)?,
        cors: settings.cors.as_ref().and_then(Cors::new),
    });
    let http1 = http1_builder(settings);
    Ok(Arc::new(move |stream, stop| {
        let (service, http1) = (Arc::clone(&service), http1.clone());
        match tls.clone() {
            None => Box::pin(serve_http(stream, service, http1, stop)),
            Some(tls) => Box::pin(async move {
                if let Some(stream) = opening(tls.accept(stream), stop.clone()).await {
                    serve_http(stream, service, http1, stop).await;
                }
            }),
        }
    }))
}

/// `response_headers` of a server.
pub(crate) fn response_headers(
    headers: &[(String, String)],
) -> io::Result<Vec<(HeaderName, HeaderValue)>> {
    let parse = |(name, value): &(String, String)| {
        let invalid = || io::Error::other(format!("response_headers: {name:?} is no header"));
        let header = HeaderName::try_from(name).map_err(|_| invalid())?;
        Ok((header, HeaderValue::try_from(value).map_err(|_| invalid())?))
    };
    headers.iter().map(parse).collect()
}

fn http1_builder(settings: &HttpServerSettings) -> http1::Builder {
    // hyper has one clock for waiting for the next head and for reading it; the longer bound keeps
    // idle connections as long as the settings say, and slow heads are still bounded.
    let head = settings.read_header_timeout.max(settings.idle_timeout);
    let mut http1 = http1::Builder::new();
    http1
        .timer(TokioTimer::new())
        .header_read_timeout((!head.is_zero()).then_some(head))
        // Reads grow to this; large bodies come in few pieces.
        .max_buf_size(1 << 20);
    http1
}

async fn serve_http<S>(stream: S, service: Arc<HttpService>, http1: http1::Builder, stop: Stop)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request: Request<Incoming>| {
        let service = Arc::clone(&service);
        async move { Ok::<_, Infallible>(service.serve(request).await) }
    });
    let connection = http1.serve_connection(TokioIo::new(stream), service);
    drive(connection, stop, std::future::pending(), None).await;
}

#[cfg(test)]
mod tests;
