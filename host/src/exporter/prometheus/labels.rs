//! Whose a data point is: the key of its series, and the labels that are made of it.

use super::model::{Label, Labels};
use super::names::{is_label_name, label_name};
use super::settings::PrometheusSettings;

/// Attributes with their values as text.
pub(super) type Texts = Vec<(String, String)>;

pub(super) struct Scope {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) schema_url: String,
    pub(super) attributes: Texts,
}

/// Attributes of a scope whose labels would be those of its name, version and schema.
const SCOPE_RESERVED: [&str; 3] = ["name", "version", "schema_url"];

/// What tells two series apart: everything that their labels are made of, and the name and type of the
/// metric. Each part has its length before it, so that no two make the same.
pub(super) struct Key {
    bytes: Vec<u8>,
    /// Of that, what all points of a metric share.
    shared: usize,
}

impl Key {
    /// `letter` stands for the type.
    pub(super) fn new(letter: u8, name: &str, scope: &Scope) -> Self {
        let mut key = Self { bytes: vec![letter], shared: 0 };
        for part in [name, &scope.name, &scope.version, &scope.schema_url] {
            key.push(part);
        }
        key.push_sorted(&scope.attributes);
        key.shared = key.bytes.len();
        key
    }

    pub(super) fn of(
        &mut self,
        attributes: &Texts,
        job_and_instance: [&Option<String>; 2],
    ) -> &[u8] {
        self.bytes.truncate(self.shared);
        self.push_sorted(attributes);
        for part in job_and_instance {
            match part {
                Some(part) => self.push(part),
                None => self.bytes.push(u8::MAX),
            }
        }
        &self.bytes
    }

    fn push_sorted(&mut self, attributes: &Texts) {
        let mut sorted: Vec<&(String, String)> = attributes.iter().collect();
        sorted.sort_unstable();
        self.bytes.extend(sorted.len().to_le_bytes());
        for (key, value) in sorted {
            self.push(key);
            self.push(value);
        }
    }

    fn push(&mut self, part: &str) {
        self.bytes.extend(part.len().to_le_bytes());
        self.bytes.extend(part.as_bytes());
    }
}

/// None where a label cannot be served or two have the same name.
pub(super) fn of_series(
    settings: &PrometheusSettings,
    scope: &Scope,
    attributes: &Texts,
    job_and_instance: [&Option<String>; 2],
) -> Option<Labels> {
    let utf8 = settings.translation.utf8;
    let mut labels: Vec<Label> = Vec::with_capacity(attributes.len() + 8);
    for (key, value) in attributes {
        labels.push(Label::new(&label_name(utf8, key)?, value));
    }
    if !settings.without_scope_info {
        for (key, value) in &scope.attributes {
            if !SCOPE_RESERVED.contains(&&**key) {
                let key = format!("otel_scope_{key}");
                labels.push(Label::new(&label_name(utf8, &key)?, value));
            }
        }
        labels.push(Label::new("otel_scope_name", &scope.name));
        labels.push(Label::new("otel_scope_version", &scope.version));
        labels.push(Label::new("otel_scope_schema_url", &scope.schema_url));
    }
    for (name, value) in ["job", "instance"].into_iter().zip(job_and_instance) {
        labels.extend(value.iter().map(|value| Label::new(name, value)));
    }
    labels.extend(settings.const_labels.iter().map(|(name, value)| Label::new(name, value)));
    labels.sort_unstable();
    let distinct = labels.windows(2).all(|two| two[0].name != two[1].name);
    distinct.then(|| labels.into())
}

/// Those of `target_info`. Values of keys that make the same label are joined.
pub(super) fn of_target(
    settings: &PrometheusSettings,
    attributes: &Texts,
    job: &str,
    instance: &str,
) -> Option<Labels> {
    let mut labels: Vec<Label> = Vec::with_capacity(attributes.len() + 2);
    for (key, value) in attributes {
        let name = label_name(settings.translation.utf8, key)?;
        match labels.iter_mut().find(|label| *label.name == *name) {
            Some(label) => label.value = format!("{};{value}", label.value).into(),
            None => labels.push(Label::new(&name, value)),
        }
    }
    labels.retain(|label| !["job", "instance"].contains(&&*label.name));
    labels.extend([Label::new("job", job), Label::new("instance", instance)]);
    labels.sort_unstable();
    debug_assert!(labels.iter().all(|label| is_label_name(&label.name)));
    Some(labels.into())
}
