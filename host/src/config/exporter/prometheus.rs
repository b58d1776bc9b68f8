//! `prometheus`: the exporter that is scraped.

use super::super::endpoint;
use super::super::section::Section;
use super::super::{server, tls};
use crate::exporter::is_label_name;
use crate::exporter::settings::{PrometheusSettings, ResourceLabels, Translation};

const STRATEGIES: [(&str, Translation); 4] = [
    ("UnderscoreEscapingWithSuffixes", Translation { suffixes: true, utf8: false }),
    ("UnderscoreEscapingWithoutSuffixes", Translation { suffixes: false, utf8: false }),
    ("NoUTF8EscapingWithSuffixes", Translation { suffixes: true, utf8: true }),
    ("NoTranslation", Translation { suffixes: false, utf8: true }),
];

pub(super) fn prometheus(section: Section<'_>) -> PrometheusSettings {
    let default = PrometheusSettings::default();
    let settings = PrometheusSettings {
        endpoint: endpoint(&section),
        namespace: section.string("namespace", ""),
        const_labels: const_labels(&section),
        send_timestamps: section.boolean("send_timestamps", default.send_timestamps),
        metric_expiration: section.duration("metric_expiration", default.metric_expiration),
        resource_labels: resource_labels(&section),
        enable_open_metrics: section.boolean("enable_open_metrics", default.enable_open_metrics),
        without_scope_info: section.boolean("without_scope_info", default.without_scope_info),
        translation: translation(&section),
        read_header_timeout: section.duration("read_header_timeout", default.read_header_timeout),
        idle_timeout: server::idle_timeout(&section, default.idle_timeout),
        response_headers: section.headers("response_headers"),
        cors: server::cors(&section),
        tls: tls::server(&section),
    };
    server::only_tcp(&section);
    section.unsupported(&["auth", "middlewares"]);
    section.without_effect(&[
        "compression_algorithms",
        "dialer",
        "include_metadata",
        "max_request_body_size",
        "read_timeout",
        "sending_queue",
        "write_timeout",
    ]);
    section.finish();
    settings
}

fn endpoint(section: &Section<'_>) -> String {
    if section.filled("endpoint").is_none_or(|endpoint| endpoint.trim().is_empty()) {
        let message = "expecting a non-blank address to run the Prometheus metrics handler";
        section.invalid_here(message);
        return String::new();
    }
    endpoint::server(section, "")
}

fn const_labels(section: &Section<'_>) -> Vec<(String, String)> {
    let labels = section.text_map("const_labels");
    for (name, _) in &labels {
        if !is_label_name(name) {
            section.invalid("const_labels", &format!("{name:?} is not a valid label name"));
        }
    }
    labels
}

fn resource_labels(parent: &Section<'_>) -> ResourceLabels {
    let Some(section) = parent.section("resource_to_telemetry_conversion") else {
        return ResourceLabels::None;
    };
    let enabled = section.boolean("enabled", false);
    let without_service = section.boolean("exclude_service_attributes", false);
    section.finish();
    match (enabled, without_service) {
        (false, _) => ResourceLabels::None,
        (true, false) => ResourceLabels::All,
        (true, true) => ResourceLabels::AllButService,
    }
}

fn translation(section: &Section<'_>) -> Translation {
    if !section.boolean("add_metric_suffixes", true) {
        // Since 0.132 the Collector ignores it too, unless a feature gate is switched off.
        let message = "has no effect any more, use \"translation_strategy\"";
        section.warn("add_metric_suffixes", message);
    }
    if section.filled("translation_strategy").is_none() {
        return Translation::default();
    }
    let complaint = |text: &str| format!("invalid translation_strategy: {text}");
    section.choice("translation_strategy", Translation::default(), &STRATEGIES, complaint)
}
