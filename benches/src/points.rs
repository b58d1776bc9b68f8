//! Batches of metrics: 512 data points with six attributes each, of which one says which series it is.

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Histogram, HistogramDataPoint, Metric, NumberDataPoint,
    ResourceMetrics, ScopeMetrics, Sum, metric, number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use prost::Message;
use std::time::SystemTime;
use tamis::batch::{Batch, Metadata, Signal};

/// Data points of one batch.
pub const POINTS: usize = 512;
/// Stands where the number of a series is written, as long as one.
const PLACE: &str = "series--";
const BUCKETS: usize = 15;

/// What the data points are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    CumulativeSum,
    DeltaSum,
    CumulativeHistogram,
}

impl Kind {
    pub const ALL: [Self; 3] = [Self::CumulativeSum, Self::DeltaSum, Self::CumulativeHistogram];

    pub fn name(self) -> &'static str {
        match self {
            Self::CumulativeSum => "cumulative sum",
            Self::DeltaSum => "delta sum",
            Self::CumulativeHistogram => "cumulative histogram, 15 buckets",
        }
    }
}

/// One batch, into which numbers of series are written.
pub struct Template {
    bytes: Vec<u8>,
    places: Vec<usize>,
}

impl Template {
    pub fn new(kind: Kind) -> Self {
        let bytes = request(kind).encode_to_vec();
        let places: Vec<usize> = memchr::memmem::find_iter(&bytes, PLACE.as_bytes()).collect();
        Self { bytes, places }
    }

    /// The batch with the data points of the series from `first` on.
    pub fn batch(&self, first: usize) -> Batch {
        let mut bytes = self.bytes.clone();
        for (series, &place) in (first..).zip(&self.places) {
            bytes[place..place + PLACE.len()].copy_from_slice(format!("{series:08x}").as_bytes());
        }
        Batch {
            signal: Signal::Metrics,
            bytes: Bytes::from(bytes),
            items: POINTS,
            received: SystemTime::now(),
            metadata: Metadata::default(),
        }
    }
}

fn request(kind: Kind) -> ExportMetricsServiceRequest {
    let attributes = [
        ("service.name", "checkout"),
        ("service.version", "2.14.1"),
        ("k8s.pod.name", "checkout-6c9f8d7b5-x2x7k"),
        ("k8s.namespace.name", "shop"),
        ("cloud.region", "eu-central-1"),
    ];
    let resource = Resource {
        attributes: attributes.map(|(key, value)| text(key, value)).to_vec(),
        ..Resource::default()
    };
    let scope = InstrumentationScope {
        name: "io.opentelemetry.tomcat-10.0".to_owned(),
        version: "2.9.0".to_owned(),
        ..InstrumentationScope::default()
    };
    let metric = Metric {
        name: "http.server.request.duration".to_owned(),
        unit: "s".to_owned(),
        data: Some(data(kind)),
        ..Metric::default()
    };
    let scope_metrics =
        ScopeMetrics { scope: Some(scope), metrics: vec![metric], ..ScopeMetrics::default() };
    let resource_metrics = ResourceMetrics {
        resource: Some(resource),
        scope_metrics: vec![scope_metrics],
        ..ResourceMetrics::default()
    };
    ExportMetricsServiceRequest { resource_metrics: vec![resource_metrics] }
}

fn data(kind: Kind) -> metric::Data {
    let temporality = match kind {
        Kind::DeltaSum => AggregationTemporality::Delta,
        Kind::CumulativeSum | Kind::CumulativeHistogram => AggregationTemporality::Cumulative,
    };
    match kind {
        Kind::CumulativeHistogram => metric::Data::Histogram(Histogram {
            data_points: (0..POINTS).map(histogram).collect(),
            aggregation_temporality: temporality.into(),
        }),
        Kind::CumulativeSum | Kind::DeltaSum => metric::Data::Sum(Sum {
            data_points: (0..POINTS).map(number).collect(),
            aggregation_temporality: temporality.into(),
            is_monotonic: true,
        }),
    }
}

/// After the processor has begun, whenever that is.
const START: u64 = 4_000_000_000_000_000_000;

fn number(index: usize) -> NumberDataPoint {
    NumberDataPoint {
        attributes: labels(index),
        start_time_unix_nano: START,
        time_unix_nano: START + 10_000_000_000,
        value: Some(number_data_point::Value::AsInt(index as i64)),
        ..NumberDataPoint::default()
    }
}

fn histogram(index: usize) -> HistogramDataPoint {
    let counts: Vec<u64> = (0..BUCKETS as u64).collect();
    HistogramDataPoint {
        attributes: labels(index),
        start_time_unix_nano: START,
        time_unix_nano: START + 10_000_000_000,
        count: counts.iter().sum(),
        sum: Some(12.5),
        explicit_bounds: (1..BUCKETS).map(|bound| bound as f64 * 0.05).collect(),
        bucket_counts: counts,
        ..HistogramDataPoint::default()
    }
}

fn labels(index: usize) -> Vec<KeyValue> {
    const METHODS: [&str; 4] = ["GET", "POST", "PUT", "DELETE"];
    const ROUTES: [&str; 5] =
        ["/api/orders/{id}", "/api/carts/{id}/items", "/api/login", "/api/search", "/health"];
    vec![
        text("http.request.method", METHODS[index % METHODS.len()]),
        text("http.route", ROUTES[index % ROUTES.len()]),
        text("url.scheme", "https"),
        text("http.response.status_code", ["200", "404", "500"][index % 3]),
        text("server.address", "api.shop.example.internal"),
        text("user.id", PLACE),
    ]
}

fn text(key: &str, value: &str) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(Value::StringValue(value.to_owned())) }),
        ..KeyValue::default()
    }
}
