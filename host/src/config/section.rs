//! Reads one map of the tree key by key: typed, with defaults, and with every complaint collected.

use std::cell::RefCell;
use std::time::Duration;

use http::{HeaderName, HeaderValue};

use super::duration;
use super::nearest;
use super::node::{Entry, Node, Value};
use super::origin::Origin;
use super::problems::Report;

/// A map that is being read. Whoever has read all keys calls [`Section::finish`], which complains
/// about the rest. An absent key and a key with nothing behind it mean the default.
pub(super) struct Section<'a> {
    report: &'a Report,
    scope: Scope,
    node: &'a Node,
    /// What was asked for so far.
    known: RefCell<Vec<&'static str>>,
}

/// Whose keys these are, for messages.
#[derive(Clone, Default)]
struct Scope {
    /// `exporters` and the id, within a component's own section.
    component: Option<(&'static str, String)>,
    path: Vec<String>,
}

impl<'a> Section<'a> {
    /// The whole configuration.
    pub(super) fn root(node: &'a Node, report: &'a Report) -> Self {
        Self::checked(node, Scope::default(), report)
    }

    /// A component's own section.
    pub(super) fn component(
        kind: &'static str,
        id: &str,
        node: &'a Node,
        report: &'a Report,
    ) -> Self {
        let scope = Scope { component: Some((kind, id.to_owned())), path: Vec::new() };
        Self::checked(node, scope, report)
    }

    fn checked(node: &'a Node, scope: Scope, report: &'a Report) -> Self {
        if !matches!(node.value, Value::Map(_) | Value::Null) {
            let got = node.value.kind_name();
            let message = scope.decode(None, &format!("expected a map or struct, got {got:?}"));
            report.problem(&node.origin, message);
        }
        Self { report, scope, node, known: RefCell::new(Vec::new()) }
    }

    pub(super) fn origin(&self) -> &'a Origin {
        &self.node.origin
    }

