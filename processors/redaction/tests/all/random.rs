//! Random configurations and batches, by seed.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList,
};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{
    ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Histogram, HistogramDataPoint,
    Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, Summary, SummaryDataPoint,
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

    /// Each with a chance of one in `n`.
    fn some<'t>(&mut self, from: &[&'t str], n: usize) -> Vec<&'t str> {
        from.iter().copied().filter(|_| self.one_in(n)).collect()
    }

    fn list<T>(&mut self, max: usize, mut one: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.below(max + 1)).map(|_| one(self)).collect()
    }
}

const KEYS: &[&str] = &[
    "id",
    "user.email",
    "http.url",
    "api_token",
    "token",
    "card",
    "safe_note",
    "note",
    "",
    "ключ",
    "count",
    "nested",
    "redaction.masked.keys",
    "redaction.masked.count",
    "redaction.redacted.keys",
    "redaction.redacted.count",
    "redaction.allowed.keys",
    "redaction.allowed.count",
    "redaction.ignored.count",
    "redaction.body.masked.keys",
    "redaction.body.masked.count",
    "redaction.body.allowed.keys",
    "redaction.body.allowed.count",
    "redaction.body.ignored.count",
    "redaction.body.redacted.keys",
    "redaction.body.redacted.count",
    "redaction.other",
];

const TEXTS: &[&str] = &[
    "",
    "plain",
    "4111111111111111",
    "card 4111111111111 and 5105105105105100.",
    "me@example.com",
    "a@mycompany.com",
    "me@example.com a@mycompany.com",
    "078-05-1120",
    "1078-05-11200",
    "****",
    "token=abc",
    "line one\nline two 4111111111111111",
    "\n",
    "ünïcödé 078-05-1120 ✓",
    "a,b",
    "id,card",
    "Bearer abc.def",
    "true",
    "42",
    "{\"card\":\"4111111111111111\"}",
    "secret secret",
    "\u{212a}elvin",
];

pub(crate) const BLOCKED: &[&str] = &[
    "4[0-9]{12}(?:[0-9]{3})?",
    "(5[1-5][0-9]{14})",
    r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}",
    r"\b\d{3}-\d{2}-\d{4}\b",
    "secret",
    "(?i)bearer [a-z.]+",
    r"\*+",
    "a*",
    "^[0-9]+$",
    r"\w+=\w+",
    "(?i)kelvin",
    "true|false",
    r"\d\.\d+",
    "e",
    "[^a-z]$",
];

/// A configuration of any kind.
pub(crate) fn config(random: &mut Random) -> serde_json::Value {
    let mut config = Map::new();
    let mut put = |key: &str, value: serde_json::Value| config.insert(key.to_owned(), value);
    put("allow_all_keys", json!(!random.one_in(3)));
    put("allowed_keys", json!(random.some(KEYS, 2)));
    if random.one_in(3) {
        put("ignored_keys", json!(random.some(KEYS, 8)));
    }
    if random.one_in(3) {
        put("ignored_key_patterns", json!(random.some(&["^safe_", "note$", "^$"], 2)));
    }
    if random.one_in(3) {
        let patterns = [".*(token|api_key).*", "^card$", "nest", "count"];
        put("blocked_key_patterns", json!(random.some(&patterns, 2)));
    }
    put("redact_all_types", json!(random.one_in(3)));
    put("blocked_values", json!(random.some(BLOCKED, 4)));
    if random.one_in(3) {
        put("allowed_values", json!(random.some(&[".+@mycompany.com", "^plain$", "^$", "42"], 2)));
    }
    put("summary", json!(random.pick(&["", "silent", "info", "debug", "debug"])));
    let function = random.pick(&["", "", "", "md5", "SHA1", "sha3", "hmac-sha256", "hmac-sha512"]);
    put("hash_function", json!(function));
    put("hmac_key", json!("k".repeat(64)));
    config.into()
}

/// A batch of any signal, encoded.
pub(crate) fn batch(random: &mut Random) -> (Signal, Vec<u8>) {
    match random.below(3) {
        0 => (Signal::Traces, traces(random).encode_to_vec()),
        1 => (Signal::Metrics, metrics(random).encode_to_vec()),
        _ => (Signal::Logs, logs(random).encode_to_vec()),
    }
}

