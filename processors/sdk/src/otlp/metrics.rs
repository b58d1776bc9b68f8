//! `opentelemetry/proto/metrics/v1/metrics.proto` and `collector/metrics/v1/metrics_service.proto`.

use super::common::{InstrumentationScope, KeyValue};
use super::resource::Resource;

message! {
    /// A batch of metrics.
    ExportMetricsServiceRequest {
        /// The metrics by resource. A resource may be there more than once.
        1 RESOURCE_METRICS resource_metrics: repeated message ResourceMetrics,
    }
}

message! {
    /// The metrics of one resource.
    ResourceMetrics {
        /// Absent: unknown.
        1 RESOURCE resource: message Resource,
        /// The metrics by scope.
        2 SCOPE_METRICS scope_metrics: repeated message ScopeMetrics,
        /// Schema of the resource.
        3 SCHEMA_URL schema_url: string,
    }
}

message! {
    /// The metrics of one scope.
    ScopeMetrics {
        /// Absent: unknown.
        1 SCOPE scope: message InstrumentationScope,
        /// The metrics.
        2 METRICS metrics: repeated message Metric,
        /// Schema of the metrics.
        3 SCHEMA_URL schema_url: string,
    }
}

message! {
    /// One metric and its data points.
    Metric {
        /// The name.
        1 NAME name: string,
        /// For people.
        2 DESCRIPTION description: string,
        /// A UCUM unit.
        3 UNIT unit: string,
        /// Attributes of the metric itself, not of its data points.
        12 METADATA metadata: repeated message KeyValue,
    }
}

oneof! {
    /// The data points, by kind of metric.
    Metric data: Data<'a> {
        /// A number that is measured.
        5 GAUGE Gauge: message Gauge,
        /// A number that adds up.
        7 SUM Sum: message Sum,
        /// Counts in buckets with stated bounds.
        9 HISTOGRAM Histogram: message Histogram,
        /// Counts in buckets whose bounds grow exponentially.
        10 EXPONENTIAL_HISTOGRAM ExponentialHistogram: message ExponentialHistogram,
        /// Quantiles as the sender computed them; legacy.
        11 SUMMARY Summary: message Summary,
    }
}

message! {
    /// A number that is measured.
    Gauge {
        /// The data points.
        1 DATA_POINTS data_points: repeated message NumberDataPoint,
    }
}

message! {
    /// A number that adds up.
    Sum {
        /// The data points.
        1 DATA_POINTS data_points: repeated message NumberDataPoint,
        /// Since the last report, or since the start.
        2 AGGREGATION_TEMPORALITY aggregation_temporality: enumeration AggregationTemporality,
        /// Whether it never falls.
        3 IS_MONOTONIC is_monotonic: boolean,
    }
}

message! {
    /// Counts in buckets with stated bounds.
    Histogram {
        /// The data points.
        1 DATA_POINTS data_points: repeated message HistogramDataPoint,
        /// Since the last report, or since the start.
        2 AGGREGATION_TEMPORALITY aggregation_temporality: enumeration AggregationTemporality,
    }
}

message! {
    /// Counts in buckets whose bounds grow exponentially.
    ExponentialHistogram {
        /// The data points.
        1 DATA_POINTS data_points: repeated message ExponentialHistogramDataPoint,
        /// Since the last report, or since the start.
        2 AGGREGATION_TEMPORALITY aggregation_temporality: enumeration AggregationTemporality,
    }
}

message! {
    /// Quantiles as the sender computed them; legacy.
    Summary {
        /// The data points.
        1 DATA_POINTS data_points: repeated message SummaryDataPoint,
    }
}

message! {
    /// A data point of a gauge or a sum.
    NumberDataPoint {
        /// Keys are unique by specification.
        7 ATTRIBUTES attributes: repeated message KeyValue,
        /// Nanoseconds since the Unix epoch; 0: unknown.
        2 START_TIME_UNIX_NANO start_time_unix_nano: fixed64,
        /// Nanoseconds since the Unix epoch.
        3 TIME_UNIX_NANO time_unix_nano: fixed64,
        /// Single measurements that led to the value.
        5 EXEMPLARS exemplars: repeated message Exemplar,
        /// Bit 0: there was nothing to report.
        8 FLAGS flags: uint32,
    }
}

oneof! {
    /// The value.
    NumberDataPoint value: NumberValue {
        /// As a floating-point number.
        4 AS_DOUBLE Double: double,
        /// As an integer.
        6 AS_INT Int: sfixed64,
    }
}

