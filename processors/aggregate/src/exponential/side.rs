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
        let mut offset = 0;
        let mut empty = 0;
        for field in message.fields() {
            let field = field?;
            match (field.number(), field.wire_type()) {
                (Buckets::OFFSET, _) => offset = zigzag(field.varint()?),
                (Buckets::BUCKET_COUNTS, WireType::Length) => {
                    let mut packed = field.payload();
                    while let Some((count, rest)) = varint(packed) {
                        side.push(count, &mut empty)?;
                        packed = rest;
                    }
                    if !packed.is_empty() {
                        return Err(malformed(message));
                    }
                }
                (Buckets::BUCKET_COUNTS, _) => side.push(field.varint()?, &mut empty)?,
                _ => {}
            }
        }
        side.first = side.first.saturating_add(offset.into());
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
    #[inline]
    fn push(&mut self, count: u64, empty: &mut usize) -> Result<(), Invalid> {
        if count == 0 {
            if self.counts.is_empty() {
                self.first += 1;
            } else {
                *empty += 1;
            }
            return Ok(());
        }
        if self.counts.len() + *empty >= POINT_BUCKETS_MAX {
            return Err(Invalid::TooManyBuckets);
        }
        if *empty > 0 {
            self.counts.resize(self.counts.len() + *empty, 0);
            *empty = 0;
        }
        self.counts.push(count);
        Ok(())
    }

    /// Index of the last bucket.
    pub(crate) fn last(&self) -> i64 {
        self.first + self.counts.len() as i64 - 1
    }

    pub(crate) fn sum(&self) -> Option<u64> {
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
        let places = self.counts.iter_mut().skip(start);
        places.zip(&other.counts).for_each(|(sum, count)| *sum = sum.wrapping_add(*count));
    }

    /// Takes off buckets of the same width; false where one of them has less than it is to lose.
    pub(crate) fn subtract(&mut self, other: &Self) -> bool {
        (other.first..).zip(&other.counts).all(|(index, less)| {
            let place = usize::try_from(index - self.first).ok();
            match place.and_then(|place| self.counts.get_mut(place)) {
                Some(count) => match count.checked_sub(*less) {
                    Some(difference) => {
                        *count = difference;
                        true
                    }
                    None => false,
                },
                None => *less == 0,
            }
        })
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

/// Reads a varint off the start.
#[inline]
fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (&first, rest) = bytes.split_first()?;
    if first < 0x80 {
        return Some((first.into(), rest));
    }
    let mut value = u64::from(first & 0x7f);
    for (index, &byte) in rest.iter().take(9).enumerate() {
        // The tenth byte holds the 64th bit only.
        if index == 8 && byte > 1 {
            return None;
        }
        value |= u64::from(byte & 0x7f) << (7 * (index + 1));
        if byte < 0x80 {
            return Some((value, rest.get(index + 1..)?));
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
