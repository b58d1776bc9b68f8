//! Splitting a batch by a key of its items, so that items of one key stay together.

use std::hash::BuildHasher;
use std::ops::Range;

use bytes::Bytes;

use super::portion::{Choose, CutError, cut_by};
use super::wire::{self, LEN, Reason};
use crate::batch::Signal;

/// What decides which part an item goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// Of spans and log records; metrics have none.
    TraceId,
    /// Of metrics; spans and log records have none.
    MetricName,
}

/// The bytes of a trace id; an item without one counts as all zero.
const TRACE_ID: usize = 16;

/// Where everything goes that has no key.
const KEYLESS: u32 = 0;

/// Which of `parts` a key belongs to. For a trace id only the first 16 bytes count. A name without a
/// character and an id of zeros are no keys.
pub fn part_of(key: Key, value: &[u8], parts: u32, hashing: &impl BuildHasher) -> u32 {
    let mut id = [0; TRACE_ID];
    let value = match key {
        Key::TraceId => {
            let len = value.len().min(TRACE_ID);
            id[..len].copy_from_slice(&value[..len]);
            if id == [0; TRACE_ID] { &[] } else { &id[..] }
        }
        Key::MetricName => value,
    };
    if value.is_empty() {
        return KEYLESS;
    }
    // The high bits times the number of parts: even for any number, without a division.
    ((u128::from(hashing.hash_one(value)) * u128::from(parts)) >> 64) as u32
}

/// Splits `request` into at most `parts`, by the key of its items; answers each part that has items
/// with its index. A request of a signal that has no such key stays together. Resources and scopes are repeated in each part they are needed in. Of
/// an id that stands twice in one item the first counts.
///
/// # Errors
///
/// Where the bytes are not what [`walk`](super::walk) accepts.
pub fn parts(
    signal: Signal,
    request: &Bytes,
    key: Key,
    parts: u32,
    hashing: &impl BuildHasher,
) -> Result<Vec<(u32, Bytes)>, CutError> {
    let field = match (key, signal) {
        (Key::TraceId, Signal::Traces) | (Key::MetricName, Signal::Metrics) => Some(1),
        (Key::TraceId, Signal::Logs) => Some(9),
        _ => None,
    };
    let Some(field) = field else {
        return Ok(vec![(KEYLESS, request.clone())]);
    };
    let mut choose = ByKey { key, field, parts, hashing };
    let cut = cut_by(request, parts as usize, usize::MAX, &mut choose)?.unwrap_or_default();
    Ok((0..).zip(cut).filter(|(_, bytes)| !bytes.is_empty()).collect())
}

/// Items that go where their key says.
struct ByKey<'a, H> {
    key: Key,
    /// The field of an item that holds the key.
    field: u32,
    parts: u32,
    hashing: &'a H,
}

impl<H: BuildHasher> Choose for ByKey<'_, H> {
    fn portion(&mut self, batch: &[u8], range: &Range<usize>) -> Result<Option<usize>, CutError> {
        let value = first(&batch[range.clone()], self.field)?;
        Ok(Some(part_of(self.key, value, self.parts, self.hashing) as usize))
    }
}

/// The first delimited field of this number; empty where there is none.
fn first(mut message: &[u8], wanted: u32) -> Result<&[u8], Reason> {
    while !message.is_empty() {
        let (number, wire_type) = wire::tag(&mut message)?;
        match wire_type {
            LEN => {
                let payload = wire::delimited(&mut message)?;
                if number == wanted {
                    return Ok(payload);
                }
            }
            wire::VARINT => wire::varint(&mut message).map(drop)?,
            wire::FIXED64 => wire::take(&mut message, 8).map(drop)?,
            wire::FIXED32 => wire::take(&mut message, 4).map(drop)?,
            _ => return Err(Reason::WireType),
        }
    }
    Ok(&[])
}

#[cfg(test)]
mod tests {
    use std::hash::RandomState;

    use proptest::prelude::*;

    use super::*;
    use crate::otlp::testing;

    proptest! {
        #[test]
        fn every_item_goes_to_the_part_of_its_key(entropy: Vec<u8>, count in 1_u32..5) {
            let hashing = RandomState::new();
            for (signal, key, field) in [
                (Signal::Traces, Key::TraceId, 1),
                (Signal::Logs, Key::TraceId, 9),
                (Signal::Metrics, Key::MetricName, 1),
            ] {
                let request = Bytes::from(testing::request(signal, &entropy));
                let split = parts(signal, &request, key, count, &hashing).unwrap();
                let mut whole = items(&request);
                let mut together = Vec::new();
                for (part, bytes) in split {
                    for item in items(&bytes) {
                        let (_, message) = item.clone();
                        let value = first(&message, field).unwrap();
                        prop_assert_eq!(part_of(key, value, count, &hashing), part);
                        together.push(item);
                    }
                }
                whole.sort();
                together.sort();
                prop_assert_eq!(whole, together);
            }
        }
    }

    /// Every item under what it stands in: what is around it, and its message.
    fn items(request: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut all = All::default();
        cut_by(request, 1, usize::MAX, &mut all).unwrap();
        let offsets: Vec<u32> = all.0.iter().map(|range| range.start as u32).collect();
        let portions: Vec<&[u32]> = offsets.chunks(1).collect();
        let cut = crate::otlp::cut(request, &portions, usize::MAX).unwrap().unwrap();
        let message = |range: &Range<usize>| request[range.clone()].to_vec();
        cut.iter().map(|bytes| bytes.to_vec()).zip(all.0.iter().map(message)).collect()
    }

    #[derive(Default)]
    struct All(Vec<Range<usize>>);

    impl Choose for All {
        fn portion(&mut self, _: &[u8], range: &Range<usize>) -> Result<Option<usize>, CutError> {
            self.0.push(range.clone());
            Ok(None)
        }
    }

    #[test]
    fn what_has_no_such_key_stays_together_and_goes_to_the_first_part() {
        for (signal, key) in [
            (Signal::Metrics, Key::TraceId),
            (Signal::Traces, Key::MetricName),
            (Signal::Logs, Key::MetricName),
        ] {
            let request = Bytes::from(testing::request(signal, &[7; 64]));
            // Another hashing each time: none may send it elsewhere.
            for _ in 0..20 {
                let split = parts(signal, &request, key, 4, &RandomState::new()).unwrap();
                assert_eq!(split, [(0, request.clone())], "{signal:?} by {key:?}");
            }
        }
    }

    #[test]
    fn a_key_that_is_none_is_of_the_first_part() {
        for _ in 0..20 {
            let hashing = RandomState::new();
            for (key, value) in
                [(Key::TraceId, &[0; 16][..]), (Key::TraceId, &[]), (Key::MetricName, &[])]
            {
                assert_eq!(part_of(key, value, 64, &hashing), 0, "{key:?} {value:?}");
            }
            let others: Vec<u32> =
                (1..64).map(|byte| part_of(Key::TraceId, &[byte; 16], 64, &hashing)).collect();
            assert!(others.iter().any(|part| *part != 0));
        }
    }
}
