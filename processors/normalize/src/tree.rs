//! What traffic has taught: a tree of normalised segments.
//!
//! A node is a position behind a normalised prefix. Its children are the segments seen there, and
//! one `{id}`. A node that would get more than `values` counted children collapses: they are merged
//! into its `{id}`.

mod index;
mod merge;
mod snapshot;

use foldhash::fast::FixedState;
use std::hash::{BuildHasher, Hasher};

use crate::paths::{Learning, SEGMENTS_MAX};
use crate::segment::is_doubtful;
use crate::words::is_word;
use index::Index;

/// The root of plain paths.
pub(crate) const PLAIN: u32 = 0;
/// The root of URLs: its children are schemes and authorities.
pub(crate) const HOSTS: u32 = 1;
/// No node. What is below it is told by shape alone.
pub(crate) const NOWHERE: u32 = u32::MAX;

/// Of nodes below a root: segments, each perhaps with an action (two nodes), and a host.
const DEPTH_MAX: usize = 3 * SEGMENTS_MAX + 1;

/// A longer one is not remembered: only authorities can be.
const NAME_BYTES_MAX: usize = 256;

/// What the allocator adds to a name.
const NAME_OVERHEAD_BYTES: usize = 16;

/// Nodes are allocated in steps of at least so many.
const NODES_STEP: usize = 32;

/// Where so many ids were seen, what may be one is one.
const IDS_MIN: u32 = 16;

const COLLAPSED: u8 = 1;
/// A common word of paths: it is not counted, and stays where its position collapses.
const WORD: u8 = 2;
/// Stayed when its position collapsed.
const KEPT: u8 = 4;

pub(crate) struct Tree {
    learning: Learning,
    hasher: FixedState,
    nodes: Vec<Node>,
    index: Index,
    /// Bytes of all names, with their overhead.
    names: usize,
    /// Nodes to use again, linked by `next`.
    free: u32,
}

struct Node {
    /// Empty for roots and for `{id}`.
    name: Box<str>,
    parent: u32,
    /// The next child of the same parent.
    next: u32,
    first: u32,
    /// The child `{id}`.
    id: u32,
    /// Children that count.
    count: u32,
    /// How often the segment was seen.
    hits: u32,
    flags: u8,
}

impl Node {
    fn new(name: Box<str>, parent: u32) -> Self {
        let [next, first, id] = [NOWHERE; 3];
        Self { name, parent, next, first, id, count: 0, hits: 0, flags: 0 }
    }

