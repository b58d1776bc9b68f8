//! Whose budget is how large, and what happens beyond it.

use std::rc::Rc;

use tamis_re2::Regex;
use tamis_sdk::config::Section;

use super::within;

/// More series of one metric than anybody's memory has room for.
const LIMIT_MAX: u64 = 10_000_000;
/// One part of so many of the limit is kept free for stripped series, where `reserve` does not say.
const RESERVE_PART: usize = 10;
/// Without them nobody can tell whose series it was, and Prometheus has no `job`.
const KEEP: [&str; 2] = ["service.name", "service.namespace"];

/// What becomes of a series that has no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// It is added to one series for all such.
    Overflow,
    /// Labels are taken off, and it is added to what it then is the same as.
    Strip,
    /// As `Strip`, but a label's value gives way to one for all such.
    Replace,
    /// It does not leave.
    Drop,
    /// It leaves, marked.
    Tag,
    /// It leaves; only counted.
    Observe,
}

impl Mode {
    pub(crate) fn strips(self) -> bool {
        matches!(self, Self::Strip | Self::Replace)
    }

    /// Whether nothing more than the limit leaves.
    pub(crate) fn is_hard(self) -> bool {
        !matches!(self, Self::Tag | Self::Observe)
    }
}

/// Something that budgets are apart by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Dimension {
    /// All attributes of the resource.
    Resource,
    /// The scope.
    Scope,
    /// An attribute: of the data point, else of the resource.
    Attribute(Vec<u8>),
}

/// A bound on the distinct values of one label of one metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Values {
    pub(crate) limit: usize,
    /// Nanoseconds: the limit is on values that are new within such an epoch. None: on those in use.
    pub(crate) epoch: Option<u64>,
}

/// One budget's terms.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    /// Series.
    pub(crate) limit: usize,
    pub(crate) mode: Mode,
    /// Of `limit`, for stripped series only; 0 in other modes.
    pub(crate) reserve: usize,
    pub(crate) by: Vec<Dimension>,
    pub(crate) keep: Vec<Vec<u8>>,
    pub(crate) drop_first: Vec<Vec<u8>>,
    pub(crate) values: Option<Values>,
}

/// A bound over all metrics.
#[derive(Debug, Clone)]
pub(crate) struct Total {
    pub(crate) limit: usize,
    pub(crate) by: Vec<Dimension>,
}

/// Which metrics a rule is for.
#[derive(Debug, Clone)]
pub(crate) enum Names {
    Exact(String),
    Pattern(Box<Regex>),
}

/// The first rule that fits counts; the last fits all.
#[derive(Debug)]
pub(crate) struct Rules {
    pub(crate) special: Vec<(Names, Rc<Rule>)>,
    pub(crate) general: Rc<Rule>,
}

impl Rules {
    /// The place of a metric's rule: `get` has it.
    pub(crate) fn of(&self, name: &[u8]) -> usize {
        let fits = |(names, _): &(Names, Rc<Rule>)| match names {
            Names::Exact(exact) => exact.as_bytes() == name,
            Names::Pattern(pattern) => pattern.is_match(name),
        };
        self.special.iter().position(fits).unwrap_or(self.special.len())
    }

    pub(crate) fn get(&self, index: usize) -> &Rc<Rule> {
        self.special.get(index).map_or(&self.general, |(_, rule)| rule)
    }

    /// All of them.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Rule> {
        self.special.iter().map(|(_, rule)| &**rule).chain([&*self.general])
    }
}

/// What a rule says; what it leaves open comes from the general one.
#[derive(Debug, Clone, Default)]
struct Raw {
    limit: Option<u64>,
    mode: Option<Mode>,
    reserve: Option<u64>,
    by: Option<Vec<Dimension>>,
    keep: Option<Vec<Vec<u8>>>,
    drop_first: Option<Vec<Vec<u8>>>,
    value_limit: Option<u64>,
}

impl Raw {
    fn read(section: &mut Section<'_>) -> Self {
        let limit = section.has("limit").then(|| within(section, "limit", 1, 1..=LIMIT_MAX));
        let reserve = section.integer("reserve");
        if let (Some(limit), Some(reserve)) = (limit, reserve)
            && reserve >= limit
        {
            section.problem(&["reserve"], "expected less than `limit`");
        }
        Self {
            limit,
            mode: mode(section),
            reserve,
            by: dimensions(section),
            keep: labels(section, "keep"),
            drop_first: labels(section, "drop_first"),
            value_limit: section.integer("value_limit"),
        }
    }

