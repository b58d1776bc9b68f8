//! Beside the Collector's own processor, on random configurations and data.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use tamis_sdk::{Context, Signal};

use crate::random::{self, Random};
use crate::{configured, processed};

const CASES: u64 = 1000;

#[test]
fn random_batches_leave_as_they_leave_the_collector() {
    let seed: u64 = match std::env::var("TAMIS_TEST_SEED") {
        Ok(seed) => seed.parse().unwrap(),
        Err(_) => 1,
    };
    let mut questions = String::new();
    let mut cases = Vec::new();
    for case in 0..CASES {
        let mut random = Random::new(seed << 32 | case);
        let config = random::config(&mut random);
        let (signal, batch) = random::batch(&mut random);
        let hex = batch.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let question = serde_json::json!({"config": config, "signal": name(signal), "batch": hex});
        writeln!(questions, "{question}").unwrap();
        cases.push((config, signal, batch));
    }
    let Some(answers) = ask(&questions) else {
        eprintln!("no `go` on PATH: not compared with the Collector");
        return;
    };
    assert_eq!(answers.lines().count(), cases.len());
    for (case, (answer, (config, signal, batch))) in answers.lines().zip(cases).enumerate() {
        let (mut redaction, _) = configured(&config.to_string());
        let ours = processed(&mut redaction, &Context::new(signal), &batch);
        let ours = random::canonical(signal, &ours);
        let theirs = random::canonical(signal, &unhex(answer));
        if ours != theirs {
            let before = random::canonical(signal, &batch);
            let difference = difference(&ours, &theirs);
            panic!("seed {seed} case {case}: {config}\n{before}\n{difference}");
        }
    }
}

fn ask(questions: &str) -> Option<String> {
    let mut oracle = Command::new("go")
        .args(["run", "."])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/oracle"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    let mut stdin = oracle.stdin.take().unwrap();
    let questions = questions.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(questions.as_bytes()));
    let output = oracle.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success());
    Some(String::from_utf8(output.stdout).unwrap())
}

fn name(signal: Signal) -> &'static str {
    match signal {
        Signal::Traces => "traces",
        Signal::Metrics => "metrics",
        Signal::Logs => "logs",
    }
}

fn unhex(digits: &str) -> Vec<u8> {
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.as_bytes().chunks(2).map(byte).collect()
}

/// The lines around the first difference.
fn difference(ours: &str, theirs: &str) -> String {
    let first = ours.lines().zip(theirs.lines()).take_while(|(a, b)| a == b).count();
    let part = |text: &str| {
        let lines = text.lines().skip(first.saturating_sub(12)).take(24);
        lines.collect::<Vec<_>>().join("\n")
    };
    format!("--- we\n{}\n--- the Collector\n{}", part(ours), part(theirs))
}
