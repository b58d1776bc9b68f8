//! The library from outside.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, reason = "tests")]

mod corpus;
mod learning;
mod memory;
mod random;
mod repeated;
mod snapshot;
mod tables;
mod tokens;
mod values;

use tamis_normalize::{Learning, Paths};

const NO_LEARNING: Learning = Learning { values: 0, memory_bytes: 0 };

fn normalized(paths: &mut Paths, path: &str) -> String {
    let mut out = String::from("before ");
    let changed = paths.normalize(path, &mut out);
    let out = out.strip_prefix("before ").expect("what was there stays").to_owned();
    assert_eq!(changed, out != path, "{path} became {out}");
    out
}

fn template(text: &str) -> String {
    let mut out = String::from("before ");
    let changed = tamis_normalize::message(text, &mut out);
    let out = out.strip_prefix("before ").expect("what was there stays").to_owned();
    assert_eq!(changed, out != text, "{text} became {out}");
    out
}
