//! What policies ask of single spans and resources, and what is remembered of the answers: one bit a
//! condition, set for good once it was met anywhere in the trace.
//!
//! The Collector looks at all spans of a trace in order of arrival when it decides. Here each span is
//! looked at once, when it arrives, with the same result: a bit is set where the Collector would have
//! stopped and answered yes.

mod attributes;
mod latency;
mod ottl;

use attributes::Attributes;
pub(crate) use attributes::{Patterns, Test};
use latency::Latencies;
use ottl::Ottl;
pub(crate) use ottl::Owners;
use tamis_ottl::Owner;
use tamis_sdk::otlp::resource::Resource;
use tamis_sdk::otlp::trace::{Span, Status};
use tamis_sdk::wire::{Error, Field, Message};

use crate::bits::{self, Bit};
use crate::randomness::{self, Randomness};
use crate::trace_state::TraceStates;

/// All conditions of a configuration. A row of words holds what is known of one trace: the bits, then
/// the running numbers of those conditions that need some.
#[derive(Debug, Default)]
pub(crate) struct Conditions {
    count: usize,
    status: [Vec<u64>; 3],
    flagged: Vec<u64>,
    latencies: Latencies,
    trace_states: TraceStates,
    attributes: Attributes,
    ottl: Ottl,
    /// Whether the sampling randomness in the tracestate matters.
    pub(crate) reads_randomness: bool,
}

/// What is read of a span in one pass over its fields.
#[derive(Debug, Default)]
pub(crate) struct Seen<'a> {
    pub(crate) trace_id: &'a [u8],
    pub(crate) has_parent: bool,
    start: u64,
    end: u64,
    status: u64,
    flags: u32,
    trace_state: &'a [u8],
}

impl<'a> Seen<'a> {
    #[inline(always)]
    pub(crate) fn read(span: Message<'a>) -> Result<Self, Error> {
        let mut seen = Self::default();
        for field in span.fields() {
            let field = field?;
            match field.number() {
                Span::TRACE_ID => seen.trace_id = field.bytes()?,
                Span::PARENT_SPAN_ID => {
                    seen.has_parent = field.bytes()?.iter().any(|&byte| byte != 0);
                }
                Span::START_TIME_UNIX_NANO => seen.start = field.fixed64()?,
                Span::END_TIME_UNIX_NANO => seen.end = field.fixed64()?,
                Span::STATUS => seen.read_status(&field)?,
                Span::FLAGS => seen.flags = field.fixed32()?,
                Span::TRACE_STATE => seen.trace_state = field.bytes()?,
                _ => {}
            }
        }
        Ok(seen)
    }

    fn read_status(&mut self, field: &Field<'a>) -> Result<(), Error> {
        for field in field.message()?.fields() {
            let field = field?;
            if field.number() == Status::CODE {
                self.status = field.varint()?;
            }
        }
        Ok(())
    }
}

/// The words of a status code in [`Conditions::add_status`].
pub(crate) const STATUS_CODES: [&str; 3] = ["UNSET", "OK", "ERROR"];

impl Conditions {
    /// How many words a row has.
    pub(crate) fn width(&self) -> usize {
        self.randomness_at() + usize::from(self.reads_randomness)
    }

    fn bit_words(&self) -> usize {
        self.count.div_ceil(64)
    }

    fn latency_at(&self) -> usize {
        self.bit_words()
    }

    fn randomness_at(&self) -> usize {
        self.latency_at() + self.latencies.width()
    }

    fn add(&mut self) -> Bit {
        self.count += 1;
        Bit::new(self.count - 1)
    }

    /// A span has one of these codes, indices of [`STATUS_CODES`].
    pub(crate) fn add_status(&mut self, codes: &[usize]) -> Bit {
        let bit = self.add();
        for (code, set) in self.status.iter_mut().enumerate() {
            if codes.contains(&code) {
                put(set, bit, self.count);
            }
        }
        bit
    }

