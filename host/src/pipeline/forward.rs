//! What a connector hands on: each signal to the pipelines that begin with it.

use std::sync::Arc;

use crate::batch::Batch;
use crate::consumer::{BoxFuture, ConsumeError, Consumer};

/// The connector `forward`, and the way out of one that is a guest. What no pipeline takes ends here:
/// its connector was there for what it makes of it.
pub struct Forward(pub [Option<Arc<dyn Consumer>>; 3]);

impl Consumer for Forward {
    fn consume(&self, batch: Batch) -> BoxFuture<'_, Result<(), ConsumeError>> {
        match &self.0[batch.signal.index()] {
            Some(target) => target.consume(batch),
            None => Box::pin(std::future::ready(Ok(()))),
        }
    }
}
