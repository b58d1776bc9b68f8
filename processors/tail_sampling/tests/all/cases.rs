//! The cases in `cases/`: scenarios, a folder each, and tables of policies.

use std::path::Path;

use tail_sampling::TailSampling;
use tamis_sdk::testing::{Native, run_scenarios, run_tables};

fn folder(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("cases").join(name)
}

#[test]
fn scenarios_hold() {
    let result = run_scenarios(&folder("scenarios"), Native::<TailSampling>::start);
    result.unwrap_or_else(|failures| panic!("{failures}"));
}

#[test]
fn policies_vote_as_the_tables_say() {
    let rows = run_tables(&folder("policies"), Native::<TailSampling>::start);
    let rows = rows.unwrap_or_else(|failures| panic!("{failures}"));
    assert!(rows >= 140, "only {rows} rows");
}
