//! Network addresses, checked as far as that is possible before anything is bound.

use super::section::Section;

/// A server's `endpoint`, `host:port`.
pub(super) fn server(section: &Section<'_>, default: &str) -> String {
    let endpoint = section.string("endpoint", default);
    check_address(section, "endpoint", &endpoint);
    endpoint
}

/// Complains, in the words of Go's `net`, about what is no `host:port`.
pub(super) fn check_address(section: &Section<'_>, key: &'static str, address: &str) {
    let Some((host, port)) = address.rsplit_once(':') else {
        section.invalid(key, &format!("address {address}: missing port in address"));
        return;
    };
    if host.contains(':') && !(host.starts_with('[') && host.ends_with(']')) {
        section.invalid(key, &format!("address {address}: too many colons in address"));
    } else if port.parse::<u16>().is_err() {
        section.invalid(key, &format!("invalid port {port:?}"));
    }
}

/// Complains about what is no `http://` or `https://` URL.
pub(super) fn check_url(section: &Section<'_>, key: &'static str, url: &str) {
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    let host = rest.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    match host {
        None => section.invalid(key, "must be a URL that starts with http:// or https://"),
        Some("") => section.invalid(key, "the URL has no host"),
        Some(host) => {
            let host = host.rsplit('@').next().unwrap_or_default();
            let is_bare_v6 = host.ends_with(']');
            if host.contains(':') && !is_bare_v6 {
                check_address(section, key, host);
            }
        }
    }
}
