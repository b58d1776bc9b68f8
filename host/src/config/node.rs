//! The tree between YAML and settings: values that remember where they stand.

use std::borrow::Cow;
use std::fmt;

use super::origin::Origin;

/// Nesting beyond this is refused, in a file as in what `${...}` brings in: readers of the tree
/// recurse.
pub(super) const MAX_DEPTH: usize = 64;

/// One value of a configuration.
#[derive(Clone, PartialEq)]
pub struct Node {
    pub value: Value,
    /// A scalar's own place; for a list, a map or nothing at all that of its key.
    pub origin: Origin,
    /// The text that `${...}` was replaced by, when it was the whole field. A key that wants a
    /// string takes this: `0123` stays `0123` although `value` is the number.
    pub text: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Null,
    Bool(bool),
    /// Within i64 and u64 together.
    Int(i128),
    Float(f64),
    String(String),
    List(Vec<Node>),
    /// In the order of the file; keys are unique.
    Map(Vec<Entry>),
}

/// A key of a map with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub key: String,
    /// Where the key stands.
    pub origin: Origin,
    pub node: Node,
}

/// Without the value, which may be a secret.
impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.value.kind_name(), self.origin)
    }
}

impl Node {
    pub fn new(value: Value, origin: Origin) -> Self {
        Self { value, origin, text: None }
    }

    /// The entries of a map; none for anything else.
    pub fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    pub fn get(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    /// What a key that wants a string reads here, if it may.
    pub fn as_text(&self) -> Option<&str> {
        match (&self.text, &self.value) {
            (Some(text), _) | (None, Value::String(text)) => Some(text),
            _ => None,
        }
    }

    /// The place of the deepest node on the path that exists. A segment is a key, or an index from
    /// 0 into a list.
    pub fn locate(&self, path: &[String]) -> &Origin {
        let Some((segment, rest)) = path.split_first() else { return &self.origin };
        let child = match &self.value {
            Value::Map(_) => self.get(segment).map(|entry| &entry.node),
            Value::List(items) => segment.parse::<usize>().ok().and_then(|i| items.get(i)),
            _ => None,
        };
        child.map_or(&self.origin, |child| child.locate(rest))
    }

    /// As JSON. Numbers that JSON cannot express (`.nan`, `.inf`) become strings.
    pub fn to_json(&self) -> serde_json::Value {
        match &self.value {
            Value::Null => serde_json::Value::Null,
            Value::Bool(value) => (*value).into(),
            Value::Int(value) => match u64::try_from(*value) {
                Ok(value) => value.into(),
                Err(_) => i64::try_from(*value).map_or(serde_json::Value::Null, Into::into),
            },
            Value::Float(value) => serde_json::Number::from_f64(*value)
                .map_or_else(|| value.to_string().into(), Into::into),
            Value::String(value) => value.as_str().into(),
            Value::List(items) => items.iter().map(Self::to_json).collect(),
            Value::Map(entries) => {
                entries.iter().map(|entry| (entry.key.clone(), entry.node.to_json())).collect()
            }
        }
    }

    /// The scalars below that came from `${...}` and are not strings by themselves: path and text.
    pub fn texts(&self) -> Vec<(Vec<String>, String)> {
        let mut texts = Vec::new();
        self.collect_texts(&mut Vec::new(), &mut texts);
        texts
    }

    fn collect_texts(&self, path: &mut Vec<String>, texts: &mut Vec<(Vec<String>, String)>) {
        match &self.value {
            Value::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    path.push(index.to_string());
                    item.collect_texts(path, texts);
                    path.pop();
                }
            }
            Value::Map(entries) => {
                for entry in entries {
                    path.push(entry.key.clone());
                    entry.node.collect_texts(path, texts);
                    path.pop();
                }
            }
            Value::String(_) => {}
            Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => {
                if let Some(text) = &self.text {
                    texts.push((path.clone(), text.clone()));
                }
            }
        }
    }

    /// The number of nodes here and below.
    pub(super) fn count(&self) -> usize {
        match &self.value {
            Value::List(items) => 1 + items.iter().map(Self::count).sum::<usize>(),
            Value::Map(entries) => {
                1 + entries.iter().map(|entry| entry.node.count()).sum::<usize>()
            }
            _ => 1,
        }
    }

    /// The number of levels here and below; a scalar is one.
    pub(super) fn depth(&self) -> usize {
        match &self.value {
            Value::List(items) => 1 + items.iter().map(Self::depth).max().unwrap_or(0),
            Value::Map(entries) => {
                1 + entries.iter().map(|entry| entry.node.depth()).max().unwrap_or(0)
            }
            _ => 1,
        }
    }
}

impl Value {
    /// The name of the type in the Collector's messages, which are Go's.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "nil",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Float(_) => "float64",
            Self::String(_) => "string",
            Self::List(_) => "[]interface {}",
            Self::Map(_) => "map[string]interface {}",
        }
    }

    /// The shorter name that the Collector uses where it wanted a map or a list.
    pub(super) fn kind_name(&self) -> Cow<'static, str> {
        match self {
            Self::List(_) => "slice".into(),
            Self::Map(_) => "map".into(),
            other => other.type_name().into(),
        }
    }
}