    /// A span has the W3C flag `sampled`.
    pub(crate) fn add_flag(&mut self) -> Bit {
        let bit = self.add();
        put(&mut self.flagged, bit, self.count);
        bit
    }

    /// The trace so far takes longer than `above` milliseconds and no longer than `upto`, 0 being no
    /// bound.
    pub(crate) fn add_latency(&mut self, above: i64, upto: i64) -> Bit {
        let bit = self.add();
        self.latencies.add(bit, self.count, above, upto);
        bit
    }

    /// The tracestate of a span has one of the values under this key.
    pub(crate) fn add_trace_state(&mut self, key: &str, values: &[String]) -> Bit {
        let bit = self.add();
        self.trace_states.add(bit, key, values);
        bit
    }

    /// An attribute of a resource or span passes the test.
    pub(crate) fn add_attribute(&mut self, key: &str, test: Test) -> Bit {
        let bit = self.add();
        self.attributes.add(bit, self.count, key, test);
        bit
    }

    /// OTTL conditions hold for a span, or for an event of one. Two bits: it does; one could not be
    /// evaluated.
    pub(crate) fn add_ottl(
        &mut self,
        spans: tamis_ottl::Conditions,
        events: tamis_ottl::Conditions,
    ) -> (Bit, Bit) {
        let (matched, failed) = (self.add(), self.add());
        self.ottl.add(matched, failed, spans, events);
        (matched, failed)
    }

    /// The resource of a group of scopes, or the scope of a group of spans, where a condition asks.
    pub(crate) fn owner<'a>(&self, group: Message<'a>) -> Result<Owner<'a>, Error> {
        if self.ottl.is_empty() { Ok(Owner::default()) } else { Owner::of(group) }
    }

    /// What holds of a resource, to be united with the row of each trace in it: bits only.
    pub(crate) fn resource(
        &mut self,
        resource: Option<Resource<'_>>,
        bits: &mut Vec<u64>,
    ) -> Result<(), Error> {
        bits.clear();
        bits.resize(self.bit_words(), 0);
        match resource {
            Some(resource) if !self.attributes.is_empty() => {
                self.attributes.resource(resource.wire(), bits)
            }
            _ => Ok(()),
        }
    }

    /// Takes a span into the row of its trace.
    #[inline(always)]
    pub(crate) fn span(
        &mut self,
        seen: &Seen<'_>,
        span: Message<'_>,
        owners: Owners<'_>,
        row: &mut [u64],
    ) -> Result<(), Error> {
        if let Some(set) = self.status.get(usize::try_from(seen.status).unwrap_or(usize::MAX)) {
            bits::unite(row, set);
        }
        if seen.flags & 1 != 0 {
            bits::unite(row, &self.flagged);
        }
        if !self.latencies.is_empty() {
            let at = self.latency_at();
            let (bits, numbers) = row.split_at_mut(at);
            self.latencies.span(seen.start, seen.end, bits, numbers);
        }
        if !seen.trace_state.is_empty() {
            self.trace_state(seen.trace_state, row);
        }
        if !self.attributes.is_empty() {
            self.attributes.span(span, row)?;
        }
        if !self.ottl.is_empty() {
            self.ottl.span(owners, span, row)?;
        }
        Ok(())
    }

    #[cold]
    fn trace_state(&mut self, trace_state: &[u8], row: &mut [u64]) {
        self.trace_states.span(trace_state, row);
        if self.reads_randomness {
            let at = self.randomness_at();
            if let Some(word) = row.get_mut(at) {
                *word = randomness::read(Randomness(*word), trace_state).0;
            }
        }
    }

    /// What the trace's spans say about its sampling randomness.
    pub(crate) fn randomness(&self, row: &[u64]) -> Randomness {
        let word = row.get(self.randomness_at()).filter(|_| self.reads_randomness);
        Randomness(word.copied().unwrap_or_default())
    }
}

/// Sets a bit in a set that grows to hold so many.
fn put(set: &mut Vec<u64>, bit: Bit, count: usize) {
    set.resize(set.len().max(count.div_ceil(64)), 0);
    bit.set(set);
}
