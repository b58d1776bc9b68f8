//! Small HTTP/1 servers that answer from the request's head alone: metrics, health, questions.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response, StatusCode, Uri};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};

use super::listen::{self, BindError};
use super::server::{ServeConnection, Server, drive};
use crate::consumer::BoxFuture;

/// Bound on reading a request's head and on idle connections.
const HEAD_TIMEOUT: Duration = Duration::from_secs(60);

pub(crate) type Reply = Response<Full<Bytes>>;

/// Answers a path; `None` is a 404.
pub(crate) type Answer = Arc<dyn Fn(&str) -> Option<Reply> + Send + Sync>;

/// Answers a path and what is asked of it, later.
pub(crate) type LaterAnswer = Arc<dyn Fn(Uri) -> BoxFuture<'static, Reply> + Send + Sync>;

/// Binds the endpoint and serves.
pub(crate) async fn serve(id: &str, endpoint: &str, answer: Answer) -> Result<Server, BindError> {
    let at_once = move |uri: Uri| {
        let reply = answer(uri.path()).unwrap_or_else(not_found);
        Box::pin(std::future::ready(reply)) as BoxFuture<'static, Reply>
    };
    serve_later(id, endpoint, Arc::new(at_once)).await
}

/// Binds the endpoint and serves what takes time to answer.
pub(crate) async fn serve_later(
    id: &str,
    endpoint: &str,
    answer: LaterAnswer,
) -> Result<Server, BindError> {
    let listeners = listen::bind(id, endpoint).await?;
    let serve: ServeConnection = Arc::new(move |stream, stop| {
        let answer = Arc::clone(&answer);
        let service = service_fn(move |request: Request<Incoming>| {
            let reply = answer(request.uri().clone());
            async move { Ok::<_, Infallible>(reply.await) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT)
            .serve_connection(TokioIo::new(stream), service);
        Box::pin(drive(connection, stop, std::future::pending(), None))
    });
    Ok(Server::spawn(listeners, &serve))
}

pub(crate) fn not_found() -> Reply {
    reply(StatusCode::NOT_FOUND, "text/plain; charset=utf-8", "404 page not found\n")
}

pub(crate) fn reply(
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<Bytes>,
) -> Reply {
    let mut reply = Response::new(Full::new(body.into()));
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    reply
}

/// Sends a GET and gives the status, the content type and the body.
#[cfg(test)]
pub(crate) async fn get(addr: std::net::SocketAddr, path: &str) -> (u16, String, String) {
    use http_body_util::BodyExt;
    let stream = tokio::net::TcpStream::connect(addr).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let request = Request::get(path).body(Full::<Bytes>::default()).unwrap();
    let (head, body) = sender.send_request(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let content_type = head.headers[CONTENT_TYPE].to_str().unwrap().to_owned();
    (head.status.as_u16(), content_type, String::from_utf8(body.to_vec()).unwrap())
}
