//! A batch taken apart by trace.

use std::collections::{HashMap, HashSet};

use foldhash::fast::SeedableRandomState;
use tamis_sdk::otlp::trace::{ResourceSpans, ScopeSpans};
use tamis_sdk::wire::{Error, Message};

use super::TraceId;
use crate::item::Item;
use crate::seen::Seen;
use crate::walk::{Around, Visit, Written};

const RESOURCES: u32 = 1;

/// The offsets of the spans of each trace, in order of appearance.
pub(super) fn portions(
    batch: &[u8],
    hashing: &SeedableRandomState,
) -> Result<Vec<(TraceId, Vec<u32>)>, Error> {
    let mut portions: Vec<(TraceId, Vec<u32>)> = Vec::new();
    let mut places = HashMap::with_hasher(hashing.clone());
    for resource in Message::new(batch).fields() {
        let resource = resource?;
        if resource.number() != RESOURCES {
            continue;
        }
        for scope in ResourceSpans::from(resource.message()?).scope_spans() {
            for span in ScopeSpans::from(scope?.wire()).spans() {
                let span = span?;
                let id = trace_id(span.trace_id()?);
                let place = *places.entry(id).or_insert(portions.len());
                if place == portions.len() {
                    portions.push((id, Vec::new()));
                }
                // A batch is far below 4 GiB.
                portions[place].1.push(span.wire().range().start as u32);
            }
        }
    }
    Ok(portions)
}

/// Ids of another length are cut or filled up.
fn trace_id(bytes: &[u8]) -> TraceId {
    let mut id = [0; 16];
    id.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    id
}

/// The traces of which a batch tells usage.
pub(crate) struct Users(pub(super) HashSet<TraceId, SeedableRandomState>);

impl Visit for Users {
    fn item<'a>(
        &mut self,
        item: &Item<'a>,
        seen: &mut Seen<'a>,
        _: Around<'a>,
        _: &mut Vec<u8>,
    ) -> Result<Written, Error> {
        if !seen.counts.is_empty() {
            self.0.insert(trace_id(item.trace_id));
        }
        Ok(Written::Nothing)
    }
}
