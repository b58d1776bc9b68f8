//! Random configurations and batches, by seed. Names and values are few, so that conditions hold often.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{
    ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Histogram, HistogramDataPoint,
    Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, Summary, SummaryDataPoint,
    number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::Event;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;
use serde_json::{Map, json};
use tamis_sdk::Signal;

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

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    fn list<T>(&mut self, max: usize, mut one: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.below(max + 1)).map(|_| one(self)).collect()
    }
}

/// Without the name of the context, `.` in front of a path.
const ANY: &[&str] = &[
    ".attributes[\"a\"] == \"x\"",
    ".attributes[\"b\"] == 1",
    "Int(.attributes[\"a\"]) == 1",
    ".attributes[\"a\"] != nil and .attributes[\"b\"] == nil",
    "IsMatch(.attributes[\"a\"], \"^[xy]$\")",
    "Len(.attributes) == 0",
    "not IsString(.attributes[\"a\"])",
    "HasPrefix(.attributes[\"a\"], \"x\")",
];
const NAMED: &[&str] =
    &[".name == \"x\"", ".name != \"y\"", "Concat([.name, .name], \"-\") == \"y-y\""];
const SPAN: &[&str] =
    &["IsRootSpan() and .name == \"x\"", "Len(.events) == 0", "Len(.events) > 1", ".kind > 2"];
const EVENT: &[&str] = &["span.name == \"x\"", "span.attributes[\"a\"] == .attributes[\"a\"]"];
const METRIC: &[&str] = &[
    ".name != \"\" and HasAttrKeyOnDatapoint(\"a\")",
    ".name != \"\" and HasAttrOnDatapoint(\"a\", \"x\")",
    ".type == METRIC_DATA_TYPE_SUM",
    "Len(.data_points) == 1",
    ".is_monotonic == true",
    ".aggregation_temporality == AGGREGATION_TEMPORALITY_DELTA",
];
const POINT: &[&str] = &[
    ".value_int == 1",
    ".value_double > 0.5",
    ".count == 1",
    "metric.name == \"x\"",
    ".flags == 1",
];
const LOG: &[&str] = &[
    ".body == \"x\"",
    ".body.string == \"1\"",
    "IsMatch(.body, \"x|y\")",
    ".severity_number < SEVERITY_NUMBER_INFO",
];
const RESOURCE: &[&str] = &["resource.attributes[\"a\"] == \"x\"", "scope.name == \"y\""];

fn contexts(signal: Signal) -> &'static [&'static str] {
    match signal {
        Signal::Traces => &["resource", "scope", "span", "spanevent", "span", "spanevent"],
        Signal::Metrics => &["resource", "scope", "metric", "datapoint", "metric", "datapoint"],
        Signal::Logs => &["resource", "scope", "log", "log"],
    }
}

fn condition(random: &mut Random, context: &str, prefix: bool) -> String {
    let own: &[&[&str]] = match context {
        "resource" => &[ANY],
        "scope" => &[ANY, NAMED],
        "span" => &[ANY, NAMED, SPAN, RESOURCE],
        "spanevent" => &[ANY, NAMED, EVENT, RESOURCE],
        "metric" => &[NAMED, METRIC, RESOURCE],
        "datapoint" => &[ANY, POINT, RESOURCE],
        _ => &[ANY, LOG, RESOURCE],
    };
    let mut parts = vec![];
    for _ in 0..=random.below(2) {
        let from = random.pick(own);
        parts.push(random.pick(from));
    }
    let joined = parts.join(random.pick(&[" and ", " or "]));
    // A dot that begins a path follows nothing, a blank or something that opens.
    let mut text = String::new();
    let mut before = ' ';
    for char in joined.chars() {
        if char == '.' && matches!(before, ' ' | '(' | '[') {
            text.push_str(&if prefix { format!("{context}.") } else { String::new() });
        } else {
            text.push(char);
        }
        before = char;
    }
    text
}

/// A configuration with rules for the signal.
pub(crate) fn config(random: &mut Random, signal: Signal) -> serde_json::Value {
    let mut config = Map::new();
    let mode = random.pick(&["ignore", "silent", "silent", "propagate"]);
    config.insert("error_mode".to_owned(), json!(mode));
    let (newer, older, levels): (_, _, &[(&str, &str)]) = match signal {
        Signal::Traces => (
            "trace_conditions",
            "traces",
            &[("resource", "resource"), ("span", "span"), ("spanevent", "spanevent")],
        ),
        Signal::Metrics => (
            "metric_conditions",
            "metrics",
            &[("resource", "resource"), ("metric", "metric"), ("datapoint", "datapoint")],
        ),
        Signal::Logs => {
            ("log_conditions", "logs", &[("resource", "resource"), ("log_record", "log")])
        }
    };
    let contexts = contexts(signal);
    match random.below(3) {
        0 => {
            let list = random.list(3, |random| {
                let context = random.pick(contexts);
                condition(random, context, true)
            });
            config.insert(newer.to_owned(), json!(list));
        }
        1 => {
            let groups = random.list(3, |random| {
                let context = random.pick(contexts);
                let prefix = random.one_in(3);
                let conditions = random.list(2, |random| condition(random, context, prefix));
                let mut group = json!({"context": context, "conditions": conditions});
                if random.one_in(3) {
                    group["error_mode"] = json!(random.pick(&["ignore", "propagate"]));
                }
                group
            });
            config.insert(newer.to_owned(), json!(groups));
        }
        _ => {
            let mut map = Map::new();
            for (key, context) in levels {
                if random.one_in(2) {
                    let list = random.list(2, |random| condition(random, context, false));
                    map.insert((*key).to_owned(), json!(list));
                }
            }
            config.insert(older.to_owned(), map.into());
        }
    }
    config.into()
}

