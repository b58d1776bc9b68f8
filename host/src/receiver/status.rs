//! The one table from a pipeline's error to what the sender sees: gRPC status and HTTP status.

use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use tonic::{Code, Status};

use crate::consumer::ConsumeError;
use crate::otlp::wire;

/// The answer to a request that was not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: Code,
    pub(super) message: String,
    /// How long the backend asked to wait. The receiver itself never asks for anything.
    pub(super) retry_after: Option<Duration>,
}

impl Refusal {
    pub(super) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), retry_after: None }
    }

    pub(super) fn http_status(&self) -> StatusCode {
        http_status(self.code)
    }

    /// The value of `Retry-After`, in whole seconds: only where the status invites to retry.
    pub(super) fn retry_after_seconds(&self) -> Option<u64> {
        let retryable = [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE];
        self.retry_after.filter(|_| retryable.contains(&self.http_status())).map(|d| d.as_secs())
    }

    pub(super) fn to_grpc(&self) -> Status {
        match self.retry_after {
            None => Status::new(self.code, &self.message),
            Some(_) => Status::with_details(self.code, &self.message, self.to_protobuf()),
        }
    }

    /// As a `google.rpc.Status`.
    pub(super) fn to_protobuf(&self) -> Bytes {
        let mut status = Vec::new();
        put_number(&mut status, 1, self.code as u64);
        put_bytes(&mut status, 2, self.message.as_bytes());
        if let Some(delay) = self.retry_after {
            let mut duration = Vec::new();
            put_number(&mut duration, 1, delay.as_secs());
            put_number(&mut duration, 2, delay.subsec_nanos().into());
            let mut retry_info = Vec::new();
            put_bytes(&mut retry_info, 1, &duration);
            let mut any = Vec::new();
            put_bytes(&mut any, 1, RETRY_INFO.as_bytes());
            put_bytes(&mut any, 2, &retry_info);
            put_bytes(&mut status, 3, &any);
        }
        status.into()
    }

    /// As the JSON form of a `google.rpc.Status`.
    pub(super) fn to_json(&self) -> Bytes {
        let mut status =
            serde_json::json!({ "code": self.code as i32, "message": self.message.as_str() });
        if let Some(delay) = self.retry_after {
            let retry_delay = format!("{}s", delay.as_secs_f64());
            status["details"] =
                serde_json::json!([{ "@type": RETRY_INFO, "retryDelay": retry_delay }]);
        }
        status.to_string().into()
    }
}

const RETRY_INFO: &str = "type.googleapis.com/google.rpc.RetryInfo";

impl From<&ConsumeError> for Refusal {
    /// A status that a backend gave goes through to the sender; else the error says whether the
    /// sender may retry.
    fn from(error: &ConsumeError) -> Self {
        let code = match error.code {
            Some(code) if code != Code::Ok => code,
            _ if error.permanent => Code::Internal,
            _ => Code::Unavailable,
        };
        // What the backend said goes to the sender alone, whose telemetry it may echo.
        let said = error.backend_message.as_ref().map(|message| message.for_sender());
        let message = said.unwrap_or(&error.message).to_owned();
        Self { code, message, retry_after: error.retry_after }
    }
}

