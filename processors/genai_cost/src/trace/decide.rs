//! Who repeats whom in one trace.

use std::collections::{HashMap, HashSet};

use foldhash::SharedSeed;
use foldhash::fast::SeedableRandomState;
use tamis_sdk::wire::Error;

use crate::call::{Decision, Judge};
use crate::item::Item;
use crate::kind::Kind;
use crate::seen::Seen;
use crate::walk::{Around, Visit, Written};

/// The spans of a trace that are aggregates, by their ids.
#[derive(Debug)]
pub(crate) struct Decided(HashSet<Vec<u8>, SeedableRandomState>);

impl Decided {
    pub(crate) fn of(&self, item: &Item<'_>) -> Decision {
        if self.0.contains(item.span_id) { Decision::Aggregate } else { Decision::Call }
    }
}

/// Looks at all spans of a trace before any is judged.
pub(crate) struct Gather<'g> {
    judge: &'g mut Judge,
    received: u64,
    nodes: Vec<Node>,
    places: Places,
    /// The node of the span in hand.
    current: usize,
}

/// One span.
struct Node {
    id: Vec<u8>,
    parent: Vec<u8>,
    /// Input and output, where it tells them.
    usage: Option<Usage>,
    kind: Kind,
}

type Usage = (u64, u64);

/// Where in the list each span is, by its id. Those that have none are not here: nothing is below them.
type Places = HashMap<Vec<u8>, usize, SeedableRandomState>;

impl Visit for Gather<'_> {
    fn any(&mut self, item: &Item<'_>) {
        let (id, parent) = (item.span_id.to_vec(), item.parent_span_id.to_vec());
        self.current = self.nodes.len();
        if !id.is_empty() {
            self.current = *self.places.entry(id.clone()).or_insert(self.current);
        }
        // A batch may have come twice.
        if self.current == self.nodes.len() {
            self.nodes.push(Node { id, parent, usage: None, kind: Kind::Unknown });
        }
    }

    fn item<'a>(
        &mut self,
        item: &Item<'a>,
        seen: &mut Seen<'a>,
        _: Around<'a>,
        _: &mut Vec<u8>,
    ) -> Result<Written, Error> {
        let call = self.judge.judge(seen, item.time(self.received), Decision::Call);
        if let (Some(call), Some(node)) = (call, self.nodes.get_mut(self.current)) {
            node.kind = call.kind;
            let usage = |tokens: crate::resolve::Tokens| {
                (tokens.input.unwrap_or(0), tokens.output.unwrap_or(0))
            };
            node.usage = call.tokens.map(usage);
        }
        Ok(Written::Nothing)
    }
}

impl<'g> Gather<'g> {
    pub(crate) fn new(judge: &'g mut Judge, received: u64, hash_seed: u64) -> Self {
        let hashing = SeedableRandomState::with_seed(hash_seed, SharedSeed::global_fixed());
        let places = HashMap::with_hasher(hashing);
        Self { judge, received, nodes: Vec::new(), places, current: 0 }
    }

    pub(crate) fn decide(self) -> Decided {
        let nodes = &self.nodes;
        let above = nearest(nodes, &self.places);
        let mut below: Vec<Option<Usage>> = vec![None; nodes.len()];
        let mut aggregates = HashSet::with_hasher(self.places.hasher().clone());
        for place in lowest_first(nodes, &above) {
            let node = &nodes[place];
            let own = node.usage.unwrap_or_default();
            let is_aggregate = below[place].is_some_and(|sum| repeats(node.kind, own, sum));
            let mut all = below[place].unwrap_or_default();
            if is_aggregate {
                aggregates.insert(node.id.clone());
            } else {
                all = (all.0 + own.0, all.1 + own.1);
            }
            if let Some(above) = above[place] {
                let sum = below[above].unwrap_or_default();
                below[above] = Some((sum.0 + all.0, sum.1 + all.1));
            }
        }
        Decided(aggregates)
    }
}

/// Whether usage repeats what is below it. What says that it is a call repeats another only where the two
/// are the same: it may have called a tool that called a model.
fn repeats(kind: Kind, own: Usage, sum: Usage) -> bool {
    match kind {
        Kind::Aggregate => true,
        Kind::Unknown => own.0 >= sum.0 && own.1 >= sum.1,
        Kind::Call | Kind::Embedding => own == sum,
    }
}

/// The nearest span with usage above each span. Every way is gone once: what was found at its end holds
/// for all on it. One that goes in a circle finds nothing.
fn nearest(nodes: &[Node], places: &Places) -> Vec<Option<usize>> {
    let mut found: Vec<Option<usize>> = vec![None; nodes.len()];
    let mut is_found = vec![false; nodes.len()];
    let mut way = Vec::new();
    for start in 0..nodes.len() {
        let mut at = start;
        let end = loop {
            if is_found[at] {
                break found[at];
            }
            // For whoever comes this way again it ends here, with nothing so far.
            is_found[at] = true;
            way.push(at);
            match places.get(&nodes[at].parent) {
                Some(&parent) if parent == start => break None,
                Some(&parent) if nodes[parent].usage.is_some() => break Some(parent),
                Some(&parent) => at = parent,
                None => break None,
            }
        };
        way.drain(..).for_each(|place| found[place] = end);
    }
    found
}

/// The spans with usage, each after all those below it. What is in a circle comes last.
fn lowest_first(nodes: &[Node], above: &[Option<usize>]) -> Vec<usize> {
    let has_usage = |place: &usize| nodes[*place].usage.is_some();
    let mut left = vec![0_usize; nodes.len()];
    for above in (0..nodes.len()).filter(has_usage).filter_map(|place| above[place]) {
        left[above] += 1;
    }
    let is_lowest = |place: &usize| has_usage(place) && left[*place] == 0;
    let mut order: Vec<usize> = (0..nodes.len()).filter(is_lowest).collect();
    let mut next = 0;
    while let Some(&place) = order.get(next) {
        next += 1;
        if let Some(above) = above[place] {
            left[above] -= 1;
            if left[above] == 0 {
                order.push(above);
            }
        }
    }
    order.extend((0..nodes.len()).filter(|place| left[*place] > 0));
    order
}
