//! What becomes of the items of one batch at one processor: each is counted in exactly one place.

use crate::batch::{Batch, Signal};
use crate::telemetry::metrics::ProcessorMetrics;

/// The items of a batch of which nobody has said yet what became of them. Whatever is still open when
/// this is dropped counts as refused: a failure, or a sender that went away in the middle.
pub struct Account {
    metrics: ProcessorMetrics,
    signal: Signal,
    open: usize,
}

impl Account {
    /// Counts the batch in.
    pub fn incoming(metrics: &ProcessorMetrics, batch: &Batch) -> Self {
        metrics.incoming.add(batch.signal, batch.items);
        Self { metrics: metrics.clone(), signal: batch.signal, open: batch.items }
    }

    /// All that are open but these were removed on purpose.
    pub fn dropped_all_but(&mut self, items: usize) {
        let dropped = self.open.saturating_sub(items);
        self.metrics.dropped.add(self.signal, dropped);
        self.open -= dropped;
    }

    /// These wait in the hold store, which counts them itself.
    pub fn held(&mut self, items: usize) {
        self.open = self.open.saturating_sub(items);
    }

    /// The next stage is handed these; a processor may make more or fewer of what it was given.
    pub fn outgoing(mut self, items: usize) {
        self.metrics.outgoing.add(self.signal, items);
        self.open = 0;
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        self.metrics.refused.add(self.signal, self.open);
    }
}
