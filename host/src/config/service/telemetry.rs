//! `service.telemetry`: the gateway's own logs and metrics.

use super::super::section::Section;
use crate::telemetry::settings::{Encoding, Level, LogsSettings, TelemetrySettings};

pub(super) fn read(service: &Section<'_>) -> TelemetrySettings {
    let mut settings = TelemetrySettings::default();
    let Some(section) = service.section("telemetry") else { return settings };
    if let Some(logs) = section.section("logs") {
        settings.logs = read_logs(logs);
    }
    if let Some(metrics) = section.section("metrics") {
        settings.metrics_endpoint = read_metrics(metrics, settings.metrics_endpoint);
    }
    section.without_effect(&["resource", "traces"]);
    section.finish();
    settings
}

fn read_logs(section: Section<'_>) -> LogsSettings {
    let default = LogsSettings::default();
    let level = section.text("level").map_or(default.level, |text| {
        // Like zap, in any case; its levels above error have nothing to show here.
        match text.to_ascii_lowercase().as_str() {
            "debug" => Level::Debug,
            "" | "info" => Level::Info,
            "warn" | "warning" => Level::Warn,
            "error" | "dpanic" | "panic" | "fatal" => Level::Error,
            _ => {
                section.invalid("level", &format!("unrecognized level: {text:?}"));
                default.level
            }
        }
    });
    let encodings = [("console", Encoding::Console), ("json", Encoding::Json)];
    let encoding = section.choice("encoding", default.encoding, &encodings, |text| {
        format!("no encoder registered for name {text:?}")
    });
    section.without_effect(&[
        "development",
        "disable_caller",
        "disable_stacktrace",
        "disable_zap_resource",
        "error_output_paths",
        "initial_fields",
        "output_paths",
        "processors",
        "sampling",
    ]);
    section.finish();
    LogsSettings { level, encoding }
}

/// The address to serve `/metrics` at.
fn read_metrics(section: Section<'_>, default: Option<String>) -> Option<String> {
    let levels = [("none", false), ("basic", true), ("normal", true), ("detailed", true)];
    let level = section.text("level").map(|text| text.to_ascii_lowercase());
    let served = level.is_none_or(|level| {
        levels.iter().find(|(word, _)| *word == level).map_or_else(
            || {
                section.invalid("level", &format!("unknown metrics level {level:?}"));
                true
            },
            |(_, served)| *served,
        )
    });
    let mut endpoint = default;
    let has_address = section.value("address").is_some();
    if let Some(address) = section.filled("address") {
        section.warn("address", "removed from the Collector, write \"readers\" instead");
        endpoint = Some(address);
    }
    if let Some(readers) = read_readers(&section) {
        if readers.is_empty() && served && !has_address {
            let message = "collector telemetry metrics reader should exist when metric level is not \
                           none";
            section.invalid_here(message);
        }
        endpoint = readers.into_iter().next().flatten().or(endpoint);
    }
    section.without_effect(&["views"]);
    section.finish();
    endpoint.filter(|_| served)
}

/// `readers`, each with its address unless it is broken; none when the key is absent.
fn read_readers(section: &Section<'_>) -> Option<Vec<Option<String>>> {
    use super::super::node::Value;
    let node = section.value("readers")?;
    let Value::List(items) = &node.value else {
        let got = node.value.kind_name();
        let message = format!("source data must be an array or slice, got {got}");
        section.decode("readers", &node.origin, &message);
        return None;
    };
    let mut addresses = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let reader = section.nested(format!("readers[{index}]"), item);
        reader.unsupported(&["periodic"]);
        if let Some(pull) = reader.section("pull") {
            addresses.push(read_pull(pull));
        } else if !reader.entries().iter().any(|entry| entry.key == "periodic") {
            reader.invalid_here("no valid metric reader, must be \"pull\"");
        }
        reader.finish();
    }
    if addresses.len() > 1 {
        section.invalid("readers", "more than one pull reader is not supported yet by tamis");
    }
    if addresses.is_empty() && !items.is_empty() {
        // Every one was refused above: nothing more to say about the list.
        addresses.push(None);
    }
    Some(addresses)
}

fn read_pull(section: Section<'_>) -> Option<String> {
    let mut address = None;
    match section.section("exporter") {
        Some(exporter) => {
            match exporter.section("prometheus") {
                Some(prometheus) => address = read_prometheus(prometheus),
                None => exporter.invalid_here("no valid metric exporter, must be \"prometheus\""),
            }
            exporter.finish();
        }
        None => section.invalid_here("no metric exporter specified"),
    }
    section.without_effect(&["cardinality_limits", "producers"]);
    section.finish();
    address
}

fn read_prometheus(section: Section<'_>) -> Option<String> {
    let host = section.filled("host");
    let port = section.value("port").map(|_| section.integer("port", 0_u16));
    if host.is_none() {
        section.invalid_here("host must be specified");
    }
    if port.is_none() {
        section.invalid_here("port must be specified");
    }
    section.without_effect(&[
        "translation_strategy",
        "with_resource_constant_labels",
        "without_scope_info",
        "without_type_suffix",
        "without_units",
    ]);
    section.finish();
    match (host?, port?) {
        (host, port) if host.contains(':') && !host.starts_with('[') => {
            Some(format!("[{host}]:{port}"))
        }
        (host, port) => Some(format!("{host}:{port}")),
    }
}
