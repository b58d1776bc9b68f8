//! `tls`, on the server's and on the client's side.

use std::path::PathBuf;

use super::section::Section;
use crate::exporter::settings::{Secret, TlsClientSettings};
use crate::receiver::settings::TlsServerSettings;

const ONLY_ONE: &str =
    "TLS configuration must include both certificate and key (CertFile/CertPem and KeyFile/KeyPem)";
const SERVER_NEEDS_BOTH: &str =
    "TLS configuration must include both certificate and key for server connections";

/// A receiver's `tls`; none when the key is absent.
pub(super) fn server(parent: &Section<'_>) -> Option<TlsServerSettings> {
    let section = parent.switched("tls")?;
    let cert_file = section.filled("cert_file");
    let key_file = section.filled("key_file");
    section.unsupported(&["cert_pem", "key_pem"]);
    section.without_effect(&["ca_file", "ca_pem", "include_system_ca_certs_pool"]);
    section.without_effect(&["client_ca_file_reload"]);
    let client_ca_file = section.filled("client_ca_file").map(PathBuf::from);
    common(&section);
    let settings = match (cert_file, key_file) {
        (Some(cert_file), Some(key_file)) => Some(TlsServerSettings {
            cert_file: cert_file.into(),
            key_file: key_file.into(),
            client_ca_file,
            origin: section.origin().clone(),
        }),
        (None, None) => {
            section.invalid_here(SERVER_NEEDS_BOTH);
            None
        }
        _ => {
            section.invalid_here(ONLY_ONE);
            None
        }
    };
    section.finish();
    settings
}

/// An exporter's `tls`.
pub(super) fn client(parent: &Section<'_>) -> TlsClientSettings {
    let Some(section) = parent.section("tls") else { return TlsClientSettings::default() };
    let path = |key| section.filled(key).map(PathBuf::from);
    let secret = |key| section.filled(key).map(Secret);
    let settings = TlsClientSettings {
        insecure: section.boolean("insecure", false),
        insecure_skip_verify: section.boolean("insecure_skip_verify", false),
        server_name_override: section.filled("server_name_override"),
        ca_file: path("ca_file"),
        ca_pem: secret("ca_pem"),
        include_system_ca_certs_pool: section.boolean("include_system_ca_certs_pool", false),
        cert_file: path("cert_file"),
        cert_pem: secret("cert_pem"),
        key_file: path("key_file"),
        key_pem: secret("key_pem"),
        origin: section.origin().clone(),
    };
    if settings.ca_file.is_some() && settings.ca_pem.is_some() {
        section.invalid_here("provide either a CA file or the PEM-encoded string, but not both");
    }
    if settings.cert_file.is_some() && settings.cert_pem.is_some() {
        section.invalid_here("provide either certificate file or PEM, but not both");
    }
    if settings.key_file.is_some() && settings.key_pem.is_some() {
        section.invalid_here("provide either key file or PEM, but not both");
    }
    let has_cert = settings.cert_file.is_some() || settings.cert_pem.is_some();
    let has_key = settings.key_file.is_some() || settings.key_pem.is_some();
    if has_cert != has_key {
        section.invalid_here(ONLY_ONE);
    }
    common(&section);
    section.finish();
    settings
}

fn common(section: &Section<'_>) {
    let version = |key, accepted: &[&str]| {
        if let Some(version) = section.filled(key) {
            match version.as_str() {
                known if accepted.contains(&known) => {}
                "1.0" | "1.1" if key == "min_version" => section.warn(key, "raised to 1.2"),
                "1.0" | "1.1" | "1.2" | "1.3" => {
                    section.invalid(key, &format!("{version:?} is not supported yet by tamis"));
                }
                _ => {
                    let message =
                        format!("invalid TLS {key}: unsupported TLS version: {version:?}");
                    section.invalid_here(&message);
                }
            }
        }
    };
    version("min_version", &["1.2"]);
    version("max_version", &["1.3"]);
    section.unsupported(&["cipher_suites", "tpm"]);
    section.without_effect(&[
        "include_insecure_cipher_suites",
        "reload_interval",
        "curve_preferences",
    ]);
}
