//! Random batches, by seed.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{
    ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Histogram, HistogramDataPoint,
    Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, Summary, SummaryDataPoint,
    number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use prost::Message;
use tamis_ottl::Context;

use crate::data::{any, list, map, pair, string};
use crate::random::{KEYS, Random, TEXTS};

const INTS: &[i64] = &[0, 1, -1, 2, 42, i64::MAX, i64::MIN];
const DOUBLES: &[f64] = &[0.0, -0.0, 1.0, 1.5, -7.0, 42.0, 1e21, 1e-7, f64::NAN, f64::INFINITY];

/// A batch that holds items of the context.
pub(crate) fn batch(random: &mut Random, context: Context) -> Vec<u8> {
    match context {
        Context::Metric | Context::DataPoint => metrics(random).encode_to_vec(),
        Context::Log => logs(random).encode_to_vec(),
        _ => traces(random).encode_to_vec(),
    }
}

fn traces(random: &mut Random) -> ExportTraceServiceRequest {
    let resource_spans = vec![ResourceSpans {
        resource: resource(random),
        scope_spans: vec![ScopeSpans {
            scope: scope(random),
            spans: random.list(4, span),
            schema_url: random.pick(TEXTS).to_owned(),
        }],
        schema_url: random.pick(TEXTS).to_owned(),
    }];
    ExportTraceServiceRequest { resource_spans }
}

fn span(random: &mut Random) -> Span {
    Span {
        name: random.pick(TEXTS).to_owned(),
        kind: random.below(7) as i32,
        trace_state: random.pick(&["", "k=v", "k=v,K=v", "a=1,k=a"]).to_owned(),
        trace_id: if random.one_in(3) { Vec::new() } else { (1..=16).collect() },
        span_id: if random.one_in(3) { Vec::new() } else { (1..=8).collect() },
        parent_span_id: if random.one_in(2) { Vec::new() } else { (1..=8).collect() },
        start_time_unix_nano: random.pick(&[0, 1, 1_700_000_000_000_000_000, u64::MAX]),
        end_time_unix_nano: random.pick(&[0, 2, 1_700_000_001_500_000_000]),
        flags: random.below(2) as u32,
        attributes: attributes(random),
        events: random.list(2, |random| Event {
            name: random.pick(TEXTS).to_owned(),
            time_unix_nano: random.pick(&[0, 1_700_000_001_500_000_000]),
            attributes: attributes(random),
            ..Event::default()
        }),
        links: random.list(2, |_| Link::default()),
        status: (!random.one_in(3)).then(|| Status {
            code: random.below(4) as i32,
            message: random.pick(TEXTS).to_owned(),
        }),
        ..Span::default()
    }
}

fn metrics(random: &mut Random) -> ExportMetricsServiceRequest {
    let metric = |random: &mut Random| Metric {
        name: random.pick(TEXTS).to_owned(),
        unit: random.pick(TEXTS).to_owned(),
        metadata: attributes(random),
        data: data(random),
        ..Metric::default()
    };
    let resource_metrics = vec![ResourceMetrics {
        resource: resource(random),
        scope_metrics: vec![ScopeMetrics {
            scope: scope(random),
            metrics: random.list(3, metric),
            ..ScopeMetrics::default()
        }],
        ..ResourceMetrics::default()
    }];
    ExportMetricsServiceRequest { resource_metrics }
}

