//! Random numbers by seed, and random conditions.

use tamis_ottl::Context;

/// xorshift64*: the same numbers everywhere, for ever.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        high as usize % bound
    }

    pub(crate) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    pub(crate) fn list<T>(&mut self, max: usize, mut one: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.below(max + 1)).map(|_| one(self)).collect()
    }
}

pub(crate) const KEYS: &[&str] = &["a", "b", "list", "map", "n"];

pub(crate) const TEXTS: &[&str] = &[
    "",
    "a",
    "b",
    "1",
    "-7",
    "1.5",
    "true",
    "T",
    "nil",
    "abc",
    "ABC",
    "äÖ",
    "1_0",
    "0x10",
    "[1]",
    "1s",
    "GET /x",
    "0102030405060708",
    "line\nline",
    "<&>",
];

const SPAN_PATHS: &[&str] = &[
    "name",
    "kind",
    "kind.string",
    "kind.deprecated_string",
    "status.code",
    "status.message",
    "trace_state",
    "trace_state[\"k\"]",
    "trace_id",
    "trace_id.string",
    "span_id",
    "span_id.string",
    "parent_span_id",
    "parent_span_id.string",
    "start_time_unix_nano",
    "end_time_unix_nano",
    "start_time",
    "end_time",
    "flags",
    "dropped_attributes_count",
    "events",
    "links",
    "dropped_events_count",
    "dropped_links_count",
    "span.name",
    "status",
    "kind[0]",
    "name.x",
];
const EVENT_PATHS: &[&str] = &[
    "name",
    "time",
    "time_unix_nano",
    "dropped_attributes_count",
    "spanevent.name",
    "span.name",
    "span.kind.string",
    "span.events",
    "span.attributes[\"a\"]",
];
const METRIC_PATHS: &[&str] = &[
    "name",
    "description",
    "unit",
    "type",
    "aggregation_temporality",
    "is_monotonic",
    "data_points",
    "metadata",
    "metadata[\"a\"]",
    "metric.name",
];
const POINT_PATHS: &[&str] = &[
    "start_time_unix_nano",
    "time_unix_nano",
    "start_time",
    "time",
    "value_double",
    "value_int",
    "flags",
    "count",
    "sum",
    "scale",
    "zero_count",
    "positive.offset",
    "negative.offset",
    "exemplars",
    "quantile_values",
    "metric.name",
    "metric.type",
    "datapoint.value_int",
];
const LOG_PATHS: &[&str] = &[
    "body",
    "body",
    "body[\"a\"]",
    "body[0]",
    "body[\"map\"][\"a\"]",
    "body.string",
    "body.string",
    "severity_number",
    "severity_text",
    "time",
    "time_unix_nano",
    "observed_time",
    "observed_time_unix_nano",
    "trace_id",
    "trace_id.string",
    "span_id",
    "span_id.string",
    "flags",
    "event_name",
    "dropped_attributes_count",
    "log.body",
];
const RESOURCE_PATHS: &[&str] = &[
    "resource.attributes[\"a\"]",
    "resource.attributes",
    "resource.dropped_attributes_count",
    "resource.schema_url",
];
const SCOPE_PATHS: &[&str] = &[
    "scope.name",
    "instrumentation_scope.version",
    "scope.attributes[\"b\"]",
    "scope.schema_url",
    "instrumentation_scope.dropped_attributes_count",
];
const ATTRIBUTE_PATHS: &[&str] = &[
    "attributes",
    "attributes[\"a\"]",
    "attributes[\"b\"]",
    "attributes[\"n\"]",
    "attributes[\"list\"]",
    "attributes[\"list\"][0]",
    "attributes[\"list\"][-1]",
    "attributes[\"map\"]",
    "attributes[\"map\"][\"a\"]",
    "attributes[\"map\"][\"list\"][1]",
    "attributes[attributes[\"b\"]]",
    "attributes[\"a\"][\"b\"]",
    "attributes[0]",
    "attributes[\"list\"][attributes[\"n\"]]",
    "attributes[Concat([\"a\"], \"\")]",
];

fn own_paths(context: Context) -> &'static [&'static str] {
    match context {
        Context::Resource => &["dropped_attributes_count", "schema_url"],
        Context::Scope => &["name", "version", "dropped_attributes_count", "schema_url"],
        Context::Span => SPAN_PATHS,
        Context::SpanEvent => EVENT_PATHS,
        Context::Metric => METRIC_PATHS,
        Context::DataPoint => POINT_PATHS,
        Context::Log => LOG_PATHS,
    }
}

const ENUMS: &[&str] = &[
    "SPAN_KIND_SERVER",
    "STATUS_CODE_ERROR",
    "STATUS_CODE_UNSET",
    "SEVERITY_NUMBER_WARN3",
    "SEVERITY_NUMBER_UNSPECIFIED",
    "METRIC_DATA_TYPE_SUM",
    "METRIC_DATA_TYPE_NONE",
    "AGGREGATION_TEMPORALITY_DELTA",
    "FLAG_NO_RECORDED_VALUE",
];

