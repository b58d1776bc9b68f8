//! What all servers have in common: idle connections, CORS, transport.

use std::time::Duration;

use super::section::Section;
use crate::receiver::settings::CorsSettings;

/// `keepalive.idle_timeout`, or the older key beside it.
pub(super) fn idle_timeout(section: &Section<'_>, default: Duration) -> Duration {
    let mut timeout = section.duration("idle_timeout", default);
    if !section.boolean("keep_alives_enabled", true) {
        section.invalid("keep_alives_enabled", "false is not supported yet by tamis");
    }
    if let Some(keepalive) = section.section("keepalive") {
        if !keepalive.boolean("enabled", true) {
            keepalive.invalid("enabled", "false is not supported yet by tamis");
        }
        timeout = keepalive.duration("idle_timeout", timeout);
        keepalive.finish();
    }
    timeout
}

pub(super) fn cors(parent: &Section<'_>) -> Option<CorsSettings> {
    let section = parent.switched("cors")?;
    let settings = CorsSettings {
        allowed_origins: section.string_list("allowed_origins"),
        allowed_headers: section.string_list("allowed_headers"),
        exposed_headers: section.string_list("exposed_headers"),
        // Seconds, unlike everywhere else.
        max_age: Duration::from_secs(section.integer("max_age", 0)),
    };
    section.finish();
    // Without origins the Collector serves no CORS at all.
    (!settings.allowed_origins.is_empty()).then_some(settings)
}

pub(super) fn only_tcp(section: &Section<'_>) {
    match section.filled("transport").as_deref() {
        None | Some("tcp") => {}
        Some("tcp4" | "tcp6" | "unix" | "unixgram" | "unixpacket" | "udp" | "udp4" | "udp6") => {
            section.invalid("transport", "only \"tcp\" is supported yet by tamis");
        }
        Some(other) => section.invalid("transport", &format!("invalid transport type {other:?}")),
    }
}