    fn is(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

/// Where a segment leads.
pub(crate) enum Step {
    /// It stays.
    Text(u32),
    /// Its position has become `{id}`.
    Id(u32),
}

impl Tree {
    pub(crate) fn new(learning: Learning, seed: u64) -> Self {
        let mut tree = Self {
            learning,
            hasher: FixedState::with_seed(seed),
            nodes: Vec::new(),
            index: Index::new(),
            names: 0,
            free: NOWHERE,
        };
        tree.clear();
        tree
    }

    fn clear(&mut self) {
        self.nodes = Vec::new();
        self.index = Index::new();
        self.names = 0;
        self.free = NOWHERE;
        if self.learning.values > 0 && self.room(NODES_STEP * size_of::<Node>()) {
            self.nodes.reserve_exact(NODES_STEP);
            // PLAIN and HOSTS.
            self.nodes.extend([Node::new("".into(), NOWHERE), Node::new("".into(), NOWHERE)]);
        }
    }

    /// One segment further. The node may be `NOWHERE`.
    pub(crate) fn step(&mut self, at: u32, segment: &str) -> Step {
        let Some(node) = self.nodes.get(at as usize) else { return Step::Text(NOWHERE) };
        if segment.len() > NAME_BYTES_MAX {
            return Step::Text(NOWHERE);
        }
        let hash = self.hash(at, segment);
        if let Some(child) = self.find(hash, at, segment) {
            let node = &mut self.nodes[child as usize];
            node.hits = node.hits.saturating_add(1);
            return Step::Text(child);
        }
        let word = is_word(segment);
        if !word {
            if node.is(COLLAPSED) {
                return Step::Id(self.step_id(at));
            }
            let ids = self.nodes.get(node.id as usize).map_or(0, |id| id.hits);
            if ids >= IDS_MIN && is_doubtful(segment) {
                return Step::Id(self.step_id(at));
            }
            if node.count as usize >= self.learning.values {
                self.collapse_below(at);
                return Step::Id(self.step_id(at));
            }
        }
        let child = self.add(at, segment, hash);
        if let Some(node) = self.nodes.get_mut(child as usize) {
            node.hits = 1;
            node.flags = if word { WORD } else { 0 };
        }
        Step::Text(child)
    }

    /// One segment further, which is an id.
    pub(crate) fn step_id(&mut self, at: u32) -> u32 {
        let Some(node) = self.nodes.get(at as usize) else { return NOWHERE };
        let mut id = node.id;
        if id == NOWHERE {
            id = self.create("", at);
            self.nodes[at as usize].id = id;
        }
        if let Some(node) = self.nodes.get_mut(id as usize) {
            node.hits = node.hits.saturating_add(1);
        }
        id
    }

    /// What is allocated. While a table grows the old one is there too, for a moment.
    pub(crate) fn memory(&self) -> usize {
        self.nodes.capacity() * size_of::<Node>() + self.index.bytes() + self.names
    }

    fn room(&self, bytes: usize) -> bool {
        self.memory() + bytes <= self.learning.memory_bytes
    }

    fn hash(&self, parent: u32, name: &str) -> u32 {
        let mut hasher = self.hasher.build_hasher();
        // The parent last: the rest can be computed before it is known.
        hasher.write(name.as_bytes());
        hasher.write_u32(parent);
        let hash = hasher.finish();
        (hash ^ (hash >> 32)) as u32
    }

    fn find(&self, hash: u32, parent: u32, name: &str) -> Option<u32> {
        self.index.find(hash, |node| {
            let node = &self.nodes[node as usize];
            node.parent == parent && *node.name == *name
        })
    }

    /// A new child with a name; `NOWHERE` at the bound of memory. Flags and hits are the caller's,
    /// but it counts as one that is no word unless it is.
    fn add(&mut self, parent: u32, name: &str, hash: u32) -> u32 {
        let growth = self.index.growth();
        if growth > 0 && !self.room(growth) {
            return NOWHERE;
        }
        // The index grows only together with the node.
        let needed = growth + self.nodes_growth() + name.len() + NAME_OVERHEAD_BYTES;
        if !self.room(needed) {
            return NOWHERE;
        }
        let child = self.create(name, parent);
        if child != NOWHERE {
            self.index.insert(hash, child);
            self.link(parent, child);
            self.nodes[parent as usize].count += u32::from(!is_word(name));
        }
        child
    }

    fn link(&mut self, parent: u32, child: u32) {
        self.nodes[child as usize].parent = parent;
        self.nodes[child as usize].next = self.nodes[parent as usize].first;
        self.nodes[parent as usize].first = child;
    }

    /// Bytes that one node more takes.
    fn nodes_growth(&self) -> usize {
        let full = self.free == NOWHERE && self.nodes.len() == self.nodes.capacity();
        if full { self.nodes_step() * size_of::<Node>() } else { 0 }
    }

    fn nodes_step(&self) -> usize {
        (self.nodes.len() / 4).max(NODES_STEP)
    }

    fn create(&mut self, name: &str, parent: u32) -> u32 {
        let bytes = if name.is_empty() { 0 } else { name.len() + NAME_OVERHEAD_BYTES };
        let depth = self.depth(parent);
        if depth >= DEPTH_MAX || !self.room(self.nodes_growth() + bytes) {
            return NOWHERE;
        }
        self.names += bytes;
        let node = Node::new(name.into(), parent);
        if let Some(free) = self.nodes.get_mut(self.free as usize) {
            let taken = self.free;
            self.free = free.next;
            *free = node;
            return taken;
        }
        if self.nodes.len() == self.nodes.capacity() {
            self.nodes.reserve_exact(self.nodes_step());
        }
        self.nodes.push(node);
        (self.nodes.len() - 1) as u32
    }

    fn depth(&self, mut node: u32) -> usize {
        let mut depth = 0;
        while let Some(found) = self.nodes.get(node as usize) {
            depth += 1;
            node = found.parent;
        }
        depth
    }

    /// Forgets a node whose children have gone.
    fn release(&mut self, node: u32) {
        self.forget_name(node);
        self.nodes[node as usize] = Node::new("".into(), NOWHERE);
        self.nodes[node as usize].next = self.free;
        self.free = node;
    }

    fn forget_name(&mut self, node: u32) {
        let name = std::mem::take(&mut self.nodes[node as usize].name);
        if !name.is_empty() {
            self.names -= name.len() + NAME_OVERHEAD_BYTES;
        }
    }
}
