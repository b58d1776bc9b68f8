//! The buckets of one sign.

use tamis_sdk::otlp::metrics::Buckets;
use tamis_sdk::wire::{Message, WireType};

use crate::point::zigzag;
use crate::{Invalid, POINT_BUCKETS_MAX};

/// Neighbouring buckets. Indices that are in use fit into 32 bits with room to spare: the scales
/// and the range of doubles see to that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Side {
    pub(crate) first: i64,
    pub(crate) counts: Vec<u64>,
}

impl Side {
    /// Without the empty buckets at either end.
    pub(crate) fn decoded(message: Option<Message<'_>>, scale: i32) -> Result<Self, Invalid> {
        let mut side = Self::default();
        let Some(message) = message else { return Ok(side) };
        for field in message.fields() {
            let field = field?;
            match (field.number(), field.wire_type()) {
                (Buckets::OFFSET, _) => side.first = zigzag(field.varint()?).into(),
                (Buckets::BUCKET_COUNTS, WireType::Length) => {
                    unpack(field.payload(), &mut side.counts).ok_or_else(|| malformed(message))?;
                }
                (Buckets::BUCKET_COUNTS, _) => side.counts.push(field.varint()?),
                _ => {}
            }
            if side.counts.len() > POINT_BUCKETS_MAX {
                return Err(Invalid::TooManyBuckets);
            }
        }
        side.trim();
        side.checked(scale)
    }

    pub(crate) fn from_words(first: i32, counts: &[u64]) -> Self {
        Self { first: first.into(), counts: counts.to_vec() }
    }

    /// None where a bucket lies beyond every double.
    pub(crate) fn checked(self, scale: i32) -> Result<Self, Invalid> {
        // 2^-1074 to 2^1024, and one more on either side for senders that compute with logarithms.
        let (least, greatest) = if scale >= 0 {
            (-1075 << scale, 1024 << scale)
        } else {
            ((-1075 >> -scale) - 1, (1024 >> -scale) + 1)
        };
        if self.counts.is_empty() {
            return Ok(Self::default());
        }
        let sound = self.first >= least && self.last() <= greatest;
        if sound { Ok(self) } else { Err(Invalid::Index) }
    }

    /// `first` counts the empty buckets at the start, `empty` those since the last that is not.
    /// Index of the last bucket.
    pub(crate) fn last(&self) -> i64 {
        self.first + self.counts.len() as i64 - 1
    }

    pub(crate) fn sum(&self) -> Option<u64> {
        let all = |(sum, bits): (u64, u64), count: &u64| (sum.wrapping_add(*count), bits | count);
        let (sum, bits) = self.counts.iter().fold((0, 0), all);
        // As good as always: counts that cannot overflow together, whose sum needs no look at each.
        if bits >> (u64::BITS - POINT_BUCKETS_MAX.ilog2() - 1) == 0 {
            return Some(sum);
        }
        self.counts.iter().try_fold(0_u64, |sum, count| sum.checked_add(*count))
    }

    pub(crate) fn has(&self, index: i64) -> bool {
        self.get(index).is_some_and(|count| *count > 0)
    }

    /// Makes one bucket of each `2^by` that the wider scale puts together.
    pub(crate) fn widen(&mut self, by: u32) {
        if by == 0 || self.counts.is_empty() {
            return;
        }
        let first = self.first >> by;
        let length = ((self.last() >> by) - first + 1) as usize;
        let mut sums = vec![0_u64; length];
        for (index, count) in (self.first..).zip(&self.counts) {
            if let Some(sum) = sums.get_mut(((index >> by) - first) as usize) {
                *sum = sum.wrapping_add(*count);
            }
        }
        *self = Self { first, counts: sums };
    }

    /// Buckets from the first to the last of both.
    pub(crate) fn width_with(&self, other: &Self) -> usize {
        match (self.counts.is_empty(), other.counts.is_empty()) {
            (true, _) => other.counts.len(),
            (_, true) => self.counts.len(),
            _ => (self.last().max(other.last()) - self.first.min(other.first) + 1) as usize,
        }
    }

