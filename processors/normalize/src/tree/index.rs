//! Nodes by their hash: a table with open addressing that grows only when it is told to.

/// Slots of the first table.
const SLOTS_MIN: usize = 64;
const EMPTY: u32 = u32::MAX;

#[derive(Clone, Copy)]
struct Slot {
    hash: u32,
    node: u32,
}

pub(super) struct Index {
    /// A power of two of them, or none.
    slots: Vec<Slot>,
    len: usize,
}

impl Index {
    pub(super) fn new() -> Self {
        Self { slots: Vec::new(), len: 0 }
    }

    pub(super) fn bytes(&self) -> usize {
        self.slots.capacity() * size_of::<Slot>()
    }

    /// Bytes by which the next insertion makes the table greater.
    pub(super) fn growth(&self) -> usize {
        let full = (self.len + 1) * 4 > self.slots.len() * 3;
        if full { self.slots.len().max(SLOTS_MIN) * size_of::<Slot>() } else { 0 }
    }

    pub(super) fn find(&self, hash: u32, is: impl Fn(u32) -> bool) -> Option<u32> {
        self.place(hash, is).map(|place| self.slots[place].node)
    }

    pub(super) fn insert(&mut self, hash: u32, node: u32) {
        if self.growth() > 0 {
            let slots = if self.slots.is_empty() { SLOTS_MIN } else { self.slots.len() * 2 };
            let old = std::mem::replace(&mut self.slots, empty(slots));
            for slot in old.into_iter().filter(|slot| slot.node != EMPTY) {
                self.put(slot);
            }
        }
        self.put(Slot { hash, node });
        self.len += 1;
    }

    pub(super) fn remove(&mut self, hash: u32, node: u32) {
        let Some(mut hole) = self.place(hash, |found| found == node) else { return };
        self.len -= 1;
        let mask = self.slots.len() - 1;
        let mut next = hole;
        loop {
            next = (next + 1) & mask;
            let slot = self.slots[next];
            if slot.node == EMPTY {
                break;
            }
            // It may move to the hole unless its own place lies behind that.
            let home = slot.hash as usize & mask;
            if (next.wrapping_sub(home) & mask) >= (next.wrapping_sub(hole) & mask) {
                self.slots[hole] = slot;
                hole = next;
            }
        }
        self.slots[hole].node = EMPTY;
    }

    fn place(&self, hash: u32, is: impl Fn(u32) -> bool) -> Option<usize> {
        let mask = self.slots.len().checked_sub(1)?;
        let mut place = hash as usize & mask;
        loop {
            let slot = self.slots[place];
            if slot.node == EMPTY {
                return None;
            }
            if slot.hash == hash && is(slot.node) {
                return Some(place);
            }
            place = (place + 1) & mask;
        }
    }

    fn put(&mut self, slot: Slot) {
        let mask = self.slots.len() - 1;
        let mut place = slot.hash as usize & mask;
        while self.slots[place].node != EMPTY {
            place = (place + 1) & mask;
        }
        self.slots[place] = slot;
    }
}

fn empty(slots: usize) -> Vec<Slot> {
    let mut table = Vec::with_capacity(slots);
    table.resize(slots, Slot { hash: 0, node: EMPTY });
    table
}
