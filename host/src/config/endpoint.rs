//! Network addresses, checked as far as that is possible before anything is bound.

use http::Uri;
use http::uri::Authority;

use super::section::Section;

/// A server's `endpoint`, `host:port`.
pub(super) fn server(section: &Section<'_>, default: &str) -> String {
    let endpoint = section.string("endpoint", default);
    check_address(section, "endpoint", &endpoint);
    endpoint
}

/// Complains about what is no `host:port`.
fn check_address(section: &Section<'_>, key: &'static str, address: &str) {
    if let Some(complaint) = about_address(address) {
        section.invalid(key, &complaint);
    }
}

/// Complains about what a client cannot connect to: no `host:port`, or no host.
pub(super) fn check_target(section: &Section<'_>, key: &'static str, address: &str) {
    let complaint = about_user(address)
        .or_else(|| about_address(address))
        .or_else(|| address.parse::<Authority>().err().map(|error| error.to_string()));
    if let Some(complaint) = complaint {
        section.invalid(key, &complaint);
    }
}

/// Complains about what is no `http://` or `https://` URL.
pub(super) fn check_url(section: &Section<'_>, key: &'static str, url: &str) {
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    let host = rest.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    let complaint = match host {
        None => Some("must be a URL that starts with http:// or https://".to_owned()),
        Some("") => Some("the URL has no host".to_owned()),
        Some(host) => about_user(host)
            .or_else(|| {
                let has_port = host.contains(':') && !host.ends_with(']');
                has_port.then(|| about_address(host)).flatten()
            })
            .or_else(|| url.parse::<Uri>().err().map(|error| error.to_string())),
    };
    if let Some(complaint) = complaint {
        section.invalid(key, &complaint);
    }
}

/// The Collector sends a user in a URL as basic authentication. The text, which holds a password, is
/// not repeated.
fn about_user(authority: &str) -> Option<String> {
    let message = "a user in the endpoint is not supported yet by tamis: \
                   set the header \"authorization\" instead";
    authority.contains('@').then(|| message.to_owned())
}

/// In the words of Go's `net`.
fn about_address(address: &str) -> Option<String> {
    let Some((host, port)) = address.rsplit_once(':') else {
        return Some(format!("address {address}: missing port in address"));
    };
    if host.contains(':') && !(host.starts_with('[') && host.ends_with(']')) {
        Some(format!("address {address}: too many colons in address"))
    } else if port.parse::<u16>().is_err() {
        Some(format!("invalid port {port:?}"))
    } else {
        None
    }
}
