//! A gRPC client of raw bytes: it can send what no typed client would.

use std::net::SocketAddr;

use bytes::{Buf, BufMut, Bytes};
use tonic::codec::{Codec, CompressionEncoding, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};

use super::{Signal, soon};

/// The method of a signal.
pub(crate) fn method(signal: Signal) -> &'static str {
    match signal {
        Signal::Traces => "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
        Signal::Metrics => "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
        Signal::Logs => "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
    }
}

/// What a gateway answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) code: Code,
    pub(crate) message: String,
    /// `google.rpc.Status` as bytes; empty without details.
    pub(crate) details: Bytes,
}

/// A connection to a gateway.
#[derive(Clone)]
pub(crate) struct Client {
    channel: Channel,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
        let channel = soon("a connection", endpoint.connect()).await.unwrap();
        Self { channel }
    }

    /// Exports the bytes of one request.
    pub(crate) async fn export(&self, signal: Signal, body: Bytes) -> Answer {
        self.call(method(signal), body, None).await
    }

    /// Calls any method with any bytes.
    pub(crate) async fn call(
        &self,
        method: &'static str,
        body: Bytes,
        compression: Option<CompressionEncoding>,
    ) -> Answer {
        // grpc-go answers compressed where the request was.
        let mut client = tonic::client::Grpc::new(self.channel.clone())
            .accept_compressed(CompressionEncoding::Gzip)
            .accept_compressed(CompressionEncoding::Zstd);
        if let Some(encoding) = compression {
            client = client.send_compressed(encoding);
        }
        if let Err(error) = client.ready().await {
            let (code, message) = (Code::Unavailable, error.to_string());
            return Answer { code, message, details: Bytes::new() };
        }
        let path = PathAndQuery::from_static(method);
        let call = client.unary(Request::new(body), path, RawCodec);
        match soon("an answer over gRPC", call).await {
            Ok(_) => Answer { code: Code::Ok, message: String::new(), details: Bytes::new() },
            Err(status) => Answer {
                code: status.code(),
                message: status.message().to_owned(),
                details: Bytes::copy_from_slice(status.details()),
            },
        }
    }
}

/// Messages as they are.
#[derive(Clone, Copy)]
struct RawCodec;

impl Codec for RawCodec {
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

impl Encoder for RawCodec {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(item);
        Ok(())
    }
}

impl Decoder for RawCodec {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
    }
}
