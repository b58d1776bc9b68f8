//! `cases/x.json` beside what comes of it: `x.prom`, every format in which it is asked for. `BLESS=1`
//! writes what came out.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

use super::super::escape::Escaping;
use super::super::gather::gather;
use super::super::text::{self, Dialect};
use super::super::unify::unify;
use super::super::{ingest, protobuf};
use super::*;

#[tokio::test]
async fn every_case_is_served_as_stands_beside_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/exporter/prometheus/cases");
    let mut wrong = String::new();
    let mut count = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "json") {
            count += 1;
            wrong += &check(&path);
        }
    }
    assert!(count > 0, "no cases in {}", folder.display());
    assert!(wrong.is_empty(), "{wrong}\nBLESS=1 accepts what came out");
}

fn check(path: &Path) -> String {
    let case: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let actual = served(&case);
    let expected = path.with_extension("prom");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&expected, actual).unwrap();
        return String::new();
    }
    match std::fs::read_to_string(&expected) {
        Ok(expected) if expected == actual => String::new(),
        _ => format!("{} differs; came out:\n{actual}\n", expected.display()),
    }
}

fn served(case: &Value) -> String {
    let mut section = case["settings"].clone();
    section["endpoint"] = "localhost:0".into();
    let settings = settings(&section.to_string());
    let mut table = Table::new(MAX_BYTES, settings.metric_expiration);
    let mut out = String::new();
    for request in case["batches"].as_array().unwrap() {
        let request = ExportMetricsServiceRequest::decode(batch(request).bytes).unwrap();
        let tally = ingest::ingest(request, &settings, &mut table);
        if tally != ingest::Tally::default() {
            writeln!(out, "## {tally:?}").unwrap();
        }
    }
    let gathered = gather(&settings, &mut table, Instant::now()).distinct();
    if gathered.left_out > 0 {
        writeln!(out, "## {} series left out", gathered.left_out).unwrap();
    }
    for format in case["formats"].as_array().unwrap() {
        let format = format.as_str().unwrap();
        let unified = |escaping| {
            if settings.translation.utf8 {
                unify(gathered.clone(), escaping).families
            } else {
                gathered.families.clone()
            }
        };
        let classic = |escaping| text::write(&unified(escaping), Dialect::Classic, escaping);
        let escaping = Escaping::Underscores;
        let served = match format {
            "text" => classic(Escaping::Underscores),
            "utf8" => classic(Escaping::None),
            "values" => classic(Escaping::Values),
            "dots" => classic(Escaping::Dots),
            "openmetrics" => text::write(&unified(escaping), Dialect::OpenMetrics, escaping),
            "protobuf" => readable(&protobuf::write(&unified(escaping), escaping)),
            other => panic!("{other}"),
        };
        write!(out, "## {format}\n{served}").unwrap();
    }
    out
}

/// The messages, each on lines of its own.
fn readable(mut bytes: &[u8]) -> String {
    let mut out = String::new();
    while !bytes.is_empty() {
        let family = protobuf::MetricFamily::decode_length_delimited(&mut bytes).unwrap();
        writeln!(out, "{family:#?}").unwrap();
    }
    // What is not there says nothing.
    out.lines()
        .filter(|line| !line.ends_with(": None,"))
        .fold(String::new(), |out, line| out + line + "\n")
}