    pub(super) fn entries(&self) -> &'a [Entry] {
        self.node.entries()
    }

    pub(super) fn report(&self) -> &'a Report {
        self.report
    }

    /// The keys that lead to one of the section, for a message that is made later.
    pub(super) fn path_to(&self, key: &str) -> String {
        self.scope.path_to(key)
    }

    /// Complains about keys that nobody asked for.
    pub(super) fn finish(self) {
        self.check_keys();
    }

    /// [`Section::finish`] for a section that is only borrowed.
    pub(super) fn check_keys(&self) {
        let known = self.known.borrow();
        for entry in self.node.entries() {
            if !known.contains(&entry.key.as_str()) {
                let hint = nearest::hint(&entry.key, known.iter().copied());
                let message = format!("has invalid keys: {}{hint}", entry.key);
                self.report.problem(&entry.origin, self.scope.decode(None, &message));
            }
        }
    }

    /// The value of a key as it stands; none when absent or null.
    pub(super) fn value(&self, key: &'static str) -> Option<&'a Node> {
        let node = &self.entry(key)?.node;
        // An unset variable is not "nothing written": it is the zero value of the key's type.
        (node.value != Value::Null || node.text.is_some()).then_some(node)
    }

    pub(super) fn string(&self, key: &'static str, default: &str) -> String {
        self.text(key).unwrap_or_else(|| default.to_owned())
    }

    pub(super) fn text(&self, key: &'static str) -> Option<String> {
        let node = self.value(key)?;
        let text = node.as_text().map(str::to_owned);
        if text.is_none() {
            self.wrong_type(key, node, "string");
        }
        text
    }

    /// Like [`Section::text`], but an empty text counts as absent.
    pub(super) fn filled(&self, key: &'static str) -> Option<String> {
        self.text(key).filter(|text| !text.is_empty())
    }

    pub(super) fn boolean(&self, key: &'static str, default: bool) -> bool {
        let Some(node) = self.value(key) else { return default };
        match node.value {
            Value::Bool(value) => value,
            Value::Null => false,
            _ => {
                self.wrong_type(key, node, "bool");
                default
            }
        }
    }

    /// A whole number that the setting's type can hold.
    pub(super) fn integer<T: TryFrom<i128> + Copy>(&self, key: &'static str, default: T) -> T {
        let Some(node) = self.value(key) else { return default };
        let int = match node.value {
            Value::Int(int) => int,
            Value::Null => 0,
            Value::Float(float) if float.fract() == 0.0 => float as i128,
            _ => {
                self.wrong_type(key, node, "int");
                return default;
            }
        };
        T::try_from(int).unwrap_or_else(|_| {
            let message = if int < 0 { "must be non-negative" } else { "is too large" };
            self.invalid(key, message);
            default
        })
    }

    /// A number of MiB, as bytes.
    pub(super) fn mebibytes(&self, key: &'static str, default_bytes: u64) -> u64 {
        match self.value(key) {
            Some(_) => {
                let mebibytes = self.integer(key, 0_u32);
                u64::from(mebibytes) << 20
            }
            None => default_bytes,
        }
    }

    pub(super) fn float(&self, key: &'static str, default: f64) -> f64 {
        let Some(node) = self.value(key) else { return default };
        match node.value {
            Value::Float(value) => value,
            Value::Int(value) => value as f64,
            Value::Null => 0.0,
            _ => {
                self.wrong_type(key, node, "float64");
                default
            }
        }
    }

    /// A duration as Go writes it. A bare number is nanoseconds, which nobody means: warned about.
    pub(super) fn duration(&self, key: &'static str, default: Duration) -> Duration {
        let Some(node) = self.value(key) else { return default };
        match &node.value {
            Value::String(text) => duration::parse(text).unwrap_or_else(|message| {
                self.invalid(key, &message);
                default
            }),
            Value::Null => Duration::ZERO,
            Value::Int(0) => Duration::ZERO,
            Value::Int(nanos) => match u64::try_from(*nanos) {
                Ok(nanos) => {
                    self.warn(key, "a number without a unit is read as nanoseconds");
                    Duration::from_nanos(nanos)
                }
                Err(_) => {
                    self.invalid(key, "must be non-negative");
                    default
                }
            },
            _ => {
                self.wrong_type(key, node, "time.Duration");
                default
            }
        }
    }

    /// A duration of which 0 means "none".
    pub(super) fn duration_or_none(&self, key: &'static str) -> Option<Duration> {
        Some(self.duration(key, Duration::ZERO)).filter(|duration| !duration.is_zero())
    }

    /// A list of strings with the node of each; a string is split at commas.
    pub(super) fn strings(&self, key: &'static str) -> Vec<(String, &'a Node)> {
        let Some(node) = self.value(key) else { return Vec::new() };
        match &node.value {
            Value::List(items) => items
                .iter()
                .enumerate()
                .filter_map(|(index, item)| {
                    let text = item.as_text();
                    if text.is_none() {
                        let got = item.value.type_name();
                        let message =
                            format!("expected type 'string', got unconvertible type '{got}'");
                        let message = self.scope.decode(Some(&format!("{key}[{index}]")), &message);
                        self.report.problem(&item.origin, message);
                    }
                    Some((text?.to_owned(), item))
                })
                .collect(),
            Value::Null => Vec::new(),
            Value::String(text) if text.is_empty() => Vec::new(),
            Value::String(text) => text.split(',').map(|part| (part.to_owned(), node)).collect(),
            other => {
                let got = other.kind_name();
                let message = format!("source data must be an array or slice, got {got}");
                self.decode(key, &node.origin, &message);
                Vec::new()
            }
        }
    }

    pub(super) fn string_list(&self, key: &'static str) -> Vec<String> {
        self.strings(key).into_iter().map(|(text, _)| text).collect()
    }

    /// HTTP headers: a map, or a list of `{name, value}`.
    pub(super) fn headers(&self, key: &'static str) -> Vec<(String, String)> {
        let mut headers = Vec::new();
        for (name, value, origin) in self.pairs(key) {
            if HeaderName::try_from(&name).is_err() {
                self.invalid_at(key, origin, &format!("{name:?} is not a valid header name"));
            } else if HeaderValue::try_from(&value).is_err() {
                // Values can be secrets.
                self.invalid_at(key, origin, &format!("{name:?} has an invalid value"));
            }
            headers.push((name, value));
        }
        headers
    }

    /// A map from names to texts.
    pub(super) fn text_map(&self, key: &'static str) -> Vec<(String, String)> {
        if let Some(node) = self.value(key)
            && matches!(node.value, Value::List(_))
        {
            self.decode(key, &node.origin, "expected a map, got 'slice'");
            return Vec::new();
        }
        self.pairs(key).into_iter().map(|(name, value, _)| (name, value)).collect()
    }

    /// Names with values and the place of each.
    fn pairs(&self, key: &'static str) -> Vec<(String, String, &'a Origin)> {
        let Some(node) = self.value(key) else { return Vec::new() };
        let mut pairs = Vec::new();
        match &node.value {
            Value::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    let section = self.nested(format!("{key}[{index}]"), item);
                    let value = section.string("value", "");
                    pairs.push((section.string("name", ""), value, &item.origin));
                    section.finish();
                }
            }
            _ => {
                let section = self.nested(key.to_owned(), node);
                for entry in section.entries() {
                    let mut push = |text: &str| {
                        pairs.push((entry.key.clone(), text.to_owned(), &entry.origin))
                    };
                    match (entry.node.as_text(), &entry.node.value) {
                        (Some(text), _) => push(text),
                        (None, Value::Null) => push(""),
                        (None, other) => {
                            let got = other.type_name();
                            let message =
                                format!("expected type 'string', got unconvertible type '{got}'");
                            let path = section.scope.decode(Some(&entry.key), &message);
                            self.report.problem(&entry.node.origin, path);
                        }
                    }
                }
            }
        }
        pairs
    }

    /// One of a few words. `complaint` makes the message about any other.
    pub(super) fn choice<T: Copy>(
        &self,
        key: &'static str,
        default: T,
        words: &[(&str, T)],
        complaint: impl Fn(&str) -> String,
    ) -> T {
        let Some(text) = self.text(key) else { return default };
        match words.iter().find(|(word, _)| *word == text) {
            Some((_, value)) => *value,
            None => {
                let hint = nearest::hint(&text, words.iter().map(|(word, _)| *word));
                self.invalid(key, &format!("{}{hint}", complaint(&text)));
                default
            }
        }
    }

    /// A section inside; none when the key is absent, empty when nothing stands behind it.
    pub(super) fn section(&self, key: &'static str) -> Option<Section<'a>> {
        self.entry(key).map(|entry| self.nested(key.to_owned(), &entry.node))
    }

    /// A section that `enabled: false` switches off: none then, whatever else it says.
    pub(super) fn switched(&self, key: &'static str) -> Option<Section<'a>> {
        let section = self.section(key)?;
        section.boolean("enabled", true).then_some(section)
    }

    /// A section at a key that is not fixed: an id, an index.
    pub(super) fn nested(&self, segment: String, node: &'a Node) -> Section<'a> {
        let mut scope = self.scope.clone();
        scope.path.push(segment);
        Self::checked(node, scope, self.report)
    }

    /// Keys that the Collector has and tamis does not: refused, and not called unknown.
    pub(super) fn unsupported(&self, keys: &[&'static str]) {
        for key in keys {
            if self.value(key).is_some() {
                self.invalid(key, "not supported yet by tamis");
            }
        }
    }

    /// Keys that the Collector has and that change nothing here.
    pub(super) fn without_effect(&self, keys: &[&'static str]) {
        for key in keys {
            if self.value(key).is_some() {
                self.warn(key, "has no effect in tamis");
            }
        }
    }

    /// A problem with the meaning of a key's value.
    pub(super) fn invalid(&self, key: &'static str, message: &str) {
        self.report.problem(self.place(key), self.scope.invalid(Some(key), message));
    }

    /// A problem with the section as a whole.
    pub(super) fn invalid_here(&self, message: &str) {
        self.report.problem(&self.node.origin, self.scope.invalid(None, message));
    }

    /// A problem with an element of the section's own, at its place.
    pub(super) fn invalid_at(&self, key: &'static str, origin: &Origin, message: &str) {
        self.report.problem(origin, self.scope.invalid(Some(key), message));
    }

    /// A problem with the form of a key's value.
    pub(super) fn decode(&self, key: &'static str, origin: &Origin, message: &str) {
        self.report.problem(origin, self.scope.decode(Some(key), message));
    }

    pub(super) fn warn(&self, key: &'static str, message: &str) {
        self.report.warning(self.place(key), self.scope.invalid(Some(key), message));
    }

    fn wrong_type(&self, key: &'static str, node: &Node, wanted: &str) {
        let got = node.value.type_name();
        let message = format!("expected type '{wanted}', got unconvertible type '{got}'");
        self.decode(key, &node.origin, &message);
    }

    fn entry(&self, key: &'static str) -> Option<&'a Entry> {
        let mut known = self.known.borrow_mut();
        if !known.contains(&key) {
            known.push(key);
        }
        self.node.get(key)
    }

    fn place(&self, key: &str) -> &Origin {
        self.node.get(key).map_or(&self.node.origin, |entry| &entry.node.origin)
    }
}

impl Scope {
    /// The Collector's wording for what it cannot put into its structs.
    fn decode(&self, key: Option<&str>, message: &str) -> String {
        let mut path = self.path.join(".");
        if let Some(key) = key {
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(key);
        }
        match &self.component {
            Some((kind, id)) => {
                format!("'{kind}' error reading configuration for {id:?}: '{path}' {message}")
            }
            None => format!("'{path}' {message}"),
        }
    }

    /// The Collector's wording for what it could read but not accept.
    fn invalid(&self, key: Option<&str>, message: &str) -> String {
        let component = self.component.iter().flat_map(|(kind, id)| [*kind, id.as_str()]);
        let path = component.chain(self.path.iter().map(String::as_str)).chain(key);
        let path: Vec<&str> = path.collect();
        if path.is_empty() { message.to_owned() } else { format!("{}: {message}", path.join("::")) }
    }

    /// The keys that lead to a key.
    fn path_to(&self, key: &str) -> String {
        let component = self.component.iter().flat_map(|(kind, id)| [*kind, id.as_str()]);
        let path: Vec<&str> =
            component.chain(self.path.iter().map(String::as_str)).chain([key]).collect();
        path.join("::")
    }
}
