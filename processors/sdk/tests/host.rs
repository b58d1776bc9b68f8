//! The stand-in of the host and the descriptor's parts.
#![cfg(feature = "testing")]

use tamis_sdk::counters::{Bound, Claim, take};
use tamis_sdk::{ByteSet, TRIGGER_SETS_MAX, Trigger, testing};

fn claim(n: u64, bound: Bound) -> Vec<Claim> {
    vec![Claim { key: b"budget".to_vec(), n, bound }]
}

#[test]
fn a_window_is_full_again_when_the_next_begins() {
    testing::reset();
    let bound = Bound::Window { limit: 10, length_ms: 1_000 };
    assert_eq!(take(claim(10, bound)), [true]);
    assert_eq!(take(claim(1, bound)), [false]);
    testing::set_clock(999_999_999);
    assert_eq!(take(claim(1, bound)), [false]);
    testing::set_clock(1_000_000_000);
    assert_eq!(take(claim(11, bound)), [false]);
    assert_eq!(take(claim(10, bound)), [true]);
}

#[test]
fn a_bucket_fills_at_its_rate_up_to_its_burst() {
    testing::reset();
    let bound = Bound::Bucket { rate: 2.0, burst: 4 };
    assert_eq!(take(claim(4, bound)), [true]);
    testing::set_clock(500_000_000);
    assert_eq!(take(claim(2, bound)), [false]);
    assert_eq!(take(claim(1, bound)), [true]);
    testing::set_clock(3_600_000_000_000);
    assert_eq!(take(claim(5, bound)), [false]);
    assert_eq!(take(claim(4, bound)), [true]);
}

#[test]
fn a_full_store_keeps_nothing() {
    testing::reset();
    let portion = || vec![tamis_sdk::hold::Portion { key: vec![1], items: vec![4] }];
    assert!(tamis_sdk::hold::hold(portion()));
    testing::set_store_full(true);
    assert!(!tamis_sdk::hold::hold(portion()));
    assert_eq!(testing::take_held(), portion());
}

#[test]
fn a_byte_set_holds_what_was_put_in() {
    let set = ByteSet::new().range(b'0'..=b'9').byte(0).byte(255);
    let held: Vec<u8> = (0..=255).filter(|byte| set.contains(*byte)).collect();
    assert_eq!(held, b"\x000123456789\xff");
    assert_eq!(set.words()[0], 1 | 0x3ff << 48);
    assert!(set.complement().contains(b'a') && !set.complement().contains(b'0'));
}

#[test]
fn a_trigger_is_cut_at_its_bound() {
    let trigger = Trigger::new().literal(b"ab").run(ByteSet::new(), 100).literal_any_case(b"C");
    assert_eq!(trigger.sets().len(), TRIGGER_SETS_MAX);
}
