//! What guests may ask of the host. Every answer is immediate; every change is staged.
//!
//! A misuse that no correct guest commits ends the call with a trap (an `Err` here); nothing in this
//! file panics on what a guest hands over.

use super::bindings::counters::{self, Claim};
use super::bindings::hold::{self, Decision, Fullness, Portion};
use super::bindings::logging::{self, Level};
use super::bindings::metrics::{self, Measurement};
use super::bindings::{clock, types};
use super::counters::MAX_COUNTER_KEY;
use super::hold::{Fragment, MAX_KEY, MAX_MEMO};
use super::state::{Call, MAX_STAGED_BYTES, State, Verdict};
use crate::otlp;

/// A guest's misuse of an import; ends the call.
#[derive(Debug, thiserror::Error)]
enum Misuse {
    #[error("a call staged more than {MAX_STAGED_BYTES} bytes of effects")]
    TooMuchStaged,
    #[error("a counter key has {0} bytes; at most {MAX_COUNTER_KEY} are allowed")]
    CounterKeyLength(usize),
    #[error("hold outside of process")]
    HoldOutsideProcess,
    #[error("release or discard within replay")]
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
            self.staged.measurements.push(measurement);
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

impl hold::Host for State {
    fn hold(&mut self, portions: Vec<Portion>) -> wasmtime::Result<bool> {
        let Some(fragments) = self.fragments(&portions)? else { return Ok(false) };
        let cost: usize = fragments.iter().map(Fragment::cost).sum();
        let reserved = self.shared.hold.reserve(cost);
        if reserved {
            self.staged.fragments.extend(fragments);
        }
        Ok(reserved)
    }

    fn usage(&mut self) -> wasmtime::Result<Fullness> {
        let (used, bound) = self.shared.hold.usage();
        Ok(Fullness { used: used as u64, bound: bound as u64 })
    }

    fn release(&mut self, decisions: Vec<Decision>, rewrite: bool) -> wasmtime::Result<()> {
        if rewrite {
            return Err(Misuse::RewriteWithoutRewriter.into());
        }
        self.stage_decisions(decisions, Verdict::Release)
    }

    fn discard(&mut self, decisions: Vec<Decision>) -> wasmtime::Result<()> {
        self.stage_decisions(decisions, Verdict::Discard)
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
        let Some(cut) = otlp::cut(bytes, &offsets, self.shared.hold.room())? else {
            return Ok(None);
        };
        let fragments: Result<Vec<Fragment>, Misuse> = portions
            .iter()
            .zip(cut)
            .filter(|(_, bytes)| !bytes.is_empty())
            .map(|(portion, bytes)| {
                Ok(Fragment {
                    key: portion.key.as_slice().into(),
                    signal: *signal,
                    received: *received,
                    items: otlp::walk(*signal, &bytes)?,
                    bytes,
                })
            })
            .collect();
        fragments.map(Some)
    }

    fn grow(&mut self, bytes: usize) -> Result<(), Misuse> {
        if self.staged.grow(bytes) { Ok(()) } else { Err(Misuse::TooMuchStaged) }
    }

    fn stage_decisions(
        &mut self,
        decisions: Vec<Decision>,
        verdict: fn(Decision) -> Verdict,
    ) -> wasmtime::Result<()> {
        if matches!(self.call, Call::Replay) {
            return Err(Misuse::DecisionInReplay.into());
        }
        for decision in decisions {
            check_key(&decision.key)?;
            if decision.memo.len() > MAX_MEMO {
                return Err(Misuse::MemoLength(decision.memo.len()).into());
            }
            self.grow(size_of::<Verdict>() + decision.key.len() + decision.memo.len())?;
            self.staged.decisions.push(verdict(decision));
        }
        Ok(())
    }
}

fn check_key(key: &[u8]) -> Result<(), Misuse> {
    if (1..=MAX_KEY).contains(&key.len()) { Ok(()) } else { Err(Misuse::KeyLength(key.len())) }
}
