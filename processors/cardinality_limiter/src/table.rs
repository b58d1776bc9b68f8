//! The streams that are known: found by identity, in slots that do not move.

use std::hash::BuildHasherDefault;

use hashbrown::HashTable;
use tamis_aggregate::Last;

use crate::claims::Held;
use crate::identity::Identity;

/// In place of a fold: the stream leaves under its own identity.
pub(crate) const NO_FOLD: u32 = u32::MAX;
const CHUNK: usize = 1024;

/// One incoming stream.
#[derive(Debug, Default)]
pub(crate) struct Stream {
    identity: [u64; 2],
    /// The last value of a cumulative one.
    pub(crate) last: Last,
    /// Nanoseconds since the Unix epoch, both of its last data point.
    pub(crate) start: u64,
    pub(crate) time: u64,
    /// What has left of it under other identities.
    pub(crate) base: Option<Box<Base>>,
    pub(crate) claims: Held,
    pub(crate) group: u32,
    /// What it is added to; [`NO_FOLD`] for none.
    pub(crate) fold: u32,
    /// When it was last seen, on the limiter's clock.
    pub(crate) seen: u32,
    pub(crate) place: Place,
}

/// Where a stream that changed its identity goes on from.
#[derive(Debug, Clone)]
pub(crate) struct Base {
    pub(crate) last: Last,
    /// The change: nanoseconds since the Unix epoch.
    pub(crate) start: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Place {
    /// Nobody's.
    #[default]
    Free,
    /// It leaves under its own identity, and has one of the group's slots.
    Own,
    /// It has left so, but not for long enough to keep its slot.
    Idle,
    /// It is added to a fold.
    Folded,
}

impl Stream {
    pub(crate) fn new(identity: Identity, group: u32) -> Self {
        Self { identity: halves(identity), group, fold: NO_FOLD, ..Self::default() }
    }

    pub(crate) fn identity(&self) -> Identity {
        let [low, high] = self.identity;
        Identity(u128::from(high) << 64 | u128::from(low))
    }

    /// Bytes on the heap.
    fn memory(&self) -> usize {
        let base = self.base.as_ref().map_or(0, |base| size_of::<Base>() + base.last.memory());
        let claims = self
            .claims
            .as_ref()
            .map_or(0, |held| size_of::<Vec<Identity>>() + held.capacity() * size_of::<Identity>());
        self.last.memory() + base + claims
    }
}

fn halves(identity: Identity) -> [u64; 2] {
    // Truncation wanted.
    [identity.0 as u64, (identity.0 >> 64) as u64]
}

/// All streams of this instance.
#[derive(Debug, Default)]
pub(crate) struct Table {
    index: HashTable<u32>,
    chunks: Vec<Box<[Stream]>>,
    free: Vec<u32>,
    /// Bytes on the heap beside the slots.
    outside: usize,
}

impl Table {
    pub(crate) fn len(&self) -> usize {
        self.index.len()
    }

    #[inline]
    pub(crate) fn find(&self, identity: Identity) -> Option<u32> {
        let wanted = halves(identity);
        self.index.find(identity.short(), |&slot| self.get(slot).identity == wanted).copied()
    }

    #[inline]
    pub(crate) fn get(&self, slot: u32) -> &Stream {
        let slot = slot as usize;
        &self.chunks[slot / CHUNK][slot % CHUNK]
    }

    /// For what does not change how much memory it takes.
    #[inline]
    pub(crate) fn get_mut(&mut self, slot: u32) -> &mut Stream {
        let slot = slot as usize;
        &mut self.chunks[slot / CHUNK][slot % CHUNK]
    }

    /// For everything else.
    pub(crate) fn change<T>(&mut self, slot: u32, change: impl FnOnce(&mut Stream) -> T) -> T {
        let stream = self.get_mut(slot);
        let before = stream.memory();
        let made = change(stream);
        let after = stream.memory();
        self.outside = (self.outside + after).saturating_sub(before);
        made
    }

