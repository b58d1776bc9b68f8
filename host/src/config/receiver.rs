//! `receivers`: the `otlp` receiver with its two protocols.

use super::components::{self, Components};
use super::endpoint;
use super::section::Section;
use super::server;
use super::tls;
use crate::receiver::settings::{
    GrpcServerSettings, HttpServerSettings, KeepaliveSettings, OtlpReceiverSettings,
};

/// A receiver of a type that tamis has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReceiverSettings {
    Otlp(OtlpReceiverSettings),
}

pub(super) fn read(root: &Section<'_>) -> Components<ReceiverSettings> {
    components::read(root, "receivers", &["otlp"], |id, section| match id.component_type() {
        "otlp" => Some(ReceiverSettings::Otlp(otlp(section))),
        _ => None,
    })
}

fn otlp(section: Section<'_>) -> OtlpReceiverSettings {
    let mut settings = OtlpReceiverSettings { grpc: None, http: None };
    let mut any = false;
    if let Some(protocols) = section.section("protocols") {
        any = protocols.entries().iter().any(|entry| !["grpc", "http"].contains(&&*entry.key));
        settings.grpc = protocols.switched("grpc").map(grpc);
        settings.http = protocols.switched("http").map(http);
        protocols.finish();
    }
    // A misspelt protocol is reported as such.
    if settings.grpc.is_none() && settings.http.is_none() && !any {
        section.invalid_here("must specify at least one protocol when using the OTLP receiver");
    }
    section.finish();
    settings
}

fn grpc(section: Section<'_>) -> GrpcServerSettings {
    let default = GrpcServerSettings::default();
    let max_recv_msg_size = match section.integer("max_recv_msg_size_mib", 0_u32) {
        0 => default.max_recv_msg_size,
        mebibytes => (mebibytes as usize).saturating_mul(1 << 20),
    };
    let settings = GrpcServerSettings {
        endpoint: endpoint::server(&section, &default.endpoint),
        max_recv_msg_size,
        max_concurrent_streams: section.integer("max_concurrent_streams", 0),
        include_metadata: section.boolean("include_metadata", false),
        keepalive: grpc_keepalive(&section),
        tls: tls::server(&section),
    };
    server::only_tcp(&section);
    section.unsupported(&["auth", "middlewares"]);
    section.without_effect(&["dialer", "read_buffer_size", "write_buffer_size"]);
    section.finish();
    settings
}

fn grpc_keepalive(parent: &Section<'_>) -> KeepaliveSettings {
    let mut settings = KeepaliveSettings::default();
    let Some(section) = parent.switched("keepalive") else { return settings };
    if let Some(server) = section.switched("server_parameters") {
        settings = KeepaliveSettings {
            max_connection_idle: server.duration_or_none("max_connection_idle"),
            max_connection_age: server.duration_or_none("max_connection_age"),
            max_connection_age_grace: server.duration_or_none("max_connection_age_grace"),
            time: server.duration_or_none("time"),
            timeout: server.duration_or_none("timeout"),
        };
        server.finish();
    }
    if let Some(policy) = section.switched("enforcement_policy") {
        policy.without_effect(&["min_time", "permit_without_stream"]);
        policy.finish();
    }
    section.finish();
    settings
}

fn http(section: Section<'_>) -> HttpServerSettings {
    let default = HttpServerSettings::default();
    let max_request_body_size = match section.integer("max_request_body_size", 0_usize) {
        0 => default.max_request_body_size,
        bytes => bytes,
    };
    let settings = HttpServerSettings {
        endpoint: endpoint::server(&section, &default.endpoint),
        traces_url_path: url_path(&section, "traces_url_path", &default.traces_url_path),
        metrics_url_path: url_path(&section, "metrics_url_path", &default.metrics_url_path),
        logs_url_path: url_path(&section, "logs_url_path", &default.logs_url_path),
        max_request_body_size,
        include_metadata: section.boolean("include_metadata", false),
        read_timeout: section.duration("read_timeout", default.read_timeout),
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
        "profiles_url_path",
        "write_timeout",
    ]);
    section.finish();
    settings
}

/// The Collector puts a missing slash in front.
fn url_path(section: &Section<'_>, key: &'static str, default: &str) -> String {
    match section.filled(key) {
        Some(path) if path.starts_with('/') => path,
        Some(path) => format!("/{path}"),
        None => default.to_owned(),
    }
}
