//! One batch to several stages: to all exporters of a pipeline, to all pipelines of a receiver.

use std::sync::Arc;

use futures_util::future::join_all;

use crate::batch::Batch;
use crate::consumer::{BoxFuture, ConsumeError, Consumer};

/// Hands every batch to all of its targets at once, and is done when all are.
pub struct FanOut(Vec<Arc<dyn Consumer>>);

impl FanOut {
    /// A single target needs no fan-out; `None` where there is no target at all.
    pub fn over(mut targets: Vec<Arc<dyn Consumer>>) -> Option<Arc<dyn Consumer>> {
        match targets.len() {
            0 => None,
            1 => targets.pop(),
            _ => Some(Arc::new(Self(targets))),
        }
    }
}

impl Consumer for FanOut {
    fn consume(&self, batch: Batch) -> BoxFuture<'_, Result<(), ConsumeError>> {
        Box::pin(async move {
            let answers = join_all(self.0.iter().map(|target| target.consume(batch.clone()))).await;
            combine(answers.into_iter().filter_map(Result::err).collect())
        })
    }
}

/// As the Collector joins errors: what one target refuses for good is refused for good, because a
/// retry would repeat the batch for the targets that took it. The first status decides, and beside a
/// permanent error that of a retryable one does not count: it would invite to retry.
fn combine(mut errors: Vec<ConsumeError>) -> Result<(), ConsumeError> {
    if errors.len() < 2 {
        return errors.pop().map_or(Ok(()), Err);
    }
    let messages: Vec<&str> = errors.iter().map(|error| error.message.as_str()).collect();
    let permanent = errors.iter().any(|error| error.permanent);
    let decisive = || errors.iter().filter(|error| error.permanent == permanent);
    Err(ConsumeError {
        message: messages.join("; "),
        permanent,
        code: decisive().find_map(|error| error.code),
        retry_after: decisive().filter_map(|error| error.retry_after).max(),
        backend_message: decisive().find_map(|error| error.backend_message.clone()),
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::{Duration, SystemTime};

    use tonic::Code;

    use super::*;
    use crate::batch::Signal;
    use crate::consumer::BackendMessage;

    struct Target(Option<ConsumeError>, AtomicUsize);

    impl Consumer for Target {
        fn consume(&self, _: Batch) -> BoxFuture<'_, Result<(), ConsumeError>> {
            self.1.fetch_add(1, Ordering::Relaxed);
            Box::pin(std::future::ready(self.0.clone().map_or(Ok(()), Err)))
        }
    }

    #[tokio::test]
    async fn every_target_gets_the_batch_and_one_permanent_error_is_permanent() {
        let errors =
            [None, Some(ConsumeError::retryable("later")), Some(ConsumeError::permanent("never"))];
        let targets = errors.map(|error| Arc::new(Target(error, AtomicUsize::new(0))));
        let dynamic = targets.iter().map(|target| Arc::clone(target) as Arc<dyn Consumer>);
        let fan_out = FanOut::over(dynamic.collect()).unwrap();
        let batch = Batch {
            signal: Signal::Logs,
            bytes: bytes::Bytes::new(),
            items: 0,
            received: SystemTime::UNIX_EPOCH,
            metadata: Arc::from([]),
        };
        let error = fan_out.consume(batch).await.unwrap_err();
        assert!(error.permanent);
        assert_eq!(error.message, "later; never");
        assert!(targets.iter().all(|target| target.1.load(Ordering::Relaxed) == 1));
    }

    #[test]
    fn a_permanent_error_decides_the_answer_wherever_it_stands() {
        let throttled = ConsumeError {
            code: Some(Code::Unavailable),
            retry_after: Some(Duration::from_secs(7)),
            backend_message: BackendMessage::new("come back"),
            ..ConsumeError::retryable("throttled")
        };
        let bad = ConsumeError {
            code: Some(Code::InvalidArgument),
            backend_message: BackendMessage::new("stay away"),
            ..ConsumeError::permanent("bad")
        };
        for errors in [[throttled.clone(), bad.clone()], [bad.clone(), throttled.clone()]] {
            let error = combine(errors.to_vec()).unwrap_err();
            let decided = (error.permanent, error.code, error.retry_after, error.backend_message);
            let want = (true, bad.code, None, bad.backend_message.clone());
            assert_eq!(decided, want);
        }
        let error = combine(vec![throttled.clone(), ConsumeError::permanent("no code")]);
        assert_eq!(error.unwrap_err().code, None);
        let error = combine(vec![ConsumeError::retryable("full"), throttled.clone()]).unwrap_err();
        let decided = (error.permanent, error.code, error.retry_after);
        assert_eq!(decided, (false, throttled.code, throttled.retry_after));
    }
}
