//! The cases of the example, natively.

use std::path::Path;
use tamis_sdk::testing::{self, CaseError, run_cases};

#[path = "../examples/stamp.rs"]
#[expect(unreachable_pub, reason = "public in the example, which is a crate of its own")]
mod stamp;

#[test]
fn cases() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/stamp-cases");
    if let Err(error) = run_cases(&folder, testing::run::<stamp::Stamp>) {
        panic!("{error}");
    }
}

#[test]
fn a_case_that_differs_is_reported_with_both_outputs() {
    if std::env::var_os("BLESS").is_some() {
        return; // Then nothing is compared.
    }
    let folder = tempfile::tempdir().unwrap();
    let case = folder.path().join("wrong");
    std::fs::create_dir(&case).unwrap();
    std::fs::write(case.join("config.json"), "[]").unwrap();
    std::fs::write(case.join("output.json"), r#"{"dropped": true}"#).unwrap();
    let error = run_cases(folder.path(), testing::run::<stamp::Stamp>).unwrap_err().to_string();
    assert!(error.contains("\"dropped\": true"), "{error}");
    assert!(error.contains("expected a map, got a list"), "{error}");
}

#[test]
fn a_folder_without_cases_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let result = run_cases(folder.path(), testing::run::<stamp::Stamp>);
    assert!(matches!(result, Err(CaseError::Empty(_))));
}
