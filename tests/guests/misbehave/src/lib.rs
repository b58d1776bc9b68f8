//! A guest that does what no guest should, for the tests of the host.
//!
//! Its configuration: `behaviour`, one of [`BEHAVIOURS`]; `marker` (optional), a text: only batches
//! that hold it are met with that behaviour, all others are answered `unchanged`.

use std::hint::black_box;

use tamis_sdk::{
    Configuration, Context, Descriptor, Edits, Error, Outcome, Problem, Processor, Signal, Splice,
};

const MIB: usize = 1 << 20;

/// In the order of [`Behaviour`].
const BEHAVIOURS: &[&str] = &[
    "unchanged",
    "drop",
    "trap",
    "endless_loop",
    "leak",
    "allocation_bomb",
    "giant_output",
    "garbage_output",
    "garbage_edits",
    "permanent_error",
    "retryable_error",
    "panic_in_configure",
    "other_descriptor",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Behaviour {
    Unchanged,
    Drop,
    Trap,
    EndlessLoop,
    /// Keeps 4 MiB a call.
    Leak,
    /// Takes memory until there is none.
    AllocationBomb,
    /// Answers with 1 GiB, or with what memory it gets.
    GiantOutput,
    /// Answers with bytes that are no protobuf.
    GarbageOutput,
    /// Answers with splices that lie outside of the batch.
    GarbageEdits,
    PermanentError,
    RetryableError,
    PanicInConfigure,
    /// Answers with another descriptor in each instance.
    OtherDescriptor,
}

impl Behaviour {
    const ALL: [Self; 13] = [
        Self::Unchanged,
        Self::Drop,
        Self::Trap,
        Self::EndlessLoop,
        Self::Leak,
        Self::AllocationBomb,
        Self::GiantOutput,
        Self::GarbageOutput,
        Self::GarbageEdits,
        Self::PermanentError,
        Self::RetryableError,
        Self::PanicInConfigure,
        Self::OtherDescriptor,
    ];
}

struct Misbehave {
    behaviour: Behaviour,
    marker: Option<String>,
    leaked: Vec<Vec<u8>>,
}

impl Processor for Misbehave {
    fn configure(configuration: Configuration) -> Result<(Self, Descriptor), Vec<Problem>> {
        let processor = configuration.read(|section| Self {
            behaviour: Behaviour::ALL[section.choice("behaviour", BEHAVIOURS).unwrap_or_default()],
            marker: section.string("marker"),
            leaked: Vec::new(),
        })?;
        assert_ne!(processor.behaviour, Behaviour::PanicInConfigure, "as configured");
        let signals = [Signal::Traces, Signal::Metrics, Signal::Logs];
        let mut descriptor = Descriptor::new("misbehave", "0.1.0", &signals);
        if processor.behaviour == Behaviour::OtherDescriptor {
            descriptor.version = tamis_sdk::clock::monotonic().to_string();
        }
        Ok((processor, descriptor))
    }

    fn process(&mut self, _: &Context, batch: &[u8]) -> Result<Outcome, Error> {
        let marked = |marker: &String| memchr::memmem::find(batch, marker.as_bytes()).is_some();
        if self.marker.as_ref().is_none_or(marked) {
            self.misbehave()
        } else {
            Ok(Outcome::Unchanged)
        }
    }
}

impl Misbehave {
    fn misbehave(&mut self) -> Result<Outcome, Error> {
        match self.behaviour {
            Behaviour::Trap => panic!("as configured"),
            Behaviour::EndlessLoop => loop {
                black_box(());
            },
            Behaviour::Leak => self.leaked.push(black_box(vec![1; 4 * MIB])),
            Behaviour::AllocationBomb => loop {
                self.leaked.push(black_box(vec![1; MIB]));
            },
            Behaviour::Drop => return Ok(Outcome::Dropped),
            Behaviour::GiantOutput => return Ok(Outcome::Replaced(vec![0x0a; 1024 * MIB])),
            Behaviour::GarbageOutput => return Ok(Outcome::Replaced(vec![0xff; 64])),
            Behaviour::GarbageEdits => return Ok(Outcome::Edited(outside())),
            Behaviour::PermanentError => return Err(Error::Permanent("as configured".to_owned())),
            Behaviour::RetryableError => return Err(Error::Retryable("as configured".to_owned())),
            Behaviour::Unchanged | Behaviour::PanicInConfigure | Behaviour::OtherDescriptor => {}
        }
        Ok(Outcome::Unchanged)
    }
}

/// Edits of which each is wrong in its own way: outside, overlapping, longer than the replacement.
fn outside() -> Edits {
    let splice = |offset, length| Splice { offset, length, replacement_length: u32::MAX };
    Edits { splices: vec![splice(5, 10), splice(0, 10), splice(u32::MAX, 7)], replacement: vec![1] }
}

tamis_sdk::export!(Misbehave);
