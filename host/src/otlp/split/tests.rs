//! Splitting loses nothing, keeps the order and never exceeds the bound.

use proptest::prelude::*;

use super::*;
use crate::otlp::{testing, walk};

proptest! {
    #[test]
    fn the_parts_hold_the_same_items_in_the_same_order(
        signal in prop::sample::select(&Signal::ALL),
        entropy in prop::collection::vec(any::<u8>(), 0..2000),
        max_items in 1_usize..6,
    ) {
        let request = Bytes::from(testing::request(signal, &entropy));
        let items = walk(signal, &request).unwrap();
        let parts = parts(signal, &request, max_items);
        prop_assert_eq!(parts.len(), items.div_ceil(max_items).max(1));
        let mut together = Vec::new();
        for (index, (part, count)) in parts.iter().enumerate() {
            prop_assert_eq!(walk(signal, part).unwrap(), *count);
            prop_assert!(*count == max_items || index + 1 == parts.len() && *count <= max_items);
            together.extend(testing::items(signal, part).unwrap());
        }
        prop_assert_eq!(together, testing::items(signal, &request).unwrap());
    }
}

/// All parts at once, of a sound request.
fn parts(signal: Signal, request: &Bytes, max_items: usize) -> Vec<(Bytes, usize)> {
    let items = walk(signal, request).unwrap();
    split(signal, request, items, max_items).collect::<Result<_, _>>().unwrap()
}

/// A field: tag and payload, length-delimited.
fn field(number: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    wire::put_varint(&mut bytes, u64::from(number << 3) | u64::from(wire::LEN));
    wire::put_varint(&mut bytes, payload.len() as u64);
    bytes.extend_from_slice(payload);
    bytes
}

#[test]
fn what_fits_is_shared_and_not_copied() {
    let request = Bytes::from(field(1, &field(2, &field(2, b"").repeat(3))));
    let items = walk(Signal::Logs, &request).unwrap();
    for max_items in [0, items, items + 1] {
        let parts = parts(Signal::Logs, &request, max_items);
        assert_eq!(parts.len(), 1);
        assert_eq!(parts[0].0.as_ptr(), request.as_ptr());
    }
    assert!(parts(Signal::Logs, &request, items - 1).len() > 1);
}

#[test]
fn unknown_fields_and_what_holds_no_item_are_kept() {
    let unknown = field(99, b"unknown");
    let span = field(5, b"span");
    let scope = field(2, &[field(2, &span), unknown.clone(), field(2, &span)].concat());
    let resource = field(1, &[field(1, b""), scope, unknown.clone()].concat());
    let empty = field(1, &field(3, b"a resource without spans"));
    let request = Bytes::from([resource, empty.clone(), unknown.clone()].concat());
    let part = |tail: &[u8]| {
        let scope = field(2, &[unknown.clone(), field(2, &span)].concat());
        let resource = field(1, &[field(1, b""), unknown.clone(), scope].concat());
        [unknown.clone(), resource, tail.to_vec()].concat()
    };
    let parts = parts(Signal::Traces, &request, 1);
    assert_eq!(parts, [(part(b"").into(), 1), (part(&empty).into(), 1)]);
}

#[test]
fn each_part_is_made_when_it_is_asked_for() {
    let sound = field(1, &field(2, &field(2, b"")));
    let broken = field(1, &field(2, &[2 << 3 | wire::LEN, 9]));
    // The end of a part is seen where the next item begins.
    let request = Bytes::from([sound.clone(), sound.clone(), broken].concat());
    let mut parts = split(Signal::Traces, &request, 3, 1);
    assert_eq!(parts.next(), Some(Ok((sound.into(), 1))));
    assert!(parts.next().unwrap().is_err());
    assert_eq!(parts.next(), None);
}
