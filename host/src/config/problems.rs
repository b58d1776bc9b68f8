//! Everything that is wrong or doubtful in a configuration, collected in one run.

use std::cell::RefCell;
use std::fmt;

use super::origin::Origin;

/// One thing that is wrong, and where. Holds no value of a secret: messages quote keys, ids and
/// types, and values only of keys that cannot hold a secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    pub origin: Origin,
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.origin, self.message)
    }
}

/// Something that is accepted but does not do what it does in the Collector, and where.
pub type Warning = Problem;

/// Why a configuration is refused: one or more problems in reading order.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Sorts by place; the same complaint about the same place is kept once.
    pub fn new(mut problems: Vec<Problem>) -> Self {
        problems.sort();
        problems.dedup();
        Self(problems)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for problem in &self.0 {
            writeln!(f, "{problem}")?;
        }
        match self.0.len() {
            1 => f.write_str("1 problem in the configuration"),
            count => write!(f, "{count} problems in the configuration"),
        }
    }
}

/// Collects problems and warnings while the tree is read. Shared by reference: a section and the
/// sections inside it report to the same one.
#[derive(Debug, Default)]
pub(super) struct Report {
    problems: RefCell<Vec<Problem>>,
    warnings: RefCell<Vec<Warning>>,
}

impl Report {
    pub(super) fn problem(&self, origin: &Origin, message: impl Into<String>) {
        let problem = Problem { origin: origin.clone(), message: message.into() };
        self.problems.borrow_mut().push(problem);
    }

    pub(super) fn warning(&self, origin: &Origin, message: impl Into<String>) {
        let warning = Problem { origin: origin.clone(), message: message.into() };
        self.warnings.borrow_mut().push(warning);
    }

    pub(super) fn into_problems(self) -> Problems {
        Problems::new(self.problems.into_inner())
    }

    /// The value, when nothing was wrong on the way to it, with the warnings in reading order.
    pub(super) fn finish<T>(self, value: T) -> Result<(T, Vec<Warning>), Problems> {
        let problems = self.problems.into_inner();
        if !problems.is_empty() {
            return Err(Problems::new(problems));
        }
        let mut warnings = self.warnings.into_inner();
        warnings.sort();
        warnings.dedup();
        Ok((value, warnings))
    }
}
