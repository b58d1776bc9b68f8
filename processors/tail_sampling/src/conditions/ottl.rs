//! Conditions in OTTL on spans and their events.

use tamis_ottl::{Conditions, EvalError, Item, Owner};
use tamis_sdk::logging::{self, Level};
use tamis_sdk::otlp::trace::Span;
use tamis_sdk::wire::{Error, Message};

use crate::bits::Bit;

/// The policies of type `ottl_condition`.
#[derive(Debug, Default)]
pub(crate) struct Ottl {
    list: Vec<OfPolicy>,
}

#[derive(Debug)]
struct OfPolicy {
    matched: Bit,
    failed: Bit,
    spans: Conditions,
    events: Conditions,
    /// That a condition cannot be evaluated on a span was said already.
    told: bool,
}

/// Resource and scope of a span, for those who ask for them.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Owners<'a> {
    pub(crate) resource: Owner<'a>,
    pub(crate) scope: Owner<'a>,
}

impl Ottl {
    pub(super) fn add(&mut self, matched: Bit, failed: Bit, spans: Conditions, events: Conditions) {
        self.list.push(OfPolicy { matched, failed, spans, events, told: false });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The first span or event that matches or fails decides for its trace.
    pub(super) fn span(
        &mut self,
        owners: Owners<'_>,
        span: Message<'_>,
        row: &mut [u64],
    ) -> Result<(), Error> {
        for policy in &mut self.list {
            if policy.matched.is_set(row) || policy.failed.is_set(row) {
                continue;
            }
            match policy.eval(owners, Span::from(span)) {
                Ok(true) => policy.matched.set(row),
                Ok(false) => {}
                Err(EvalError::Malformed(error)) => return Err(error),
                Err(_) => policy.failed.set(row),
            }
        }
        Ok(())
    }
}

impl OfPolicy {
    fn eval(&mut self, owners: Owners<'_>, span: Span<'_>) -> Result<bool, EvalError> {
        let Owners { resource, scope } = owners;
        let told = &mut self.told;
        if self.spans.eval(&Item::span(resource, scope, span), |_, error| tell(told, &error))? {
            return Ok(true);
        }
        if self.events.is_empty() {
            return Ok(false);
        }
        for event in span.events() {
            let item = Item::span_event(resource, scope, span, event?);
            if self.events.eval(&item, |_, error| tell(told, &error))? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Once for each policy, not for each span.
fn tell(told: &mut bool, error: &EvalError) {
    if !std::mem::replace(told, true) {
        let message = format!("an OTTL condition does not hold where it fails: {error}");
        logging::log(Level::Warn, &message);
    }
}
