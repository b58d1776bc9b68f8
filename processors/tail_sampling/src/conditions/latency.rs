//! How long a trace takes, as far as it has come.

use crate::bits::{self, Bit};

/// The conditions on the duration. They share two numbers a trace: the earliest start and the latest
/// end so far.
#[derive(Debug, Default)]
pub(crate) struct Latencies {
    list: Vec<Latency>,
    /// The bits of all of them.
    all: Vec<u64>,
}

#[derive(Debug)]
struct Latency {
    bit: Bit,
    above: i64,
    /// 0: no bound.
    upto: i64,
}

const NANOSECONDS_PER_MILLISECOND: i64 = 1_000_000;

impl Latencies {
    pub(super) fn add(&mut self, bit: Bit, count: usize, above: i64, upto: i64) {
        self.list.push(Latency { bit, above, upto });
        super::put(&mut self.all, bit, count);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many words of a row it takes beside the bits.
    pub(super) fn width(&self) -> usize {
        if self.list.is_empty() { 0 } else { 2 }
    }

    /// As the Collector folds it: 0 counts as not known yet, and an end before the start gives a
    /// negative duration. A window is met as soon as the duration so far falls into it.
    #[inline]
    pub(super) fn span(&self, start: u64, end: u64, bits: &mut [u64], numbers: &mut [u64]) {
        let [first, last, ..] = numbers else { return };
        if bits::has_all(bits, &self.all) {
            return;
        }
        if *first == 0 || start < *first {
            *first = start;
        }
        if *last == 0 || end > *last {
            *last = end;
        }
        // Wraps as in Go.
        let milliseconds = last.wrapping_sub(*first) as i64 / NANOSECONDS_PER_MILLISECOND;
        for Latency { bit, above, upto } in &self.list {
            if *above < milliseconds && (*upto == 0 || milliseconds <= *upto) {
                bit.set(bits);
            }
        }
    }
}