fn traces(random: &mut Random) -> ExportTraceServiceRequest {
    let event = |random: &mut Random| Event { attributes: attributes(random), ..Event::default() };
    let span = |random: &mut Random| Span {
        name: random.pick(TEXTS).to_owned(),
        trace_id: (0..16).map(|_| random.below(256) as u8).collect(),
        attributes: attributes(random),
        events: random.list(2, event),
        ..Span::default()
    };
    let resource_spans = random.list(2, |random| ResourceSpans {
        resource: Some(resource(random)),
        scope_spans: random.list(2, |random| ScopeSpans {
            scope: Some(scope(random)),
            spans: random.list(3, span),
            ..ScopeSpans::default()
        }),
        ..ResourceSpans::default()
    });
    ExportTraceServiceRequest { resource_spans }
}

fn logs(random: &mut Random) -> ExportLogsServiceRequest {
    let record = |random: &mut Random| LogRecord {
        body: (!random.one_in(6)).then(|| any(random, 3)),
        attributes: attributes(random),
        ..LogRecord::default()
    };
    let resource_logs = random.list(2, |random| ResourceLogs {
        resource: Some(resource(random)),
        scope_logs: random.list(2, |random| ScopeLogs {
            scope: Some(scope(random)),
            log_records: random.list(3, record),
            ..ScopeLogs::default()
        }),
        ..ResourceLogs::default()
    });
    ExportLogsServiceRequest { resource_logs }
}

fn metrics(random: &mut Random) -> ExportMetricsServiceRequest {
    let metric = |random: &mut Random| Metric {
        name: random.pick(TEXTS).to_owned(),
        data: Some(data(random)),
        ..Metric::default()
    };
    let resource_metrics = random.list(2, |random| ResourceMetrics {
        resource: Some(resource(random)),
        scope_metrics: random.list(2, |random| ScopeMetrics {
            scope: Some(scope(random)),
            metrics: random.list(3, metric),
            ..ScopeMetrics::default()
        }),
        ..ResourceMetrics::default()
    });
    ExportMetricsServiceRequest { resource_metrics }
}

fn data(random: &mut Random) -> Data {
    let number = |random: &mut Random| NumberDataPoint {
        attributes: attributes(random),
        ..NumberDataPoint::default()
    };
    match random.below(5) {
        0 => Data::Gauge(Gauge { data_points: random.list(2, number) }),
        1 => Data::Sum(Sum { data_points: random.list(2, number), ..Sum::default() }),
        2 => Data::Histogram(Histogram {
            data_points: random.list(2, |random| HistogramDataPoint {
                attributes: attributes(random),
                ..HistogramDataPoint::default()
            }),
            ..Histogram::default()
        }),
        3 => Data::ExponentialHistogram(ExponentialHistogram {
            data_points: random.list(2, |random| ExponentialHistogramDataPoint {
                attributes: attributes(random),
                ..ExponentialHistogramDataPoint::default()
            }),
            ..ExponentialHistogram::default()
        }),
        _ => Data::Summary(Summary {
            data_points: random.list(2, |random| SummaryDataPoint {
                attributes: attributes(random),
                ..SummaryDataPoint::default()
            }),
        }),
    }
}

fn resource(random: &mut Random) -> Resource {
    Resource { attributes: attributes(random), ..Resource::default() }
}

fn scope(random: &mut Random) -> InstrumentationScope {
    InstrumentationScope { attributes: attributes(random), ..InstrumentationScope::default() }
}

fn attributes(random: &mut Random) -> Vec<KeyValue> {
    pairs(random, 2)
}

/// Unique keys in any order.
fn pairs(random: &mut Random, depth: usize) -> Vec<KeyValue> {
    let mut keys = random.some(KEYS, 5);
    for index in 0..keys.len() {
        let other = random.below(keys.len());
        keys.swap(index, other);
    }
    let pair = |key: &&str| KeyValue {
        key: (*key).to_owned(),
        value: (!random.one_in(12)).then(|| any(random, depth)),
        ..KeyValue::default()
    };
    keys.iter().map(pair).collect()
}

