//! Beside the Collector's own OTTL: the tables, and random conditions on random batches.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use tamis_ottl::{Condition, Context};

use crate::CONTEXTS;
use crate::answers::answers;
use crate::batches;
use crate::data;
use crate::random::{self, Random};
use crate::table::rows;

/// Random conditions per context.
const CASES: u64 = 1500;

struct Case {
    context: Context,
    condition: String,
    batch: Vec<u8>,
    origin: String,
}

#[test]
fn the_collector_answers_the_same() {
    let seed: u64 = match std::env::var("TAMIS_TEST_SEED") {
        Ok(seed) => seed.parse().unwrap(),
        Err(_) => 1,
    };
    let mut cases = Vec::new();
    for (number, context) in (0..).zip(CONTEXTS) {
        for (_, condition) in rows(context) {
            // Converters of the filter processor, which the oracle does not have.
            if !condition.contains("OnDatapoint") {
                let batch = data::batch(context);
                cases.push(Case { context, condition, batch, origin: "table".to_owned() });
            }
        }
        for case in 0..CASES {
            let mut random = Random::new(seed << 32 | number << 24 | case);
            let condition = random::condition(&mut random, context);
            let batch = batches::batch(&mut random, context);
            let origin = format!("seed {seed} case {case}");
            cases.push(Case { context, condition, batch, origin });
        }
    }
    let Some(theirs) = ask(&cases) else {
        eprintln!("no `go` on PATH: not compared with the Collector");
        return;
    };
    assert_eq!(theirs.lines().count(), cases.len());
    let mut different = Vec::new();
    let mut compiled = 0;
    for (case, theirs) in cases.iter().zip(theirs.lines()) {
        let ours = answers(case.context, &case.condition, &case.batch);
        compiled += usize::from(ours != "refused");
        if ours != theirs && !is_refused_here_only(case) {
            let Case { context, condition, origin, .. } = case;
            let context = context.name();
            different.push(format!("{origin}: {context}: {condition}\n  {ours}, not {theirs}"));
        }
    }
    eprintln!("seed {seed}: {} conditions, {compiled} of them compile", cases.len());
    let (count, shown) = (different.len(), different.get(..30).unwrap_or(&different).join("\n"));
    assert!(different.is_empty(), "{count} different:\n{shown}");
    assert!(compiled > cases.len() / 2, "{compiled}");
}

/// What fails for every item is refused by us, in advance; and `status` as a whole.
fn is_refused_here_only(case: &Case) -> bool {
    let reasons = [
        "this can only fail",
        "attributes are indexed by a string",
        "trace_state is indexed by one string",
        "a map within a list never equals anything",
        "does not answer true or false",
        "there is no path `status` in",
    ];
    Condition::new(&case.condition, case.context)
        .is_err_and(|error| reasons.iter().any(|reason| error.message.contains(reason)))
}

fn ask(cases: &[Case]) -> Option<String> {
    let mut questions = String::new();
    for case in cases {
        let batch = case.batch.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let (context, condition) = (case.context.name(), &case.condition);
        let question =
            serde_json::json!({"context": context, "condition": condition, "batch": batch});
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
