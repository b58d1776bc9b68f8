//! The host's scan, played natively: slow, and plain to see that it is right.

use crate::contract::Hit;
use crate::trigger::Trigger;

/// Every place at which a trigger matches, as the host finds them: for
/// [`Context::hits`](crate::Context::hits).
#[must_use]
pub fn scan(triggers: &[Trigger], batch: &[u8]) -> Vec<Hit> {
    let mut hits = Vec::new();
    for offset in 0..batch.len() {
        for (index, trigger) in triggers.iter().enumerate() {
            let Some(window) = batch.get(offset..offset + trigger.sets().len()) else { continue };
            if trigger.sets().iter().zip(window).all(|(set, &byte)| set.contains(byte)) {
                hits.push(Hit { offset: offset as u32, trigger: index as u32 });
            }
        }
    }
    hits
}
