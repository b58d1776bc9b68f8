//! The kinds of items that conditions are about.

/// What a condition is evaluated on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Context {
    /// A resource.
    Resource,
    /// An instrumentation scope.
    Scope,
    /// A span.
    Span,
    /// An event of a span.
    SpanEvent,
    /// A metric.
    Metric,
    /// A data point of a metric.
    DataPoint,
    /// A log record.
    Log,
}

use Context as C;

/// The order in which the paths of a condition decide its context: the most special first.
pub(crate) const PRIORITY: [Context; 7] =
    [C::Log, C::DataPoint, C::Metric, C::SpanEvent, C::Span, C::Scope, C::Resource];

impl Context {
    /// The name that paths begin with, and that the configuration uses.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Resource => "resource",
            Self::Scope => "scope",
            Self::Span => "span",
            Self::SpanEvent => "spanevent",
            Self::Metric => "metric",
            Self::DataPoint => "datapoint",
            Self::Log => "log",
        }
    }

    /// The context of that name. `instrumentation_scope` is `scope`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        if name == "instrumentation_scope" {
            return Some(Self::Scope);
        }
        PRIORITY.into_iter().find(|context| context.name() == name)
    }

    /// Itself and what its items are part of: what its conditions can speak of.
    #[must_use]
    pub fn reach(self) -> &'static [Self] {
        match self {
            Self::Resource => &[C::Resource],
            Self::Scope => &[C::Scope, C::Resource],
            Self::Span => &[C::Span, C::Scope, C::Resource],
            Self::SpanEvent => &[C::SpanEvent, C::Span, C::Scope, C::Resource],
            Self::Metric => &[C::Metric, C::Scope, C::Resource],
            Self::DataPoint => &[C::DataPoint, C::Metric, C::Scope, C::Resource],
            Self::Log => &[C::Log, C::Scope, C::Resource],
        }
    }

    /// The number that an enum stands for.
    pub(crate) fn enum_value(self, name: &str) -> Option<i64> {
        self.enums().iter().find_map(|(prefix, names)| {
            let rest = name.strip_prefix(prefix)?;
            let at = names.iter().position(|name| *name == rest)?;
            i64::try_from(at).ok()
        })
    }

    /// Enums by their prefix, in the order of their numbers from 0.
    fn enums(self) -> &'static [(&'static str, &'static [&'static str])] {
        match self {
            Self::Resource | Self::Scope => &[],
            Self::Span | Self::SpanEvent => &[SPAN_KIND, STATUS_CODE],
            Self::Metric => &[TEMPORALITY, METRIC_TYPE],
            Self::DataPoint => &[TEMPORALITY, METRIC_TYPE, FLAG],
            Self::Log => &[SEVERITY],
        }
    }

    /// For messages: the enums that there are.
    pub(crate) fn enum_names(self) -> String {
        let prefixes = self.enums().iter().map(|(prefix, names)| format!("{prefix}{}", names[0]));
        prefixes.collect::<Vec<_>>().join(", ")
    }
}

type Enum = (&'static str, &'static [&'static str]);

const SPAN_KIND: Enum =
    ("SPAN_KIND_", &["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"]);
const STATUS_CODE: Enum = ("STATUS_CODE_", &["UNSET", "OK", "ERROR"]);
const TEMPORALITY: Enum = ("AGGREGATION_TEMPORALITY_", &["UNSPECIFIED", "DELTA", "CUMULATIVE"]);
const METRIC_TYPE: Enum = (
    "METRIC_DATA_TYPE_",
    &["NONE", "GAUGE", "SUM", "HISTOGRAM", "EXPONENTIAL_HISTOGRAM", "SUMMARY"],
);
const FLAG: Enum = ("FLAG_", &["NONE", "NO_RECORDED_VALUE"]);
#[rustfmt::skip]
const SEVERITY: Enum = (
    "SEVERITY_NUMBER_",
    &[
        "UNSPECIFIED",
        "TRACE", "TRACE2", "TRACE3", "TRACE4",
        "DEBUG", "DEBUG2", "DEBUG3", "DEBUG4",
        "INFO", "INFO2", "INFO3", "INFO4",
        "WARN", "WARN2", "WARN3", "WARN4",
        "ERROR", "ERROR2", "ERROR3", "ERROR4",
        "FATAL", "FATAL2", "FATAL3", "FATAL4",
    ],
);
