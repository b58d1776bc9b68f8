//! Scenarios in files: batches, ticks, restarts in time, and what comes out of a processor that waits.
//!
//! A folder of a scenario holds `config.json`, the processor's section of the YAML as JSON, and
//! `scenario.json`: `{"about": "..", "steps": [..]}`. A step is an object of
//! - `at`: moves all clocks to so many seconds after the start; they never move by themselves;
//! - one of: `in`, a batch, a list of [spans in short](super::short); `tick`, a number: one tick at so
//!   many seconds; `flush`: true, the end of the process; `restart`: true, a new instance takes over;
//!   `room`, a number: the most bytes that the store of held items takes, or null: no bound;
//! - `out`: the spans that come out in this step, in any order, by name; none when it is absent. Each
//!   must come out as it went in, but for what an object says:
//!   `{"span": "a:1", "trace_state": "..", "attributes": {..}}`, attributes that are added at the end;
//! - `refused`: `retryable` or `permanent`, where the batch is not taken;
//! - `counters`: counters of the processor so far, as `name{label=value,..}` with labels by name, and
//!   without `otelcol_processor_` in front.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::cases::{self, CaseError, Failure};
use super::driver::Driver;
use super::short::{self, Flat};
use crate::contract::Error;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    /// For people.
    #[serde(default)]
    #[expect(dead_code, reason = "for people")]
    about: String,
    steps: Vec<Step>,
}

/// One step.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Step {
    pub(super) at: Option<f64>,
    #[serde(rename = "in")]
    pub(super) batch: Option<Vec<Value>>,
    pub(super) tick: Option<f64>,
    pub(super) flush: bool,
    pub(super) restart: bool,
    #[serde(deserialize_with = "there")]
    pub(super) room: Option<Option<u64>>,
    pub(super) out: Vec<Value>,
    pub(super) refused: Option<String>,
    pub(super) counters: BTreeMap<String, f64>,
}

/// Tells null from absent.
fn there<'de, D: serde::Deserializer<'de>>(value: D) -> Result<Option<Option<u64>>, D::Error> {
    Option::<u64>::deserialize(value).map(Some)
}

/// When all scenarios start, in nanoseconds since the Unix epoch.
const START: u64 = 1_700_000_100_000_000_000;

/// What counters begin with beside their names in a scenario.
const PREFIX: &str = "otelcol_processor_";

/// Plays every scenario of a folder to a new driver and compares what comes out.
/// [`Native::start`](super::Native::start) starts the native one.
///
/// # Errors
///
/// Every scenario that goes otherwise, with the step.
pub fn run_scenarios<D: Driver>(
    folder: &Path,
    mut start: impl FnMut(&str) -> Result<D, Failure>,
) -> Result<(), CaseError> {
    let scenarios = cases::folders(folder)?;
    let mut failures = Vec::new();
    for path in &scenarios {
        let configuration = cases::read(&path.join("config.json"))?.unwrap_or("{}".to_owned());
        let text = cases::read(&path.join("scenario.json"))?.unwrap_or_default();
        let played = serde_json::from_str::<Scenario>(&text)
            .map_err(|error| format!("scenario.json: {error}"))
            .and_then(|scenario| play(&configuration, &scenario.steps, &mut start));
        if let Err(error) = played {
            failures.push(format!("{}: {error}", path.display()));
        }
    }
    match (scenarios.is_empty(), failures.is_empty()) {
        (true, _) => Err(CaseError::Empty(folder.to_owned())),
        (_, true) => Ok(()),
        _ => Err(CaseError::Cases(failures.join("\n"))),
    }
}

