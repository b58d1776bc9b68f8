//! Values by trace id, each in one of a few lists: found by id, taken in order.
//!
//! A value lives in a slot that does not move while it is there. Slots come in chunks, so that a
//! million of them never have to be copied to make room for one more.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState;
use hashbrown::HashTable;

/// Of a trace: 16 bytes, or whatever else a sender wrote, cut or filled up with zeros.
pub(crate) type TraceId = [u8; 16];

/// Hashes trace ids, seeded so that no sender can choose colliding ones.
#[derive(Debug, Clone)]
pub(crate) struct Hashing(FixedState);

impl Hashing {
    pub(crate) fn new(seed: u64) -> Self {
        Self(FixedState::with_seed(seed))
    }

    #[inline]
    pub(crate) fn hash(&self, id: &TraceId) -> u64 {
        let [low, high] = halves(id);
        let mut hasher = self.0.build_hasher();
        hasher.write_u64(low);
        hasher.write_u64(high);
        hasher.finish()
    }

    #[inline]
    fn short(&self, id: &TraceId) -> u32 {
        // Truncation wanted.
        self.hash(id) as u32
    }
}

#[inline]
fn halves(id: &TraceId) -> [u64; 2] {
    let whole = u128::from_le_bytes(*id);
    // Truncation wanted.
    [whole as u64, (whole >> 64) as u64]
}

const CHUNK: usize = 1024;
/// In place of a slot: there is none.
const NONE: u32 = u32::MAX;

/// The container. `LISTS` is how many lists there are, each oldest first.
#[derive(Debug)]
pub(crate) struct Ids<T, const LISTS: usize> {
    hashing: Hashing,
    index: HashTable<Place>,
    chunks: Vec<Box<[Slot<T>]>>,
    lists: [List; LISTS],
    /// First of the slots that were given back, linked by `next`.
    free: u32,
}

/// Where an id is, with its hash: an index that grows would otherwise fetch every slot from wherever it
/// lies.
#[derive(Debug, Clone, Copy)]
struct Place {
    slot: u32,
    hash: u32,
}

impl Place {
    /// As the index wants it, which looks at the highest and at the lowest bits.
    fn hash(self) -> u64 {
        widened(self.hash)
    }
}

fn widened(hash: u32) -> u64 {
    u64::from(hash) << 32 | u64::from(hash)
}

#[derive(Debug, Clone, Copy)]
struct Slot<T> {
    id: TraceId,
    previous: u32,
    next: u32,
    list: u8,
    value: T,
}

#[derive(Debug, Clone, Copy)]
struct List {
    first: u32,
    last: u32,
    len: usize,
}

impl<T: Copy + Default, const LISTS: usize> Ids<T, LISTS> {
    pub(crate) fn new(hashing: Hashing) -> Self {
        let list = List { first: NONE, last: NONE, len: 0 };
        Self {
            hashing,
            index: HashTable::new(),
            chunks: Vec::new(),
            lists: [list; LISTS],
            free: NONE,
        }
    }

    /// How many values a list has.
    pub(crate) fn len(&self, list: usize) -> usize {
        self.lists[list].len
    }

    #[inline]
    pub(crate) fn find(&self, id: &TraceId) -> Option<u32> {
        if self.index.is_empty() {
            return None;
        }
        let hash = self.hashing.short(id);
        let is_it = |place: &Place| place.hash == hash && self.slot(place.slot).id == *id;
        self.index.find(widened(hash), is_it).map(|place| place.slot)
    }

    pub(crate) fn id(&self, slot: u32) -> &TraceId {
        &self.slot(slot).id
    }

    pub(crate) fn list(&self, slot: u32) -> usize {
        usize::from(self.slot(slot).list)
    }

    pub(crate) fn get(&self, slot: u32) -> &T {
        &self.slot(slot).value
    }

    pub(crate) fn get_mut(&mut self, slot: u32) -> &mut T {
        &mut self.slot_mut(slot).value
    }

    /// The oldest of a list.
    pub(crate) fn first(&self, list: usize) -> Option<u32> {
        some(self.lists[list].first)
    }

    /// The next younger one in the same list.
    pub(crate) fn after(&self, slot: u32) -> Option<u32> {
        some(self.slot(slot).next)
    }

