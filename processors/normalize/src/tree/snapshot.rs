//! A tree as bytes: version, both roots in pre-order, checksum.
//!
//! A node: flags, hits, name, number of children, children, and its `{id}` where the flags say so.
//! Numbers are LEB128, a name has its length before it; the checksum is FNV-1a, 8 bytes.

use super::{COLLAPSED, DEPTH_MAX, HOSTS, KEPT, NAME_BYTES_MAX, NOWHERE, PLAIN, Tree, WORD};

const VERSION: u8 = 1;
const CHECKSUM_BYTES: usize = 8;
/// In a snapshot only: an `{id}` follows.
const HAS_ID: u8 = 8;

impl Tree {
    pub(crate) fn snapshot(&self) -> Vec<u8> {
        let mut out = vec![VERSION];
        for root in [PLAIN, HOSTS] {
            self.write(root, &mut out);
        }
        let checksum = checksum(&out);
        out.extend(checksum.to_le_bytes());
        out
    }

    pub(crate) fn restore(&mut self, bytes: &[u8]) -> bool {
        let Some((body, sum)) = bytes.split_last_chunk::<CHECKSUM_BYTES>() else { return false };
        if checksum(body) != u64::from_le_bytes(*sum) {
            return false;
        }
        let Some((&VERSION, body)) = body.split_first() else { return false };
        // Once without keeping anything, so that nothing changes where the bytes are of no use.
        let mut reader = Reader { bytes: body };
        if !(0..2).all(|_| skip(&mut reader, 0).is_some()) || !reader.bytes.is_empty() {
            return false;
        }
        self.clear();
        let mut reader = Reader { bytes: body };
        for root in [PLAIN, HOSTS] {
            let known = self.nodes.get(root as usize).map_or(NOWHERE, |_| root);
            let Some(head) = reader.head() else { return false };
            self.read(&mut reader, &head, known);
        }
        true
    }

    fn write(&self, node: u32, out: &mut Vec<u8>) {
        let Some(node) = self.nodes.get(node as usize) else {
            out.extend([0; 4]);
            return;
        };
        let id = if node.id == NOWHERE { 0 } else { HAS_ID };
        out.push(node.flags | id);
        number(u64::from(node.hits), out);
        number(node.name.len() as u64, out);
        out.extend(node.name.as_bytes());
        let children = std::iter::successors(Some(node.first), |child| {
            self.nodes.get(*child as usize).map(|node| node.next)
        });
        let children: Vec<u32> = children.take_while(|child| *child != NOWHERE).collect();
        number(children.len() as u64, out);
        // The last in the list came first.
        for child in children.into_iter().rev() {
            self.write(child, out);
        }
        if node.id != NOWHERE {
            self.write(node.id, out);
        }
    }

    /// The rest of a node, whose bytes are sound. `NOWHERE`: there is no room for it.
    fn read(&mut self, reader: &mut Reader<'_>, head: &Head<'_>, at: u32) {
        if let Some(node) = self.nodes.get_mut(at as usize) {
            node.flags = head.flags & (COLLAPSED | WORD | KEPT);
            node.hits = head.hits;
        }
        for _ in 0..head.children {
            let Some(child) = reader.head() else { return };
            let known = if at == NOWHERE { NOWHERE } else { self.reborn(at, &child) };
            self.read(reader, &child, known);
        }
        if head.flags & HAS_ID != 0 {
            let Some(id) = reader.head() else { return };
            let known = self.step_id(at);
            self.read(reader, &id, known);
        }
    }

    fn reborn(&mut self, parent: u32, head: &Head<'_>) -> u32 {
        let hash = self.hash(parent, head.name);
        match self.find(hash, parent, head.name) {
            Some(same) => same,
            None => self.add(parent, head.name, hash),
        }
    }
}

/// A node without its children.
struct Head<'a> {
    flags: u8,
    hits: u32,
    name: &'a str,
    children: u64,
}

struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    fn head(&mut self) -> Option<Head<'a>> {
        let (&flags, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        let hits = u32::try_from(self.number()?).ok()?;
        let length = usize::try_from(self.number()?).ok()?;
        if length > NAME_BYTES_MAX || flags > COLLAPSED | WORD | KEPT | HAS_ID {
            return None;
        }
        let (name, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        let name = std::str::from_utf8(name).ok()?;
        Some(Head { flags, hits, name, children: self.number()? })
    }

    fn number(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.bytes.split_first()?;
            self.bytes = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }
}

/// Reads a node and what is below it, and gives its name; none where that is not sound.
fn skip<'a>(reader: &mut Reader<'a>, depth: usize) -> Option<&'a str> {
    if depth > DEPTH_MAX {
        return None;
    }
    let head = reader.head()?;
    for _ in 0..head.children {
        skip(reader, depth + 1).filter(|name| !name.is_empty())?;
    }
    if head.flags & HAS_ID != 0 {
        skip(reader, depth + 1).filter(|name| name.is_empty())?;
    }
    Some(head.name)
}

fn number(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |sum, &byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
