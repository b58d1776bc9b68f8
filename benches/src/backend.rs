//! The backend: reads what comes, never looks into it, answers OK.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;

/// An empty `ExportTraceServiceResponse`.
const ANSWER: Bytes = Bytes::from_static(&[0; 5]);
/// What grpc-go's window grows to on a fast link.
const WINDOW: u32 = 16 << 20;

/// Counts what it was sent.
#[derive(Debug, Default)]
pub struct Received {
    pub requests: AtomicU64,
    /// Whether the next request is kept.
    keep: AtomicBool,
    kept: Mutex<Vec<u8>>,
}

impl Received {
    /// Keeps the bytes of the requests from now on, the newest only.
    pub fn keep(&self, keep: bool) {
        self.keep.store(keep, Ordering::Relaxed);
    }

    /// The newest request that was kept.
    pub fn newest(&self) -> Vec<u8> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Serves on a free port of the loopback.
///
/// # Errors
///
/// When no port can be bound.
pub async fn start() -> anyhow::Result<(SocketAddr, Arc<Received>)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let received = Arc::new(Received::default());
    let counts = Arc::clone(&received);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = stream.set_nodelay(true);
            let received = Arc::clone(&counts);
            let service = service_fn(move |request| answer(request, Arc::clone(&received)));
            // Frames stay at HTTP/2's default of 16 KiB, which is all that grpc-go ever takes.
            let connection = http2::Builder::new(TokioExecutor::new())
                .initial_stream_window_size(WINDOW)
                .initial_connection_window_size(WINDOW)
                .serve_connection(TokioIo::new(stream), service);
            tokio::spawn(connection);
        }
    });
    Ok((address, received))
}

type Answer = Response<http_body_util::combinators::BoxBody<Bytes, Infallible>>;

async fn answer(
    request: Request<Incoming>,
    received: Arc<Received>,
) -> Result<Answer, hyper::Error> {
    let mut body = request.into_body();
    let keep = received.keep.load(Ordering::Relaxed);
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        if let (true, Ok(data)) = (keep, frame?.into_data()) {
            bytes.extend_from_slice(&data);
        }
    }
    if keep {
        *received.kept.lock().unwrap_or_else(PoisonError::into_inner) = bytes;
    }
    received.requests.fetch_add(1, Ordering::Relaxed);
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    let frames = [Frame::data(ANSWER), Frame::trailers(trailers)].map(Ok::<_, Infallible>);
    let mut response = Response::new(StreamBody::new(futures_util::stream::iter(frames)).boxed());
    let content_type = HeaderValue::from_static("application/grpc");
    response.headers_mut().insert(http::header::CONTENT_TYPE, content_type);
    Ok(response)
}
