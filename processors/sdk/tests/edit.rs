//! Cursors and elements, case by case; the random ones are in `properties`.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use tamis_sdk::edit::{Editor, apply};
use tamis_sdk::elements::{self, View};
use tamis_sdk::wire::{Kind, Writer};
use tamis_sdk::{Edits, Outcome, Signal, Splice};

/// `1: { 2: "ab", 3: 7 }, 4: "x"`.
fn batch() -> Vec<u8> {
    let mut batch = Vec::new();
    let mut writer = Writer::new(&mut batch);
    writer.message(1, |inner| {
        inner.bytes(2, "ab");
        inner.varint(3, 7);
    });
    writer.bytes(4, "x");
    batch
}

fn edited(batch: &[u8], editor: Editor<'_>) -> Vec<u8> {
    match editor.finish().unwrap() {
        Outcome::Edited(edits) => apply(batch, &edits).unwrap(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_walk_without_a_change_leaves_the_batch_unchanged() {
    let batch = batch();
    let mut editor = Editor::new(&batch);
    let mut root = editor.root();
    let first = root.next().unwrap().unwrap();
    let mut inner = root.enter(first).unwrap();
    while inner.next().unwrap().is_some() {}
    drop(inner);
    drop(root);
    assert_eq!(editor.finish(), Ok(Outcome::Unchanged));
}

#[test]
fn a_replacement_of_the_same_length_is_one_splice() {
    let batch = batch();
    let mut editor = Editor::new(&batch);
    let mut root = editor.root();
    let first = root.next().unwrap().unwrap();
    let mut inner = root.enter(first).unwrap();
    let text = inner.next().unwrap().unwrap();
    inner.replace(text, b"**").unwrap();
    drop(inner);
    drop(root);
    let splices = vec![Splice { offset: 4, length: 2, replacement_length: 2 }];
    let edits = Edits { splices, replacement: b"**".to_vec() };
    assert_eq!(editor.finish(), Ok(Outcome::Edited(edits)));
}

#[test]
fn a_length_prefix_grows_when_its_message_does() {
    let batch = batch();
    let mut editor = Editor::new(&batch);
    let mut root = editor.root();
    let first = root.next().unwrap().unwrap();
    root.enter(first).unwrap().append(|writer| writer.bytes(9, [b'y'; 200])).unwrap();
    drop(root);
    let mut wanted = Vec::new();
    let mut writer = Writer::new(&mut wanted);
    writer.message(1, |inner| {
        inner.bytes(2, "ab");
        inner.varint(3, 7);
        inner.bytes(9, [b'y'; 200]);
    });
    writer.bytes(4, "x");
    assert_eq!(edited(&batch, editor), wanted);
}

#[test]
fn edits_out_of_order_are_refused_and_change_nothing() {
    let batch = batch();
    let mut editor = Editor::new(&batch);
    let mut root = editor.root();
    let first = root.next().unwrap().unwrap();
    let order = |result: Result<(), tamis_sdk::wire::Error>| {
        assert_eq!(result.map_err(|error| error.kind()), Err(Kind::Order));
    };

    let mut inner = root.enter(first).unwrap();
    let text = inner.next().unwrap().unwrap();
    let number = inner.next().unwrap().unwrap();
    order(inner.remove(text));
    inner.remove(number).unwrap();
    order(inner.remove(number));
    drop(inner);

    order(root.remove(first));
    order(root.enter(first).map(drop));
    root.next().unwrap().unwrap();
    order(root.replace(text, b"a level below"));
    drop(root);

    let mut wanted = Vec::new();
    let mut writer = Writer::new(&mut wanted);
    writer.message(1, |inner| inner.bytes(2, "ab"));
    writer.bytes(4, "x");
    assert_eq!(edited(&batch, editor), wanted);
}

#[test]
fn nothing_before_an_append_can_change_any_more() {
    let batch = batch();
    let mut editor = Editor::new(&batch);
    let mut root = editor.root();
    root.append(|writer| writer.varint(5, 1)).unwrap();
    let first = root.next().unwrap().unwrap();
    let error = root.remove(first).unwrap_err();
    assert_eq!(error.kind(), Kind::Order);
}

#[test]
fn numbers_and_payloads_are_not_mixed_up() {
    let batch = batch();
    let mut editor = Editor::new(&batch);
    let mut root = editor.root();
    let first = root.next().unwrap().unwrap();
    assert_eq!(root.replace_number(first, 1).unwrap_err().kind(), Kind::Unexpected);
    let mut inner = root.enter(first).unwrap();
    inner.next().unwrap();
    let number = inner.next().unwrap().unwrap();
    assert_eq!(inner.replace(number, b"text").unwrap_err().kind(), Kind::Unexpected);
    inner.replace_number(number, 300).unwrap();
}

#[test]
fn edits_that_do_not_fit_are_refused() {
    let splice = |offset, length, replacement_length| Splice { offset, length, replacement_length };
    let refused = [
        (vec![splice(3, 1, 0)], &b""[..]),
        (vec![splice(4, 0, 0)], b""),
        (vec![splice(0, 2, 0), splice(1, 1, 0)], b""),
        (vec![splice(0, 0, 2)], b"a"),
        (vec![splice(0, 0, 1)], b"ab"),
        (vec![splice(1, u32::MAX, 0)], b""),
    ];
    for (splices, replacement) in refused {
        let edits = Edits { splices, replacement: replacement.to_vec() };
        assert_eq!(apply(b"abc", &edits), None, "{edits:?}");
    }
    let end = Edits { splices: vec![splice(3, 0, 1)], replacement: b"d".to_vec() };
    assert_eq!(apply(b"abc", &end), Some(b"abcd".to_vec()));
}

#[test]
fn an_element_shows_its_changes_before_they_are_carried_out() {
    let mut batch = Vec::new();
    Writer::new(&mut batch).message(1, |resource_spans| {
        resource_spans.message(1, |resource| {
            resource.message(1, |attribute| {
                attribute.bytes(1, "service.name");
                attribute.message(2, |value| value.bytes(1, "cart"));
            });
        });
    });
    let mut seen = 0;
    let outcome = elements::edit(Signal::Traces, &batch, |element| {
        if let View::Resource(_) = element.view() {
            seen += 1;
            assert_eq!(element.get_string("service.name")?.unwrap(), "cart");
            element.set("service.name", "shop");
            assert_eq!(element.get_string("service.name")?.unwrap(), "shop");
            element.remove("service.name");
            assert!(element.get("service.name")?.is_none());
        }
        Ok(())
    });
    assert_eq!(seen, 1);
    let Ok(Outcome::Edited(edits)) = outcome else { panic!("nothing changed") };
    assert_eq!(apply(&batch, &edits), Some(vec![0x0a, 2, 0x0a, 0]));
}