    /// The identity must not be there yet.
    pub(crate) fn insert(&mut self, stream: Stream) -> u32 {
        let slot = self.take_free();
        self.outside += stream.memory();
        let identity = stream.identity();
        *self.get_mut(slot) = stream;
        let Self { index, chunks, .. } = self;
        let rehash = |&slot: &u32| {
            let slot = slot as usize;
            chunks[slot / CHUNK][slot % CHUNK].identity[0]
        };
        index.insert_unique(identity.short(), slot, rehash);
        slot
    }

    pub(crate) fn remove(&mut self, slot: u32) -> Stream {
        let stream = std::mem::take(self.get_mut(slot));
        let found = self.index.find_entry(stream.identity().short(), |&other| other == slot);
        if let Ok(entry) = found {
            entry.remove();
        }
        self.outside = self.outside.saturating_sub(stream.memory());
        self.free.push(slot);
        stream
    }

    /// How many slots there are, used or not: all are below.
    pub(crate) fn slots(&self) -> u32 {
        // Far fewer than 2^32: memory ends before.
        (self.chunks.len() * CHUNK) as u32
    }

    pub(crate) fn memory(&self) -> usize {
        // An index of `HashTable` has a control byte beside each place, and places for 8 / 7.
        let index = self.index.capacity() * (size_of::<u32>() + 1) * 8 / 7;
        let free = self.free.capacity() * size_of::<u32>();
        self.chunks.len() * CHUNK * size_of::<Stream>() + index + free + self.outside
    }

    /// What one more may add to that.
    pub(crate) fn growth(&self) -> usize {
        let slots = if self.free.is_empty() { CHUNK * (size_of::<Stream>() + 4) } else { 0 };
        slots + doubling(self.index.len(), self.index.capacity(), size_of::<u32>() + 1)
    }

    fn take_free(&mut self) -> u32 {
        if let Some(slot) = self.free.pop() {
            return slot;
        }
        let first = self.slots();
        let chunk = std::iter::repeat_with(Stream::default).take(CHUNK).collect();
        self.chunks.push(chunk);
        // The lowest is taken first.
        self.free.extend((first + 1..first + CHUNK as u32).rev());
        first
    }
}

/// What a table with so many entries of so many bytes takes.
pub(crate) fn allocated(capacity: usize, entry: usize) -> usize {
    capacity * 8 / 7 * entry
}

/// What it takes more after the next one: it doubles when it is full.
pub(crate) fn doubling(length: usize, capacity: usize, entry: usize) -> usize {
    if length < capacity { 0 } else { allocated(capacity.max(4), entry) }
}

/// Of a map that has identities as keys elsewhere.
pub(crate) type ByNumber<T> = hashbrown::HashMap<u32, T, BuildHasherDefault<Counted>>;

/// Numbers that are given out one after the other spread by a multiplication.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Counted(u64);

impl std::hash::Hasher for Counted {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u32(u32::from(*byte)));
    }

    fn write_u64(&mut self, number: u64) {
        // A hash already.
        self.0 ^= number;
    }

    fn write_u32(&mut self, number: u32) {
        self.0 = (self.0 ^ u64::from(number)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(26);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_of_numbers_takes_no_more_than_is_stated() {
        let mut table = Table::default();
        for number in 0..1_000_000_u128 {
            let spread = number.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
            table.insert(Stream::new(Identity(spread), 0));
        }
        // Pointers are twice as long here as in Wasm.
        let each = table.memory() as f64 / 1e6;
        assert!(each <= if cfg!(target_pointer_width = "64") { 128.0 } else { 96.0 }, "{each}");
    }

    #[test]
    fn what_is_removed_is_not_found_and_its_slot_is_used_again() {
        let mut table = Table::default();
        let slot = table.insert(Stream::new(Identity(1), 7));
        assert_eq!(table.find(Identity(1)), Some(slot));
        assert_eq!(table.remove(slot).group, 7);
        assert_eq!(table.find(Identity(1)), None);
        assert_eq!(table.insert(Stream::new(Identity(2), 8)), slot);
        assert_eq!((table.len(), table.outside), (1, 0));
    }
}
