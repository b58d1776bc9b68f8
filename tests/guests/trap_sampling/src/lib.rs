//! `tail_sampling` that traps when it is told to: after it has done its work, so that whatever it asked
//! of the host has to be undone.
//!
//! A batch that holds one of these texts tells it to:
//! - `trap-now`: panics in this call;
//! - `trap-memory`: takes memory in this call until there is none;
//! - `trap-tick`: takes the batch, and panics in the next tick.

use std::hint::black_box;

use memchr::memmem::find;
use tail_sampling::TailSampling;
use tamis_sdk::{
    Configuration, Context, Descriptor, Entry, Error, Memo, Outcome, Problem, Processor, Replayer,
    Rewriter, Signal, Ticker,
};

const MIB: usize = 1 << 20;

struct TrapSampling {
    inner: TailSampling,
    traps_in_tick: bool,
}

impl Processor for TrapSampling {
    fn configure(configuration: Configuration) -> Result<(Self, Descriptor), Vec<Problem>> {
        let (inner, descriptor) = TailSampling::configure(configuration)?;
        Ok((Self { inner, traps_in_tick: false }, descriptor))
    }

    fn process(&mut self, context: &Context, batch: &[u8]) -> Result<Outcome, Error> {
        let outcome = self.inner.process(context, batch)?;
        assert!(find(batch, b"trap-now").is_none(), "as told");
        if find(batch, b"trap-memory").is_some() {
            let mut taken = Vec::new();
            loop {
                taken.push(black_box(vec![1_u8; MIB]));
            }
        }
        self.traps_in_tick |= find(batch, b"trap-tick").is_some();
        Ok(outcome)
    }
}

impl Ticker for TrapSampling {
    fn tick(&mut self, now: u64) -> Result<(), Error> {
        self.inner.tick(now)?;
        assert!(!self.traps_in_tick, "as told");
        Ok(())
    }

    fn flush(&mut self, now: u64) -> Result<(), Error> {
        self.inner.flush(now)
    }
}

impl Replayer for TrapSampling {
    fn replay(&mut self, entries: &[Entry], memos: &[Memo]) -> Result<(), Error> {
        self.inner.replay(entries, memos)
    }
}

impl Rewriter for TrapSampling {
    fn rewrite(&mut self, memo: &[u8], signal: Signal, batch: &[u8]) -> Result<Outcome, Error> {
        self.inner.rewrite(memo, signal, batch)
    }
}

tamis_sdk::export!(TrapSampling, ticker, replayer, rewriter);
