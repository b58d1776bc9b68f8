//! What memory costs on this machine that the process has not used before: the kernel clears it, and
//! under a hypervisor that gives memory only as it is touched, that waits too.
//!
//! It is taken in turns with what is measured, because it gets dearer and cheaper with what the machine
//! did before: memory that was just freed is at hand, the rest may have been given back to the host.

use std::fs;
use std::thread;
use std::time::Duration;

use anyhow::Context;

use crate::process::own_usage;

/// Bytes in a page, unless the kernel makes larger ones by itself.
pub const PAGE: usize = 4 << 10;

/// Taken at a time, so large that jemalloc maps it afresh.
const PIECE: usize = 8 << 20;

/// Memory that was taken only to see what that costs.
#[derive(Debug, Default)]
pub struct Fresh {
    /// Kept, or the next piece would not be fresh.
    pieces: Vec<Vec<u8>>,
    taken: Taken,
}

/// What was taken since the last question.
#[derive(Clone, Copy, Debug, Default)]
pub struct Taken {
    pub bytes: usize,
    /// CPU time, nearly all of it the kernel's.
    pub time: Duration,
    pub faults: u64,
}

impl Taken {
    /// CPU microseconds a page.
    pub fn cost(&self) -> f64 {
        self.time.as_secs_f64() * 1e6 / (self.bytes / PAGE) as f64
    }
}

impl Fresh {
    /// Takes a piece and writes into each of its pages.
    ///
    /// # Errors
    ///
    /// Without /proc.
    pub fn take(&mut self) -> anyhow::Result<()> {
        let (time, faults) = (thread_time()?, own_usage()?.faults);
        let mut piece = vec![0; PIECE];
        piece.chunks_mut(PAGE).for_each(|page| page[0] = 1);
        self.taken.time += thread_time()?.saturating_sub(time);
        self.taken.faults += own_usage()?.faults - faults;
        self.taken.bytes += PIECE;
        self.pieces.push(piece);
        Ok(())
    }

    /// What was taken since this was last asked.
    pub fn taken(&mut self) -> Taken {
        std::mem::take(&mut self.taken)
    }
}

/// CPU time of this thread.
fn thread_time() -> anyhow::Result<Duration> {
    // The kernel brings the figure up to date when the thread leaves the core.
    thread::yield_now();
    let stat = fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds = stat.split_whitespace().next().context("nothing in schedstat")?;
    Ok(Duration::from_nanos(nanoseconds.parse()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_of_a_piece_is_fresh() {
        let mut fresh = Fresh::default();
        for _ in 0..3 {
            let before = own_usage().unwrap().resident;
            fresh.take().unwrap();
            let grown = own_usage().unwrap().resident.saturating_sub(before);
            assert!(grown > PIECE as u64 / 4 * 3, "{grown} of {PIECE} bytes are new");
        }
        let taken = fresh.taken();
        assert_eq!((taken.bytes, fresh.taken().bytes), (3 * PIECE, 0));
        assert!(taken.faults > 0 && taken.cost() > 0.0, "{taken:?}");
    }
}
