//! The container keeps its promises whatever comes.

use super::*;

fn id(number: u64) -> TraceId {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&number.to_be_bytes());
    id
}

fn in_order(ids: &Ids<u64, 2>, list: usize) -> Vec<u64> {
    let slots = std::iter::successors(ids.first(list), |&slot| ids.after(slot));
    slots.map(|slot| *ids.get(slot)).collect()
}

#[test]
fn values_are_found_and_taken_in_order() {
    let mut ids = Ids::<u64, 2>::new(Hashing::new(7));
    assert_eq!(ids.find(&id(0)), None);
    let slots: Vec<u32> = (0..5).map(|n| ids.insert(id(n), (n % 2) as usize, n)).collect();
    assert_eq!(in_order(&ids, 0), [0, 2, 4]);
    assert_eq!(in_order(&ids, 1), [1, 3]);
    ids.renew(slots[0]);
    ids.renew(slots[3]);
    assert_eq!(in_order(&ids, 0), [2, 4, 0]);
    assert_eq!(in_order(&ids, 1), [1, 3]);
    assert_eq!(ids.remove(slots[4]), 4);
    assert_eq!(ids.find(&id(4)), None);
    assert_eq!(in_order(&ids, 0), [2, 0]);
    assert_eq!(ids.len(0), 2);
    let again = ids.insert(id(9), 0, 9);
    assert_eq!(again, slots[4]);
    assert_eq!(ids.find(&id(9)), Some(again));
}

#[test]
fn more_than_a_chunk_fits() {
    let mut ids = Ids::<u64, 2>::new(Hashing::new(7));
    let mut rows = Rows::new(2);
    for n in 0..3_000 {
        let slot = ids.insert(id(n), 0, n);
        rows.set(slot, &[n, n + 1]);
    }
    for n in 0..3_000 {
        let slot = ids.find(&id(n)).unwrap();
        assert_eq!((*ids.get(slot), rows.get(slot)), (n, &[n, n + 1][..]));
    }
}

#[test]
fn a_trace_takes_what_the_documentation_says() {
    use crate::{decided::Decision, pending::Trace};
    assert_eq!(size_of::<Slot<Trace>>(), 64);
    assert_eq!(size_of::<Slot<Decision>>(), 56);
}
