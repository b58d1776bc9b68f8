//! Tables in files: many small cases, a row each.
//!
//! A file holds `{"config": {..}, "rows": [..]}`. A row is an object of
//! - `name`, for people;
//! - `policy`, or `policies`: what is put into the configuration of the file as its only policy, named
//!   `p`, or as its policies;
//! - `config`: more keys of the configuration;
//! - `in`: one batch, a list of [spans in short](super::short), or a list of such batches;
//! - `out`: true where all of it comes out when everything has been decided, false where nothing does,
//!   or a list of the names that do.

use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::cases::{CaseError, Failure};
use super::driver::Driver;
use super::scenario::{self, Step};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[serde(default)]
    config: Map<String, Value>,
    rows: Vec<Row>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    name: String,
    policy: Option<Map<String, Value>>,
    policies: Option<Vec<Value>>,
    #[serde(default)]
    config: Map<String, Value>,
    #[serde(rename = "in")]
    batches: Vec<Value>,
    out: Value,
}

/// When a row looks at what has come out, in seconds.
const DECIDED: f64 = 3600.0;

/// Plays every row of every file of a folder to a new driver; answers how many there are.
///
/// # Errors
///
/// Every row that goes otherwise.
pub fn run_tables<D: Driver>(
    folder: &Path,
    mut start: impl FnMut(&str) -> Result<D, Failure>,
) -> Result<usize, CaseError> {
    let failed = |source| CaseError::File { path: folder.to_owned(), source };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        files.push(entry.map_err(failed)?.path());
    }
    files.sort();
    let (mut count, mut failures) = (0, Vec::new());
    for path in files.iter().filter(|path| path.extension().is_some_and(|end| end == "json")) {
        let text = std::fs::read_to_string(path)
            .map_err(|source| CaseError::File { path: path.clone(), source })?;
        let table: Table = serde_json::from_str(&text)
            .map_err(|error| CaseError::Cases(format!("{}: {error}", path.display())))?;
        for row in &table.rows {
            count += 1;
            if let Err(error) = row.play(&table.config, &mut start) {
                failures.push(format!("{}: {}: {error}", path.display(), row.name));
            }
        }
    }
    match (count, failures.is_empty()) {
        (0, _) => Err(CaseError::Empty(folder.to_owned())),
        (_, true) => Ok(count),
        _ => Err(CaseError::Cases(failures.join("\n"))),
    }
}

impl Row {
    fn play<D: Driver>(
        &self,
        config: &Map<String, Value>,
        start: &mut impl FnMut(&str) -> Result<D, Failure>,
    ) -> Result<(), String> {
        let mut config = config.clone();
        config.extend(self.config.clone());
        if let Some(policy) = &self.policy {
            let mut policy = policy.clone();
            policy.insert("name".to_owned(), json!("p"));
            config.insert("policies".to_owned(), json!([policy]));
        }
        if let Some(policies) = &self.policies {
            config.insert("policies".to_owned(), json!(policies));
        }
        let batches: Vec<Vec<Value>> = match self.batches.first() {
            Some(Value::Array(_)) => {
                let batch = |batch: &Value| batch.as_array().cloned().unwrap_or_default();
                self.batches.iter().map(batch).collect()
            }
            _ => vec![self.batches.clone()],
        };
        let out = self.out(&batches)?;
        let step = |batch| Step { batch: Some(batch), ..Step::default() };
        let mut steps: Vec<Step> = batches.into_iter().map(step).collect();
        steps.push(Step { tick: Some(DECIDED), out, ..Step::default() });
        scenario::play(&Value::Object(config).to_string(), &steps, start)
    }

    fn out(&self, batches: &[Vec<Value>]) -> Result<Vec<Value>, String> {
        match &self.out {
            Value::Bool(false) => Ok(Vec::new()),
            Value::Bool(true) => {
                let name = |span: &Value| span.get("span").unwrap_or(span).clone();
                Ok(batches.iter().flatten().map(name).collect())
            }
            Value::Array(names) => Ok(names.clone()),
            _ => Err("out: expected true, false or a list".to_owned()),
        }
    }
}
