//! Where a piece of configuration comes from, so that every complaint can name the place.

use std::fmt;
use std::sync::Arc;

/// A place in a configuration source. Cheap to clone: every node of the tree has one. By default that
/// of settings which stand in no source.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// Rank of the source among all that were given, so that problems print in reading order.
    source: usize,
    /// The file's path as the user gave it, or what stands for it: `--set service.extensions`.
    name: Arc<str>,
    /// Line and column, both from 1; 0 and 0 where a source has no lines.
    line: usize,
    column: usize,
    /// What `${...}` the value was taken from, when it does not stand in the source itself.
    via: Option<Arc<str>>,
}

impl Origin {
    /// The start of a source; [`Origin::at`] moves it.
    pub fn new(source: usize, name: &str) -> Self {
        Self { source, name: name.into(), line: 0, column: 0, via: None }
    }

    /// The same source at another place.
    #[must_use]
    pub fn at(&self, line: usize, column: usize) -> Self {
        Self { line, column, ..self.clone() }
    }

    /// The same place, for what `${...}` brought in there.
    #[must_use]
    pub fn via(&self, what: &str) -> Self {
        Self { via: Some(what.into()), ..self.clone() }
    }

    /// A place in another file that was read for this one.
    #[must_use]
    pub fn within(&self, file: &str, line: usize, column: usize) -> Self {
        Self { source: self.source, name: file.into(), line, column, via: None }
    }

    pub fn line(&self) -> usize {
        self.line
    }

    pub fn column(&self) -> usize {
        self.column
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        match &self.via {
            Some(via) => write!(f, " ({via})"),
            None => Ok(()),
        }
    }
}
