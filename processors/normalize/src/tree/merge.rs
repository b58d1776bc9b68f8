//! A position becomes `{id}`: its children are merged.

use super::{COLLAPSED, KEPT, NOWHERE, Tree, WORD};
use crate::words::is_compound;

/// A segment that is made of common words (`line-items`) stays where it was seen so many times as
/// often as the mean.
const COMPOUND_TIMES: u64 = 2;
/// Any other stays with this share of all traffic of its position, at least 1 of so many, ...
const SHARE: u64 = 8;
/// ... and so many hits.
const HITS_MIN: u32 = 16;

impl Tree {
    /// Collapses a node, and what that makes necessary below it.
    pub(super) fn collapse_below(&mut self, at: u32) {
        self.collapse(at);
        self.settle(self.nodes[at as usize].id);
    }

    fn collapse(&mut self, at: u32) {
        let mut children = Vec::new();
        let mut child = self.nodes[at as usize].first;
        let (mut hits, mut counted) = (0, 0);
        while child != NOWHERE {
            children.push(child);
            let node = &self.nodes[child as usize];
            if !node.is(WORD) {
                hits += u64::from(node.hits);
                counted += 1;
            }
            child = node.next;
        }
        let node = &mut self.nodes[at as usize];
        node.first = NOWHERE;
        node.count = 0;
        node.flags |= COLLAPSED;
        for child in children {
            if self.stays(child, hits, counted) {
                self.nodes[child as usize].flags |= KEPT;
                self.link(at, child);
            } else {
                self.unname(child);
                self.merge_as_id(child, at);
            }
        }
    }

    fn stays(&self, child: u32, hits: u64, counted: u64) -> bool {
        let node = &self.nodes[child as usize];
        let own = u64::from(node.hits);
        node.is(WORD | KEPT)
            || own * counted >= COMPOUND_TIMES * hits && node.hits >= 4 && is_compound(&node.name)
            || own * SHARE >= hits && node.hits >= HITS_MIN
    }

    /// Takes a node out of the index. It keeps its name for the moment.
    fn unname(&mut self, node: u32) {
        let Some(found) = self.nodes.get(node as usize) else { return };
        let hash = self.hash(found.parent, &found.name);
        self.index.remove(hash, node);
    }

    /// A node, already out of the index, becomes or joins the child `{id}` of another.
    fn merge_as_id(&mut self, node: u32, parent: u32) {
        let id = self.nodes[parent as usize].id;
        if id == NOWHERE {
            self.forget_name(node);
            let moved = &mut self.nodes[node as usize];
            moved.parent = parent;
            moved.next = NOWHERE;
            moved.flags &= COLLAPSED;
            self.nodes[parent as usize].id = node;
        } else {
            self.merge(node, id);
        }
    }

    /// Moves everything below one node to another, and forgets the first, which is out of the index.
    fn merge(&mut self, from: u32, to: u32) {
        let mut child = self.nodes[from as usize].first;
        while child != NOWHERE {
            let next = self.nodes[child as usize].next;
            self.unname(child);
            self.adopt(child, to);
            child = next;
        }
        let id = self.nodes[from as usize].id;
        if id != NOWHERE {
            self.merge_as_id(id, to);
        }
        let [hits, flags] = [from, to].map(|node| self.nodes[node as usize].hits);
        self.nodes[to as usize].hits = hits.saturating_add(flags);
        let collapsed = self.nodes[from as usize].is(COLLAPSED);
        self.release(from);
        if collapsed && !self.nodes[to as usize].is(COLLAPSED) {
            self.collapse(to);
        }
    }

    /// A node, already out of the index, becomes a child of another.
    fn adopt(&mut self, child: u32, parent: u32) {
        let node = &self.nodes[child as usize];
        let hash = self.hash(parent, &node.name);
        if let Some(same) = self.find(hash, parent, &node.name) {
            let flags = node.flags & KEPT;
            self.merge(child, same);
            self.nodes[same as usize].flags |= flags;
        } else if self.nodes[parent as usize].is(COLLAPSED) && !node.is(WORD | KEPT) {
            self.merge_as_id(child, parent);
        } else {
            let counts = u32::from(!node.is(WORD | KEPT));
            self.index.insert(hash, child);
            self.link(parent, child);
            self.nodes[parent as usize].count += counts;
        }
    }

    /// Collapses what has got too many children by merging.
    fn settle(&mut self, at: u32) {
        let Some(node) = self.nodes.get(at as usize) else { return };
        if node.count as usize > self.learning.values && !node.is(COLLAPSED) {
            self.collapse(at);
        }
        let mut child = self.nodes[at as usize].first;
        while child != NOWHERE {
            self.settle(child);
            child = self.nodes[child as usize].next;
        }
        self.settle(self.nodes[at as usize].id);
    }
}
