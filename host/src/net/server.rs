//! Accepting connections, serving them, and letting go of them in order.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::server::graceful::GracefulConnection;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};

use crate::consumer::BoxFuture;

/// Connections of one listener at a time. Above it, new ones wait in the backlog of the kernel.
const MAX_CONNECTIONS: usize = 16 * 1024;

/// For the TLS handshake of a connection and, over gRPC, the first bytes of the client. Later silence
/// is what `keepalive` and `idle_timeout` are about.
const MAX_OPENING: Duration = Duration::from_secs(10);

/// Before the next try after the kernel gave no connection (mostly: too many open files).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves one connection until it ends.
pub(crate) type ServeConnection =
    Arc<dyn Fn(TcpStream, Stop) -> BoxFuture<'static, ()> + Send + Sync>;

/// Listeners and their connections. Dropping it cuts them off.
pub(crate) struct Server {
    local_addrs: Vec<SocketAddr>,
    stop: watch::Sender<bool>,
    loops: JoinSet<()>,
}

impl Server {
    pub(crate) fn spawn(listeners: Vec<TcpListener>, serve: &ServeConnection) -> Self {
        let stop = watch::Sender::new(false);
        let local_addrs = listeners.iter().filter_map(|each| each.local_addr().ok()).collect();
        let mut loops = JoinSet::new();
        for listener in listeners {
            loops.spawn(accept(listener, Arc::clone(serve), Stop(stop.subscribe())));
        }
        Self { local_addrs, stop, loops }
    }

    pub(crate) fn local_addrs(&self) -> &[SocketAddr] {
        &self.local_addrs
    }

    /// Stops accepting, lets the requests in flight end, and cuts off at the deadline those that did
    /// not.
    pub(crate) async fn shutdown(mut self, deadline: Instant) {
        self.stop.send_replace(true);
        let all = async { while self.loops.join_next().await.is_some() {} };
        if timeout_at(deadline, all).await.is_err() {
            self.loops.shutdown().await;
        }
    }
}

/// Tells a connection that the server shuts down.
#[derive(Clone)]
pub(crate) struct Stop(watch::Receiver<bool>);

impl Stop {
    pub(crate) async fn stopped(&mut self) {
        // An error means that the server was dropped.
        let _ = self.0.wait_for(|stop| *stop).await;
    }
}

/// Waits for a connection to be opened, for [`MAX_OPENING`] at most and until the server stops: until
/// then it has no requests that could be waited for.
pub(crate) async fn opening<S>(
    opened: impl Future<Output = Option<S>>,
    mut stop: Stop,
) -> Option<S> {
    tokio::select! {
        opened = timeout(MAX_OPENING, opened) => opened.unwrap_or_else(|_| {
            tracing::debug!("a connection was not opened in time");
            None
        }),
        () = stop.stopped() => None,
    }
}

/// Drives an HTTP connection to its end. When `stop` or `retire` say so it takes no more requests,
/// tells the peer (GOAWAY, `connection: close`) and ends with the requests in flight, `grace` later at
/// the latest if there is one.
pub(crate) async fn drive<C: GracefulConnection>(
    connection: C,
    mut stop: Stop,
    retire: impl Future<Output = ()>,
    grace: Option<Duration>,
) {
    let mut connection = pin!(connection);
    let retired = tokio::select! {
        _ = connection.as_mut() => return,
        () = stop.stopped() => false,
        () = retire => true,
    };
    connection.as_mut().graceful_shutdown();
    match grace {
        Some(grace) if retired => drop(timeout(grace, connection).await),
        _ => drop(connection.await),
    }
}

async fn accept(listener: TcpListener, serve: ServeConnection, mut stop: Stop) {
    let mut connections = JoinSet::new();
    loop {
        let room = connections.len() < MAX_CONNECTIONS;
        tokio::select! {
            () = stop.stopped() => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept(), if room => match accepted {
                Ok((stream, _)) => {
                    // Replies are small and must not wait for more.
                    if stream.set_nodelay(true).is_ok() {
                        connections.spawn(serve(stream, Stop(stop.0.clone())));
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}
