//! `nop`: takes everything and sends nothing.

use crate::batch::Batch;
use crate::consumer::{BoxFuture, ConsumeError};

use super::Sender;

pub(super) struct NopSender;

impl Sender for NopSender {
    fn send(&self, _batch: Batch) -> BoxFuture<'_, Result<(), ConsumeError>> {
        Box::pin(std::future::ready(Ok(())))
    }
}