    /// Takes out the buckets up to that index; answers how many values they had.
    pub(crate) fn take_up_to(&mut self, index: i64) -> u64 {
        let taken = usize::try_from(index - self.first + 1).unwrap_or(0).min(self.counts.len());
        if taken == 0 {
            return 0;
        }
        self.first += taken as i64;
        self.counts.drain(..taken).fold(0, u64::wrapping_add)
    }

    /// Adds buckets of the same width. Both fit into the count, which was checked.
    pub(crate) fn add(&mut self, other: &Self) {
        if other.counts.is_empty() {
            return;
        }
        if self.counts.is_empty() {
            self.first = other.first;
        }
        if other.first < self.first {
            let missing = (self.first - other.first) as usize;
            self.counts.splice(..0, std::iter::repeat_n(0, missing));
            self.first = other.first;
        }
        let start = (other.first - self.first) as usize;
        let end = start + other.counts.len();
        if self.counts.len() < end {
            self.counts.resize(end, 0);
        }
        let places = self.counts.get_mut(start..end).unwrap_or_default();
        places
            .iter_mut()
            .zip(&other.counts)
            .for_each(|(sum, count)| *sum = sum.wrapping_add(*count));
    }

    /// Takes off buckets of the same width; false where one of them has less than it is to lose.
    pub(crate) fn subtract(&mut self, other: &Self) -> bool {
        // Empty buckets may lie anywhere.
        let used = other.counts.iter().rposition(|count| *count > 0).map_or(0, |last| last + 1);
        let empty = other.counts.iter().take_while(|count| **count == 0).count();
        let Some(less) = other.counts.get(empty..used) else { return true };
        if less.is_empty() {
            return true;
        }
        let start = usize::try_from(other.first + empty as i64 - self.first);
        let places = start.ok().and_then(|start| self.counts.get_mut(start..start + less.len()));
        let Some(places) = places else { return false };
        let mut is_less = false;
        for (count, less) in places.iter_mut().zip(less) {
            is_less |= *count < *less;
            *count = count.wrapping_sub(*less);
        }
        !is_less
    }

    pub(crate) fn trim(&mut self) {
        let used = self.counts.iter().rposition(|count| *count > 0).map_or(0, |last| last + 1);
        self.counts.truncate(used);
        let empty = self.counts.iter().take_while(|count| **count == 0).count();
        self.counts.drain(..empty);
        self.first += empty as i64;
    }

    fn get(&self, index: i64) -> Option<&u64> {
        self.counts.get(usize::try_from(index - self.first).ok()?)
    }
}

/// Appends the counts of a packed record, up to one more than a point may have; none where one of
/// them is malformed.
fn unpack(mut packed: &[u8], counts: &mut Vec<u64>) -> Option<()> {
    // No count is shorter than a byte, and few are longer than two.
    counts.reserve((packed.len() / 2).min(POINT_BUCKETS_MAX));
    while counts.len() <= POINT_BUCKETS_MAX {
        let count;
        (count, packed) = match *packed {
            [] => return Some(()),
            [first @ 0..0x80, ref rest @ ..] => (first.into(), rest),
            [first, second @ 0..0x80, ref rest @ ..] => {
                (u64::from(first & 0x7f) | u64::from(second) << 7, rest)
            }
            _ => long_varint(packed)?,
        };
        counts.push(count);
    }
    Some(())
}

fn long_varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0;
    for (index, &byte) in bytes.iter().take(10).enumerate() {
        // The tenth byte holds the 64th bit only.
        if index == 9 && byte > 1 {
            return None;
        }
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte < 0x80 {
            return Some((value, bytes.get(index + 1..)?));
        }
    }
    None
}

/// What the views say about counts that cannot be read.
#[cold]
fn malformed(message: Message<'_>) -> Invalid {
    let error = Buckets::from(message).bucket_counts().find_map(Result::err);
    error.map_or(Invalid::Count, Invalid::from)
}
