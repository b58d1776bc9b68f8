//! The cases in `cases/`: the Collector's behaviour, one folder each.

use std::path::Path;

use filter::Filter;
use tamis_sdk::testing::{run, run_cases};

#[test]
fn cases_hold() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/cases"));
    run_cases(folder, run::<Filter>).unwrap_or_else(|failures| panic!("{failures}"));
}