fn data(random: &mut Random) -> Option<Data> {
    let number = |random: &mut Random| NumberDataPoint {
        attributes: attributes(random),
        time_unix_nano: random.pick(&[0, 1, 1_700_000_001_500_000_000]),
        flags: random.below(2) as u32,
        value: match random.below(3) {
            0 => None,
            1 => Some(number_data_point::Value::AsInt(random.pick(INTS))),
            _ => Some(number_data_point::Value::AsDouble(random.pick(DOUBLES))),
        },
        ..NumberDataPoint::default()
    };
    let aggregation_temporality = random.below(3) as i32;
    Some(match random.below(6) {
        0 => return None,
        1 => Data::Gauge(Gauge { data_points: random.list(2, number) }),
        2 => Data::Sum(Sum {
            data_points: random.list(2, number),
            aggregation_temporality,
            is_monotonic: random.one_in(2),
        }),
        3 => Data::Histogram(Histogram {
            aggregation_temporality,
            data_points: random.list(2, |random| HistogramDataPoint {
                attributes: attributes(random),
                count: random.below(3) as u64,
                sum: random.one_in(2).then(|| random.pick(DOUBLES)),
                ..HistogramDataPoint::default()
            }),
        }),
        4 => Data::ExponentialHistogram(ExponentialHistogram {
            aggregation_temporality,
            data_points: random.list(2, |random| ExponentialHistogramDataPoint {
                attributes: attributes(random),
                count: random.below(3) as u64,
                scale: random.below(3) as i32 - 1,
                ..ExponentialHistogramDataPoint::default()
            }),
        }),
        _ => Data::Summary(Summary {
            data_points: random.list(2, |random| SummaryDataPoint {
                attributes: attributes(random),
                count: random.below(3) as u64,
                sum: random.pick(DOUBLES),
                ..SummaryDataPoint::default()
            }),
        }),
    })
}

fn logs(random: &mut Random) -> ExportLogsServiceRequest {
    let record = |random: &mut Random| LogRecord {
        body: (!random.one_in(5)).then(|| any_value(random, 2)).flatten().map(any),
        severity_number: random.below(25) as i32,
        severity_text: random.pick(TEXTS).to_owned(),
        time_unix_nano: random.pick(&[0, 1, 1_700_000_001_500_000_000]),
        attributes: attributes(random),
        trace_id: if random.one_in(2) { Vec::new() } else { (1..=16).collect() },
        event_name: random.pick(TEXTS).to_owned(),
        ..LogRecord::default()
    };
    let resource_logs = vec![ResourceLogs {
        resource: resource(random),
        scope_logs: vec![ScopeLogs {
            scope: scope(random),
            log_records: random.list(4, record),
            ..ScopeLogs::default()
        }],
        ..ResourceLogs::default()
    }];
    ExportLogsServiceRequest { resource_logs }
}

fn resource(random: &mut Random) -> Option<Resource> {
    let attributes = attributes(random);
    let dropped_attributes_count = random.below(3) as u32;
    let resource = Resource { attributes, dropped_attributes_count, ..Resource::default() };
    (!random.one_in(5)).then_some(resource)
}

fn scope(random: &mut Random) -> Option<InstrumentationScope> {
    let scope = InstrumentationScope {
        name: random.pick(TEXTS).to_owned(),
        version: random.pick(TEXTS).to_owned(),
        attributes: attributes(random),
        ..InstrumentationScope::default()
    };
    (!random.one_in(5)).then_some(scope)
}

fn attributes(random: &mut Random) -> Vec<KeyValue> {
    let mut pairs = Vec::new();
    for key in KEYS {
        if random.one_in(3) {
            continue;
        }
        let value = match *key {
            "list" => Some(list(
                random.list(3, |random| any_value(random, 1).unwrap_or(Value::BoolValue(true))),
            )),
            "map" => Some(map(inner(random))),
            "n" => Some(Value::IntValue(random.pick(&[0, 1]))),
            _ => any_value(random, 2),
        };
        pairs.push(pair(key, value));
    }
    pairs
}

fn inner(random: &mut Random) -> Vec<KeyValue> {
    let mut pairs = Vec::new();
    for key in ["b", "a", "list"] {
        if random.one_in(2) {
            pairs.push(pair(key, any_value(random, 1)));
        }
    }
    pairs
}

fn any_value(random: &mut Random, depth: usize) -> Option<Value> {
    Some(match random.below(if depth == 0 { 9 } else { 11 }) {
        0 => return None,
        1 => Value::BoolValue(random.one_in(2)),
        2 | 3 => Value::IntValue(random.pick(INTS)),
        4 => Value::DoubleValue(random.pick(DOUBLES)),
        5 => Value::BytesValue(random.pick(TEXTS).into()),
        9 => list(random.list(2, |random| any_value(random, 0).unwrap_or(Value::IntValue(1)))),
        10 => map(inner(random)),
        _ => string(random.pick(TEXTS)),
    })
}
