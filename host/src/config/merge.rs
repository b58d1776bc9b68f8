//! From several sources, one tree: `a::b` keys split, maps merged deeply, lists replaced.

use super::node::{Entry, MAX_DEPTH, Node, Value};
use super::problems::Report;

/// What separates the parts of a path in a key, as in `processors::batch::timeout`.
pub(super) const KEY_SEPARATOR: &str = "::";

/// Lays a later source over an earlier one. A map is merged key by key; anything else replaces what
/// was there, so that `key:` with nothing wipes a map.
pub(super) fn merge(base: &mut Node, over: Node) {
    match (&mut base.value, over) {
        (Value::Map(entries), Node { value: Value::Map(others), .. }) => {
            for other in others {
                insert(entries, other);
            }
        }
        (_, over) => *base = over,
    }
}

fn insert(entries: &mut Vec<Entry>, entry: Entry) {
    match entries.iter_mut().find(|known| known.key == entry.key) {
        Some(known) => {
            known.origin = entry.origin;
            merge(&mut known.node, entry.node);
        }
        None => entries.push(entry),
    }
}

/// Turns `a::b: 1` into `a: {b: 1}`, in maps at any depth but not below a list. `depth` is that of
/// the node itself, from 0.
pub(super) fn split_keys(node: Node, depth: usize, report: &Report) -> Node {
    let Value::Map(entries) = node.value else { return node };
    let mut split = Vec::with_capacity(entries.len());
    let any = entries.iter().any(|entry| entry.key.contains(KEY_SEPARATOR));
    for entry in entries {
        let entry = split_entry(entry, depth, report);
        // Keys are unique unless some were split: then no need to look for each.
        if any { insert(&mut split, entry) } else { split.push(entry) }
    }
    Node { value: Value::Map(split), ..node }
}

fn split_entry(entry: Entry, depth: usize, report: &Report) -> Entry {
    let Entry { key, origin, node } = entry;
    let parts: Vec<&str> = key.split(KEY_SEPARATOR).collect();
    let levels = depth + parts.len() + node.depth();
    if parts.len() > 1 && levels > MAX_DEPTH {
        report.problem(&origin, format!("yaml: nested deeper than {MAX_DEPTH} levels"));
    }
    if parts.len() == 1 || levels > MAX_DEPTH || parts.contains(&"") {
        let node = split_keys(node, depth + 1, report);
        return Entry { key, origin, node };
    }
    let mut node = split_keys(node, depth + parts.len(), report);
    for part in parts[1..].iter().rev() {
        let entry = Entry { key: (*part).to_owned(), origin: origin.clone(), node };
        node = Node::new(Value::Map(vec![entry]), origin.clone());
    }
    Entry { key: parts[0].to_owned(), origin, node }
}