/// The HTTP status that tells an OTLP client the same as the gRPC code.
pub(super) fn http_status(code: Code) -> StatusCode {
    match code {
        Code::Ok => StatusCode::OK,
        Code::Cancelled
        | Code::DeadlineExceeded
        | Code::Aborted
        | Code::OutOfRange
        | Code::Unavailable
        | Code::DataLoss => StatusCode::SERVICE_UNAVAILABLE,
        Code::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
        Code::InvalidArgument => StatusCode::BAD_REQUEST,
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::PermissionDenied => StatusCode::FORBIDDEN,
        Code::Unimplemented => StatusCode::NOT_FOUND,
        Code::Unknown
        | Code::NotFound
        | Code::AlreadyExists
        | Code::FailedPrecondition
        | Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// Appends a number; 0 is the default and not written.
fn put_number(out: &mut Vec<u8>, field: u8, value: u64) {
    if value != 0 {
        out.push(field << 3 | wire::VARINT);
        wire::put_varint(out, value);
    }
}

fn put_bytes(out: &mut Vec<u8>, field: u8, bytes: &[u8]) {
    out.push(field << 3 | wire::LEN);
    wire::put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consumer::BackendMessage;

    #[track_caller]
    fn check(error: &ConsumeError, code: Code, http: u16, retry_after: Option<u64>) {
        let refusal = Refusal::from(error);
        assert_eq!(refusal.code, code, "{error:?}");
        assert_eq!(refusal.http_status().as_u16(), http, "{error:?}");
        assert_eq!(refusal.retry_after_seconds(), retry_after, "{error:?}");
        assert_eq!(refusal.to_grpc().code(), code);
        assert_eq!(refusal.to_grpc().details().is_empty(), error.retry_after.is_none());
    }

    #[test]
    fn errors_without_a_code_say_whether_to_retry() {
        check(&ConsumeError::retryable("full"), Code::Unavailable, 503, None);
        check(&ConsumeError::permanent("bad"), Code::Internal, 500, None);
        let ok = ConsumeError { code: Some(Code::Ok), ..ConsumeError::permanent("never") };
        check(&ok, Code::Internal, 500, None);
    }

    #[test]
    fn every_code_of_a_backend_is_kept_and_has_its_http_status() {
        let table = [
            (Code::Cancelled, 503),
            (Code::Unknown, 500),
            (Code::InvalidArgument, 400),
            (Code::DeadlineExceeded, 503),
            (Code::NotFound, 500),
            (Code::AlreadyExists, 500),
            (Code::PermissionDenied, 403),
            (Code::ResourceExhausted, 429),
            (Code::FailedPrecondition, 500),
            (Code::Aborted, 503),
            (Code::OutOfRange, 503),
            (Code::Unimplemented, 404),
            (Code::Internal, 500),
            (Code::Unavailable, 503),
            (Code::DataLoss, 503),
            (Code::Unauthenticated, 401),
        ];
        for (code, http) in table {
            for permanent in [false, true] {
                let error =
                    ConsumeError { permanent, code: Some(code), ..ConsumeError::retryable("m") };
                check(&error, code, http, None);
                let delayed =
                    ConsumeError { retry_after: Some(Duration::from_millis(7_900)), ..error };
                check(&delayed, code, http, (http == 429 || http == 503).then_some(7));
            }
        }
    }

    #[test]
    fn what_the_backend_said_goes_to_the_sender() {
        let error = ConsumeError {
            backend_message: BackendMessage::new("quota"),
            ..ConsumeError::retryable("the backend answered")
        };
        assert_eq!(Refusal::from(&error).message, "quota");
    }

    #[test]
    fn the_bodies_are_a_google_rpc_status() {
        let mut refusal = Refusal::new(Code::Internal, "no");
        assert_eq!(&refusal.to_protobuf()[..], b"\x08\x0d\x12\x02no");
        assert_eq!(refusal.to_json(), r#"{"code":13,"message":"no"}"#);
        refusal.retry_after = Some(Duration::from_millis(1_500));
        let json: serde_json::Value = serde_json::from_slice(&refusal.to_json()).unwrap();
        assert_eq!(json["details"][0]["@type"], RETRY_INFO);
        assert_eq!(json["details"][0]["retryDelay"], "1.5s");
        let any = [
            b"\x1a\x36\x0a\x28type.googleapis.com/google.rpc.RetryInfo\x12\x0a".as_slice(),
            b"\x0a\x08\x08\x01\x10\x80\xca\xb5\xee\x01",
        ]
        .concat();
        assert!(refusal.to_protobuf().ends_with(&any), "{:x?}", refusal.to_protobuf());
    }
}
