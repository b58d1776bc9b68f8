//! The scanner beside trying every offset.

use proptest::prelude::*;

use super::*;
use crate::Regex;

fn scanner(patterns: &[&str]) -> Scanner {
    let sequences: Vec<Sequence> = patterns
        .iter()
        .flat_map(|pattern| Regex::new(pattern).unwrap().necessary().unwrap())
        .collect();
    Scanner::new(&sequences)
}

const BENCHMARK: [&str; 4] = [
    "4[0-9]{12}(?:[0-9]{3})?",
    "(5[1-5][0-9]{14})",
    r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}",
    r"\b\d{3}-\d{2}-\d{4}\b",
];

#[test]
fn card_numbers_and_addresses_are_found_wherever_they_stand() {
    let scanner = scanner(&BENCHMARK);
    for secret in ["4111111111111", "5105105105105100", "a@b.co", "078-05-1120"] {
        for before in 0..40 {
            let text = format!("{}{secret}{}", "x".repeat(before), "y".repeat(before % 7));
            assert!(scanner.is_hit(text.as_bytes()), "{text}");
            let text = format!("{}{secret}", "9-".repeat(before));
            assert!(scanner.is_hit(text.as_bytes()), "{text}");
        }
    }
}

#[test]
fn ordinary_values_are_no_hits() {
    let scanner = scanner(&BENCHMARK);
    for text in [
        "",
        "GET /api/v1/orders/12345678",
        "2026-11-21T03:47:43.123456Z",
        "550e8400-e29b-41d4-a716-446655440000",
        "user@",
        "@types",
        "411111111111",
        "078-05-112",
    ] {
        assert!(!scanner.is_hit(text.as_bytes()), "{text}");
    }
}

#[test]
fn patterns_with_different_strides_share_a_pass() {
    assert_eq!(scanner(&BENCHMARK).probes.len(), 1);
    assert_eq!(scanner(&BENCHMARK).rare.len(), 1);
}

proptest! {
    #[test]
    fn what_a_pattern_matches_is_never_missed(
        text in "[a45@.0-9-]{0,60}|(\\PC|4[0-9]{10,14}|[0-9]{3}-[0-9]{2}-[0-9]{3,5}|a@b\\.[a-z]{1,3}){0,8}",
        extra in proptest::collection::vec(any::<u8>(), 0..20),
    ) {
        let scanner = scanner(&BENCHMARK);
        let text = [text.as_bytes(), &extra].concat();
        for pattern in BENCHMARK {
            if Regex::new(pattern).unwrap().is_match(&text) {
                prop_assert!(scanner.is_hit(&text), "{pattern}");
            }
        }
    }

    #[test]
    fn hits_are_those_of_a_plain_search(
        sequences in proptest::collection::vec(proptest::collection::vec("[abc]{1,3}", 1..6), 1..5),
        text in "[abcdef]{0,80}",
    ) {
        let sequences: Vec<Sequence> = sequences.iter().map(|sets| sets.iter().map(|set| {
            set.bytes().map(ByteSet::of).fold(ByteSet::default(), ByteSet::union)
        }).collect()).collect();
        let text = text.as_bytes();
        let plain = sequences.iter().any(|sequence| {
            (0..text.len()).any(|start| is_at(sequence, text, start))
        });
        prop_assert_eq!(Scanner::new(&sequences).is_hit(text), plain);
    }
}
