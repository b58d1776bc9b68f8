//! The load generator: connections that each send the next request as soon as the last is answered.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use bytes::Bytes;
use http::{HeaderMap, Request, Version};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::requests::{Requests, SPANS};

/// Each with one request at a time.
pub const CONNECTIONS: usize = 4;

const WINDOW: u32 = 1 << 20;
const PATH: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/// How requests follow each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// As fast as they are answered, the same requests again and again.
    Full,
    /// As fast, every request with traces of its own.
    Traces,
    /// Traces of its own in every request, so many spans a second over all connections where the
    /// gateway keeps up.
    Rate(f64),
}

/// Load that runs until it is dropped.
#[derive(Debug)]
pub struct Load {
    tallies: Arc<Tallies>,
    connections: JoinSet<anyhow::Result<()>>,
}

/// What was answered.
#[derive(Debug, Default)]
struct Tallies {
    requests: AtomicU64,
    /// From the first byte sent to the status received, in seconds.
    latencies: Mutex<Vec<f64>>,
}

impl Load {
    /// # Errors
    ///
    /// When a connection cannot be made.
    pub async fn start(
        gateway: SocketAddr,
        requests: &Requests,
        pace: Pace,
    ) -> anyhow::Result<Self> {
        let tallies = Arc::new(Tallies::default());
        let mut connections = JoinSet::new();
        for number in 0..CONNECTIONS {
            let sender = connect(gateway).await?;
            let (requests, tallies) = (requests.clone(), Arc::clone(&tallies));
            connections.spawn(run(sender, gateway, requests, pace, number, tallies));
        }
        Ok(Self { tallies, connections })
    }

    /// Spans acknowledged so far.
    pub fn acknowledged(&self) -> u64 {
        self.tallies.requests.load(Ordering::Relaxed) * SPANS as u64
    }

    /// The latencies since the last time that they were asked for, in seconds.
    pub fn take_latencies(&self) -> Vec<f64> {
        std::mem::take(&mut *self.tallies.latencies.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A request that was refused ends its connection, and with it the benchmark.
    ///
    /// # Errors
    ///
    /// What was answered instead of OK.
    pub fn check(&mut self) -> anyhow::Result<()> {
        match self.connections.try_join_next() {
            None => Ok(()),
            Some(ended) => ended?.context("the gateway refused a request"),
        }
    }
}

/// Sends one request.
///
/// # Errors
///
/// When it is not answered with OK.
pub async fn send_one(gateway: SocketAddr, framed: Bytes) -> anyhow::Result<()> {
    export(&mut connect(gateway).await?, gateway, framed).await
}

async fn connect(gateway: SocketAddr) -> anyhow::Result<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(gateway).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = http2::Builder::new(TokioExecutor::new())
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW)
        .handshake(TokioIo::new(stream))
        .await?;
    tokio::spawn(connection);
    Ok(sender)
}

async fn run(
    mut sender: SendRequest<Full<Bytes>>,
    gateway: SocketAddr,
    requests: Requests,
    pace: Pace,
    number: usize,
    tallies: Arc<Tallies>,
) -> anyhow::Result<()> {
    let begin = tokio::time::Instant::now();
    for turn in (number..).step_by(CONNECTIONS) {
        let framed = match pace {
            Pace::Full => requests.framed(turn),
            Pace::Traces => requests.with_new_traces(turn),
            Pace::Rate(spans_per_second) => {
                let due = turn as f64 * SPANS as f64 / spans_per_second;
                tokio::time::sleep_until(begin + Duration::from_secs_f64(due)).await;
                requests.with_new_traces(turn)
            }
        };
        let start = Instant::now();
        export(&mut sender, gateway, framed).await?;
        let latency = start.elapsed().as_secs_f64();
        tallies.latencies.lock().unwrap_or_else(PoisonError::into_inner).push(latency);
        tallies.requests.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

async fn export(
    sender: &mut SendRequest<Full<Bytes>>,
    gateway: SocketAddr,
    framed: Bytes,
) -> anyhow::Result<()> {
    let request = Request::post(format!("http://{gateway}{PATH}"))
        .version(Version::HTTP_2)
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(Full::new(framed))?;
    sender.ready().await?;
    let response = sender.send_request(request).await?;
    let head = response.headers().clone();
    let body = response.into_body().collect().await?;
    let status = body.trailers().and_then(status).or_else(|| status(&head));
    ensure!(status.as_deref() == Some("0"), "status {status:?}");
    Ok(())
}

fn status(headers: &HeaderMap) -> Option<String> {
    Some(headers.get("grpc-status")?.to_str().ok()?.to_owned())
}
