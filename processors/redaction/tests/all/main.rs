//! Tests of the processor as a host sees it: bytes in, bytes out.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, reason = "tests")]

mod cases;
mod collector;
mod properties;
mod random;
mod wire;

use redaction::Redaction;
use tamis_sdk::edit::apply;
use tamis_sdk::{Configuration, Context, Descriptor, Outcome, Processor};

/// A processor with this configuration.
fn configured(json: &str) -> (Redaction, Descriptor) {
    Redaction::configure(Configuration::from_json(json)).expect(json)
}

/// What leaves for what came.
fn processed(redaction: &mut Redaction, context: &Context, batch: &[u8]) -> Vec<u8> {
    match redaction.process(context, batch).unwrap() {
        Outcome::Unchanged => batch.to_vec(),
        Outcome::Edited(edits) => apply(batch, &edits).expect("edits fit"),
        other => panic!("not expected: {other:?}"),
    }
}
