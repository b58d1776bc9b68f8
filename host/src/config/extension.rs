//! `extensions`: `admin`, `file_storage`, `health_check`.

use super::components::{self, Components};
use super::endpoint;
use super::section::Section;
use super::storage;
use crate::storage::settings::FileStorageSettings;
use crate::telemetry::settings::{AdminSettings, HealthCheckSettings};

/// The component type of tamis' own that answers questions.
const ADMIN: &str = "admin";

/// An extension of a type that tamis has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExtensionSettings {
    Admin(AdminSettings),
    FileStorage(FileStorageSettings),
    HealthCheck(HealthCheckSettings),
}

pub(super) fn read(root: &Section<'_>) -> Components<ExtensionSettings> {
    components::read(root, "extensions", &[ADMIN, storage::TYPE, "health_check"], |id, section| {
        match id.component_type() {
            ADMIN => Some(ExtensionSettings::Admin(admin(section))),
            storage::TYPE => Some(ExtensionSettings::FileStorage(storage::file_storage(section))),
            "health_check" => Some(ExtensionSettings::HealthCheck(health_check(section))),
            _ => None,
        }
    })
}

fn admin(section: Section<'_>) -> AdminSettings {
    let default = AdminSettings::default();
    let settings = AdminSettings { endpoint: endpoint::server(&section, &default.endpoint) };
    section.finish();
    settings
}

fn health_check(section: Section<'_>) -> HealthCheckSettings {
    let default = HealthCheckSettings::default();
    let mut settings = HealthCheckSettings {
        endpoint: endpoint::server(&section, &default.endpoint),
        path: section.string("path", &default.path),
        ..default
    };
    if !settings.path.starts_with('/') {
        section.invalid("path", "path must start with /");
    }
    if let Some(body) = section.section("response_body") {
        settings.healthy_body = body.filled("healthy");
        settings.unhealthy_body = body.filled("unhealthy");
        body.finish();
    }
    section.unsupported(&["auth", "cors", "middlewares", "response_headers", "tls", "use_v2"]);
    section.without_effect(&[
        "check_collector_pipeline",
        "compression_algorithms",
        "idle_timeout",
        "include_metadata",
        "keep_alives_enabled",
        "keepalive",
        "max_request_body_size",
        "read_header_timeout",
        "read_timeout",
        "transport",
        "write_timeout",
    ]);
    section.finish();
    settings
}