message! {
    /// A data point of a histogram.
    HistogramDataPoint {
        /// Keys are unique by specification.
        9 ATTRIBUTES attributes: repeated message KeyValue,
        /// Nanoseconds since the Unix epoch; 0: unknown.
        2 START_TIME_UNIX_NANO start_time_unix_nano: fixed64,
        /// Nanoseconds since the Unix epoch.
        3 TIME_UNIX_NANO time_unix_nano: fixed64,
        /// How many values there were.
        4 COUNT count: fixed64,
        /// Their sum; none: not reported.
        5 SUM sum: optional double,
        /// Values per bucket; empty, or one more than `explicit_bounds`.
        6 BUCKET_COUNTS bucket_counts: repeated fixed64,
        /// Upper bounds of all buckets but the last, ascending, inclusive.
        7 EXPLICIT_BOUNDS explicit_bounds: repeated double,
        /// Single measurements that led to the value.
        8 EXEMPLARS exemplars: repeated message Exemplar,
        /// Bit 0: there was nothing to report.
        10 FLAGS flags: uint32,
        /// The least value; none: not reported.
        11 MIN min: optional double,
        /// The greatest value; none: not reported.
        12 MAX max: optional double,
    }
}

message! {
    /// A data point of an exponential histogram.
    ExponentialHistogramDataPoint {
        /// Keys are unique by specification.
        1 ATTRIBUTES attributes: repeated message KeyValue,
        /// Nanoseconds since the Unix epoch; 0: unknown.
        2 START_TIME_UNIX_NANO start_time_unix_nano: fixed64,
        /// Nanoseconds since the Unix epoch.
        3 TIME_UNIX_NANO time_unix_nano: fixed64,
        /// How many values there were.
        4 COUNT count: fixed64,
        /// Their sum; none: not reported.
        5 SUM sum: optional double,
        /// The base of the bounds is 2 to the power of 2 to the power of -scale.
        6 SCALE scale: sint32,
        /// Values that count as zero.
        7 ZERO_COUNT zero_count: fixed64,
        /// Buckets of the positive values.
        8 POSITIVE positive: message Buckets,
        /// Buckets of the negative values.
        9 NEGATIVE negative: message Buckets,
        /// Bit 0: there was nothing to report.
        10 FLAGS flags: uint32,
        /// Single measurements that led to the value.
        11 EXEMPLARS exemplars: repeated message Exemplar,
        /// The least value; none: not reported.
        12 MIN min: optional double,
        /// The greatest value; none: not reported.
        13 MAX max: optional double,
        /// Up to this magnitude a value counts as zero.
        14 ZERO_THRESHOLD zero_threshold: double,
    }
}

message! {
    /// Neighbouring buckets of an exponential histogram.
    Buckets {
        /// Index of the first bucket.
        1 OFFSET offset: sint32,
        /// Values per bucket.
        2 BUCKET_COUNTS bucket_counts: repeated uint64,
    }
}

message! {
    /// A data point of a summary.
    SummaryDataPoint {
        /// Keys are unique by specification.
        7 ATTRIBUTES attributes: repeated message KeyValue,
        /// Nanoseconds since the Unix epoch; 0: unknown.
        2 START_TIME_UNIX_NANO start_time_unix_nano: fixed64,
        /// Nanoseconds since the Unix epoch.
        3 TIME_UNIX_NANO time_unix_nano: fixed64,
        /// How many values there were.
        4 COUNT count: fixed64,
        /// Their sum.
        5 SUM sum: double,
        /// The quantiles.
        6 QUANTILE_VALUES quantile_values: repeated message ValueAtQuantile,
        /// Bit 0: there was nothing to report.
        8 FLAGS flags: uint32,
    }
}

message! {
    /// One quantile of a summary.
    ValueAtQuantile {
        /// 0 to 1.
        1 QUANTILE quantile: double,
        /// The value there.
        2 VALUE value: double,
    }
}

message! {
    /// A single measurement.
    Exemplar {
        /// Attributes that were measured but are not on the data point.
        7 FILTERED_ATTRIBUTES filtered_attributes: repeated message KeyValue,
        /// Nanoseconds since the Unix epoch.
        2 TIME_UNIX_NANO time_unix_nano: fixed64,
        /// 8 bytes; empty: none.
        4 SPAN_ID span_id: bytes,
        /// 16 bytes; empty: none.
        5 TRACE_ID trace_id: bytes,
    }
}

oneof! {
    /// The value.
    Exemplar value: ExemplarValue {
        /// As a floating-point number.
        3 AS_DOUBLE Double: double,
        /// As an integer.
        6 AS_INT Int: sfixed64,
    }
}

enumeration! {
    /// What a reported value counts from.
    AggregationTemporality {
        /// Not said.
        0 UNSPECIFIED,
        /// From the last report.
        1 DELTA,
        /// From the start.
        2 CUMULATIVE,
    }
}
