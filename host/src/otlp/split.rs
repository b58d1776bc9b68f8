//! Cuts an Export request into requests of at most so many items.

use std::ops::Range;

use bytes::Bytes;

use super::wire::{self, Malformed, Reason};
use crate::batch::Signal;

/// Cuts `request`, which holds `items`, into requests of `max_items` each but for the last, in order.
/// Metrics are cut between data points. Every request repeats what its items stand in: the resource, the scope, the
/// metric without its points, with schema URLs and unknown fields. What holds no item at all (a
/// resource without spans) goes with the item before it.
///
/// `max_items` of 0 means no bound.
///
/// # Errors
///
/// Where the bytes are not what [`walk`](super::walk) accepts.
pub fn split(
    signal: Signal,
    request: &Bytes,
    items: usize,
    max_items: usize,
) -> Result<Vec<(Bytes, usize)>, Malformed> {
    if max_items == 0 || items <= max_items {
        return Ok(vec![(request.clone(), items)]);
    }
    let mut tree =
        Tree { bytes: request, path: path(signal), nodes: Vec::new(), leaves: Vec::new() };
    tree.add(None, 0, 0, 0..request.len()).map_err(|reason| Malformed {
        message: "Export request",
        field: 0,
        reason,
    })?;
    Ok(tree.chunks(max_items).map(|(leaves, items)| (tree.encode(leaves).into(), items)).collect())
}

/// From the request down to the items: the fields that hold the next level.
fn path(signal: Signal) -> &'static [&'static [u32]] {
    const METRIC_DATA: &[u32] = &[5, 7, 9, 10, 11];
    match signal {
        Signal::Traces | Signal::Logs => &[&[1], &[2], &[2]],
        Signal::Metrics => &[&[1], &[2], &[2], METRIC_DATA, &[1]],
    }
}

/// The request taken apart: the items in their order, and what they stand in.
struct Tree<'a> {
    bytes: &'a [u8],
    path: &'static [&'static [u32]],
    nodes: Vec<Node>,
    leaves: Vec<Leaf>,
}

/// A message on the way to the items.
struct Node {
    parent: Option<usize>,
    /// Field number in the parent.
    field: u32,
    /// The fields that are not the next level, tags included.
    own: Vec<Range<usize>>,
}

/// An item, or a node in which there is none.
struct Leaf {
    node: Option<usize>,
    /// With tag and length.
    bytes: Range<usize>,
    items: usize,
}

impl<'a> Tree<'a> {
    /// Takes apart the message at `range`, a field number `field` of node `parent`.
    fn add(
        &mut self,
        parent: Option<usize>,
        field: u32,
        level: usize,
        range: Range<usize>,
    ) -> Result<(), Reason> {
        let node = self.nodes.len();
        self.nodes.push(Node { parent, field, own: Vec::new() });
        let bytes = self.bytes;
        let mut rest = &bytes[range.clone()];
        while !rest.is_empty() {
            let start = range.end - rest.len();
            let (number, payload) = next_field(&mut rest)?;
            let end = range.end - rest.len();
            match payload {
                Some(len) if self.path[level].contains(&number) => {
                    if level + 1 == self.path.len() {
                        self.leaves.push(Leaf { node: Some(node), bytes: start..end, items: 1 });
                        continue;
                    }
                    let before = self.leaves.len();
                    self.add(Some(node), number, level + 1, end - len..end)?;
                    if self.leaves.len() == before {
                        self.leaves.push(Leaf { node: Some(node), bytes: start..end, items: 0 });
                    }
                }
                _ => self.nodes[node].own.push(start..end),
            }
        }
        Ok(())
    }

    /// The leaves in runs of at most `max_items` items, each with its number of items.
    fn chunks(&self, max_items: usize) -> impl Iterator<Item = (&[Leaf], usize)> {
        let mut rest = self.leaves.as_slice();
        std::iter::from_fn(move || {
            let mut items = 0;
            let fits = |leaf: &&Leaf| {
                items += leaf.items;
                items <= max_items
            };
            let len = rest.iter().take_while(fits).count();
            let (chunk, tail) = rest.split_at(len);
            rest = tail;
            (!chunk.is_empty()).then(|| (chunk, chunk.iter().map(|leaf| leaf.items).sum()))
        })
    }

    /// One request of these leaves: nodes are opened and closed as the leaves change hands.
    fn encode(&self, leaves: &[Leaf]) -> Vec<u8> {
        let mut open: Vec<(usize, Vec<u8>)> = vec![(0, self.own(0))];
        for leaf in leaves {
            let ancestors = self.ancestors(leaf.node);
            let common =
                open.iter().zip(&ancestors).take_while(|((node, _), other)| node == *other).count();
            self.close(&mut open, common);
            open.extend(ancestors[common..].iter().map(|&node| (node, self.own(node))));
            if let Some((_, body)) = open.last_mut() {
                body.extend_from_slice(&self.bytes[leaf.bytes.clone()]);
            }
        }
        self.close(&mut open, 1);
        open.pop().map(|(_, request)| request).unwrap_or_default()
    }

    /// Appends the innermost open nodes to the ones around them until `keep` are open.
    fn close(&self, open: &mut Vec<(usize, Vec<u8>)>, keep: usize) {
        while open.len() > keep.max(1) {
            let Some((node, body)) = open.pop() else { return };
            let Some((_, around)) = open.last_mut() else { return };
            wire::put_varint(around, u64::from(self.nodes[node].field) << 3 | u64::from(wire::LEN));
            wire::put_varint(around, body.len() as u64);
            around.extend_from_slice(&body);
        }
    }

    fn own(&self, node: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        for range in &self.nodes[node].own {
            bytes.extend_from_slice(&self.bytes[range.clone()]);
        }
        bytes
    }

    /// From the request down to `node`.
    fn ancestors(&self, node: Option<usize>) -> Vec<usize> {
        let mut path: Vec<usize> =
            std::iter::successors(node, |&node| self.nodes[node].parent).collect();
        path.reverse();
        path
    }
}

/// Reads a field off the front: its number and, where it is delimited, the length of its payload.
fn next_field(rest: &mut &[u8]) -> Result<(u32, Option<usize>), Reason> {
    let (number, wire_type) = wire::tag(rest)?;
    let len = match wire_type {
        wire::VARINT => wire::varint(rest).map(|_| None),
        wire::FIXED64 => wire::take(rest, 8).map(|_| None),
        wire::FIXED32 => wire::take(rest, 4).map(|_| None),
        wire::LEN => wire::delimited(rest).map(|payload| Some(payload.len())),
        _ => Err(Reason::WireType),
    }?;
    Ok((number, len))
}

#[cfg(test)]
mod tests;
