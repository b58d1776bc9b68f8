//! Cases in files: configuration and data in, data out.
//!
//! A folder of cases holds one folder per case:
//! - `config.json`: the processor's section of the YAML, as JSON; absent: empty;
//! - `input.json`: one Export request in OTLP/JSON; its only key says which signal;
//! - `output.json`: the request that comes out, with defaults left out; or `{"dropped": true}`,
//!   `{"permanent": "..."}`, `{"retryable": "..."}`, or `{"problems": ["path: message"]}` when the
//!   configuration is refused (then there need be no input).
//!
//! With `BLESS=1` in the environment the outputs are written instead of compared.

use super::json;
use crate::contract::{Context, Error, Outcome, Problem, Signal};
use crate::edit::apply;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Why a processor did not answer with an outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It refused its configuration.
    Configuration(Vec<Problem>),
    /// It refused the batch.
    Batch(Error),
}

/// Why the cases are not as they should be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CaseError {
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is not JSON, or not OTLP in JSON.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// What came out is not OTLP.
    #[error("what came out is not OTLP: {0}")]
    Decode(#[from] prost::DecodeError),
    /// The input is no Export request.
    #[error("input.json has none of resourceSpans, resourceMetrics, resourceLogs")]
    NoSignal,
    /// The edits do not fit the batch.
    #[error("the edits do not fit the batch")]
    Edits,
    /// There is no case.
    #[error("{0}: there is no case")]
    Empty(PathBuf),
    /// Another output than wanted, or one of the above, in one or more cases.
    #[error("{0}")]
    Cases(String),
}

/// Runs every case of a folder through `process` and compares all before it answers.
/// [`run`](super::run) is the `process` of a native processor.
///
/// # Errors
///
/// Every case that differs, with the wanted and the actual output.
pub fn run_cases(
    folder: &Path,
    mut process: impl FnMut(&str, &Context, &[u8]) -> Result<Outcome, Failure>,
) -> Result<(), CaseError> {
    let bless = std::env::var_os("BLESS").is_some_and(|value| value == "1");
    let mut failures = Vec::new();
    let cases = folders(folder)?;
    for case in &cases {
        let compared = actual(case, &mut process)
            .and_then(|actual| if bless { write(case, &actual) } else { compare(case, &actual) });
        if let Err(error) = compared {
            failures.push(format!("{}: {error}", case.display()));
        }
    }
    match (cases.is_empty(), failures.is_empty()) {
        (true, _) => Err(CaseError::Empty(folder.to_owned())),
        (_, true) => Ok(()),
        _ => Err(CaseError::Cases(failures.join("\n"))),
    }
}

pub(super) fn folders(folder: &Path) -> Result<Vec<PathBuf>, CaseError> {
    let failed = |source| CaseError::File { path: folder.to_owned(), source };
    let mut folders = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            folders.push(path);
        }
    }
    folders.sort();
    Ok(folders)
}

/// The output of a case as it would stand in its file.
fn actual(
    case: &Path,
    process: &mut impl FnMut(&str, &Context, &[u8]) -> Result<Outcome, Failure>,
) -> Result<Value, CaseError> {
    let configuration = read(&case.join("config.json"))?.unwrap_or("{}".to_owned());
    let (signal, batch) = match read(&case.join("input.json"))? {
        Some(text) => {
            let request: Value = serde_json::from_str(&text)?;
            let signal = json::signal(&request).ok_or(CaseError::NoSignal)?;
            (signal, json::encode(signal, &request)?)
        }
        None => (Signal::Traces, Vec::new()),
    };
    let out = match process(&configuration, &Context::new(signal), &batch) {
        Ok(Outcome::Unchanged) => batch,
        Ok(Outcome::Edited(edits)) => apply(&batch, &edits).ok_or(CaseError::Edits)?,
        Ok(Outcome::Replaced(out)) => out,
        Ok(Outcome::Dropped) => return Ok(json!({ "dropped": true })),
        Err(Failure::Batch(Error::Permanent(message))) => {
            return Ok(json!({ "permanent": message }));
        }
        Err(Failure::Batch(Error::Retryable(message))) => {
            return Ok(json!({ "retryable": message }));
        }
        Err(Failure::Configuration(problems)) => {
            let problems: Vec<_> = problems.iter().map(Problem::to_string).collect();
            return Ok(json!({ "problems": problems }));
        }
    };
    json::decode(signal, &out)
}

fn compare(case: &Path, actual: &Value) -> Result<(), CaseError> {
    let path = case.join("output.json");
    let text = read(&path)?.unwrap_or("null".to_owned());
    let mut wanted: Value = serde_json::from_str(&text)?;
    if let Some(signal) = json::signal(&wanted) {
        wanted = json::decode(signal, &json::encode(signal, &wanted)?)?;
    }
    if wanted == *actual {
        return Ok(());
    }
    let message = format!("wanted {wanted:#}\ngot {actual:#}\n(BLESS=1 writes output.json)");
    Err(CaseError::Cases(message))
}

fn write(case: &Path, actual: &Value) -> Result<(), CaseError> {
    let path = case.join("output.json");
    std::fs::write(&path, format!("{actual:#}\n"))
        .map_err(|source| CaseError::File { path, source })
}

pub(super) fn read(path: &Path) -> Result<Option<String>, CaseError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(CaseError::File { path: path.to_owned(), source }),
    }
}
