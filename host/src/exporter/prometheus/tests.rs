//! The exporter as data: settings and batches in, what a scrape gets out. The end-to-end tests hold the
//! same cases to the Collector.

mod cases;
mod scrapes;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use prost::Message;

use super::*;
use crate::config::{ExporterSettings, ProcessEnvironment, Source, load};

/// The settings of an exporter whose section is this; JSON is YAML too.
fn settings(section: &str) -> PrometheusSettings {
    let text = format!(
        "receivers: {{otlp: {{protocols: {{http: }}}}}}\nexporters: {{prometheus: {section}}}\n\
         service: {{pipelines: {{metrics: {{receivers: [otlp], exporters: [prometheus]}}}}}}\n"
    );
    let source = Source::Yaml { name: "t.yaml".into(), text: text.replace('$', "$$") };
    let (config, _) = load(&[source], &ProcessEnvironment, &[]).unwrap();
    match config.exporters.into_values().next() {
        Some(ExporterSettings::Prometheus(settings)) => settings,
        other => panic!("{other:?}"),
    }
}

/// A batch of one request as OTLP/JSON.
fn batch(request: &serde_json::Value) -> Batch {
    let request: ExportMetricsServiceRequest = serde_json::from_value(request.clone()).unwrap();
    Batch {
        signal: Signal::Metrics,
        bytes: request.encode_to_vec().into(),
        items: 1,
        received: std::time::SystemTime::UNIX_EPOCH,
        metadata: [].into(),
    }
}
