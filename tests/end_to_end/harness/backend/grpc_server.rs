//! The gRPC half of the backend.

use opentelemetry_proto::tonic::collector::logs::v1::logs_service_server::{
    LogsService, LogsServiceServer,
};
use opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsServiceRequest, ExportLogsServiceResponse,
};
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_server::{
    MetricsService, MetricsServiceServer,
};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use prost::Message;
use tokio::net::TcpListener;
use tonic::codec::CompressionEncoding::{Gzip, Zstd};
use tonic::metadata::KeyAndValueRef;
use tonic::service::Routes;
use tonic::{Code, Request, Response, Status};

use super::super::Signal;
use super::super::answer::Answer;
use super::super::status::retry_info;
use super::Intake;

/// Larger than anything that a test sends.
const MESSAGE_MAX_BYTES: usize = 64 << 20;

/// Serves until the task is aborted, which also closes the connections.
pub(super) async fn serve(listener: TcpListener, intake: Intake) {
    macro_rules! service {
        ($server:ident) => {
            $server::new(intake.clone())
                .accept_compressed(Gzip)
                .accept_compressed(Zstd)
                .max_decoding_message_size(MESSAGE_MAX_BYTES)
        };
    }
    // Without tonic's own server: that one obeys the client's `grpc-timeout` and answers CANCELLED in a
    // race with the client's clock.
    let routes = Routes::new(service!(TraceServiceServer))
        .add_service(service!(MetricsServiceServer))
        .add_service(service!(LogsServiceServer));
    axum::serve(listener, routes.into_axum_router()).await.unwrap();
}

impl Intake {
    async fn export<M: Message, R: Default>(
        &self,
        signal: Signal,
        request: Request<M>,
    ) -> Result<Response<R>, Status> {
        let headers = request.metadata().iter().filter_map(|entry| match entry {
            KeyAndValueRef::Ascii(key, value) => {
                Some((key.to_string(), value.to_str().ok()?.to_owned()))
            }
            KeyAndValueRef::Binary(..) => None,
        });
        let headers = headers.collect();
        match self.take(signal, headers, &request.get_ref().encode_to_vec()).await {
            Answer::Accept | Answer::Behind(_) => Ok(Response::new(R::default())),
            Answer::Grpc(code) => Err(Status::new(code, "the backend says no")),
            Answer::GrpcRetryAfter(code, seconds) => {
                let details = retry_info(code, "the backend is busy", seconds);
                Err(Status::with_details(code, "the backend is busy", details.into()))
            }
            Answer::Http(_) | Answer::HttpRetryAfter(..) => {
                Err(Status::new(Code::Internal, "the test programmed an HTTP answer for gRPC"))
            }
        }
    }
}

macro_rules! service {
    ($service:ident, $signal:ident, $request:ident, $response:ident) => {
        #[tonic::async_trait]
        impl $service for Intake {
            async fn export(
                &self,
                request: Request<$request>,
            ) -> Result<Response<$response>, Status> {
                Intake::export(self, Signal::$signal, request).await
            }
        }
    };
}

service!(TraceService, Traces, ExportTraceServiceRequest, ExportTraceServiceResponse);
service!(MetricsService, Metrics, ExportMetricsServiceRequest, ExportMetricsServiceResponse);
service!(LogsService, Logs, ExportLogsServiceRequest, ExportLogsServiceResponse);
