//! What guests may ask of the host. Every answer is immediate; every change is staged.
//!
//! A misuse that no correct guest commits ends the call with a trap (an `Err` here); nothing in this
//! file panics on what a guest hands over.

use super::bindings::counters::{self, Claim};
use super::bindings::hold::{self, Decision, Fullness, Portion};
use super::bindings::logging::{self, Level};
use super::bindings::metrics::{self, Measurement};
use super::bindings::{clock, emitter, types};
use super::counters::MAX_COUNTER_KEY;
use super::hold::{Fate, Fragment, MAX_KEY, MAX_MEMO, Packer, Verdict};
use super::outbox::MAX_EMITTED_BYTES;
use super::release;
use super::state::{Call, MAX_STAGED_BYTES, State};
use crate::batch::Signal;
use crate::otlp;

/// A guest's misuse of an import; ends the call.
#[derive(Debug, thiserror::Error)]
enum Misuse {
    #[error("a call staged more than {MAX_STAGED_BYTES} bytes of effects")]
    TooMuchStaged,
    #[error("a counter key has {0} bytes; at most {MAX_COUNTER_KEY} are allowed")]
    CounterKeyLength(usize),
    #[error("an emitted batch has {0} bytes; at most {MAX_EMITTED_BYTES} are allowed")]
    EmittedLength(usize),
    #[error("an emitted batch is malformed: {0}")]
    Emitted(otlp::Malformed),
    #[error("hold by a processor with the partition `any`")]
    HoldAnywhere,
    #[error("hold outside of process")]
    HoldOutsideProcess,
    #[error("release or discard within replay, rewrite, snapshot, restore or inspect")]
    DecisionInReplay,
    #[error("release with `rewrite`, but the component does not export `rewriter`")]
    RewriteWithoutRewriter,
    #[error("a hold key has {0} bytes; 1 to {MAX_KEY} are allowed")]
    KeyLength(usize),
    #[error("a memo has {0} bytes; at most {MAX_MEMO} are allowed")]
    MemoLength(usize),
    #[error("hold: {0}")]
    Cut(#[from] otlp::CutError),
    #[error("hold: the items cannot be counted: {0}")]
    Count(#[from] otlp::Malformed),
}

impl types::Host for State {}

impl logging::Host for State {
    fn log(&mut self, level: Level, message: String) -> wasmtime::Result<()> {
        self.shared.log(level, &message);
        Ok(())
    }
}

impl clock::Host for State {
    fn wall(&mut self) -> wasmtime::Result<u64> {
        Ok(self.shared.clock.wall())
    }

    fn monotonic(&mut self) -> wasmtime::Result<u64> {
        Ok(u64::try_from(self.shared.clock.monotonic().as_nanos()).unwrap_or(u64::MAX))
    }
}

impl metrics::Host for State {
    fn record_all(&mut self, measurements: Vec<Measurement>) -> wasmtime::Result<()> {
        for measurement in measurements {
            let labels: usize = measurement.labels.iter().map(|(k, v)| k.len() + v.len()).sum();
            self.grow(size_of::<Measurement>() + measurement.name.len() + labels)?;
            self.staged.measurements.push((self.share, measurement));
        }
        Ok(())
    }
}

impl counters::Host for State {
    fn take(&mut self, claims: Vec<Claim>) -> wasmtime::Result<Vec<bool>> {
        let now = self.shared.clock.monotonic();
        let mut answers = Vec::with_capacity(claims.len());
        for claim in claims {
            if claim.key.len() > MAX_COUNTER_KEY {
                return Err(Misuse::CounterKeyLength(claim.key.len()).into());
            }
            // Before it is taken: what cannot be staged could not be given back.
            self.grow(size_of::<Claim>() + claim.key.len())?;
            let grant = self.shared.counters.take(claim, now);
            answers.push(grant.is_some());
            self.staged.claims.extend(grant);
        }
        Ok(answers)
    }
}

impl emitter::Host for State {
    fn emit(&mut self, signal: types::Signal, batch: Vec<u8>) -> wasmtime::Result<bool> {
        if batch.len() > MAX_EMITTED_BYTES {
            return Err(Misuse::EmittedLength(batch.len()).into());
        }
        let signal = Signal::from(signal);
        let items = otlp::walk(signal, &batch).map_err(Misuse::Emitted)?;
        if items == 0 || !self.shared.outbox.takes(signal) {
            return Ok(true);
        }
        if !self.shared.outbox.reserve(batch.len()) {
            return Ok(false);
        }
        let received = self.shared.clock.wall();
        self.staged.emitted.push(release::batch(signal, batch.into(), items, received));
        Ok(true)
    }
}

impl hold::Host for State {
    fn hold(&mut self, portions: Vec<Portion>) -> wasmtime::Result<bool> {
        if !self.shared.may_hold() {
            return Err(Misuse::HoldAnywhere.into());
        }
        let Some(fragments) = self.fragments(&portions)? else { return Ok(false) };
        let reserved = self.shared.hold.reserve(&fragments);
        if reserved {
            self.shared.hold.count_compressed(&fragments);
            self.staged.fragments.extend(fragments);
        }
        Ok(reserved)
    }

    fn usage(&mut self) -> wasmtime::Result<Fullness> {
        let (used, bound) = self.shared.hold.usage();
        Ok(Fullness { used: used as u64, bound: bound as u64 })
    }

    fn release(&mut self, decisions: Vec<Decision>, rewrite: bool) -> wasmtime::Result<()> {
        if rewrite && !self.shared.rewrites {
            return Err(Misuse::RewriteWithoutRewriter.into());
        }
        self.stage_decisions(decisions, if rewrite { Fate::Rewrite } else { Fate::Release })
    }

    fn discard(&mut self, decisions: Vec<Decision>) -> wasmtime::Result<()> {
        self.stage_decisions(decisions, Fate::Discard)
    }
}

impl State {
    /// The items cut out of the batch in hand; `None` when there is no room for them.
    fn fragments(&self, portions: &[Portion]) -> Result<Option<Vec<Fragment>>, Misuse> {
        let Call::Process { signal, bytes, received } = &self.call else {
            return Err(Misuse::HoldOutsideProcess);
        };
        portions.iter().try_for_each(|portion| check_key(&portion.key))?;
        let offsets: Vec<&[u32]> = portions.iter().map(|portion| &*portion.items).collect();
        let room = self.shared.hold.room();
        let Some(cut) = otlp::cut(bytes, &offsets, room.uncompressed())? else { return Ok(None) };
        let mut packer = Packer::new(room.compress);
        let mut fragments = Vec::with_capacity(portions.len());
        for (portion, bytes) in portions.iter().zip(cut) {
            if bytes.is_empty() {
                continue;
            }
            let items = match signal {
                // What is counted is its data points.
                Signal::Metrics => otlp::walk(*signal, &bytes)?,
                Signal::Traces | Signal::Logs => portion.items.len(),
            };
            let (key, received) = (portion.key.as_slice().into(), *received);
            let payload = packer.pack(bytes);
            fragments.push(Fragment { key, signal: *signal, received, items, payload });
        }
        Ok(Some(fragments))
    }

    fn grow(&mut self, bytes: usize) -> Result<(), Misuse> {
        if self.staged.grow(bytes) { Ok(()) } else { Err(Misuse::TooMuchStaged) }
    }

    fn stage_decisions(&mut self, decisions: Vec<Decision>, fate: Fate) -> wasmtime::Result<()> {
        if matches!(self.call, Call::Replay) {
            return Err(Misuse::DecisionInReplay.into());
        }
        for decision in decisions {
            check_key(&decision.key)?;
            if decision.memo.len() > MAX_MEMO {
                return Err(Misuse::MemoLength(decision.memo.len()).into());
            }
            self.grow(size_of::<Verdict>() + decision.key.len() + decision.memo.len())?;
            let Decision { key, memo } = decision;
            self.staged.verdicts.push(Verdict { key, memo, fate });
        }
        Ok(())
    }
}

fn check_key(key: &[u8]) -> Result<(), Misuse> {
    if (1..=MAX_KEY).contains(&key.len()) { Ok(()) } else { Err(Misuse::KeyLength(key.len())) }
}
