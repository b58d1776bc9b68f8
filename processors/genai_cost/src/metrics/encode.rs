//! Writes what was added up as one `ExportMetricsServiceRequest`.

use tamis_genai_prices::Amount;
use tamis_sdk::otlp::common::{AnyValue, InstrumentationScope, KeyValue};
use tamis_sdk::otlp::metrics::{
    AggregationTemporality, ExportMetricsServiceRequest, Histogram as HistogramData,
    HistogramDataPoint, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum,
};
use tamis_sdk::wire::{Message, Writer};

use super::histogram::{DURATION, FIRST_OUTPUT, Histogram, TOKENS};
use super::set::{COST_TYPES, Set, TOKEN_TYPES, Tally};
use crate::write::names;

const SCOPE: &str = "tamis/genai_cost";
const TOKEN_TYPE: &str = "gen_ai.token.type";
const NANOSECONDS: f64 = 1e9;

/// A metric's name, unit and description.
struct Head {
    name: &'static str,
    unit: &'static str,
    description: &'static str,
}

const fn head(name: &'static str, unit: &'static str, description: &'static str) -> Head {
    Head { name, unit, description }
}

const TOKEN_USAGE: Head =
    head("gen_ai.client.token.usage", "{token}", "Input and output tokens of a call");
const DURATIONS: Head = head("gen_ai.client.operation.duration", "s", "How long a call takes");
const FIRST_OUTPUTS: Head = head(
    "gen_ai.client.operation.time_to_first_chunk",
    "s",
    "How long until a call's first output",
);
const TOKENS_USED: Head =
    head("gen_ai.client.tokens", "{token}", "Tokens used; the types are apart and sum up");
const COST: Head = head("gen_ai.client.cost", "USD", "What calls cost");
const COST_PARTS: Head = head(
    "gen_ai.client.cost.parts",
    "USD",
    "What calls cost by what is paid, as far as calculated",
);
const CALLS: Head = head("gen_ai.client.calls", "{call}", "Calls, by the status of their cost");
const UNPRICED: Head =
    head("gen_ai.client.calls.unpriced", "{call}", "Calls without a cost, by model and status");
const RATE_LIMITED: Head =
    head("gen_ai.client.calls.rate_limited", "{call}", "Calls that were refused for their rate");

/// When the points are, and how they count.
#[derive(Clone, Copy)]
struct Manner {
    now: u64,
    delta: bool,
}

/// The figures of some sets.
pub(super) fn sets(sets: &[Set], now: u64, delta: bool, out: &mut Vec<u8>) {
    let manner = Manner { now, delta };
    request(out, |metrics| {
        histogram_metric(metrics, &TOKEN_USAGE, manner, |points| {
            for set in sets {
                points.add(set, &set.input, TOKENS, 1.0, Some("input"));
                points.add(set, &set.output, TOKENS, 1.0, Some("output"));
            }
        });
        histogram_metric(metrics, &DURATIONS, manner, |points| {
            sets.iter().for_each(|set| points.add(set, &set.duration, DURATION, NANOSECONDS, None));
        });
        histogram_metric(metrics, &FIRST_OUTPUTS, manner, |points| {
            let mut add = |set: &Set| {
                points.add(set, &set.first_token, FIRST_OUTPUT, NANOSECONDS, None);
            };
            sets.iter().for_each(&mut add);
        });
        sum_metric(metrics, &TOKENS_USED, manner, |points| {
            for set in sets {
                for (kind, count) in TOKEN_TYPES.iter().zip(set.tokens).filter(|(_, n)| *n > 0) {
                    points.count(&set.attributes, set.start, count, Some((TOKEN_TYPE, kind)));
                }
            }
        });
        sum_metric(metrics, &COST, manner, |points| {
            for set in sets {
                if let Some(cost) = set.cost {
                    points.amount(&set.attributes, set.start, cost, None);
                }
            }
        });
        sum_metric(metrics, &COST_PARTS, manner, |points| {
            for set in sets {
                for (kind, part) in COST_TYPES.iter().zip(set.parts).filter(|(_, n)| !n.is_zero()) {
                    points.amount(&set.attributes, set.start, part, Some((TOKEN_TYPE, kind)));
                }
            }
        });
        sum_metric(metrics, &CALLS, manner, |points| {
            for set in sets {
                for (status, count) in &set.calls {
                    let status = Some((names::STATUS, *status));
                    points.count(&set.attributes, set.start, *count, status);
                }
            }
        });
    });
}

/// What is counted by attributes of its own.
pub(super) fn tallies(
    unpriced: &Tally,
    rate_limits: &Tally,
    now: u64,
    delta: bool,
    out: &mut Vec<u8>,
) {
    let manner = Manner { now, delta };
    request(out, |metrics| {
        for (head, tally) in [(&UNPRICED, unpriced), (&RATE_LIMITED, rate_limits)] {
            sum_metric(metrics, head, manner, |points| {
                for (attributes, start, count) in tally.all() {
                    points.count(attributes, start, count, None);
                }
            });
        }
    });
}

