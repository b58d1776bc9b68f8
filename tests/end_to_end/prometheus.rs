//! The exporter `prometheus` beside the Collector's: the same metrics into both, the same bytes out of
//! both, whatever format a scraper asks for. The cases are those of the exporter's own tests.

use std::net::SocketAddr;
use std::path::PathBuf;

use bytes::Bytes;
use hyper::Method;
use serde_json::Value;

use crate::harness::config::Config;
use crate::harness::gateway::{Gateway, Kind, free_port};
use crate::harness::{Signal, http, metrics, root};

/// What a scraper sends for each format of a case.
const FORMATS: &[(&str, &str)] = &[
    ("text", "text/plain;version=0.0.4;escaping=underscores"),
    ("utf8", "text/plain;version=0.0.4;escaping=allow-utf-8"),
    ("values", "text/plain;version=0.0.4;escaping=values"),
    ("dots", "text/plain;version=0.0.4;escaping=dots"),
    ("openmetrics", "application/openmetrics-text;version=1.0.0;escaping=underscores"),
    (
        "protobuf",
        "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;\
         encoding=delimited",
    ),
];

fn cases() -> Vec<(PathBuf, Value)> {
    let folder = root().join("host/src/exporter/prometheus/cases");
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut cases: Vec<(PathBuf, Value)> = paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| {
            let case = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
            (path, case)
        })
        .collect();
    cases.sort_by(|a, b| a.0.cmp(&b.0));
    cases
}

/// A gateway with the exporter, and where that is scraped.
async fn start(kind: Kind, settings: &Value) -> (Gateway, SocketAddr) {
    let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let mut settings = settings.clone();
    settings["endpoint"] = address.to_string().into();
    let config = Config::new().signals(&[Signal::Metrics]).exporter("prometheus", settings);
    (Gateway::start(kind, &config).await, address)
}

/// What every format of the case looks like after its batches.
async fn served(kind: Kind, case: &Value) -> Vec<(String, http::Answer)> {
    let (gateway, address) = start(kind, &case["settings"]).await;
    for request in case["batches"].as_array().unwrap() {
        let json = [("content-type", "application/json")];
        let body = Bytes::from(request.to_string());
        let answer = http::send(gateway.http, Method::POST, "/v1/metrics", &json, body).await;
        assert_eq!(answer.status, 200, "{kind:?}: {answer:?}");
    }
    let mut served = Vec::new();
    for format in case["formats"].as_array().unwrap() {
        let format = format.as_str().unwrap();
        let (_, accept) = FORMATS.iter().find(|(name, _)| *name == format).unwrap();
        let accept = [("accept", *accept)];
        let answer = http::send(address, Method::GET, "/metrics", &accept, Bytes::new()).await;
        served.push((format.to_owned(), answer));
    }
    served
}

#[tokio::test]
async fn a_scraper_gets_from_tamis_what_it_gets_from_the_collector() {
    let mut compared = 0;
    for (path, case) in cases() {
        // Where the Collector's answer depends on the order of a map.
        if case["as_the_collector"] != true {
            continue;
        }
        let tamis = served(Kind::Tamis, &case).await;
        let collector = served(Kind::Collector, &case).await;
        for ((format, tamis), (_, collector)) in tamis.iter().zip(&collector) {
            let text = |answer: &http::Answer| String::from_utf8_lossy(&answer.body).into_owned();
            assert!(
                tamis == collector,
                "{}, {format}:\n--- tamis, {:?}\n{}\n--- Collector, {:?}\n{}",
                path.display(),
                tamis.content_type,
                text(tamis),
                collector.content_type,
                text(collector),
            );
            compared += 1;
        }
    }
    assert!(compared > 20, "only {compared} answers compared");
}

#[tokio::test]
async fn metrics_of_the_gateway_itself_count_what_is_served() {
    let port = free_port();
    let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let settings = serde_json::json!({"endpoint": address.to_string()});
    let config =
        Config::new().signals(&[Signal::Metrics]).exporter("prometheus", settings).metrics(port);
    let gateway = Gateway::tamis(&config).await;
    let request = crate::harness::sample::one_item(Signal::Metrics, Vec::new());
    let answer = http::export(gateway.http, Signal::Metrics, request).await;
    assert_eq!(answer.status, 200);
    assert_eq!(http::get(address, "/metrics").await.0, 200);
    for (name, want) in [
        ("otelcol_exporter_sent_metric_points", 1.0),
        ("tamis_prometheus_series", 1.0),
        ("tamis_prometheus_left_out_series", 0.0),
        ("tamis_prometheus_ignored_points", 0.0),
    ] {
        assert_eq!(metrics::sum(port, name).await, Some(want), "{name}");
    }
}
