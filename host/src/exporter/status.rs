//! What a backend answers, read as far as an exporter has to act on it, and what an exporter does
//! with each gRPC and HTTP status.

use std::time::{Duration, SystemTime};

use http::StatusCode;
use prost::Message;
use tonic::Code;

use crate::batch::Batch;
use crate::consumer::{BackendMessage, ConsumeError};

/// `Export{Trace,Metrics,Logs}ServiceResponse`: the three are the same on the wire.
#[derive(Clone, PartialEq, Message)]
struct ExportResponse {
    #[prost(message, optional, tag = "1")]
    partial_success: Option<PartialSuccess>,
}

#[derive(Clone, PartialEq, Message)]
struct PartialSuccess {
    #[prost(int64, tag = "1")]
    rejected_items: i64,
    #[prost(string, tag = "2")]
    error_message: String,
}

/// `google.rpc.Status`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct RpcStatus {
    #[prost(int32, tag = "1")]
    pub(super) code: i32,
    #[prost(string, tag = "2")]
    pub(super) message: String,
    #[prost(message, repeated, tag = "3")]
    pub(super) details: Vec<Any>,
}

/// `google.protobuf.Any`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Any {
    #[prost(string, tag = "1")]
    pub(super) type_url: String,
    #[prost(bytes = "bytes", tag = "2")]
    pub(super) value: bytes::Bytes,
}

/// `google.rpc.RetryInfo`.
#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    pub(super) retry_delay: Option<ProtoDuration>,
}

/// `google.protobuf.Duration`.
#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct ProtoDuration {
    #[prost(int64, tag = "1")]
    pub(super) seconds: i64,
    #[prost(int32, tag = "2")]
    pub(super) nanos: i32,
}

pub(super) const RETRY_INFO_URL: &str = "type.googleapis.com/google.rpc.RetryInfo";

/// Reads the answer to an accepted batch. What the backend rejected of it counts as sent, as in the
/// Collector, and is logged by number: the backend's words may echo telemetry.
pub(super) fn read_success(exporter: &str, batch: &Batch, answer: &[u8]) -> Result<(), ()> {
    let response = ExportResponse::decode(answer).map_err(|_| ())?;
    if let Some(partial) = response.partial_success
        && (partial.rejected_items != 0 || !partial.error_message.is_empty())
    {
        tracing::warn!(
            exporter,
            signal = batch.signal.name(),
            items = batch.items,
            rejected = partial.rejected_items,
            "the backend accepted the batch partially"
        );
    }
    Ok(())
}

/// What a gRPC status other than OK means for the batch.
pub(super) fn from_grpc(status: &tonic::Status) -> ConsumeError {
    let code = status.code();
    let retry_info = retry_info(status.details());
    let retryable = match code {
        Code::Cancelled
        | Code::DeadlineExceeded
        | Code::Aborted
        | Code::OutOfRange
        | Code::Unavailable
        | Code::DataLoss => true,
        // Without a hint when to come back it is a quota that stays exhausted.
        Code::ResourceExhausted => retry_info.is_some(),
        _ => false,
    };
    ConsumeError {
        message: format!("the backend answered {code:?}"),
        permanent: !retryable,
        code: Some(code),
        retry_after: retry_info.filter(|delay| !delay.is_zero()),
        backend_message: BackendMessage::new(status.message()),
    }
}

fn retry_info(details: &[u8]) -> Option<Duration> {
    let details = RpcStatus::decode(details).ok()?.details;
    let info = details.into_iter().find(|detail| detail.type_url == RETRY_INFO_URL)?;
    let delay = RetryInfo::decode(info.value).ok()?.retry_delay.unwrap_or_default();
    let seconds = u64::try_from(delay.seconds).unwrap_or(0);
    Some(
        Duration::from_secs(seconds)
            + Duration::from_nanos(u64::try_from(delay.nanos).unwrap_or(0)),
    )
}

/// What an HTTP status other than 2xx means for the batch.
pub(super) fn from_http(
    status: StatusCode,
    retry_after: Option<&str>,
    body: &[u8],
    now: SystemTime,
) -> ConsumeError {
    let throttles =
        matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
    let retryable =
        throttles || matches!(status, StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT);
    ConsumeError {
        message: format!("the backend answered HTTP status {}", status.as_u16()),
        permanent: !retryable,
        code: Some(code_of_http(status)),
        retry_after: retry_after
            .filter(|_| throttles)
            .and_then(|value| parse_retry_after(value, now)),
        backend_message: RpcStatus::decode(body)
            .ok()
            .and_then(|status| BackendMessage::new(&status.message)),
    }
}

/// gRPC's own mapping for HTTP, but for 400 and 429, where OTLP knows better.
fn code_of_http(status: StatusCode) -> Code {
    match status.as_u16() {
        400 => Code::InvalidArgument,
        401 => Code::Unauthenticated,
        403 => Code::PermissionDenied,
        404 => Code::Unimplemented,
        429 => Code::ResourceExhausted,
        502..=504 => Code::Unavailable,
        _ => Code::Unknown,
    }
}

/// Seconds or an HTTP date; a date that has passed is no delay.
fn parse_retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    match value.trim().parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => httpdate::parse_http_date(value.trim()).ok()?.duration_since(now).ok(),
    }
    .filter(|delay| !delay.is_zero())
}

/// The code of a gRPC call that an intermediary answered with an HTTP status of its own.
pub(super) fn code_of_broken_grpc(status: StatusCode) -> Code {
    match status.as_u16() {
        400 => Code::Internal,
        401 => Code::Unauthenticated,
        403 => Code::PermissionDenied,
        404 => Code::Unimplemented,
        429 | 502..=504 => Code::Unavailable,
        _ => Code::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = httpdate::parse_http_date("Wed, 21 Oct 2026 07:28:00 GMT").unwrap();
        let parse = |value| parse_retry_after(value, now).map(|delay| delay.as_secs());
        assert_eq!(parse("7"), Some(7));
        assert_eq!(parse(" 7 "), Some(7));
        assert_eq!(parse("Wed, 21 Oct 2026 07:28:30 GMT"), Some(30));
        for none in ["", "0", "-3", "soon", "Wed, 21 Oct 2026 07:27:59 GMT"] {
            assert_eq!(parse(none), None, "{none}");
        }
    }

    #[test]
    fn the_backends_words_are_cut_and_never_shown() {
        let status = tonic::Status::new(Code::InvalidArgument, "é".repeat(600));
        let error = from_grpc(&status);
        assert_eq!(error.backend_message.as_ref().unwrap().for_sender().len(), 1024);
        assert!(!format!("{error} {error:?}").contains('é'));
        assert!(from_grpc(&tonic::Status::new(Code::Internal, "")).backend_message.is_none());
    }
}
