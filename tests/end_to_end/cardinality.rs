//! `cardinality_limiter` between real neighbours: what a real Prometheus adds up with it and without it,
//! and the real Collector beside it in what that can do.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Gauge, Metric, NumberDataPoint, Sum, number_data_point,
};
use serde_json::{Value, json};
use tonic::Code;

use crate::harness::backend::Backend;
use crate::harness::config::Config;
use crate::harness::gateway::{Gateway, Kind, free_port};
use crate::harness::prometheus::Prometheus;
use crate::harness::seed::Seed;
use crate::harness::{PATIENCE, Signal, grpc, sample};

const DEFAULT_SEED: u64 = 20_261_127;
const USERS: u64 = 60;
const ROUNDS: u64 = 6;
const LIMIT: u64 = 20;

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64
}

fn point(labels: &[(&str, String)], start: u64, value: i64) -> NumberDataPoint {
    let attribute = |(key, value): &(&str, String)| sample::attribute(key, sample::text(value));
    NumberDataPoint {
        attributes: labels.iter().map(attribute).collect(),
        start_time_unix_nano: start,
        time_unix_nano: now(),
        value: Some(number_data_point::Value::AsInt(value)),
        ..NumberDataPoint::default()
    }
}

fn sum(data_points: Vec<NumberDataPoint>, temporality: AggregationTemporality) -> Metric {
    let sum = Sum { data_points, aggregation_temporality: temporality.into(), is_monotonic: true };
    Metric { name: "requests".to_owned(), data: Some(Data::Sum(sum)), ..Metric::default() }
}

/// A gateway whose metrics a Prometheus of its own scrapes, and gets pushed as well.
struct Watched {
    gateway: Gateway,
    client: grpc::Client,
    prometheus: Prometheus,
}