    fn or(self, general: &Self) -> Self {
        // A reserve belongs to the limit that it is a part of.
        let reserve =
            if self.limit.is_some() { self.reserve } else { self.reserve.or(general.reserve) };
        Self {
            limit: self.limit.or(general.limit),
            mode: self.mode.or(general.mode),
            reserve,
            by: self.by.or_else(|| general.by.clone()),
            keep: self.keep.or_else(|| general.keep.clone()),
            drop_first: self.drop_first.or_else(|| general.drop_first.clone()),
            value_limit: self.value_limit.or(general.value_limit),
        }
    }

    fn rule(self) -> Rule {
        let limit = self.limit.unwrap_or(LIMIT_MAX) as usize;
        let mode = self.mode.unwrap_or(Mode::Overflow);
        let reserve = match mode.strips() {
            true => self.reserve.map_or(limit.div_ceil(RESERVE_PART), |reserve| reserve as usize),
            false => 0,
        };
        let keep = self.keep.unwrap_or_else(|| KEEP.map(|label| label.into()).to_vec());
        Rule {
            limit,
            mode,
            // One series at least stays for those that are not stripped.
            reserve: reserve.min(limit.saturating_sub(1)),
            by: self.by.unwrap_or_default(),
            keep,
            drop_first: self.drop_first.unwrap_or_default(),
            values: self
                .value_limit
                .filter(|limit| *limit > 0)
                .map(|limit| Values { limit: limit as usize, epoch: None }),
        }
    }
}

/// `limit` must be there unless something else is what the processor is for.
pub(super) fn read(section: &mut Section<'_>, has_spans: bool) -> Rules {
    let general = Raw::read(section);
    let metrics = section
        .sections("metrics", |section| {
            let names = names(section);
            Some((names?, Raw::read(section)))
        })
        .unwrap_or_default();
    let is_open = metrics.is_empty() && !section.has("totals") && !section.has("normalize");
    if general.limit.is_none() && general.value_limit.is_none() && !has_spans && is_open {
        section.problem(&[], "`limit` is required: how many series of one metric may leave");
    }
    let special = metrics
        .into_iter()
        .flatten()
        .map(|(names, raw)| (names, Rc::new(raw.or(&general).rule())))
        .collect();
    Rules { special, general: Rc::new(general.rule()) }
}

pub(super) fn totals(section: &mut Section<'_>) -> Vec<Total> {
    section
        .sections("totals", |section| {
            if !section.has("limit") {
                section.problem(&[], "`limit` is required: how many series may leave in all");
            }
            let limit = within(section, "limit", 1, 1..=LIMIT_MAX) as usize;
            Total { limit, by: dimensions(section).unwrap_or_default() }
        })
        .unwrap_or_default()
}

fn names(section: &mut Section<'_>) -> Option<Names> {
    let (name, regexp) = (section.string("name"), section.string("regexp"));
    match (name, regexp) {
        (Some(name), None) => Some(Names::Exact(name)),
        (None, Some(pattern)) => match Regex::new(&pattern) {
            Ok(regex) => Some(Names::Pattern(Box::new(regex))),
            Err(error) => {
                section.problem(&["regexp"], error.to_string());
                None
            }
        },
        _ => {
            section.problem(&[], "expected either `name` or `regexp`: which metrics it is for");
            None
        }
    }
}

pub(super) fn mode(section: &mut Section<'_>) -> Option<Mode> {
    const WORDS: [&str; 6] = ["overflow", "strip", "replace", "drop", "tag", "observe"];
    Some(match section.choice("mode", &WORDS)? {
        0 => Mode::Overflow,
        1 => Mode::Strip,
        2 => Mode::Replace,
        3 => Mode::Drop,
        4 => Mode::Tag,
        _ => Mode::Observe,
    })
}

pub(super) fn dimensions(section: &mut Section<'_>) -> Option<Vec<Dimension>> {
    let dimension = |word: String| match word.as_str() {
        "resource" => Dimension::Resource,
        "scope" => Dimension::Scope,
        _ => Dimension::Attribute(word.into_bytes()),
    };
    Some(section.strings("by")?.into_iter().map(dimension).collect())
}

pub(super) fn labels(section: &mut Section<'_>, key: &str) -> Option<Vec<Vec<u8>>> {
    Some(section.strings(key)?.into_iter().map(String::into_bytes).collect())
}
