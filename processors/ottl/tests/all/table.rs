//! The tables in `tests/conditions`: a file per context, a line per condition, in front of it what it
//! answers for the item in `data.rs`: T, F, or E when it cannot be evaluated.

use std::fmt::Write as _;
use std::path::PathBuf;

use tamis_ottl::Context;

use crate::CONTEXTS;
use crate::answers::answers;
use crate::data::batch;

/// The conditions of a context, each with its answer.
pub(crate) fn rows(context: Context) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(file(context)).unwrap();
    let row = |line: &str| {
        let (answer, condition) = line.split_once(' ').expect(line);
        (answer.to_owned(), condition.to_owned())
    };
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(row).collect()
}

fn file(context: Context) -> PathBuf {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/conditions"));
    folder.join(context.name()).with_extension("txt")
}

#[test]
fn conditions_answer_what_stands_in_front_of_them() {
    let mut wrong = String::new();
    let mut count = 0;
    for context in CONTEXTS {
        let batch = batch(context);
        for (wanted, condition) in rows(context) {
            count += 1;
            let answer = answers(context, &condition, &batch);
            if answer != wanted {
                writeln!(wrong, "{}: {answer}, not {wanted}: {condition}", context.name()).unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    assert!(count > 150, "{count}");
}
