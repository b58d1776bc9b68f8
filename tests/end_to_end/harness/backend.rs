//! An OTLP backend: gRPC and HTTP on ports of its own, programmable answers, everything recorded.

mod grpc_server;
mod http_server;

use std::collections::BTreeMap;
use std::net::SocketAddr;

use prost::Message;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

use super::Signal;
use super::answer::{Answer, Answers};
use super::received::Received;
use super::{PATIENCE, soon};

/// A running backend. Its ports are closed when it is dropped.
pub(crate) struct Backend {
    pub(crate) grpc: SocketAddr,
    pub(crate) http: SocketAddr,
    pub(crate) answers: Answers,
    received: watch::Receiver<Received>,
    /// Of its own, so that its end is the end of every connection too.
    runtime: Option<Runtime>,
}

/// What both servers do with a request.
#[derive(Clone)]
struct Intake {
    answers: Answers,
    received: watch::Sender<Received>,
}

impl Backend {
    pub(crate) async fn start() -> Self {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        Self::listen(any, any).await
    }

    /// A backend on given addresses: for one that comes up again where another was.
    pub(crate) async fn listen(grpc: SocketAddr, http: SocketAddr) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let answers = Answers::new();
        let (sender, received) = watch::channel(Received::default());
        let intake = Intake { answers: answers.clone(), received: sender };
        let bound = runtime.spawn(async move {
            let grpc = TcpListener::bind(grpc).await.unwrap();
            let http = TcpListener::bind(http).await.unwrap();
            let addresses = (grpc.local_addr().unwrap(), http.local_addr().unwrap());
            tokio::spawn(grpc_server::serve(grpc, intake.clone()));
            tokio::spawn(http_server::serve(http, intake));
            addresses
        });
        let (grpc, http) = bound.await.unwrap();
        Self { grpc, http, answers, received, runtime: Some(runtime) }
    }

    /// What was accepted so far.
    pub(crate) fn received(&self) -> Received {
        self.received.borrow().clone()
    }

    /// Waits until what was received satisfies, and answers it.
    pub(crate) async fn until(
        &mut self,
        what: &str,
        satisfies: impl Fn(&Received) -> bool,
    ) -> Received {
        let received = soon(what, self.received.wait_for(|received| satisfies(received))).await;
        received.expect("the backend runs").clone()
    }

    /// Closes the ports and every connection; waits until that is done.
    pub(crate) async fn stop(mut self) -> Received {
        let runtime = self.runtime.take().unwrap();
        let stopped = tokio::task::spawn_blocking(move || runtime.shutdown_timeout(PATIENCE));
        stopped.await.unwrap();
        self.received()
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        // A runtime must not be waited for in async code.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Intake {
    /// Records the request if the next answer accepts it, and says what to answer.
    async fn take(&self, signal: Signal, headers: BTreeMap<String, String>, body: &[u8]) -> Answer {
        self.received.send_modify(|received| received.attempts += 1);
        let mut answer = self.answers.next();
        if let Answer::Behind(gate) = answer {
            gate.pass().await;
            answer = Answer::Accept;
        }
        if matches!(answer, Answer::Accept) {
            self.received.send_modify(|received| received.record(signal, headers, body));
        }
        answer
    }
}

impl Received {
    fn record(&mut self, signal: Signal, headers: BTreeMap<String, String>, body: &[u8]) {
        self.headers = headers;
        match signal {
            Signal::Traces => self.traces.push(decode(body)),
            Signal::Metrics => self.metrics.push(decode(body)),
            Signal::Logs => self.logs.push(decode(body)),
        }
    }
}

fn decode<M: Message + Default>(body: &[u8]) -> M {
    M::decode(body).expect("the gateway sent a valid Export request")
}
