//! The names of components and pipelines: `type` or `type/name`.

use std::fmt;

use crate::batch::Signal;

/// Longest name after the `/`, in bytes.
const MAX_NAME_BYTES: usize = 1024;
/// Longest type, in characters.
const MAX_TYPE_CHARS: usize = 63;

/// A component's name within its kind, as the user wrote it: an alias of a type stays an alias, so
/// that references and metrics show what stands in the file.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ComponentId {
    component_type: String,
    name: Option<String>,
}

impl ComponentId {
    /// Reads `type` or `type/name`; blanks around either part do not count.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let (component_type, name) = split(text)?;
        let in_id = |reason| IdError::Invalid { id: text.to_owned(), reason };
        if !is_type(component_type) {
            return Err(in_id(format!("invalid character(s) in type {component_type:?}")));
        }
        if let Some(name) = name {
            check_name(name)?;
        }
        Ok(Self { component_type: component_type.to_owned(), name: name.map(str::to_owned) })
    }

    pub fn component_type(&self) -> &str {
        &self.component_type
    }

    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }
}

/// As it is written in the YAML.
impl fmt::Debug for ComponentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for ComponentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        display(f, &self.component_type, self.name.as_deref())
    }
}

/// A pipeline's name: its signal, and a name of its own where there are several for one signal.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PipelineId {
    signal: Signal,
    name: Option<String>,
}

impl PipelineId {
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let (signal_name, name) = split(text)?;
        let in_id = |reason| IdError::Invalid { id: text.to_owned(), reason };
        let signal = Signal::ALL.into_iter().find(|signal| signal.name() == signal_name);
        let signal = signal.ok_or_else(|| {
            in_id(match signal_name {
                "profiles" => "profiles are not supported yet by tamis".to_owned(),
                _ => format!("unknown pipeline signal: {signal_name:?}"),
            })
        })?;
        if let Some(name) = name {
            check_name(name)?;
        }
        Ok(Self { signal, name: name.map(str::to_owned) })
    }

    pub fn signal(&self) -> Signal {
        self.signal
    }

    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }
}

/// As it is written in the YAML.
impl fmt::Debug for PipelineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for PipelineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        display(f, self.signal.name(), self.name.as_deref())
    }
}

/// Why a text is no id, in the Collector's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    #[error("id must not be empty")]
    Empty,
    #[error("in {id:?} id: the part {side} / should not be empty")]
    EmptyPart { id: String, side: &'static str },
    #[error("in {id:?} id: {reason}")]
    Invalid { id: String, reason: String },
}

fn split(text: &str) -> Result<(&str, Option<&str>), IdError> {
    let (kind, name) = match text.split_once('/') {
        Some((kind, name)) => (kind.trim(), Some(name.trim())),
        None => (text.trim(), None),
    };
    match (kind, name) {
        ("", None) => Err(IdError::Empty),
        ("", Some(_)) => Err(IdError::EmptyPart { id: text.to_owned(), side: "before" }),
        (_, Some("")) => Err(IdError::EmptyPart { id: text.to_owned(), side: "after" }),
        parts => Ok(parts),
    }
}

fn is_type(text: &str) -> bool {
    text.len() <= MAX_TYPE_CHARS
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn check_name(name: &str) -> Result<(), IdError> {
    let forbidden = |c: char| c.is_whitespace() || c.is_control() || is_symbol(c);
    let reason = if name.len() > MAX_NAME_BYTES {
        let length = name.len();
        format!("name is longer than {MAX_NAME_BYTES} characters ({length} characters)")
    } else if name.contains(forbidden) {
        format!("invalid character(s) in name {name:?}")
    } else {
        return Ok(());
    };
    // The Collector quotes the name here, where it quotes the whole id elsewhere.
    Err(IdError::Invalid { id: name.to_owned(), reason })
}

/// Unicode's symbols as far as ASCII has them; punctuation such as `-`, `.` and `/` is allowed.
fn is_symbol(c: char) -> bool {
    "$+<=>^`|~".contains(c)
}

fn display(f: &mut fmt::Formatter<'_>, kind: &str, name: Option<&str>) -> fmt::Result {
    match name {
        Some(name) => write!(f, "{kind}/{name}"),
        None => f.write_str(kind),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_accepted_and_refused_like_the_collector_does() {
        let long_type = "a".repeat(MAX_TYPE_CHARS);
        let long_name = format!("otlp/{}", "n".repeat(MAX_NAME_BYTES));
        for sound in ["otlp", "otlp/2", " otlp / eu-west.1 ", "wasm/a/b", &long_type, &long_name] {
            assert!(ComponentId::parse(sound).is_ok(), "{sound:?}");
        }
        let longer_type = "a".repeat(MAX_TYPE_CHARS + 1);
        let longer_name = format!("{long_name}n");
        let broken = ["", "/a", "a/", "1a", "a-b", "a b", "a/b c", "a/$x", "a/\u{7f}"];
        for broken in broken.into_iter().chain([&*longer_type, &*longer_name]) {
            assert!(ComponentId::parse(broken).is_err(), "{broken:?}");
        }
        assert_eq!(ComponentId::parse(" otlp / x ").unwrap().to_string(), "otlp/x");
        assert_eq!(PipelineId::parse("traces/2").unwrap().to_string(), "traces/2");
        assert!(PipelineId::parse("trace").is_err());
    }
}
