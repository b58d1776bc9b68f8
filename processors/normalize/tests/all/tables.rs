//! What becomes what, as data.

use tamis_normalize::Paths;

use crate::{NO_LEARNING, normalized, template};

const PATHS: &str = include_str!("../paths.txt");
const STATIC: &str = include_str!("../static.txt");
const MESSAGES: &str = include_str!("../messages.txt");

#[test]
fn paths_lose_their_ids() {
    let mut paths = Paths::new(NO_LEARNING, 1);
    check(rows(PATHS), 150, |path| normalized(&mut paths, path));
}

#[test]
fn paths_without_an_id_stay() {
    let mut paths = Paths::new(NO_LEARNING, 1);
    let rows = lines(STATIC).map(|line| (line, line));
    check(rows, 150, |path| normalized(&mut paths, path));
}

#[test]
fn messages_become_templates() {
    check(rows(MESSAGES), 150, template);
}

/// Compares all rows, and what comes out again with itself. Fails with every row at once.
fn check(
    rows: impl Iterator<Item = (&'static str, &'static str)>,
    rows_min: usize,
    mut normalize: impl FnMut(&str) -> String,
) {
    let (mut count, mut wrong) = (0, Vec::new());
    for (input, expected) in rows {
        count += 1;
        let output = normalize(input);
        if output != expected {
            wrong.push(format!("{input}\n  expected {expected}\n  is       {output}"));
        } else if normalize(&output) != output {
            wrong.push(format!("{output}\n  again is {}", normalize(&output)));
        }
    }
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count >= rows_min, "{count} rows");
}

fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn rows(text: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    lines(text).map(|line| line.split_once(" => ").expect("input => output"))
}