    /// Puts a value at the end of a list. The id must not be there yet.
    pub(crate) fn insert(&mut self, id: TraceId, list: usize, value: T) -> u32 {
        let slot = self.take_free();
        // There are fewer lists than that.
        let entry = Slot { id, previous: NONE, next: NONE, list: list as u8, value };
        *self.slot_mut(slot) = entry;
        self.link_last(slot, list);
        let place = Place { slot, hash: self.hashing.short(&id) };
        self.index.insert_unique(place.hash(), place, |place| place.hash());
        slot
    }

    pub(crate) fn remove(&mut self, slot: u32) -> T {
        let Slot { id, value, .. } = *self.slot(slot);
        self.unlink(slot);
        let hash = widened(self.hashing.short(&id));
        let found = self.index.find_entry(hash, |place| place.slot == slot);
        if let Ok(entry) = found {
            entry.remove();
        }
        let free = self.free;
        self.slot_mut(slot).next = free;
        self.free = slot;
        value
    }

    /// Makes a value the youngest of its list.
    pub(crate) fn renew(&mut self, slot: u32) {
        let list = self.list(slot);
        if self.lists[list].last != slot {
            self.unlink(slot);
            self.link_last(slot, list);
        }
    }

    fn take_free(&mut self) -> u32 {
        if self.free == NONE {
            // Far fewer than 2^32: memory ends before.
            let first = (self.chunks.len() * CHUNK) as u32;
            let empty =
                Slot { id: [0; 16], previous: NONE, next: NONE, list: 0, value: T::default() };
            let mut chunk = vec![empty; CHUNK].into_boxed_slice();
            for (slot, entry) in (first + 1..).zip(&mut chunk[..CHUNK - 1]) {
                entry.next = slot;
            }
            self.chunks.push(chunk);
            self.free = first;
        }
        let slot = self.free;
        self.free = self.slot(slot).next;
        slot
    }

    fn link_last(&mut self, slot: u32, list: usize) {
        let last = self.lists[list].last;
        let entry = self.slot_mut(slot);
        (entry.previous, entry.next) = (last, NONE);
        match some(last) {
            Some(last) => self.slot_mut(last).next = slot,
            None => self.lists[list].first = slot,
        }
        self.lists[list].last = slot;
        self.lists[list].len += 1;
    }

    fn unlink(&mut self, slot: u32) {
        let Slot { previous, next, list, .. } = *self.slot(slot);
        let list = usize::from(list);
        match some(previous) {
            Some(previous) => self.slot_mut(previous).next = next,
            None => self.lists[list].first = next,
        }
        match some(next) {
            Some(next) => self.slot_mut(next).previous = previous,
            None => self.lists[list].last = previous,
        }
        self.lists[list].len -= 1;
    }

    #[inline]
    fn slot(&self, slot: u32) -> &Slot<T> {
        at(&self.chunks, slot)
    }

    #[inline]
    fn slot_mut(&mut self, slot: u32) -> &mut Slot<T> {
        let slot = slot as usize;
        &mut self.chunks[slot / CHUNK][slot % CHUNK]
    }
}

#[inline]
fn at<T>(chunks: &[Box<[Slot<T>]>], slot: u32) -> &Slot<T> {
    let slot = slot as usize;
    &chunks[slot / CHUNK][slot % CHUNK]
}

fn some(slot: u32) -> Option<u32> {
    (slot != NONE).then_some(slot)
}

/// Rows of words by slot, as many words each as were asked for.
#[derive(Debug)]
pub(crate) struct Rows {
    width: usize,
    chunks: Vec<Box<[u64]>>,
}

impl Rows {
    pub(crate) fn new(width: usize) -> Self {
        Self { width, chunks: Vec::new() }
    }

    #[inline]
    pub(crate) fn get(&self, slot: u32) -> &[u64] {
        let slot = slot as usize;
        let start = slot % CHUNK * self.width;
        &self.chunks[slot / CHUNK][start..start + self.width]
    }

    #[inline]
    pub(crate) fn set(&mut self, slot: u32, row: &[u64]) {
        let slot = slot as usize;
        while self.chunks.len() <= slot / CHUNK {
            self.chunks.push(vec![0; CHUNK * self.width].into_boxed_slice());
        }
        let start = slot % CHUNK * self.width;
        self.chunks[slot / CHUNK][start..start + self.width].copy_from_slice(row);
    }
}

#[cfg(test)]
mod tests;
