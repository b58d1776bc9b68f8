//! The exporters against real servers, and the queue against senders that misbehave.

mod accounting;
mod backend;
mod grpc;
mod http;
mod queue;
mod tls;

use std::time::{Duration, SystemTime};

use bytes::Bytes;

use crate::batch::{Batch, Signal};

use super::settings::{
    Compression, OtlpGrpcSettings, OtlpHttpSettings, QueueSettings, RetrySettings,
    TlsClientSettings,
};

fn batch(signal: Signal, items: usize, bytes: impl Into<Bytes>) -> Batch {
    let received = SystemTime::UNIX_EPOCH;
    Batch { signal, bytes: bytes.into(), items, received, metadata: [].into() }
}

fn no_queue() -> QueueSettings {
    QueueSettings { enabled: false, ..Default::default() }
}

fn no_retry() -> RetrySettings {
    RetrySettings { enabled: false, ..Default::default() }
}

/// Plain text, no queue, no retry, no compression.
fn grpc_settings(endpoint: String) -> OtlpGrpcSettings {
    OtlpGrpcSettings {
        endpoint,
        compression: Compression::None,
        tls: TlsClientSettings { insecure: true, ..Default::default() },
        headers: Vec::new(),
        timeout: Duration::from_secs(5),
        retry: no_retry(),
        queue: no_queue(),
    }
}

fn http_settings(endpoint: String) -> OtlpHttpSettings {
    OtlpHttpSettings {
        endpoint: Some(endpoint),
        traces_endpoint: None,
        metrics_endpoint: None,
        logs_endpoint: None,
        compression: Compression::None,
        tls: TlsClientSettings::default(),
        headers: Vec::new(),
        timeout: Duration::from_secs(30),
        retry: no_retry(),
        queue: no_queue(),
    }
}
