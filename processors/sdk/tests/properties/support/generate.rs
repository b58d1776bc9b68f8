//! Random OTLP structs from a seed.

use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, EntityRef, InstrumentationScope, KeyValue, KeyValueList, any_value::Value,
};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::exponential_histogram_data_point::Buckets;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::summary_data_point::ValueAtQuantile;
use opentelemetry_proto::tonic::metrics::v1::{
    Exemplar, ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Histogram,
    HistogramDataPoint, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, Summary,
    SummaryDataPoint, exemplar, number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};

/// A generator of random numbers (SplitMix64) and of what can be made of them.
#[derive(Clone)]
pub(crate) struct Generate {
    state: u64,
}

impl Generate {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    pub(crate) fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// From 0 to one less than `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.bits() % end as u64) as usize
    }

    pub(crate) fn chance(&mut self, one_in: usize) -> bool {
        self.below(one_in) == 0
    }

    /// Numbers of all lengths as varints; often 0.
    pub(crate) fn number(&mut self) -> u64 {
        let bits = self.bits();
        bits.checked_shr(self.below(80) as u32).unwrap_or(0)
    }

    pub(crate) fn bytes(&mut self) -> Vec<u8> {
        let length = if self.chance(8) { self.below(300) } else { self.below(20) };
        (0..length).map(|_| self.bits() as u8).collect()
    }

    pub(crate) fn text(&mut self) -> String {
        let length = if self.chance(8) { self.below(200) } else { self.below(12) };
        (0..length).map(|_| ['a', '7', '@', '\n', 'ä', '☃'][self.below(6)]).collect()
    }

    fn double(&mut self) -> f64 {
        self.number() as f64 / 7.0
    }

    fn some<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (!self.chance(3)).then(|| make(self))
    }

    pub(crate) fn list<T>(&mut self, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.below(4)).map(|_| make(self)).collect()
    }

    fn value(&mut self, depth: usize) -> AnyValue {
        let value = match self.below(if depth == 0 { 7 } else { 9 }) {
            0 => None,
            1 => Some(Value::BoolValue(self.chance(2))),
            2 => Some(Value::IntValue(self.number() as i64)),
            3 => Some(Value::DoubleValue(self.double())),
            4 => Some(Value::BytesValue(self.bytes())),
            5 => Some(Value::StringValueStrindex(self.number() as i32)),
            6 => Some(Value::StringValue(self.text())),
            7 => {
                let values = self.list(|generate| generate.value(depth - 1));
                Some(Value::ArrayValue(ArrayValue { values }))
            }
            _ => {
                let values = self.list(|generate| generate.attribute(depth - 1));
                Some(Value::KvlistValue(KeyValueList { values }))
            }
        };
        AnyValue { value }
    }

    fn attribute(&mut self, depth: usize) -> KeyValue {
        KeyValue {
            key: format!("k{}", self.below(6)),
            value: self.some(|generate| generate.value(depth)),
            key_strindex: if self.chance(9) { self.number() as i32 } else { 0 },
        }
    }

    fn attributes(&mut self) -> Vec<KeyValue> {
        self.list(|generate| generate.attribute(2))
    }

    fn resource(&mut self) -> Resource {
        Resource {
            attributes: self.attributes(),
            dropped_attributes_count: self.number() as u32,
            entity_refs: self.list(|generate| EntityRef {
                schema_url: generate.text(),
                r#type: generate.text(),
                id_keys: generate.list(Self::text),
                description_keys: generate.list(Self::text),
            }),
        }
    }

    fn scope(&mut self) -> InstrumentationScope {
        InstrumentationScope {
            name: self.text(),
            version: self.text(),
            attributes: self.attributes(),
            dropped_attributes_count: self.number() as u32,
        }
    }

    pub(crate) fn resource_spans(&mut self) -> ResourceSpans {
        ResourceSpans {
            resource: self.some(Self::resource),
            scope_spans: self.list(|generate| ScopeSpans {
                scope: generate.some(Self::scope),
                spans: generate.list(Self::span),
                schema_url: generate.text(),
            }),
            schema_url: self.text(),
        }
    }

    fn span(&mut self) -> Span {
        Span {
            trace_id: self.bytes(),
            span_id: self.bytes(),
            trace_state: self.text(),
            parent_span_id: self.bytes(),
            flags: self.number() as u32,
            name: self.text(),
            kind: self.number() as i32,
            start_time_unix_nano: self.number(),
            end_time_unix_nano: self.number(),
            attributes: self.attributes(),
            dropped_attributes_count: self.number() as u32,
            events: self.list(|generate| Event {
                time_unix_nano: generate.number(),
                name: generate.text(),
                attributes: generate.attributes(),
                dropped_attributes_count: generate.number() as u32,
            }),
            dropped_events_count: self.number() as u32,
            links: self.list(|generate| Link {
                trace_id: generate.bytes(),
                span_id: generate.bytes(),
                trace_state: generate.text(),
                attributes: generate.attributes(),
                dropped_attributes_count: generate.number() as u32,
                flags: generate.number() as u32,
            }),
            dropped_links_count: self.number() as u32,
            status: self.some(|generate| Status {
                message: generate.text(),
                code: generate.number() as i32,
            }),
        }
    }

    pub(crate) fn resource_logs(&mut self) -> ResourceLogs {
        ResourceLogs {
            resource: self.some(Self::resource),
            scope_logs: self.list(|generate| ScopeLogs {
                scope: generate.some(Self::scope),
                log_records: generate.list(Self::log_record),
                schema_url: generate.text(),
            }),
            schema_url: self.text(),
        }
    }

    fn log_record(&mut self) -> LogRecord {
        LogRecord {
            time_unix_nano: self.number(),
            observed_time_unix_nano: self.number(),
            severity_number: self.number() as i32,
            severity_text: self.text(),
            body: self.some(|generate| generate.value(3)),
            attributes: self.attributes(),
            dropped_attributes_count: self.number() as u32,
            flags: self.number() as u32,
            trace_id: self.bytes(),
            span_id: self.bytes(),
            event_name: self.text(),
        }
    }

    pub(crate) fn resource_metrics(&mut self) -> ResourceMetrics {
        ResourceMetrics {
            resource: self.some(Self::resource),
            scope_metrics: self.list(|generate| ScopeMetrics {
                scope: generate.some(Self::scope),
                metrics: generate.list(Self::metric),
                schema_url: generate.text(),
            }),
            schema_url: self.text(),
        }
    }

    fn metric(&mut self) -> Metric {
        Metric {
            name: self.text(),
            description: self.text(),
            unit: self.text(),
            metadata: self.attributes(),
            data: self.some(Self::data),
        }
    }

    fn data(&mut self) -> Data {
        let aggregation_temporality = self.number() as i32;
        match self.below(5) {
            0 => Data::Gauge(Gauge { data_points: self.list(Self::number_point) }),
            1 => Data::Sum(Sum {
                data_points: self.list(Self::number_point),
                aggregation_temporality,
                is_monotonic: self.chance(2),
            }),
            2 => Data::Histogram(Histogram {
                data_points: self.list(Self::histogram_point),
                aggregation_temporality,
            }),
            3 => Data::ExponentialHistogram(ExponentialHistogram {
                data_points: self.list(Self::exponential_point),
                aggregation_temporality,
            }),
            _ => Data::Summary(Summary { data_points: self.list(Self::summary_point) }),
        }
    }

    fn number_point(&mut self) -> NumberDataPoint {
        NumberDataPoint {
            attributes: self.attributes(),
            start_time_unix_nano: self.number(),
            time_unix_nano: self.number(),
            exemplars: self.list(Self::exemplar),
            flags: self.number() as u32,
            value: self.some(|generate| match generate.below(2) {
                0 => number_data_point::Value::AsDouble(generate.double()),
                _ => number_data_point::Value::AsInt(generate.number() as i64),
            }),
        }
    }

    fn histogram_point(&mut self) -> HistogramDataPoint {
        HistogramDataPoint {
            attributes: self.attributes(),
            start_time_unix_nano: self.number(),
            time_unix_nano: self.number(),
            count: self.number(),
            sum: self.some(Self::double),
            bucket_counts: self.list(Self::number),
            explicit_bounds: self.list(Self::double),
            exemplars: self.list(Self::exemplar),
            flags: self.number() as u32,
            min: self.some(Self::double),
            max: self.some(Self::double),
        }
    }

    fn exponential_point(&mut self) -> ExponentialHistogramDataPoint {
        let buckets = |generate: &mut Self| Buckets {
            offset: generate.number() as i32,
            bucket_counts: generate.list(Self::number),
        };
        ExponentialHistogramDataPoint {
            attributes: self.attributes(),
            start_time_unix_nano: self.number(),
            time_unix_nano: self.number(),
            count: self.number(),
            sum: self.some(Self::double),
            scale: self.number() as i32,
            zero_count: self.number(),
            positive: self.some(buckets),
            negative: self.some(buckets),
            flags: self.number() as u32,
            exemplars: self.list(Self::exemplar),
            min: self.some(Self::double),
            max: self.some(Self::double),
            zero_threshold: self.double(),
        }
    }

    fn summary_point(&mut self) -> SummaryDataPoint {
        SummaryDataPoint {
            attributes: self.attributes(),
            start_time_unix_nano: self.number(),
            time_unix_nano: self.number(),
            count: self.number(),
            sum: self.double(),
            quantile_values: self.list(|generate| ValueAtQuantile {
                quantile: generate.double(),
                value: generate.double(),
            }),
            flags: self.number() as u32,
        }
    }

    fn exemplar(&mut self) -> Exemplar {
        Exemplar {
            filtered_attributes: self.attributes(),
            time_unix_nano: self.number(),
            span_id: self.bytes(),
            trace_id: self.bytes(),
            value: self.some(|generate| match generate.below(2) {
                0 => exemplar::Value::AsDouble(generate.double()),
                _ => exemplar::Value::AsInt(generate.number() as i64),
            }),
        }
    }
}
