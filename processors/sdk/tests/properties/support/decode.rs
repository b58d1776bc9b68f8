//! From the SDK's views to prost's structs, through every accessor there is.

use opentelemetry_proto::tonic as prost;
use prost::common::v1 as common_pb;
use prost::logs::v1 as logs_pb;
use prost::metrics::v1 as metrics_pb;
use prost::trace::v1 as trace_pb;
use tamis_sdk::otlp::{common, logs, metrics, resource, trace};
use tamis_sdk::wire::{Error, Text};

/// Reads a view to the end.
pub(crate) trait Decode<T> {
    fn decode(self) -> Result<T, Error>;
}

macro_rules! plain {
    ($($Type:ty),*) => { $(impl Decode<$Type> for $Type {
        fn decode(self) -> Result<$Type, Error> {
            Ok(self)
        }
    })* };
}
plain!(u32, i32, u64, i64, f64, bool);

macro_rules! enumeration {
    ($($Type:ty),*) => { $(impl Decode<i32> for $Type {
        fn decode(self) -> Result<i32, Error> {
            Ok(self.0)
        }
    })* };
}
enumeration!(
    trace::SpanKind,
    trace::StatusCode,
    logs::SeverityNumber,
    metrics::AggregationTemporality
);

impl Decode<Vec<u8>> for &[u8] {
    fn decode(self) -> Result<Vec<u8>, Error> {
        Ok(self.to_vec())
    }
}

impl Decode<String> for Text<'_> {
    fn decode(self) -> Result<String, Error> {
        Ok(self.to_string_lossy().into_owned())
    }
}

impl<T, V: Decode<T>> Decode<Option<T>> for Option<V> {
    fn decode(self) -> Result<Option<T>, Error> {
        self.map(Decode::decode).transpose()
    }
}

fn list<T, V: Decode<T>>(values: impl Iterator<Item = Result<V, Error>>) -> Result<Vec<T>, Error> {
    values.map(|value| value?.decode()).collect()
}

macro_rules! message {
    ($View:ident $($module:ident)::+ => $Struct:path {
        $($one:ident),* $(,)?
    } [$($many:ident),* $(,)?]) => {
        impl Decode<$Struct> for $($module)::+::$View<'_> {
            fn decode(self) -> Result<$Struct, Error> {
                let mut out = <$Struct>::default();
                $(out.$one = self.$one()?.decode()?;)*
                $(out.$many = list(self.$many())?;)*
                Ok(out)
            }
        }
    };
}

impl Decode<common_pb::any_value::Value> for common::Value<'_> {
    fn decode(self) -> Result<common_pb::any_value::Value, Error> {
        use common_pb::any_value::Value;
        Ok(match self {
            Self::String(value) => Value::StringValue(value.decode()?),
            Self::Bool(value) => Value::BoolValue(value),
            Self::Int(value) => Value::IntValue(value),
            Self::Double(value) => Value::DoubleValue(value),
            Self::Array(value) => Value::ArrayValue(value.decode()?),
            Self::KeyValueList(value) => Value::KvlistValue(value.decode()?),
            Self::Bytes(value) => Value::BytesValue(value.decode()?),
            Self::StringIndex(value) => Value::StringValueStrindex(value),
            _ => panic!("a member is missing here"),
        })
    }
}

impl Decode<metrics_pb::metric::Data> for metrics::Data<'_> {
    fn decode(self) -> Result<metrics_pb::metric::Data, Error> {
        use metrics_pb::metric::Data;
        Ok(match self {
            Self::Gauge(data) => Data::Gauge(data.decode()?),
            Self::Sum(data) => Data::Sum(data.decode()?),
            Self::Histogram(data) => Data::Histogram(data.decode()?),
            Self::ExponentialHistogram(data) => Data::ExponentialHistogram(data.decode()?),
            Self::Summary(data) => Data::Summary(data.decode()?),
            _ => panic!("a member is missing here"),
        })
    }
}

impl Decode<metrics_pb::number_data_point::Value> for metrics::NumberValue {
    fn decode(self) -> Result<metrics_pb::number_data_point::Value, Error> {
        use metrics_pb::number_data_point::Value;
        Ok(match self {
            Self::Double(value) => Value::AsDouble(value),
            Self::Int(value) => Value::AsInt(value),
            _ => panic!("a member is missing here"),
        })
    }
}

impl Decode<metrics_pb::exemplar::Value> for metrics::ExemplarValue {
    fn decode(self) -> Result<metrics_pb::exemplar::Value, Error> {
        use metrics_pb::exemplar::Value;
        Ok(match self {
            Self::Double(value) => Value::AsDouble(value),
            Self::Int(value) => Value::AsInt(value),
            _ => panic!("a member is missing here"),
        })
    }
}