const OPERATORS: &[&str] = &["==", "==", "==", "!=", "!=", "<", "<=", ">", ">="];

/// A condition that compiles more often than not.
pub(crate) fn condition(random: &mut Random, context: Context) -> String {
    disjunction(random, context, 2)
}

fn disjunction(random: &mut Random, context: Context, depth: usize) -> String {
    match random.below(5) {
        0 if depth > 0 => {
            let word = random.pick(&["and", "or"]);
            let left = disjunction(random, context, depth - 1);
            format!("{left} {word} {}", disjunction(random, context, depth - 1))
        }
        1 if depth > 0 => {
            let not = random.pick(&["", "not ", "not"]);
            format!("{not}({})", disjunction(random, context, depth - 1))
        }
        2 => test(random, context),
        _ => {
            let left = value(random, context, 2);
            format!("{left} {} {}", random.pick(OPERATORS), value(random, context, 2))
        }
    }
}

fn test(random: &mut Random, context: Context) -> String {
    let inner = value(random, context, 1);
    match random.below(13) {
        0 => format!("IsString({inner})"),
        1 => format!("IsInt({inner})"),
        2 => format!("IsDouble({inner})"),
        3 => format!("IsBool({inner})"),
        4 => format!("IsMap({inner})"),
        5 => format!("IsList({inner})"),
        6 => format!("IsEmpty({inner})"),
        7 => format!("Bool({inner})"),
        8 => format!("HasPrefix({inner}, {})", value(random, context, 0)),
        9 => format!("HasSuffix(suffix={}, target={inner})", value(random, context, 0)),
        10 => format!("ContainsValue({inner}, {})", value(random, context, 0)),
        11 => random.pick(&["IsRootSpan()", "true", "false", "Len(name)"]).to_owned(),
        _ => {
            let patterns = [
                "\"^a\"",
                "\"[0-9]+\"",
                "\"\"",
                "\"(\"",
                "\"(?i)b$\"",
                "name",
                "attributes[\"a\"]",
            ];
            format!("IsMatch({inner}, {})", random.pick(&patterns))
        }
    }
}

fn value(random: &mut Random, context: Context, depth: usize) -> String {
    match random.below(if depth == 0 { 6 } else { 10 }) {
        0 | 1 => literal(random),
        2 => random.pick(ATTRIBUTE_PATHS).to_owned(),
        3 | 4 => random.pick(own_paths(context)).to_owned(),
        5 => {
            let paths = random.pick(&[RESOURCE_PATHS, SCOPE_PATHS]);
            random.pick(paths).to_owned()
        }
        6 => {
            let left = value(random, context, depth - 1);
            let operator = random.pick(&["+", "-", "*", "/"]);
            format!("{left} {operator} {}", value(random, context, depth - 1))
        }
        7 => format!("{}({})", random.pick(&["", "-"]), value(random, context, depth - 1)),
        _ => converter(random, context, depth - 1),
    }
}

fn converter(random: &mut Random, context: Context, depth: usize) -> String {
    let inner = value(random, context, depth);
    match random.below(13) {
        0 => format!("Int({inner})"),
        1 => format!("Double({inner})"),
        2 => format!("String({inner})"),
        3 => format!("Bool({inner})"),
        4 => format!("Len({inner})"),
        5 => {
            let other = value(random, context, depth);
            format!("Concat([{inner}, {other}], {})", random.pick(&["\"-\"", "\"\"", "name"]))
        }
        6 => {
            let start = random.pick(&["0", "1", "-1", "Len(name)", "9"]);
            let rest = random.pick(&["1", "0", "2, true", "1, utf8_safe=true", "Int(1.5)"]);
            format!("Substring({inner}, {start}, {rest})")
        }
        7 => format!("ToLowerCase({inner})"),
        8 => format!("ToUpperCase(target={inner})"),
        9 => format!("TraceID({inner})"),
        10 => format!("SpanID({inner})"),
        11 => format!("Duration({})", random.pick(&["\"1s\"", "\"-1.5h\"", "\"x\"", "name"])),
        _ => format!("{}({inner})", random.pick(&["Milliseconds", "Nanoseconds"])),
    }
}

fn literal(random: &mut Random) -> String {
    match random.below(14) {
        0 => "nil".to_owned(),
        1 => random.pick(&["true", "false"]).to_owned(),
        2 | 3 => random.pick(&["0", "1", "-1", "42", "010", "2", "1.5", "-7.", ".5e1"]).to_owned(),
        4 => random.pick(&["0x01", "0x0102030405060708", "0xFf"]).to_owned(),
        5 => random.pick(ENUMS).to_owned(),
        6 => {
            let items = random.list(2, literal);
            format!("[{}]", items.join(", "))
        }
        7 => {
            let items =
                random.list(2, |random| format!("\"{}\": {}", random.pick(KEYS), literal(random)));
            format!("{{{}}}", items.join(random.pick(&[", ", " "])))
        }
        _ => format!("{:?}", random.pick(TEXTS)),
    }
}
