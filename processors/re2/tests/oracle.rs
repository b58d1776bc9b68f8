//! Holds this crate to Go's own `regexp`: to a committed table of what it made of many patterns, and,
//! where `go` is installed, to what it makes of random ones.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "helpers of tests")]

use std::fmt::Write;
use std::process::Command;

use serde_json::Value;
use tamis_re2::{Regex, Scanner};

/// What this crate may refuse although Go takes it, for its tighter limits.
fn may_refuse(error: &tamis_re2::Error) -> bool {
    matches!(error, tamis_re2::Error::Size { .. } | tamis_re2::Error::Nesting { .. })
}

#[test]
fn the_table_of_go_holds() {
    let table = include_str!("oracle.jsonl");
    let (compiled, refused) = check(table);
    assert!(compiled + refused > 300 && refused > 50, "{compiled} {refused}");
}

#[test]
fn random_patterns_mean_the_same() {
    let oracle = concat!(env!("CARGO_MANIFEST_DIR"), "/oracle");
    let seed = std::env::var("TAMIS_TEST_SEED").unwrap_or_else(|_| "1".to_owned());
    let run = Command::new("go")
        .args(["run", ".", "-seed", &seed, "-count", "1000"])
        .current_dir(oracle)
        .output();
    let Ok(output) = run else {
        eprintln!("no `go` on PATH: only the committed table was checked");
        return;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    check(std::str::from_utf8(&output.stdout).unwrap());
}

/// How many patterns were compiled, and how many refused, both as Go did.
fn check(table: &str) -> (usize, usize) {
    let (mut compiled, mut refused) = (0, 0);
    let mut wrong = String::new();
    for line in table.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let pattern = line["pattern"].as_str().unwrap();
        match (Regex::new(pattern), line["error"].as_str()) {
            (Err(error), Some(code)) => {
                refused += 1;
                if !error.to_string().contains(code) {
                    writeln!(wrong, "{pattern:?}: Go says {code}, we {error}").unwrap();
                }
            }
            (Err(error), None) if may_refuse(&error) => refused += 1,
            (Err(error), None) => writeln!(wrong, "{pattern:?}: only we: {error}").unwrap(),
            (Ok(_), Some(code)) => writeln!(wrong, "{pattern:?}: only Go: {code}").unwrap(),
            (Ok(regex), None) => {
                compiled += 1;
                let cases = line["cases"].as_array().map(Vec::as_slice).unwrap_or_default();
                for case in cases {
                    check_case(&regex, case, pattern, &mut wrong);
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    (compiled, refused)
}

fn check_case(regex: &Regex, case: &Value, pattern: &str, wrong: &mut String) {
    let haystack = unhex(&case[0]);
    let mut expected = unhex(&case[1]);
    if expected.is_empty() {
        expected.clone_from(&haystack);
    }
    let mut marked = Vec::new();
    let found = regex.replace_all(&haystack, &mut marked, |matched, out| {
        out.push(b'<');
        out.extend_from_slice(matched);
        out.push(b'>');
    });
    if !found {
        marked.clone_from(&haystack);
    }
    let place = haystack.escape_ascii();
    if marked != expected {
        let (ours, theirs) = (marked.escape_ascii(), expected.escape_ascii());
        writeln!(wrong, "{pattern:?} on \"{place}\": Go \"{theirs}\", we \"{ours}\"").unwrap();
    }
    if regex.is_match(&haystack) != found || regex.find(&haystack).is_some() != found {
        writeln!(wrong, "{pattern:?} on \"{place}\": is_match, find and replace_all differ")
            .unwrap();
    }
    if let Some(sequences) = regex.necessary()
        && found
        && !Scanner::new(&sequences).is_hit(&haystack)
    {
        writeln!(wrong, "{pattern:?} on \"{place}\": a match without a necessary sequence")
            .unwrap();
    }
}

fn unhex(value: &Value) -> Vec<u8> {
    let digits = value.as_str().unwrap().as_bytes();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}
