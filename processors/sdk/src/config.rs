//! Read a processor's configuration: every problem at once, each with its place.
//!
//! ```
//! use tamis_sdk::{Configuration, Problem};
//!
//! #[derive(Debug, PartialEq)]
//! struct Config { key: String, limit: u64 }
//!
//! fn read(configuration: &Configuration) -> Result<Config, Vec<Problem>> {
//!     configuration.read(|config| Config {
//!         key: config.string("key").unwrap_or_default(),
//!         limit: config.integer("limit").unwrap_or(100),
//!     })
//! }
//!
//! let good = Configuration::from_json(r#"{"key": "a"}"#);
//! assert_eq!(read(&good), Ok(Config { key: "a".into(), limit: 100 }));
//!
//! let bad = Configuration::from_json(r#"{"keys": "a", "limit": "many"}"#);
//! let messages: Vec<_> = read(&bad).unwrap_err().iter().map(Problem::to_string).collect();
//! assert_eq!(messages, [
//!     "limit: expected a whole number that is not negative, got a string",
//!     r#"keys: unknown key; did you mean "key"?"#,
//! ]);
//! ```

mod duration;
mod section;

pub use section::Section;

use crate::contract::{Problem, Signal};
use serde_json::Value;

/// What [`Processor::configure`](crate::Processor::configure) is handed.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// The component id, as it stands in the YAML: `tail_sampling` or `tail_sampling/slow`.
    pub id: String,
    /// The processor's own section of the YAML as JSON; `{}` when it is empty.
    pub json: String,
    /// Scalars that came from `${...}`: their original text by path. `${env:X}` holding `0123` is the
    /// number 83 in `json` (YAML reads it as octal) and `"0123"` here.
    pub texts: Vec<(Vec<String>, String)>,
    /// Random per process: seed hash tables with it, so that no sender can choose colliding keys.
    pub hash_seed: u64,
    /// How many instances run side by side, at least 1, where the processor's partition allows more
    /// than one: each then sees about its share of the keys, so what bounds the whole is to be divided
    /// by it.
    pub instances: u32,
    /// The signals that pipelines take from [`emit`](crate::emitter::emit). What is emitted of others is
    /// let go of: where it costs something to make it, do not.
    pub feeds: Vec<Signal>,
}

impl Configuration {
    /// A configuration of one instance, called `test`, that feeds no pipeline, without expanded scalars
    /// and with seed 0; for tests.
    #[must_use]
    pub fn from_json(json: &str) -> Self {
        let (id, json) = ("test".to_owned(), json.to_owned());
        Self { id, json, texts: Vec::new(), hash_seed: 0, instances: 1, feeds: Vec::new() }
    }

    /// Hands the top section to `read` and answers what it made of it.
    ///
    /// Getters answer none where a key is absent, null or wrong, so that `read` can go on to the
    /// next key; when it is done, a key that it did not ask for is a problem as well.
    ///
    /// # Errors
    ///
    /// Every problem, in the order in which `read` met them; then the value is discarded.
    pub fn read<T>(&self, read: impl FnOnce(&mut Section<'_>) -> T) -> Result<T, Vec<Problem>> {
        let whole = |message: String| vec![Problem { path: Vec::new(), message }];
        let value = match serde_json::from_str(&self.json) {
            Ok(Value::Null) => Value::Object(serde_json::Map::new()),
            Ok(value) => value,
            Err(error) => return Err(whole(format!("not JSON: {error}"))),
        };
        let Value::Object(map) = &value else {
            return Err(whole(format!("expected a map, got {}", section::kind(&value))));
        };
        let mut problems = Vec::new();
        let mut section = Section::new(map, Vec::new(), &self.texts, &mut problems);
        let config = read(&mut section);
        section.finish();
        if problems.is_empty() { Ok(config) } else { Err(problems) }
    }
}