const DOUBLES: &[f64] = &[0.0, -1.5, 42.0, 1e21, 1e-7, 4_111_111_111_111_111.0, f64::INFINITY];

fn any(random: &mut Random, depth: usize) -> AnyValue {
    let kinds = if depth == 0 { 10 } else { 12 };
    let value = match random.below(kinds) {
        0 => None,
        1 => Some(Value::BoolValue(random.one_in(2))),
        2 => Some(Value::IntValue(random.pick(&[0, -7, 42, 4_111_111_111_111_111, i64::MIN]))),
        // JSON has no infinity, and the Collector then sees nothing of the whole map.
        3 => Some(Value::DoubleValue(
            random.pick(&DOUBLES[..DOUBLES.len() - usize::from(depth < 2)]),
        )),
        4 => Some(Value::BytesValue(random.pick(TEXTS).into())),
        10 => {
            let values = random.list(3, |random| any(random, depth - 1));
            Some(Value::ArrayValue(ArrayValue { values }))
        }
        11 => Some(Value::KvlistValue(KeyValueList { values: pairs(random, depth - 1) })),
        _ => Some(Value::StringValue(random.pick(TEXTS).to_owned())),
    };
    AnyValue { value }
}

/// Decodes, and sorts what has no order: both sides write the same then.
pub(crate) fn canonical(signal: Signal, batch: &[u8]) -> String {
    match signal {
        Signal::Traces => {
            let mut request = ExportTraceServiceRequest::decode(batch).unwrap();
            for resource in &mut request.resource_spans {
                sort(&mut resource.resource.get_or_insert_default().attributes);
                for scope in &mut resource.scope_spans {
                    sort(&mut scope.scope.get_or_insert_default().attributes);
                    for span in &mut scope.spans {
                        sort(&mut span.attributes);
                        span.events.iter_mut().for_each(|event| sort(&mut event.attributes));
                        span.status.get_or_insert_default();
                    }
                }
            }
            format!("{request:#?}")
        }
        Signal::Logs => {
            let mut request = ExportLogsServiceRequest::decode(batch).unwrap();
            for resource in &mut request.resource_logs {
                sort(&mut resource.resource.get_or_insert_default().attributes);
                for scope in &mut resource.scope_logs {
                    sort(&mut scope.scope.get_or_insert_default().attributes);
                    for record in &mut scope.log_records {
                        sort(&mut record.attributes);
                        sort_value(record.body.get_or_insert_default());
                    }
                }
            }
            format!("{request:#?}")
        }
        Signal::Metrics => {
            let mut request = ExportMetricsServiceRequest::decode(batch).unwrap();
            for resource in &mut request.resource_metrics {
                sort(&mut resource.resource.get_or_insert_default().attributes);
                for scope in &mut resource.scope_metrics {
                    sort(&mut scope.scope.get_or_insert_default().attributes);
                    scope.metrics.iter_mut().for_each(sort_metric);
                }
            }
            format!("{request:#?}")
        }
    }
}

fn sort_metric(metric: &mut Metric) {
    match &mut metric.data {
        Some(Data::Gauge(Gauge { data_points }) | Data::Sum(Sum { data_points, .. })) => {
            data_points.iter_mut().for_each(|point| sort(&mut point.attributes));
        }
        Some(Data::Histogram(data)) => {
            data.data_points.iter_mut().for_each(|point| sort(&mut point.attributes));
        }
        Some(Data::ExponentialHistogram(data)) => {
            for point in &mut data.data_points {
                sort(&mut point.attributes);
                point.positive.get_or_insert_default();
                point.negative.get_or_insert_default();
            }
        }
        Some(Data::Summary(data)) => {
            data.data_points.iter_mut().for_each(|point| sort(&mut point.attributes));
        }
        None => {}
    }
}

