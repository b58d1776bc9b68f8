//! What a backend answers.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use tokio::sync::watch;
use tonic::Code;

/// The answer to one request.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// OK; the request is recorded.
    Accept,
    /// A gRPC status.
    Grpc(Code),
    /// A gRPC status that asks to retry after so many seconds.
    GrpcRetryAfter(Code, i64),
    /// An HTTP status.
    Http(u16),
    /// An HTTP status with `Retry-After` in seconds.
    HttpRetryAfter(u16, u64),
    /// OK, but not before the gate opens.
    Behind(Gate),
}

/// Keeps answers back until the test opens it.
#[derive(Debug, Clone)]
pub(crate) struct Gate(Arc<watch::Sender<bool>>);

impl Gate {
    pub(crate) fn shut() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }

    pub(crate) fn open(&self) {
        self.0.send_replace(true);
    }

    pub(crate) async fn pass(&self) {
        // The sender lives in self: the channel cannot be closed.
        let _ = self.0.subscribe().wait_for(|open| *open).await;
    }
}

/// The answers to come: those of the script first, then always the last one set.
#[derive(Debug, Clone)]
pub(crate) struct Answers(Arc<Mutex<(VecDeque<Answer>, Answer)>>);

impl Answers {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new((VecDeque::new(), Answer::Accept))))
    }

    pub(crate) fn always(&self, answer: Answer) {
        self.0.lock().unwrap().1 = answer;
    }

    pub(crate) fn script(&self, answers: impl IntoIterator<Item = Answer>) {
        self.0.lock().unwrap().0.extend(answers);
    }

    pub(crate) fn next(&self) -> Answer {
        let mut answers = self.0.lock().unwrap();
        answers.0.pop_front().unwrap_or_else(|| answers.1.clone())
    }
}
