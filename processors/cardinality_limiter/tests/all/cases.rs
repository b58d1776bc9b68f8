//! The cases in files, natively.

use std::path::Path;

use cardinality_limiter::CardinalityLimiter;
use tamis_sdk::testing::{run, run_cases};

#[test]
fn the_cases_hold() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
    run_cases(&folder, run::<CardinalityLimiter>).unwrap_or_else(|failures| panic!("{failures}"));
}
