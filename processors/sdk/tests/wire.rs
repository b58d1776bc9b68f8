//! The reader at its limits.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use tamis_sdk::otlp::metrics::{HistogramDataPoint, NumberDataPoint, NumberValue};
use tamis_sdk::wire::{Error, Kind, Message, Text, WireType};

fn only(batch: &[u8]) -> Result<(u32, WireType), Kind> {
    let mut fields = Message::new(batch).fields();
    let first = fields.next().unwrap().map_err(|error| error.kind())?;
    assert!(fields.next().is_none(), "one record was expected");
    Ok((first.number(), first.wire_type()))
}

#[test]
fn reads_the_least_and_the_greatest_field_number() {
    assert_eq!(only(&[0x08, 0]), Ok((1, WireType::Varint)));
    assert_eq!(only(&[0xf8, 0xff, 0xff, 0xff, 0x0f, 0]), Ok(((1 << 29) - 1, WireType::Varint)));
    assert_eq!(only(&[0xf8, 0xff, 0xff, 0xff, 0x1f, 0]), Err(Kind::FieldNumber));
    assert_eq!(only(&[0x00, 0]), Err(Kind::FieldNumber));
    assert_eq!(only(&[0x07, 0]), Err(Kind::FieldNumber));
    assert_eq!(only(&[0x80, 0x00, 0]), Err(Kind::FieldNumber), "0 in two bytes");
}

#[test]
fn refuses_groups_and_unknown_wire_types() {
    for tag in [0x0b, 0x0c, 0x0e, 0x0f] {
        assert_eq!(only(&[tag, 0, 0, 0, 0, 0, 0, 0, 0]), Err(Kind::WireType), "tag {tag:#x}");
    }
}

#[test]
fn a_varint_has_at_most_ten_bytes_and_64_bits() {
    let read = |payload: &[u8]| {
        let batch = [&[0x08], payload].concat();
        let mut fields = Message::new(&batch).fields();
        let field = fields.next().unwrap().map_err(|error| error.kind())?;
        field.varint().map_err(|error| error.kind())
    };
    let nine = [0xff; 9];
    assert_eq!(read(&[&nine[..], &[0x01]].concat()), Ok(u64::MAX));
    assert_eq!(read(&[&nine[..], &[0x00]].concat()), Ok(u64::MAX >> 1), "longer than needed");
    assert_eq!(read(&[&nine[..], &[0x02]].concat()), Err(Kind::Varint));
    assert_eq!(read(&[&nine[..], &[0x81, 0x00]].concat()), Err(Kind::Varint));
    assert_eq!(read(&nine), Err(Kind::Truncated));
    assert_eq!(read(&[]), Err(Kind::Truncated));
}

#[test]
fn a_payload_ends_within_its_message() {
    assert_eq!(only(&[0x0a, 2, 7, 7]), Ok((1, WireType::Length)));
    assert_eq!(only(&[0x0a, 3, 7, 7]), Err(Kind::Truncated));
    assert_eq!(only(&[0x0a]), Err(Kind::Truncated));
    assert_eq!(only(&[0x09, 0, 0, 0, 0, 0, 0, 0]), Err(Kind::Truncated), "7 of 8 bytes");
    assert_eq!(only(&[0x0d, 0, 0, 0]), Err(Kind::Truncated), "3 of 4 bytes");
    let longest = [0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
    assert_eq!(only(&longest), Err(Kind::Truncated), "a length of 2^64-1");
}

#[test]
fn a_child_cannot_reach_past_its_own_end() {
    // Field 1 holds one byte, which claims that a payload of 1 follows; the batch has more bytes.
    let batch = [0x0a, 2, 0x12, 1, 0x10, 1];
    let child = Message::new(&batch).fields().next().unwrap().unwrap().message().unwrap();
    let error = child.fields().next().unwrap().unwrap_err();
    assert_eq!((error.kind(), error.offset()), (Kind::Truncated, 2));
}

#[test]
fn iteration_ends_after_the_first_error() {
    let mut fields = Message::new(&[0x00, 0x08, 0x00]).fields();
    assert!(fields.next().unwrap().is_err());
    assert!(fields.next().is_none());
}

#[test]
fn offsets_count_from_the_start_of_the_batch() {
    let batch = [0x0a, 4, 0x12, 2, b'h', b'i'];
    let outer = Message::new(&batch).fields().next().unwrap().unwrap();
    let inner = outer.message().unwrap().fields().next().unwrap().unwrap();
    assert_eq!((outer.record(), outer.range()), (0..6, 2..6));
    assert_eq!((inner.record(), inner.range()), (2..6, 4..6));
    assert_eq!(inner.text().unwrap(), "hi");
}

#[test]
fn a_wrong_wire_type_is_an_error_and_not_absent() {
    let count_as_varint = [0x20, 5];
    let point = HistogramDataPoint::from(Message::new(&count_as_varint));
    assert_eq!(point.count().map_err(|error| error.kind()), Err(Kind::Unexpected));
    assert_eq!(point.sum(), Ok(None));
}

#[test]
fn numbers_are_read_packed_and_one_by_one() {
    let one = 1_u64.to_le_bytes();
    let two = 2_u64.to_le_bytes();
    let batch = [&[0x31], &one[..], &[0x32, 16], &two, &one, &[0x32, 0, 0x31], &two].concat();
    let counts: Result<Vec<_>, Error> =
        HistogramDataPoint::from(Message::new(&batch)).bucket_counts().collect();
    assert_eq!(counts, Ok(vec![1, 2, 1, 2]));

    let ragged = [&[0x32, 9], &one[..], &[0]].concat();
    let counts: Vec<_> = HistogramDataPoint::from(Message::new(&ragged)).bucket_counts().collect();
    assert!(matches!(counts[..], [Ok(1), Err(error)] if error.kind() == Kind::Truncated));
}

#[test]
fn the_last_member_of_a_oneof_counts() {
    let batch = [&[0x21], &1.5_f64.to_le_bytes()[..], &[0x31], &7_u64.to_le_bytes()].concat();
    let value = NumberDataPoint::from(Message::new(&batch)).value();
    assert!(matches!(value, Ok(Some(NumberValue::Int(7)))));
}

#[test]
fn debug_forms_show_no_telemetry() {
    let batch = [0x0a, 6, b's', b'e', b'c', b'r', b'e', b't'];
    let message = Message::new(&batch);
    let field = message.fields().next().unwrap().unwrap();
    let text: Text<'_> = field.text().unwrap();
    let shown = format!("{message:?} {field:?} {text:?}");
    assert_eq!(shown, "Message(0..8) Field(1 Length 2..8) Text(6 bytes)");
}
