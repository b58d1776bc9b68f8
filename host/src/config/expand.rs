//! `${...}` in values: environment variables, files and inline YAML, by the Collector's rules.

use std::ops::Range;
use std::path::Path;

use super::environment::Environment;
use super::node::{Entry, MAX_DEPTH, Node, Value};
use super::origin::Origin;
use super::problems::Report;
use super::yaml;

/// Replacements within one value, nested ones and those that a replacement brings in included.
const MAX_EXPANSIONS_PER_VALUE: usize = 1000;
/// Replacements in the whole configuration, which also bounds what lists within lists can grow to.
const MAX_EXPANSIONS: usize = 10_000;
/// One value's text while it is replaced, in bytes.
const MAX_TEXT_BYTES: usize = 1 << 20;

/// Replaces every `${...}` of the tree and then `$$` by `$`. Keys are left alone.
pub(super) fn expand(root: Node, environment: &dyn Environment, report: &Report) -> Node {
    Expander { environment, report, expansions: 0 }.node(root, 1)
}

struct Expander<'a> {
    environment: &'a dyn Environment,
    report: &'a Report,
    expansions: usize,
}

/// What one `${...}` stands for.
struct Retrieved {
    text: String,
    /// `environment variable X`, for messages; none when the text stands in the source itself.
    via: Option<String>,
    /// Set when the text is a file with lines of its own.
    file: Option<String>,
}

impl Expander<'_> {
    fn node(&mut self, node: Node, depth: usize) -> Node {
        let Node { value, origin, text } = node;
        if depth > MAX_DEPTH {
            self.report.problem(&origin, format!("yaml: nested deeper than {MAX_DEPTH} levels"));
            return Node::new(Value::Null, origin);
        }
        let value = match value {
            Value::String(string) => return self.string(string, origin, depth),
            Value::List(items) => {
                Value::List(items.into_iter().map(|item| self.node(item, depth + 1)).collect())
            }
            Value::Map(entries) => Value::Map(
                entries
                    .into_iter()
                    .map(|Entry { key, origin, node }| {
                        let node = self.node(node, depth + 1);
                        Entry { key, origin, node }
                    })
                    .collect(),
            ),
            scalar => scalar,
        };
        Node { value, origin, text }
    }

    fn string(&mut self, text: String, origin: Origin, depth: usize) -> Node {
        match self.replace(text, origin.clone(), depth) {
            Ok(node) => node,
            Err(message) => {
                self.report.problem(&origin, message);
                Node::new(Value::Null, origin)
            }
        }
    }

    /// Replaces the innermost, leftmost `${...}` until none is left or the value is no string.
    fn replace(&mut self, text: String, origin: Origin, depth: usize) -> Result<Node, String> {
        let (mut text, mut place) = (text, origin.clone());
        for _ in 0..MAX_EXPANSIONS_PER_VALUE {
            let Some(range) = find(&text) else {
                return Ok(Node::new(Value::String(text.replace("$$", "$")), place));
            };
            self.expansions += 1;
            if self.expansions > MAX_EXPANSIONS {
                return Err(format!("too many expansions: more than {MAX_EXPANSIONS}"));
            }
            let retrieved = self.retrieve(&text[range.start + 2..range.end - 1], &origin)?;
            if range != (0..text.len()) {
                text.replace_range(range, &retrieved.text);
                if text.len() > MAX_TEXT_BYTES {
                    return Err(format!("expanded to more than {MAX_TEXT_BYTES} bytes"));
                }
                continue;
            }
            if let Some(via) = &retrieved.via {
                place = origin.via(via);
            }
            // Verbatim where it is a string, quotes and comments included; also where it is no YAML.
            match parse(&retrieved, &place) {
                Some(Node { value: Value::String(_), .. }) | None => text = retrieved.text,
                Some(node) => return Ok(self.value(node, retrieved.text, depth)),
            }
        }
        Err("too many recursive expansions".to_owned())
    }

    /// A value that is no string, with the text that it was read from.
    fn value(&mut self, node: Node, text: String, depth: usize) -> Node {
        let mut node = self.node(node, depth);
        // A collection with `${...}` inside cannot stand for a string: its text is not final.
        node.text = (!text.contains("${")).then(|| text.replace("$$", "$"));
        node
    }

    fn retrieve(&self, uri: &str, origin: &Origin) -> Result<Retrieved, String> {
        let (scheme, opaque) = uri.split_once(':').unwrap_or(("env", uri));
        // A default without `env:` would be taken for a scheme; so it is in the Collector.
        let hint = match uri.split_once(":-") {
            Some((name, _)) if is_variable_name(name) => {
                format!(" (did you mean ${{env:{name}:-...}}?)")
            }
            _ => String::new(),
        };
        if !is_scheme(scheme) {
            return Err(format!("invalid uri: {uri:?}{hint}"));
        }
        if opaque.contains('$') {
            return Err(format!("the uri {uri:?} contains unsupported characters ('$')"));
        }
        match scheme {
            "env" => self.variable(opaque, origin),
            "yaml" => Ok(Retrieved { text: opaque.to_owned(), via: None, file: None }),
            "file" => match self.environment.read(Path::new(opaque)) {
                Ok(text) => Ok(Retrieved {
                    text,
                    via: Some(format!("file {opaque}")),
                    file: Some(opaque.to_owned()),
                }),
                Err(error) => Err(format!("unable to read the file {uri}: {error}")),
            },
            "http" | "https" => Err(format!("scheme {scheme:?} is not supported yet by tamis")),
            _ => Err(format!("scheme {scheme:?} is not supported for uri {uri:?}{hint}")),
        }
    }

    fn variable(&self, opaque: &str, origin: &Origin) -> Result<Retrieved, String> {
        let (name, default) = match opaque.split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (opaque, None),
        };
        if !is_variable_name(name) {
            return Err(format!(
                "environment variable {name:?} has invalid name: \
                 must match regex ^[a-zA-Z_][a-zA-Z0-9_]*$"
            ));
        }
        let value = self.environment.variable(name);
        if value.is_none() && default.is_none() {
            let message = format!("Configuration references unset environment variable {name:?}");
            self.report.warning(origin, message);
        }
        let text = value.or_else(|| default.map(str::to_owned)).unwrap_or_default();
        Ok(Retrieved { text, via: Some(format!("environment variable {name}")), file: None })
    }
}

fn parse(retrieved: &Retrieved, place: &Origin) -> Option<Node> {
    let places: yaml::Places<'_> = match &retrieved.file {
        Some(file) => &|line, column| place.within(file, line, column),
        None => &|_, _| place.clone(),
    };
    yaml::parse(&retrieved.text, places).ok()
}

/// The first `${...}` that holds no other and is not escaped by an odd number of `$` before it.
fn find(text: &str) -> Option<Range<usize>> {
    let mut from = 0;
    while let Some(length) = text[from..].find('}') {
        let close = from + length;
        if let Some(offset) = text[from..close].rfind("${") {
            let open = from + offset;
            let dollars = text[..open].bytes().rev().take_while(|b| *b == b'$').count();
            if dollars % 2 == 0 {
                return Some(open..close + 1);
            }
        }
        from = close + 1;
    }
    None
}

/// At least two characters, as with the Collector, where one could be a drive letter.
fn is_scheme(scheme: &str) -> bool {
    scheme.len() >= 2
        && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+.-".contains(&b))
}

fn is_variable_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}