/// A batch of any signal, encoded. It has a resource at least.
pub(crate) fn batch(random: &mut Random) -> (Signal, Vec<u8>) {
    match random.below(3) {
        0 => (Signal::Traces, traces(random).encode_to_vec()),
        1 => (Signal::Metrics, metrics(random).encode_to_vec()),
        _ => (Signal::Logs, logs(random).encode_to_vec()),
    }
}

fn resources<T>(random: &mut Random, mut one: impl FnMut(&mut Random) -> T) -> Vec<T> {
    (0..=random.below(2)).map(|_| one(random)).collect()
}

fn traces(random: &mut Random) -> ExportTraceServiceRequest {
    let event = |random: &mut Random| Event {
        name: text(random),
        attributes: attributes(random),
        ..Event::default()
    };
    let span = |random: &mut Random| Span {
        name: text(random),
        kind: random.below(4) as i32,
        parent_span_id: if random.one_in(2) { vec![1; 8] } else { Vec::new() },
        attributes: attributes(random),
        events: random.list(2, event),
        ..Span::default()
    };
    let resource_spans = resources(random, |random| ResourceSpans {
        resource: resource(random),
        scope_spans: random.list(2, |random| ScopeSpans {
            scope: scope(random),
            spans: random.list(3, span),
            ..ScopeSpans::default()
        }),
        ..ResourceSpans::default()
    });
    ExportTraceServiceRequest { resource_spans }
}

fn logs(random: &mut Random) -> ExportLogsServiceRequest {
    let record = |random: &mut Random| LogRecord {
        severity_number: random.below(20) as i32,
        body: Some(AnyValue { value: Some(value(random)) }),
        attributes: attributes(random),
        ..LogRecord::default()
    };
    let resource_logs = resources(random, |random| ResourceLogs {
        resource: resource(random),
        scope_logs: random.list(2, |random| ScopeLogs {
            scope: scope(random),
            log_records: random.list(3, record),
            ..ScopeLogs::default()
        }),
        ..ResourceLogs::default()
    });
    ExportLogsServiceRequest { resource_logs }
}

fn metrics(random: &mut Random) -> ExportMetricsServiceRequest {
    let metric = |random: &mut Random| Metric {
        name: text(random),
        data: data(random),
        ..Metric::default()
    };
    let resource_metrics = resources(random, |random| ResourceMetrics {
        resource: resource(random),
        scope_metrics: random.list(2, |random| ScopeMetrics {
            scope: scope(random),
            metrics: random.list(3, metric),
            ..ScopeMetrics::default()
        }),
        ..ResourceMetrics::default()
    });
    ExportMetricsServiceRequest { resource_metrics }
}

fn data(random: &mut Random) -> Option<Data> {
    let number = |random: &mut Random| NumberDataPoint {
        attributes: attributes(random),
        flags: random.below(2) as u32,
        value: Some(match random.one_in(2) {
            true => number_data_point::Value::AsInt(random.below(2) as i64),
            false => number_data_point::Value::AsDouble(random.pick(&[0.0, 1.0])),
        }),
        ..NumberDataPoint::default()
    };
    let aggregation_temporality = random.below(3) as i32;
    Some(match random.below(6) {
        0 => return None,
        1 => Data::Gauge(Gauge { data_points: random.list(3, number) }),
        2 => Data::Sum(Sum {
            data_points: random.list(3, number),
            aggregation_temporality,
            is_monotonic: random.one_in(2),
        }),
        3 => Data::Histogram(Histogram {
            aggregation_temporality,
            data_points: random.list(3, |random| HistogramDataPoint {
                attributes: attributes(random),
                count: random.below(2) as u64,
                ..HistogramDataPoint::default()
            }),
        }),
        4 => Data::ExponentialHistogram(ExponentialHistogram {
            aggregation_temporality,
            data_points: random.list(3, |random| ExponentialHistogramDataPoint {
                attributes: attributes(random),
                count: random.below(2) as u64,
                ..ExponentialHistogramDataPoint::default()
            }),
        }),
        _ => Data::Summary(Summary {
            data_points: random.list(3, |random| SummaryDataPoint {
                attributes: attributes(random),
                count: random.below(2) as u64,
                ..SummaryDataPoint::default()
            }),
        }),
    })
}

fn resource(random: &mut Random) -> Option<Resource> {
    Some(Resource { attributes: attributes(random), ..Resource::default() })
}

fn scope(random: &mut Random) -> Option<InstrumentationScope> {
    let name = text(random);
    let attributes = attributes(random);
    Some(InstrumentationScope { name, attributes, ..InstrumentationScope::default() })
}

fn text(random: &mut Random) -> String {
    random.pick(&["x", "y", "z"]).to_owned()
}

fn value(random: &mut Random) -> Value {
    match random.below(4) {
        0 => Value::IntValue(1),
        1 => Value::StringValue("1".to_owned()),
        _ => Value::StringValue(text(random)),
    }
}

fn attributes(random: &mut Random) -> Vec<KeyValue> {
    let mut pairs = Vec::new();
    for key in ["a", "b"] {
        if random.one_in(2) {
            let value = Some(AnyValue { value: Some(value(random)) });
            pairs.push(KeyValue { key: key.to_owned(), value, ..KeyValue::default() });
        }
    }
    pairs
}
