//! An HTTP/1.1 client that sends exactly what a test says.

use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::header::{CONTENT_TYPE, HOST, RETRY_AFTER};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use prost::Message;
use tokio::net::TcpStream;

use super::status::Status;
use super::{Signal, soon};

pub(crate) const PROTOBUF: (&str, &str) = ("content-type", "application/x-protobuf");

/// What a gateway answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: Option<String>,
    pub(crate) retry_after: Option<String>,
    pub(crate) body: Bytes,
}

impl Answer {
    /// The gRPC code in the body of an error, where the body is a protobuf status.
    pub(crate) fn code(&self) -> Option<i32> {
        let protobuf = self.content_type.as_deref() == Some("application/x-protobuf");
        let failed = protobuf && self.status >= 400;
        failed.then(|| Status::decode(self.body.clone()).expect("a google.rpc.Status").code)
    }
}

/// Exports the bytes of one request as protobuf.
pub(crate) async fn export(address: SocketAddr, signal: Signal, body: Bytes) -> Answer {
    let path = format!("/v1/{}", signal.name());
    send(address, Method::POST, &path, &[PROTOBUF], body).await
}

/// The body of a GET.
pub(crate) async fn get(address: SocketAddr, path: &str) -> (u16, String) {
    let answer = send(address, Method::GET, path, &[], Bytes::new()).await;
    (answer.status, String::from_utf8_lossy(&answer.body).into_owned())
}

/// Sends one request over a connection of its own.
pub(crate) async fn send(
    address: SocketAddr,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: Bytes,
) -> Answer {
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    // Its errors show as errors of the request.
    tokio::spawn(connection);
    let mut request = Request::builder().method(method).uri(path).header(HOST, address.to_string());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::new(body)).unwrap();
    let response = soon("an answer over HTTP", sender.send_request(request)).await.unwrap();
    let header =
        |name| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    Answer {
        status: response.status().as_u16(),
        content_type: header(CONTENT_TYPE),
        retry_after: header(RETRY_AFTER),
        body: soon("a body", response.into_body().collect()).await.unwrap().to_bytes(),
    }
}
