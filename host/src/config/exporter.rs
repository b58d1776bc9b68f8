//! `exporters`: `otlp_grpc`, `otlp_http`, `prometheus`, `debug` and `nop`.

mod prometheus;
mod sending;

use std::collections::BTreeMap;

use super::components::{self, Components};
use super::endpoint;
use super::environment::Environment;
use super::id::ComponentId;
use super::section::Section;
use super::tls;
use crate::exporter::settings::{
    Compression, DebugSettings, ExporterSettings, OtlpGrpcSettings, OtlpHttpSettings, Secret,
    Verbosity,
};

const TYPES: [&str; 5] = ["debug", "nop", "otlp_grpc", "otlp_http", "prometheus"];

pub(super) fn read(root: &Section<'_>) -> Components<ExporterSettings> {
    components::read(root, "exporters", &TYPES, |id, section| match id.component_type() {
        "otlp_grpc" | "otlp" => Some(ExporterSettings::OtlpGrpc(otlp_grpc(section))),
        "otlp_http" | "otlphttp" => Some(ExporterSettings::OtlpHttp(otlp_http(section))),
        "prometheus" => Some(ExporterSettings::Prometheus(prometheus::prometheus(section))),
        "debug" => Some(ExporterSettings::Debug(debug(section))),
        "nop" => {
            section.finish();
            Some(ExporterSettings::Nop)
        }
        _ => None,
    })
}

/// Variables that the Collector's clients obey, that of HTTP all of them and that of gRPC those about
/// HTTPS.
const PROXIES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"];

/// Warns once of a proxy that the Collector would use and tamis does not.
pub(super) fn warn_of_proxies(
    root: &Section<'_>,
    exporters: &BTreeMap<ComponentId, ExporterSettings>,
    environment: &dyn Environment,
) {
    let is_set = |name: &str| environment.variable(name).is_some_and(|value| !value.is_empty());
    let obeys = |exporter: &ExporterSettings, name: &str| match exporter {
        ExporterSettings::OtlpHttp(_) => true,
        ExporterSettings::OtlpGrpc(_) => name.eq_ignore_ascii_case("https_proxy"),
        ExporterSettings::Prometheus(_) | ExporterSettings::Debug(_) | ExporterSettings::Nop => {
            false
        }
    };
    let is_missed =
        |name: &&&str| is_set(name) && exporters.values().any(|exporter| obeys(exporter, name));
    if let Some(proxy) = PROXIES.iter().find(is_missed) {
        let message = format!("{proxy} has no effect in tamis: exporters connect directly");
        root.warn("exporters", &message);
    }
}

fn otlp_grpc(section: Section<'_>) -> OtlpGrpcSettings {
    let default = OtlpGrpcSettings::default();
    let settings = OtlpGrpcSettings {
        endpoint: grpc_endpoint(&section),
        compression: compression(&section, Protocol::Grpc),
        tls: tls::client(&section),
        headers: headers(&section),
        timeout: section.duration("timeout", default.timeout),
        retry: sending::retry(&section),
        queue: sending::queue(&section),
    };
    section.unsupported(&["auth", "authority", "keepalive", "middlewares"]);
    section.without_effect(&[
        "balancer_name",
        "read_buffer_size",
        "user_agent",
        "wait_for_ready",
        "write_buffer_size",
    ]);
    section.finish();
    settings
}

fn grpc_endpoint(section: &Section<'_>) -> String {
    let Some(endpoint) = section.filled("endpoint") else {
        section.invalid_here("requires a non-empty \"endpoint\"");
        return String::new();
    };
    match endpoint.split_once("://") {
        Some(("http" | "https", address)) => {
            endpoint::check_target(section, "endpoint", address.trim_end_matches('/'));
        }
        Some((scheme, _)) => {
            let message = format!("the scheme {scheme:?} is not supported yet by tamis");
            section.invalid("endpoint", &message);
        }
        None => endpoint::check_target(section, "endpoint", &endpoint),
    }
    endpoint
}

fn otlp_http(section: Section<'_>) -> OtlpHttpSettings {
    let default = OtlpHttpSettings::default();
    let url = |key| {
        let url = section.filled(key);
        if let Some(url) = &url {
            endpoint::check_url(&section, key, url);
        }
        url
    };
    let settings = OtlpHttpSettings {
        endpoint: url("endpoint"),
        traces_endpoint: url("traces_endpoint"),
        metrics_endpoint: url("metrics_endpoint"),
        logs_endpoint: url("logs_endpoint"),
        compression: compression(&section, Protocol::Http),
        tls: tls::client(&section),
        headers: headers(&section),
        timeout: section.duration("timeout", default.timeout),
        retry: sending::retry(&section),
        queue: sending::queue(&section),
    };
    let endpoints = [
        &settings.endpoint,
        &settings.traces_endpoint,
        &settings.metrics_endpoint,
        &settings.logs_endpoint,
    ];
    if endpoints.into_iter().all(Option::is_none) {
        section.invalid_here("at least one endpoint must be specified");
    }
    match section.filled("encoding").as_deref() {
        None | Some("proto") => {}
        Some("json") => section.invalid("encoding", "\"json\" is not supported yet by tamis"),
        Some(other) => section.invalid("encoding", &format!("invalid encoding type: {other}")),
    }
    section.unsupported(&["auth", "cookies", "middlewares", "proxy_url"]);
    section.without_effect(&[
        "compression_params",
        "disable_keep_alives",
        "force_attempt_http2",
        "http2_ping_timeout",
        "http2_read_idle_timeout",
        "idle_conn_timeout",
        "keepalive",
        "max_conns_per_host",
        "max_idle_conns",
        "max_idle_conns_per_host",
        "profiles_endpoint",
        "read_buffer_size",
        "write_buffer_size",
    ]);
    section.finish();
    settings
}

fn debug(section: Section<'_>) -> DebugSettings {
    let default = Verbosity::default();
    let verbosity = section.text("verbosity").map_or(default, |text| {
        match text.to_lowercase().as_str() {
            "basic" => return Verbosity::Basic,
            "normal" => return Verbosity::Normal,
            "detailed" => return Verbosity::Detailed,
            "none" => section.invalid("verbosity", "verbosity level \"None\" is not supported"),
            other => section.invalid("verbosity", &format!("unknown metrics level {other:?}")),
        }
        default
    });
    section.without_effect(&[
        "output_paths",
        "sampling_initial",
        "sampling_thereafter",
        "sending_queue",
        "use_internal_logger",
    ]);
    section.finish();
    DebugSettings { verbosity }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Protocol {
    Grpc,
    Http,
}

fn compression(section: &Section<'_>, protocol: Protocol) -> Compression {
    let Some(text) = section.text("compression") else { return Compression::default() };
    let complaint = match (text.as_str(), protocol) {
        ("" | "none", _) => return Compression::None,
        ("gzip", _) => return Compression::Gzip,
        ("zstd", _) => return Compression::Zstd,
        ("deflate" | "zlib", Protocol::Http) => return Compression::Deflate,
        ("snappy", _) | ("x-snappy-framed" | "lz4", Protocol::Http) => {
            format!("{text:?} is not supported yet by tamis")
        }
        _ => format!("unsupported compression type {text:?}"),
    };
    section.invalid("compression", &complaint);
    Compression::default()
}

fn headers(section: &Section<'_>) -> Vec<(String, Secret)> {
    section.headers("headers").into_iter().map(|(name, value)| (name, Secret(value))).collect()
}
