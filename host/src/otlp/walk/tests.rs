//! The walk against prost, and its answer to each kind of fault.

use proptest::prelude::*;

use super::*;
use crate::otlp::testing;

proptest! {
    #[test]
    fn a_valid_request_is_accepted_with_its_count(
        signal in prop::sample::select(&Signal::ALL),
        entropy in prop::collection::vec(any::<u8>(), 0..2000),
    ) {
        let request = testing::request(signal, &entropy);
        let items = testing::items(signal, &request).unwrap().len();
        prop_assert_eq!(walk(signal, &request), Ok(items));
    }

    #[test]
    fn two_requests_in_a_row_are_one(
        signal in prop::sample::select(&Signal::ALL),
        entropy in prop::collection::vec(any::<u8>(), 0..1000),
        more in prop::collection::vec(any::<u8>(), 0..1000),
    ) {
        let mut request = testing::request(signal, &entropy);
        let second = testing::request(signal, &more);
        let items = walk(signal, &request).unwrap() + walk(signal, &second).unwrap();
        request.extend(second);
        prop_assert_eq!(walk(signal, &request), Ok(items));
    }

    /// What the walk accepts prost decodes, but for UTF-8; what prost decodes the walk accepts, but for
    /// ids of an illegal length, groups and old scopes.
    #[test]
    fn a_mutated_request_is_judged_like_prost_does(
        signal in prop::sample::select(&Signal::ALL),
        entropy in prop::collection::vec(any::<u8>(), 0..500),
        mutations in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut request = testing::request(signal, &entropy);
        prop_assume!(!request.is_empty());
        for (index, byte) in mutations {
            let index = index.index(request.len());
            request[index] = byte;
        }
        if let Some(cut) = cut {
            request.truncate(cut.index(request.len()));
        }
        let excused = |fault: Malformed| {
            matches!(fault.reason, Reason::IdLength | Reason::WireType | Reason::OldScopes)
        };
        match (walk(signal, &request), testing::decode(signal, &request)) {
            (Ok(_), Err(error)) => prop_assert!(error.to_string().contains("UTF-8"), "{error}"),
            (Err(fault), Ok(())) => prop_assert!(excused(fault), "{fault}"),
            _ => {}
        }
    }
}

/// A field: tag and payload, length-delimited.
fn field(number: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![number << 3 | wire::LEN];
    wire::put_varint(&mut bytes, payload.len() as u64);
    bytes.extend_from_slice(payload);
    bytes
}

/// A request of one span with these bytes.
fn span(bytes: &[u8]) -> Vec<u8> {
    field(1, &field(2, &field(2, bytes)))
}

#[track_caller]
fn check(span_bytes: &[u8], want: Result<usize, (&'static str, u32, Reason)>) {
    let want = want.map_err(|(message, field, reason)| Malformed { message, field, reason });
    assert_eq!(walk(Signal::Traces, &span(span_bytes)), want, "{span_bytes:?}");
}

#[test]
fn every_fault_is_named() {
    check(&[], Ok(1));
    check(&[0x00, 0x00], Err(("Span", 0, Reason::FieldNumber)));
    check(&[0x07], Err(("Span", 0, Reason::FieldNumber)));
    check(&[0x80], Err(("Span", 0, Reason::Truncated)));
    // Field 2^29, one above the highest there is.
    check(&[0x80, 0x80, 0x80, 0x80, 0x10, 0x00], Err(("Span", 0, Reason::FieldNumber)));
    check(&[6 << 3], Err(("Span", 6, Reason::Truncated)));
    check(&[6 << 3 | 1, 0, 0, 0, 0, 0, 0, 0, 0], Err(("Span", 6, Reason::WireType)));
    check(&[5 << 3, 0], Err(("Span", 5, Reason::WireType)));
    check(&[9 << 3, 0], Err(("Span", 9, Reason::WireType)));
    check(&[7 << 3 | 1, 0, 0, 0, 0, 0, 0, 0], Err(("Span", 7, Reason::Truncated)));
    check(&[0x85, 0x01, 0, 0, 0], Err(("Span", 16, Reason::Truncated)));
    check(&[5 << 3 | 2, 2, b'a'], Err(("Span", 5, Reason::Truncated)));
    check(&[1 << 3 | 2, 1, 7], Err(("Span", 1, Reason::IdLength)));
    check(&[0x0b, 0x0c], Err(("Span", 1, Reason::WireType)));
    check(&[15 << 3 | 2, 1, 3 << 3], Err(("Status", 3, Reason::Truncated)));
    let mut overlong = vec![6 << 3];
    overlong.extend([0xff; 9]);
    overlong.push(2);
    check(&overlong, Err(("Span", 6, Reason::Varint)));
}

#[test]
fn unknown_fields_are_skipped_but_must_be_whole() {
    // Field 17 as a varint and as bytes.
    check(&[0x88, 0x01, 0x05], Ok(1));
    check(&[0x8a, 0x01, 0x02, 0xff, 0xff], Ok(1));
    check(&[0x8a, 0x01, 0x03, 0xff, 0xff], Err(("Span", 17, Reason::Truncated)));
}

/// Field 1000 with a group of scopes in it: two bytes of tag and a length.
const OLD_GROUP: [u8; 3] = [0xc2, 0x3e, 0];

#[test]
fn the_groups_of_scopes_before_otlp_0_20_are_refused() {
    for (signal, message) in [
        (Signal::Traces, "ResourceSpans"),
        (Signal::Metrics, "ResourceMetrics"),
        (Signal::Logs, "ResourceLogs"),
    ] {
        let fault = walk(signal, &field(1, &OLD_GROUP)).unwrap_err();
        let reason =
            "instrumentation libraries are not read since OTLP 0.20: scopes belong in field 2";
        assert_eq!(fault.to_string(), format!("{message}: field 1000: {reason}"));
    }
    // Elsewhere it is unknown like any other.
    check(&OLD_GROUP, Ok(1));
}

#[test]
fn text_that_is_no_utf8_is_accepted_like_in_the_collector() {
    check(&field(5, &[0xff, 0xfe]), Ok(1));
}

#[test]
fn a_run_of_attributes_ends_at_the_first_fault() {
    let attribute = field(9, &[field(1, b"k"), field(2, &field(1, b"v"))].concat());
    let mut bytes = attribute.repeat(3);
    check(&bytes, Ok(1));
    bytes.extend(field(9, &[field(1, b"k"), vec![2 << 3 | 2, 9, 1 << 3 | 2, 1, b'v']].concat()));
    check(&bytes, Err(("KeyValue", 2, Reason::Truncated)));
}

#[test]
fn nesting_is_accepted_to_its_limit_and_no_deeper() {
    // The request holds a resource's spans (1), a scope's (2), the span (3), its attribute (4) and
    // the attribute's value (5); an array in it and that one's value are two more levels.
    let attribute = |arrays: usize, innermost: &[u8]| {
        let mut value = innermost.to_vec();
        for _ in 0..arrays {
            value = field(5, &field(1, &value));
        }
        field(9, &[field(1, b"key"), field(2, &value)].concat())
    };
    let arrays = (MAX_DEPTH as usize - 5) / 2;
    let deepest = attribute(arrays, &field(1, b"leaf"));
    check(&deepest, Ok(1));
    assert!(testing::decode(Signal::Traces, &span(&deepest)).is_ok());
    check(&attribute(arrays + 1, &field(1, b"leaf")), Err(("ArrayValue", 1, Reason::Depth)));
}