fn request(out: &mut Vec<u8>, metrics: impl FnOnce(&mut Writer<'_>)) {
    Writer::new(out).message(ExportMetricsServiceRequest::RESOURCE_METRICS, |resource| {
        resource.message(ResourceMetrics::RESOURCE, |_| ());
        resource.message(ResourceMetrics::SCOPE_METRICS, |scope| {
            scope.message(ScopeMetrics::SCOPE, |own| {
                own.bytes(InstrumentationScope::NAME, SCOPE);
                own.bytes(InstrumentationScope::VERSION, env!("CARGO_PKG_VERSION"));
            });
            metrics(scope);
        });
    });
}

/// A metric without points is left out.
fn metric(
    metrics: &mut Writer<'_>,
    head: &Head,
    data: u32,
    points: &[u8],
    fill: impl FnOnce(&mut Writer<'_>),
) {
    if points.is_empty() {
        return;
    }
    metrics.message(ScopeMetrics::METRICS, |metric| {
        metric.bytes(Metric::NAME, head.name);
        metric.bytes(Metric::DESCRIPTION, head.description);
        metric.bytes(Metric::UNIT, head.unit);
        metric.message(data, |data| {
            data.records(points);
            fill(data);
        });
    });
}

impl Manner {
    fn temporality(self) -> u64 {
        let temporality = if self.delta {
            AggregationTemporality::DELTA
        } else {
            AggregationTemporality::CUMULATIVE
        };
        temporality.0 as u64
    }
}

fn sum_metric(
    metrics: &mut Writer<'_>,
    head: &Head,
    manner: Manner,
    fill: impl FnOnce(&mut Numbers),
) {
    let mut points = Numbers { out: Vec::new(), now: manner.now };
    fill(&mut points);
    metric(metrics, head, Metric::SUM, &points.out, |sum| {
        sum.varint(Sum::AGGREGATION_TEMPORALITY, manner.temporality());
        sum.varint(Sum::IS_MONOTONIC, 1);
    });
}

fn histogram_metric(
    metrics: &mut Writer<'_>,
    head: &Head,
    manner: Manner,
    fill: impl FnOnce(&mut Histograms),
) {
    let mut points = Histograms { out: Vec::new(), now: manner.now };
    fill(&mut points);
    metric(metrics, head, Metric::HISTOGRAM, &points.out, |histogram| {
        histogram.varint(HistogramData::AGGREGATION_TEMPORALITY, manner.temporality());
    });
}

/// Data points of a sum.
struct Numbers {
    out: Vec<u8>,
    now: u64,
}

impl Numbers {
    fn count(&mut self, attributes: &[u8], start: u64, count: u64, more: Option<(&str, &str)>) {
        self.point(attributes, start, more, |point| point.fixed64(NumberDataPoint::AS_INT, count));
    }

    /// The exact sum, rounded once.
    fn amount(&mut self, attributes: &[u8], start: u64, sum: Amount, more: Option<(&str, &str)>) {
        let double = sum.to_f64();
        self.point(attributes, start, more, |point| {
            point.fixed64(NumberDataPoint::AS_DOUBLE, double.to_bits());
        });
    }

    fn point(
        &mut self,
        attributes: &[u8],
        start: u64,
        more: Option<(&str, &str)>,
        value: impl FnOnce(&mut Writer<'_>),
    ) {
        let now = self.now;
        Writer::new(&mut self.out).message(Sum::DATA_POINTS, |point| {
            point.records(attributes);
            put(point, NumberDataPoint::ATTRIBUTES, more);
            point.fixed64(NumberDataPoint::START_TIME_UNIX_NANO, start);
            point.fixed64(NumberDataPoint::TIME_UNIX_NANO, now);
            value(point);
        });
    }
}

/// Data points of a histogram.
struct Histograms {
    out: Vec<u8>,
    now: u64,
}

impl Histograms {
    /// `unit` is how many of what was counted make one of the metric's unit.
    fn add(
        &mut self,
        set: &Set,
        histogram: &Histogram,
        bounds: &[u64],
        unit: f64,
        token_type: Option<&str>,
    ) {
        if histogram.count == 0 {
            return;
        }
        let now = self.now;
        Writer::new(&mut self.out).message(HistogramData::DATA_POINTS, |point| {
            for attribute in Message::new(&set.attributes).fields().flatten() {
                point.bytes(HistogramDataPoint::ATTRIBUTES, attribute.payload());
            }
            let more = token_type.map(|kind| (TOKEN_TYPE, kind));
            put(point, HistogramDataPoint::ATTRIBUTES, more);
            point.fixed64(HistogramDataPoint::START_TIME_UNIX_NANO, set.start);
            point.fixed64(HistogramDataPoint::TIME_UNIX_NANO, now);
            point.fixed64(HistogramDataPoint::COUNT, histogram.count);
            let sum = histogram.sum as f64 / unit;
            point.fixed64(HistogramDataPoint::SUM, sum.to_bits());
            let counts: Vec<u8> = histogram.buckets.iter().flat_map(|n| n.to_le_bytes()).collect();
            point.bytes(HistogramDataPoint::BUCKET_COUNTS, counts);
            let bounds = bounds.iter().map(|bound| *bound as f64 / unit);
            let bounds: Vec<u8> = bounds.flat_map(f64::to_le_bytes).collect();
            point.bytes(HistogramDataPoint::EXPLICIT_BOUNDS, bounds);
        });
    }
}

fn put(point: &mut Writer<'_>, number: u32, attribute: Option<(&str, &str)>) {
    let Some((key, text)) = attribute else { return };
    point.message(number, |pair| {
        pair.bytes(KeyValue::KEY, key);
        pair.message(KeyValue::VALUE, |any| any.bytes(AnyValue::STRING_VALUE, text));
    });
}