/// Of series that were scraped, and of those that were pushed.
const WAYS: [(&str, &str); 2] = [("scraped", r#"job="tests""#), ("pushed", r#"job!="tests""#)];

impl Watched {
    async fn start(limiter: Option<Value>) -> Self {
        let scraped = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let prometheus = Prometheus::start(&[scraped]).await;
        let endpoint = format!("http://{}/api/v1/otlp", prometheus.address);
        let one_at_a_time = json!({"num_consumers": 1});
        let mut config = Config::new().signals(&[Signal::Metrics]);
        if let Some(limiter) = limiter {
            config = config.processor("cardinality_limiter", limiter);
        }
        let config = config
            .exporter("prometheus", json!({"endpoint": scraped.to_string()}))
            // One at a time: Prometheus refuses a sum that comes after a later one.
            .exporter("otlp_http", json!({"endpoint": endpoint, "sending_queue": one_at_a_time}));
        let gateway = Gateway::tamis(&config).await;
        let client = grpc::Client::connect(gateway.grpc).await;
        Self { gateway, client, prometheus }
    }

    async fn number(&self, query: &str) -> Option<f64> {
        self.prometheus.query(query).await.first().map(|(_, value)| *value)
    }

    /// Waits until both ways show that sum of all series.
    async fn wait_for(&self, wanted: f64) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let mut seen = Vec::new();
            for (_, labels) in WAYS {
                seen.push(self.number(&format!("sum(requests_total{{{labels}}})")).await);
            }
            if seen.iter().all(|sum| *sum == Some(wanted)) {
                return;
            }
            let late = tokio::time::Instant::now() >= deadline;
            assert!(!late, "{seen:?}, not {wanted}\n{}", self.gateway.process.log());
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

#[tokio::test]
async fn prometheus_adds_up_the_same_with_the_limiter_and_without() {
    let limits = [
        None,
        Some(json!({"limit": LIMIT})),
        Some(json!({"limit": LIMIT, "mode": "strip", "drop_first": ["user"]})),
    ];
    let mut all = Vec::new();
    for limit in limits {
        all.push(Watched::start(limit).await);
    }
    let start = now();
    let mut total = 0;
    for round in 0..ROUNDS {
        let value = |user: u64| 1_000_000 + (round * (user + 1) * 7) as i64;
        total = (0..USERS).map(value).sum::<i64>();
        // All at first, so that every series begins with all that it has; then in two requests, so that
        // sums go over requests too.
        let requests = if round == 0 { 1 } else { 2 };
        for part in 0..requests {
            let users = (0..USERS).filter(|user| user % requests == part);
            let points = users.map(|user| {
                let route = ["/a", "/b"][(user / 2) as usize % 2].to_owned();
                point(&[("route", route), ("user", user.to_string())], start, value(user))
            });
            let metric = sum(points.collect(), AggregationTemporality::Cumulative);
            let request = sample::bytes(&sample::metrics(vec![metric]));
            for watched in &all {
                let answer = watched.client.export(Signal::Metrics, request.clone()).await;
                assert_eq!(answer.code, Code::Ok);
            }
        }
        for watched in &all {
            watched.wait_for(total as f64).await;
        }
    }
    let grown: i64 = total - (USERS * 1_000_000) as i64;
    for (name, labels) in WAYS {
        let mut increases = Vec::new();
        for watched in &all {
            let series = format!("requests_total{{{labels}}}");
            // The whole of what was counted between the first look and the last.
            let query = format!("sum(max_over_time({series}[5m]) - min_over_time({series}[5m]))");
            let exact = watched.number(&query).await.unwrap();
            assert_eq!(exact, grown as f64, "{name}");
            increases.push(watched.number(&format!("sum(increase({series}[5m]))")).await.unwrap());
        }
        // Prometheus extrapolates by when it happened to look.
        for increase in &increases {
            assert!((increase / increases[0] - 1.0).abs() < 0.2, "{name}: {increases:?}");
        }
    }
    for (watched, most) in all.iter().zip([USERS, LIMIT + 1, LIMIT + 1]) {
        for (name, labels) in WAYS {
            let count = format!("count(requests_total{{{labels}}})");
            let count = watched.number(&count).await.unwrap() as u64;
            assert!(count <= most && count > LIMIT / 2, "{name}: {count} series");
        }
    }
}

/// Per route, what left through a gateway, request by request.
async fn by_route(
    kind: Kind,
    processor: (&str, Value),
    requests: &[Metric],
    join: fn(f64, f64) -> f64,
) -> Vec<BTreeMap<String, f64>> {
    let backend = Backend::start().await;
    let config = Config::new()
        .signals(&[Signal::Metrics])
        .processor(processor.0, processor.1)
        .forward(backend.grpc);
    let gateway = Gateway::start(kind, &config).await;
    let client = grpc::Client::connect(gateway.grpc).await;
    for metric in requests {
        let request = sample::bytes(&sample::metrics(vec![metric.clone()]));
        assert_eq!(client.export(Signal::Metrics, request).await.code, Code::Ok, "{kind:?}");
    }
    let received = backend.received();
    let requests = received.metrics.iter().map(|request| {
        let mut routes = BTreeMap::new();
        let resources = request.resource_metrics.iter();
        let metrics = resources.flat_map(|one| &one.scope_metrics).flat_map(|one| &one.metrics);
        for metric in metrics {
            for point in points_of(metric) {
                let route = point.attributes.iter().find(|label| label.key == "route").unwrap();
                let value = match point.value.unwrap() {
                    number_data_point::Value::AsInt(value) => value as f64,
                    number_data_point::Value::AsDouble(value) => value,
                };
                let entry = routes.entry(format!("{:?}", route.value));
                entry.and_modify(|sum| *sum = join(*sum, value)).or_insert(value);
            }
        }
        routes
    });
    requests.collect()
}

fn points_of(metric: &Metric) -> &[NumberDataPoint] {
    match metric.data.as_ref().unwrap() {
        Data::Sum(sum) => &sum.data_points,
        Data::Gauge(gauge) => &gauge.data_points,
        _ => &[],
    }
}

#[tokio::test]
async fn delta_sums_and_gauges_add_up_as_with_the_collectors_transform() {
    type Join = fn(f64, f64) -> f64;
    let (number, mut seed) = Seed::from_environment(DEFAULT_SEED);
    let rules: [(&str, Join); 2] = [("sum", |one, other| one + other), ("max", f64::max)];
    for (rule, join) in rules {
        let mut requests = Vec::new();
        for request in 0..20 {
            let points = (0..1 + seed.below(30)).map(|_| {
                let route = format!("/{}", seed.below(3));
                let user = ("user", seed.below(1_000_000).to_string());
                point(&[("route", route), user], now(), seed.below(1000) as i64)
            });
            let points: Vec<_> = points.collect();
            requests.push(match rule {
                "sum" => sum(points, AggregationTemporality::Delta),
                // The Collector knows of one request only; so that here, too, no source is remembered from
                // another one, each has a metric of its own.
                _ => Metric {
                    name: format!("load.{request}"),
                    data: Some(Data::Gauge(Gauge { data_points: points })),
                    ..Metric::default()
                },
            });
        }
        let statement = format!(r#"aggregate_on_attributes("{rule}", ["route"])"#);
        let transform = json!({"metric_statements": [
            {"context": "metric", "statements": [statement]}
        ]});
        let limiter = json!({
            "limit": 16, "reserve": 12, "mode": "strip", "drop_first": ["user"],
            "keep": ["route", "service.name"], "gauge": "max",
        });
        let collector = by_route(Kind::Collector, ("transform", transform), &requests, join).await;
        let tamis = by_route(Kind::Tamis, ("cardinality_limiter", limiter), &requests, join).await;
        assert_eq!(tamis, collector, "TAMIS_TEST_SEED={number}, {rule}");
    }
}

/// With a storage, whose processor knows after a restart what it knew before.
fn with_storage(folder: &tempfile::TempDir, backend: SocketAddr, instances: u64) -> Config {
    let limiter = json!({
        "limit": 4, "wasm": {"storage": "file_storage", "instances": instances},
    });
    Config::new()
        .signals(&[Signal::Metrics])
        .extension("file_storage", json!({"directory": folder.path()}))
        .processor("cardinality_limiter", limiter)
        .forward(backend)
}

#[tokio::test]
async fn sums_go_on_after_a_restart_with_another_number_of_instances() {
    let folder = tempfile::TempDir::new().unwrap();
    let start = now();
    let mut before: Option<(u64, i64)> = None;
    for life in 0..3_u64 {
        let backend = Backend::start().await;
        let gateway = Gateway::tamis(&with_storage(&folder, backend.grpc, 1 + life % 2)).await;
        let client = grpc::Client::connect(gateway.grpc).await;
        let points = (0..10).map(|user| {
            let value = 100 * (life + 1) as i64;
            point(&[("user", user.to_string())], start, value)
        });
        let metric = sum(points.collect(), AggregationTemporality::Cumulative);
        let request = sample::bytes(&sample::metrics(vec![metric]));
        assert_eq!(client.export(Signal::Metrics, request).await.code, Code::Ok);
        let received = backend.received();
        let points = received.metrics().into_iter().flat_map(points_of);
        let is_overflow = |point: &&NumberDataPoint| {
            point.attributes.iter().any(|label| label.key == "otel.metric.overflow")
        };
        let (folded, own): (Vec<_>, Vec<_>) = points.partition(is_overflow);
        let log = gateway.process.log();
        // The same four keep their slots, and the sum of the six others goes on.
        assert_eq!((folded.len(), own.len()), (1, 4), "life {life}\n{log}");
        let Some(number_data_point::Value::AsInt(value)) = folded[0].value else {
            panic!("not an integer")
        };
        let now = (folded[0].start_time_unix_nano, value);
        assert_eq!(now.1, 600 * (life + 1) as i64, "life {life}\n{log}");
        if let Some(before) = before {
            assert_eq!(now.0, before.0, "life {life}: another start\n{log}");
        }
        before = Some(now);
        gateway.process.terminate();
        let (status, log) = gateway.process.exit().await;
        assert!(status.success(), "{log}");
    }
}