fn sort(pairs: &mut [KeyValue]) {
    pairs.sort_by(|a, b| a.key.cmp(&b.key));
    pairs.iter_mut().for_each(|pair| sort_value(pair.value.get_or_insert_default()));
}

fn sort_value(any: &mut AnyValue) {
    match &mut any.value {
        Some(Value::KvlistValue(list)) => sort(&mut list.values),
        Some(Value::ArrayValue(list)) => list.values.iter_mut().for_each(sort_value),
        _ => {}
    }
}

/// The texts that blocked values apply to: of attributes, strings or all types but containers, whose
/// text they are in too; of bodies, everything.
pub(crate) fn texts(signal: Signal, batch: &[u8], all_types: bool) -> Vec<String> {
    let mut found = Texts { all_types, texts: Vec::new() };
    match signal {
        Signal::Traces => {
            for resource in ExportTraceServiceRequest::decode(batch).unwrap().resource_spans {
                found.pairs(&resource.resource.unwrap_or_default().attributes);
                for scope in resource.scope_spans {
                    found.pairs(&scope.scope.unwrap_or_default().attributes);
                    for span in scope.spans {
                        found.pairs(&span.attributes);
                        span.events.iter().for_each(|event| found.pairs(&event.attributes));
                    }
                }
            }
        }
        Signal::Logs => {
            for resource in ExportLogsServiceRequest::decode(batch).unwrap().resource_logs {
                found.pairs(&resource.resource.unwrap_or_default().attributes);
                for scope in resource.scope_logs {
                    found.pairs(&scope.scope.unwrap_or_default().attributes);
                    for record in scope.log_records {
                        found.pairs(&record.attributes);
                        found.all_types = true;
                        found.deep(&record.body.unwrap_or_default());
                        found.all_types = all_types;
                    }
                }
            }
        }
        Signal::Metrics => {
            for resource in ExportMetricsServiceRequest::decode(batch).unwrap().resource_metrics {
                found.pairs(&resource.resource.unwrap_or_default().attributes);
                for scope in resource.scope_metrics {
                    found.pairs(&scope.scope.unwrap_or_default().attributes);
                    for data in scope.metrics.into_iter().filter_map(|metric| metric.data) {
                        found.data(data);
                    }
                }
            }
        }
    }
    found.texts
}

struct Texts {
    all_types: bool,
    texts: Vec<String>,
}

impl Texts {
    fn pairs(&mut self, pairs: &[KeyValue]) {
        let values = pairs.iter().filter(|pair| !pair.key.starts_with("redaction."));
        values.filter_map(|pair| pair.value.as_ref()).for_each(|any| self.value(any));
    }

    fn value(&mut self, any: &AnyValue) {
        match &any.value {
            Some(Value::StringValue(text)) => self.texts.push(text.clone()),
            Some(Value::IntValue(number)) if self.all_types => self.texts.push(number.to_string()),
            Some(Value::DoubleValue(number)) if self.all_types => {
                self.texts.push(number.to_string());
            }
            Some(Value::KvlistValue(_) | Value::ArrayValue(_)) if self.all_types => self.deep(any),
            _ => {}
        }
    }

    fn deep(&mut self, any: &AnyValue) {
        match &any.value {
            Some(Value::KvlistValue(list)) => {
                list.values
                    .iter()
                    .filter_map(|pair| pair.value.as_ref())
                    .for_each(|any| self.deep(any));
            }
            Some(Value::ArrayValue(list)) => list.values.iter().for_each(|any| self.deep(any)),
            _ => self.value(any),
        }
    }

    fn data(&mut self, data: Data) {
        match data {
            Data::Gauge(Gauge { data_points }) | Data::Sum(Sum { data_points, .. }) => {
                data_points.iter().for_each(|point| self.pairs(&point.attributes));
            }
            Data::Histogram(data) => {
                data.data_points.iter().for_each(|point| self.pairs(&point.attributes));
            }
            Data::ExponentialHistogram(data) => {
                data.data_points.iter().for_each(|point| self.pairs(&point.attributes));
            }
            Data::Summary(data) => {
                data.data_points.iter().for_each(|point| self.pairs(&point.attributes));
            }
        }
    }
}
