//! A backend on a port of its own: tonic's server for gRPC calls, hyper's for all others.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::{Buf, BufMut, Bytes};
use http::{HeaderMap, Request, Response, StatusCode, Version};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use tonic::Status;
use tonic::body::Body;
use tonic::codec::{Codec, CompressionEncoding, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::server::{Grpc, UnaryService};

/// What came in, after gRPC's framing and compression; HTTP bodies are raw.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) path: String,
    pub(super) version: Version,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

pub(super) enum Reply {
    Grpc(Result<Vec<u8>, Status>),
    Http(u16, Vec<(&'static str, String)>, Vec<u8>),
    Never,
}

/// The answer to the nth request, from 0.
type Script = Arc<dyn Fn(usize) -> Reply + Send + Sync>;

pub(super) struct Backend {
    pub(super) address: SocketAddr,
    received: mpsc::Receiver<Received>,
    server: AbortHandle,
}

impl Backend {
    pub(super) async fn start(script: impl Fn(usize) -> Reply + Send + Sync + 'static) -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").await.unwrap(), None, script)
    }

    pub(super) fn on(
        listener: TcpListener,
        tls: Option<TlsAcceptor>,
        script: impl Fn(usize) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let address = listener.local_addr().unwrap();
        let (sender, received) = mpsc::channel(4096);
        let script = Desk { script: Arc::new(script), seen: Arc::default(), sender };
        let server = tokio::spawn(accept(listener, tls, script)).abort_handle();
        Self { address, received, server }
    }

    pub(super) fn authority(&self) -> String {
        self.address.to_string()
    }

    pub(super) async fn received(&mut self) -> Received {
        self.received.recv().await.unwrap()
    }

    pub(super) fn received_nothing_more(&mut self) -> bool {
        self.received.try_recv().is_err()
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, desk: Desk) {
    let mut connections = JoinSet::new();
    while let Ok((socket, _)) = listener.accept().await {
        let (tls, desk) = (tls.clone(), desk.clone());
        connections.spawn(async move {
            match tls {
                None => serve(socket, desk).await,
                Some(tls) => {
                    if let Ok(socket) = tls.accept(socket).await {
                        serve(socket, desk).await;
                    }
                }
            }
        });
    }
}

async fn serve(socket: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, desk: Desk) {
    let service = service_fn(|request| {
        let desk = desk.clone();
        async move { Ok::<_, Infallible>(desk.answer(request).await) }
    });
    // Clients may break off.
    let _ = auto::Builder::new(TokioExecutor::new())
        .serve_connection(TokioIo::new(socket), service)
        .await;
}

#[derive(Clone)]
struct Desk {
    script: Script,
    seen: Arc<AtomicUsize>,
    sender: mpsc::Sender<Received>,
}

impl Desk {
    async fn answer(self, request: Request<Incoming>) -> Response<Body> {
        let (head, body) = request.into_parts();
        let received = Received {
            path: head.uri.path().to_owned(),
            version: head.version,
            headers: head.headers.clone(),
            body: Bytes::new(),
        };
        if head.headers.get("content-type").is_some_and(|value| value == "application/grpc") {
            let call = Call { desk: self, received: Some(received) };
            return Grpc::new(BytesCodec)
                .accept_compressed(CompressionEncoding::Gzip)
                .accept_compressed(CompressionEncoding::Zstd)
                .unary(call, Request::from_parts(head, body))
                .await;
        }
        let body = body.collect().await.unwrap().to_bytes();
        match self.reply(Received { body, ..received }).await {
            Reply::Http(status, headers, body) => {
                let mut response = Response::new(Body::new(Full::from(body)));
                *response.status_mut() = StatusCode::from_u16(status).unwrap();
                for (name, value) in headers {
                    response.headers_mut().insert(name, value.parse().unwrap());
                }
                response
            }
            Reply::Grpc(_) => panic!("a gRPC reply to a plain request"),
            Reply::Never => std::future::pending().await,
        }
    }

    async fn reply(&self, received: Received) -> Reply {
        self.sender.send(received).await.unwrap();
        (self.script)(self.seen.fetch_add(1, Ordering::SeqCst))
    }
}

struct Call {
    desk: Desk,
    received: Option<Received>,
}

impl UnaryService<Bytes> for Call {
    type Response = Bytes;
    type Future = crate::consumer::BoxFuture<'static, Result<tonic::Response<Bytes>, Status>>;

    fn call(&mut self, request: tonic::Request<Bytes>) -> Self::Future {
        let (desk, received) = (self.desk.clone(), self.received.take().unwrap());
        Box::pin(async move {
            match desk.reply(Received { body: request.into_inner(), ..received }).await {
                Reply::Grpc(answer) => answer.map(|body| tonic::Response::new(body.into())),
                Reply::Http(..) => panic!("a plain reply to a gRPC call"),
                Reply::Never => std::future::pending().await,
            }
        })
    }
}

/// Messages as they are on the wire.
struct BytesCodec;

impl Codec for BytesCodec {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for BytesCodec {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        out.put(item);
        Ok(())
    }
}

impl Decoder for BytesCodec {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, message: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(message.copy_to_bytes(message.remaining())))
    }
}