message!(AnyValue common => common_pb::AnyValue {
    value
} []);
message!(ArrayValue common => common_pb::ArrayValue {} [
    values
]);
message!(KeyValueList common => common_pb::KeyValueList {} [
    values
]);
message!(KeyValue common => common_pb::KeyValue {
    key, value, key_strindex
} []);
message!(InstrumentationScope common => common_pb::InstrumentationScope {
    name, version, dropped_attributes_count
} [
    attributes
]);
message!(EntityRef common => common_pb::EntityRef {
    schema_url, r#type
} [
    id_keys, description_keys
]);
message!(Resource resource => prost::resource::v1::Resource {
    dropped_attributes_count
} [
    attributes, entity_refs
]);
message!(ExportTraceServiceRequest trace => prost::collector::trace::v1::ExportTraceServiceRequest {} [
    resource_spans
]);
message!(ResourceSpans trace => trace_pb::ResourceSpans {
    resource, schema_url
} [
    scope_spans
]);
message!(ScopeSpans trace => trace_pb::ScopeSpans {
    scope, schema_url
} [
    spans
]);
message!(Span trace => trace_pb::Span {
    trace_id, span_id, trace_state, parent_span_id, flags, name, kind, start_time_unix_nano,
    end_time_unix_nano, dropped_attributes_count, dropped_events_count, dropped_links_count,
    status
} [
    attributes, events, links
]);
message!(Event trace => trace_pb::span::Event {
    time_unix_nano, name, dropped_attributes_count
} [
    attributes
]);
message!(Link trace => trace_pb::span::Link {
    trace_id, span_id, trace_state, dropped_attributes_count, flags
} [
    attributes
]);
message!(Status trace => trace_pb::Status {
    message, code
} []);
message!(ExportLogsServiceRequest logs => prost::collector::logs::v1::ExportLogsServiceRequest {} [
    resource_logs
]);
message!(ResourceLogs logs => logs_pb::ResourceLogs {
    resource, schema_url
} [
    scope_logs
]);
message!(ScopeLogs logs => logs_pb::ScopeLogs {
    scope, schema_url
} [
    log_records
]);
message!(LogRecord logs => logs_pb::LogRecord {
    time_unix_nano, observed_time_unix_nano, severity_number, severity_text, body,
    dropped_attributes_count, flags, trace_id, span_id, event_name
} [
    attributes
]);
message!(ExportMetricsServiceRequest metrics => prost::collector::metrics::v1::ExportMetricsServiceRequest {} [
    resource_metrics
]);
message!(ResourceMetrics metrics => metrics_pb::ResourceMetrics {
    resource, schema_url
} [
    scope_metrics
]);
message!(ScopeMetrics metrics => metrics_pb::ScopeMetrics {
    scope, schema_url
} [
    metrics
]);
message!(Metric metrics => metrics_pb::Metric {
    name, description, unit, data
} [
    metadata
]);
message!(Gauge metrics => metrics_pb::Gauge {} [
    data_points
]);
message!(Sum metrics => metrics_pb::Sum {
    aggregation_temporality, is_monotonic
} [
    data_points
]);
message!(Histogram metrics => metrics_pb::Histogram {
    aggregation_temporality
} [
    data_points
]);
message!(ExponentialHistogram metrics => metrics_pb::ExponentialHistogram {
    aggregation_temporality
} [
    data_points
]);
message!(Summary metrics => metrics_pb::Summary {} [
    data_points
]);
message!(NumberDataPoint metrics => metrics_pb::NumberDataPoint {
    start_time_unix_nano, time_unix_nano, flags, value
} [
    attributes, exemplars
]);
message!(HistogramDataPoint metrics => metrics_pb::HistogramDataPoint {
    start_time_unix_nano, time_unix_nano, count, sum, flags, min, max
} [
    attributes, bucket_counts, explicit_bounds, exemplars
]);
message!(ExponentialHistogramDataPoint metrics => metrics_pb::ExponentialHistogramDataPoint {
    start_time_unix_nano, time_unix_nano, count, sum, scale, zero_count, positive, negative,
    flags, min, max, zero_threshold
} [
    attributes, exemplars
]);
message!(Buckets metrics => metrics_pb::exponential_histogram_data_point::Buckets {
    offset
} [
    bucket_counts
]);
message!(SummaryDataPoint metrics => metrics_pb::SummaryDataPoint {
    start_time_unix_nano, time_unix_nano, count, sum, flags
} [
    attributes, quantile_values
]);
message!(ValueAtQuantile metrics => metrics_pb::summary_data_point::ValueAtQuantile {
    quantile, value
} []);
message!(Exemplar metrics => metrics_pb::Exemplar {
    time_unix_nano, span_id, trace_id, value
} [
    filtered_attributes
]);
