//! The one interface of the data path: whatever takes a batch, and how it says no.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use tonic::Code;

use crate::batch::Batch;
use crate::net::listen::BindError;

/// A boxed future; one allocation per batch and stage is noise beside the batch itself.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A stage of a pipeline: a processor, a fan-out or an exporter.
pub trait Consumer: Send + Sync + 'static {
    /// Starts what the stage does beside the data path: binds what it serves. Called once, before the
    /// first batch.
    fn start(&self) -> BoxFuture<'_, Result<(), BindError>> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// Takes the batch. `Ok` means that responsibility for it has passed to this stage: it was
    /// forwarded, queued, held or dropped on purpose, and is counted there.
    fn consume(&self, batch: Batch) -> BoxFuture<'_, Result<(), ConsumeError>>;

    /// Lets go of everything the stage still holds: forwards it, or counts it as lost. Called once,
    /// after the stages before it have shut down; the caller bounds it in time.
    fn shutdown(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

/// Why a stage did not take a batch. Becomes a gRPC status or HTTP status in the receiver alone
/// (`receiver::status`), which holds the only table from this to the wire.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct ConsumeError {
    /// What went wrong, without any telemetry value in it.
    pub message: String,
    /// The same batch would fail again: the sender must not retry.
    pub permanent: bool,
    /// The status a backend answered with, passed through to the sender.
    pub code: Option<Code>,
    /// How long the backend asked to wait (gRPC `RetryInfo`, HTTP `Retry-After`).
    pub retry_after: Option<Duration>,
    /// What the backend said about it.
    pub backend_message: Option<BackendMessage>,
}

impl ConsumeError {
    pub fn permanent(message: impl Into<String>) -> Self {
        Self { permanent: true, ..Self::retryable(message) }
    }

    pub fn retryable(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            permanent: false,
            code: None,
            retry_after: None,
            backend_message: None,
        }
    }
}

/// Text of a backend. It may echo telemetry: it goes back to the sender, whose telemetry it was, and
/// never to a log, so neither `Debug` nor [`ConsumeError`]'s `Display` shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct BackendMessage(String);

impl BackendMessage {
    pub const MAX_BYTES: usize = 1024;

    /// Cuts the text to [`Self::MAX_BYTES`]; an empty text is no message.
    pub fn new(text: &str) -> Option<Self> {
        let cut = text.floor_char_boundary(Self::MAX_BYTES);
        (cut > 0).then(|| Self(text[..cut].to_owned()))
    }

    pub fn for_sender(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for BackendMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "[{} bytes]", self.0.len())
    }
}
