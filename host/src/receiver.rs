//! Receivers: what takes telemetry in and answers the sender.

mod body;
mod cors;
mod grpc;
mod http;
mod idle;
mod ingest;
mod json;
mod otlp;
mod preface;
pub mod settings;
mod status;
mod tls;

pub(crate) use self::cors::Cors;
pub use self::ingest::Sinks;
pub use self::otlp::OtlpReceiver;
pub(crate) use self::otlp::response_headers;
pub(crate) use self::tls::Tls;
pub use self::tls::check_tls;
pub use crate::net::listen::BindError;
