//! Beside the Collector's own processor: the cases, and random configurations and data.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use filter::Filter;
use serde_json::Value;
use tamis_sdk::edit::apply;
use tamis_sdk::testing::{Failure, run};
use tamis_sdk::{Context, Outcome, Signal};

use crate::random::{self, Random};
use crate::request::{canonical, from_json, name};

const CASES: u64 = 2000;

/// Where one of the two takes a configuration that the other refuses.
const DIFFERENT: [&str; 3] =
    ["include_and_exclude_are_refused", "profiles_are_refused", "instrumentation_scope_is_scope"];

struct Case {
    origin: String,
    config: String,
    signal: Signal,
    batch: Vec<u8>,
}

#[test]
fn batches_leave_as_they_leave_the_collector() {
    let seed: u64 = match std::env::var("TAMIS_TEST_SEED") {
        Ok(seed) => seed.parse().unwrap(),
        Err(_) => 1,
    };
    let mut cases = cases_in_files();
    for case in 0..CASES {
        let mut random = Random::new(seed << 32 | case);
        let (signal, batch) = random::batch(&mut random);
        let config = random::config(&mut random, signal).to_string();
        cases.push(Case { origin: format!("seed {seed} case {case}"), config, signal, batch });
    }
    let Some(theirs) = ask(&cases) else {
        eprintln!("no `go` on PATH: not compared with the Collector");
        return;
    };
    assert_eq!(theirs.lines().count(), cases.len());
    let mut changed = 0;
    let mut different = Vec::new();
    for (case, theirs) in cases.iter().zip(theirs.lines()) {
        let ours = ours(case);
        let theirs = match theirs {
            "dropped" | "failed" | "refused" => theirs.to_owned(),
            hex => canonical(case.signal, &unhex(hex)),
        };
        let before = canonical(case.signal, &case.batch);
        changed += usize::from(ours != before);
        if ours != theirs {
            let Case { origin, config, .. } = case;
            let difference = difference(&before, &ours, &theirs);
            different.push(format!("{origin}: {config}\n{difference}"));
        }
    }
    let (count, shown) = (different.len(), different.get(..5).unwrap_or(&different).join("\n"));
    assert!(different.is_empty(), "{count} different:\n{shown}");
    eprintln!("seed {seed}: {} batches, {changed} of them changed", cases.len());
    assert!(changed > cases.len() / 4, "{changed}");
}

fn cases_in_files() -> Vec<Case> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/cases"));
    let mut cases = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let origin = path.file_name().unwrap().to_str().unwrap().to_owned();
        if DIFFERENT.contains(&origin.as_str()) {
            continue;
        }
        let config = std::fs::read_to_string(path.join("config.json")).unwrap();
        let config = serde_json::from_str::<Value>(&config).unwrap().to_string();
        let (signal, batch) = match std::fs::read_to_string(path.join("input.json")) {
            Ok(text) => from_json(serde_json::from_str(&text).unwrap()),
            Err(_) => (Signal::Traces, Vec::new()),
        };
        cases.push(Case { origin, config, signal, batch });
    }
    cases
}

fn ours(case: &Case) -> String {
    match run::<Filter>(&case.config, &Context::new(case.signal), &case.batch) {
        Ok(Outcome::Unchanged) => canonical(case.signal, &case.batch),
        Ok(Outcome::Edited(edits)) => {
            canonical(case.signal, &apply(&case.batch, &edits).expect("edits fit"))
        }
        Ok(Outcome::Replaced(batch)) => canonical(case.signal, &batch),
        Ok(Outcome::Dropped) => "dropped".to_owned(),
        Err(Failure::Batch(_)) => "failed".to_owned(),
        Err(Failure::Configuration(_)) => "refused".to_owned(),
    }
}

fn ask(cases: &[Case]) -> Option<String> {
    let mut questions = String::new();
    for case in cases {
        let config: Value = serde_json::from_str(&case.config).unwrap();
        let batch = case.batch.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let question =
            serde_json::json!({"config": config, "signal": name(case.signal), "batch": batch});
        writeln!(questions, "{question}").unwrap();
    }
    let mut oracle = Command::new("go")
        .args(["run", "."])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/oracle"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    let mut stdin = oracle.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(questions.as_bytes()));
    let output = oracle.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success());
    Some(String::from_utf8(output.stdout).unwrap())
}

fn unhex(digits: &str) -> Vec<u8> {
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.as_bytes().chunks(2).map(byte).collect()
}

/// The lines around the first difference.
fn difference(before: &str, ours: &str, theirs: &str) -> String {
    let first = ours.lines().zip(theirs.lines()).take_while(|(a, b)| a == b).count();
    let part = |text: &str| {
        let lines = text.lines().skip(first.saturating_sub(12)).take(24);
        lines.collect::<Vec<_>>().join("\n")
    };
    let (ours, theirs) = (part(ours), part(theirs));
    format!("--- came\n{}\n--- we\n{ours}\n--- the Collector\n{theirs}", part(before))
}