/// Plays steps; the error says which one went otherwise, and how.
pub(super) fn play<D: Driver>(
    configuration: &str,
    steps: &[Step],
    start: &mut impl FnMut(&str) -> Result<D, Failure>,
) -> Result<(), String> {
    let driver = start(configuration).map_err(|failure| format!("{failure:?}"))?;
    let mut stage = Stage { driver, sent: HashMap::new() };
    stage.driver.set_time(START);
    for (index, step) in steps.iter().enumerate() {
        stage.step(step).map_err(|error| format!("step {index}: {error}"))?;
    }
    Ok(())
}

struct Stage<D> {
    driver: D,
    /// What went in, by the span's name.
    sent: HashMap<String, Flat>,
}

impl<D: Driver> Stage<D> {
    fn step(&mut self, step: &Step) -> Result<(), String> {
        if let Some(seconds) = step.tick.or(step.at) {
            self.driver.set_time(START + (seconds * 1e9) as u64);
        }
        if let Some(room) = step.room {
            self.driver.set_room(room);
        }
        self.act(step)?;
        self.compare(&step.out)?;
        for (name, wanted) in &step.counters {
            let counters = self.driver.counters();
            let full = format!("{PREFIX}{name}");
            let count = counters.get(&full).copied().unwrap_or_default();
            if count != *wanted {
                return Err(format!("counter {name}: wanted {wanted}, got {count}"));
            }
        }
        Ok(())
    }

    fn act(&mut self, step: &Step) -> Result<(), String> {
        let answer = if let Some(spans) = &step.batch {
            let spans: Result<Vec<Flat>, _> = spans.iter().map(short::span).collect();
            let spans = spans.map_err(|error| error.to_string())?;
            let sent = spans.iter().map(|flat| (flat.span.name.clone(), flat.clone()));
            self.sent.extend(sent);
            self.driver.batch(&short::request(&spans).encode_to_vec())
        } else if step.tick.is_some() {
            self.driver.tick()
        } else if step.flush {
            self.driver.flush()
        } else if step.restart {
            self.driver.restart()
        } else {
            Ok(())
        };
        let refused = match &answer {
            Ok(()) => None,
            Err(Error::Permanent(_)) => Some("permanent"),
            Err(Error::Retryable(_)) => Some("retryable"),
        };
        if refused == step.refused.as_deref() {
            Ok(())
        } else {
            Err(format!("wanted refused {:?}, got {answer:?}", step.refused))
        }
    }

    fn compare(&mut self, out: &[Value]) -> Result<(), String> {
        let mut came = Vec::new();
        for request in self.driver.take_out() {
            let request = ExportTraceServiceRequest::decode(request.as_slice());
            came.extend(short::flat(request.map_err(|error| error.to_string())?));
        }
        let wanted: Result<Vec<Flat>, String> = out.iter().map(|span| self.wanted(span)).collect();
        let mut wanted = wanted?;
        let name = |flat: &Flat| flat.span.name.clone();
        came.sort_by_key(name);
        wanted.sort_by_key(name);
        let names = |spans: &[Flat]| spans.iter().map(name).collect::<Vec<_>>();
        if names(&came) != names(&wanted) {
            return Err(format!("wanted {:?}, got {:?}", names(&wanted), names(&came)));
        }
        match came.iter().zip(&wanted).find(|(came, wanted)| came != wanted) {
            Some((came, wanted)) => Err(format!("wanted {wanted:#?}\ngot {came:#?}")),
            None => Ok(()),
        }
    }

    /// A span as it went in, with what is said of it.
    fn wanted(&self, value: &Value) -> Result<Flat, String> {
        let name = value.as_str().or_else(|| value.get("span")?.as_str()).unwrap_or_default();
        let mut flat = self.sent.get(name).ok_or(format!("{name} never went in"))?.clone();
        if let Some(trace_state) = value.get("trace_state").and_then(Value::as_str) {
            trace_state.clone_into(&mut flat.span.trace_state);
        }
        let empty = Map::new();
        let added = value.get("attributes").and_then(Value::as_object).unwrap_or(&empty);
        flat.span.attributes.extend(short::attributes(added));
        Ok(flat)
    }
}
