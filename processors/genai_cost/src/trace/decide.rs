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

/// Where in the list each span is.
type Places<'n> = HashMap<&'n [u8], usize, SeedableRandomState>;

impl Visit for Gather<'_> {
    fn any(&mut self, item: &Item<'_>) {
        let (id, parent) = (item.span_id.to_vec(), item.parent_span_id.to_vec());
        self.nodes.push(Node { id, parent, usage: None, kind: Kind::Unknown });
    }

    fn item<'a>(
        &mut self,
        item: &Item<'a>,
        seen: &mut Seen<'a>,
        _: Around<'a>,
        _: &mut Vec<u8>,
    ) -> Result<Written, Error> {
        let call = self.judge.judge(seen, item.time(self.received), Decision::Call);
        if let (Some(call), Some(node)) = (call, self.nodes.last_mut()) {
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
    pub(crate) fn new(judge: &'g mut Judge, received: u64) -> Self {
        Self { judge, received, nodes: Vec::new() }
    }

    pub(crate) fn decide(self, hash_seed: u64) -> Decided {
        let hashing = SeedableRandomState::with_seed(hash_seed, SharedSeed::global_fixed());
        let nodes = &self.nodes;
        let mut places = HashMap::with_hasher(hashing.clone());
        places.extend(nodes.iter().enumerate().map(|(place, node)| (&node.id[..], place)));
        let above: Vec<Option<usize>> =
            (0..nodes.len()).map(|place| nearest(nodes, &places, place)).collect();
        let mut order: Vec<(usize, usize)> = (0..nodes.len())
            .filter(|place| nodes[*place].usage.is_some())
            .map(|place| (depth(&above, place), place))
            .collect();
        // The deepest first: what is below a span is known before it.
        order.sort_unstable_by(|one, other| other.cmp(one));
        let mut below: Vec<Option<Usage>> = vec![None; nodes.len()];
        let mut aggregates = HashSet::with_hasher(hashing);
        for (_, place) in order {
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

/// The nearest span with usage above a span.
fn nearest(nodes: &[Node], places: &Places<'_>, place: usize) -> Option<usize> {
    let mut at = place;
    // No way is longer, unless it goes in a circle.
    for _ in 0..nodes.len() {
        at = *places.get(&nodes[at].parent[..])?;
        if at == place {
            return None;
        }
        if nodes[at].usage.is_some() {
            return Some(at);
        }
    }
    None
}

/// How many spans with usage are above a span.
fn depth(above: &[Option<usize>], place: usize) -> usize {
    let ways = std::iter::successors(above[place], |place| above[*place]);
    ways.take(above.len()).count()
}
