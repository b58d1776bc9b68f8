//! Texts of values beside what the Collector makes of them.

use tamis_sdk::wire::Writer;

use super::*;

/// The text of the value that `fill` writes as the fields of an `AnyValue`.
fn text(fill: impl FnOnce(&mut Writer<'_>)) -> String {
    let mut encoded = Vec::new();
    fill(&mut Writer::new(&mut encoded));
    let any = read_any(Message::new(&encoded)).unwrap();
    let mut out = Vec::new();
    write(&any.value, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn of_double(value: f64) -> String {
    text(|any| any.fixed64(4, value.to_bits()))
}

#[test]
fn numbers_are_written_as_the_collector_writes_them() {
    assert_eq!(text(|any| any.varint(3, (-42_i64) as u64)), "-42");
    assert_eq!(text(|any| any.varint(2, 1)), "true");
    for (value, expected) in [
        (0.0, "0"),
        (-0.0, "-0"),
        (1.0, "1"),
        (0.1, "0.1"),
        (-2.5, "-2.5"),
        (1e-6, "0.000001"),
        (1e-7, "1e-7"),
        (1.5e-10, "1.5e-10"),
        (1e20, "100000000000000000000"),
        (1e21, "1e+21"),
        (1.25e300, "1.25e+300"),
        (5e-324, "5e-324"),
        (f64::NAN, "NaN"),
        (f64::INFINITY, "Infinity"),
        (f64::NEG_INFINITY, "-Infinity"),
    ] {
        assert_eq!(of_double(value), expected);
    }
}

#[test]
fn bytes_are_base64() {
    for (bytes, expected) in
        [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")]
    {
        assert_eq!(text(|any| any.bytes(7, bytes)), expected);
    }
    assert_eq!(text(|any| any.bytes(7, [0xFF, 0xEF, 0xFE])), "/+/+");
}

#[test]
fn maps_and_lists_are_json_with_sorted_keys() {
    let entry = |map: &mut Writer<'_>, key: &str, fill: &dyn Fn(&mut Writer<'_>)| {
        map.message(1, |pair| {
            pair.bytes(1, key);
            pair.message(2, fill);
        });
    };
    let map = text(|any| {
        any.message(6, |map| {
            entry(map, "b", &|any| any.bytes(1, "<&>\u{2028}\n\u{1}\"\\ä\u{7f}"));
            entry(map, "a", &|any| {
                any.message(5, |list| {
                    list.message(1, |any| any.varint(3, 7));
                    list.message(1, |any| any.bytes(7, "foo"));
                    list.message(1, |_| ());
                    list.message(1, |any| any.fixed64(4, 1e-7_f64.to_bits()));
                });
            });
            entry(map, "b", &|any| any.bytes(1, "hidden"));
        });
    });
    assert_eq!(
        map,
        r#"{"a":[7,"Zm9v",null,1e-7],"b":"<&>\u2028\n\u0001\"\\ä"#.to_owned()
            + "\u{7f}"
            + r#"","b":"hidden"}"#
    );
}

#[test]
fn bad_utf8_is_replaced_byte_by_byte() {
    let list =
        text(|any| any.message(5, |list| list.message(1, |any| any.bytes(1, b"a\xE2\x82b"))));
    assert_eq!(list, r#"["a\ufffd\ufffdb"]"#);
}

#[test]
fn nesting_has_a_bound() {
    let mut encoded = Vec::new();
    for _ in 0..=DEPTH_LIMIT + 1 {
        let inner = std::mem::take(&mut encoded);
        Writer::new(&mut encoded).message(5, |list| list.bytes(1, inner));
    }
    let any = read_any(Message::new(&encoded)).unwrap();
    assert_eq!(write(&any.value, &mut Vec::new()), Err(Fault::Depth));
}
