//! The cases in `cases/`, one folder each.

use std::path::Path;

use genai_cost::GenaiCost;
use tamis_sdk::testing::{run, run_cases};

#[test]
fn cases_hold() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/cases"));
    run_cases(folder, run::<GenaiCost>).unwrap_or_else(|failures| panic!("{failures}"));
}
