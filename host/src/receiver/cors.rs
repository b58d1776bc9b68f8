//! Cross-origin requests: what a browser may send to the HTTP receiver.

use bytes::Bytes;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use http_body_util::Full;

use super::http::Reply;
use super::settings::CorsSettings;

/// Headers that a browser may send where the settings name none.
const DEFAULT_HEADERS: [&str; 3] = ["accept", "content-type", "x-requested-with"];

/// The rules of `cors`.
#[derive(Debug)]
pub(crate) struct Cors {
    settings: CorsSettings,
}

impl Cors {
    /// None where no origin is allowed: then browsers get no answer to what they ask.
    pub(crate) fn new(settings: &CorsSettings) -> Option<Self> {
        (!settings.allowed_origins.is_empty()).then(|| Self { settings: settings.clone() })
    }

    /// The answer to the question that a browser asks before the request itself, if this is one.
    pub(crate) fn preflight(&self, method: &Method, request: &HeaderMap) -> Option<Reply> {
        let wanted = request.get(ACCESS_CONTROL_REQUEST_METHOD)?;
        if *method != Method::OPTIONS {
            return None;
        }
        let mut reply = Response::new(Full::new(Bytes::new()));
        *reply.status_mut() = StatusCode::NO_CONTENT;
        let headers = reply.headers_mut();
        for varies in [ORIGIN, ACCESS_CONTROL_REQUEST_METHOD, ACCESS_CONTROL_REQUEST_HEADERS] {
            headers.append(VARY, varies.into());
        }
        let Some(origin) = self.allowed_origin(request) else { return Some(reply) };
        let wanted_headers = request.get(ACCESS_CONTROL_REQUEST_HEADERS);
        if ![&b"GET"[..], b"POST", b"HEAD"].contains(&wanted.as_bytes())
            || !wanted_headers.is_none_or(|headers| self.allows_headers(headers))
        {
            return Some(reply);
        }
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, wanted.clone());
        if let Some(wanted_headers) = wanted_headers {
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, wanted_headers.clone());
        }
        headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        let max_age = self.settings.max_age.as_secs();
        if max_age > 0 {
            headers.insert(ACCESS_CONTROL_MAX_AGE, max_age.into());
        }
        Some(reply)
    }

    /// Allows the browser to show the answer to the page.
    pub(crate) fn allow(&self, request: &HeaderMap, reply: &mut HeaderMap) {
        reply.append(VARY, ORIGIN.into());
        let Some(origin) = self.allowed_origin(request) else { return };
        reply.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        reply.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        let exposed = self.settings.exposed_headers.join(", ");
        if let Ok(exposed) = HeaderValue::try_from(exposed)
            && !exposed.is_empty()
        {
            reply.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
        }
    }

    /// What to answer to the origin of the request, where it is allowed.
    fn allowed_origin(&self, request: &HeaderMap) -> Option<HeaderValue> {
        let origin = request.get(ORIGIN)?;
        let lower = origin.to_str().ok()?.to_ascii_lowercase();
        let allowed = &self.settings.allowed_origins;
        if allowed.iter().any(|pattern| pattern == "*") {
            return Some(HeaderValue::from_static("*"));
        }
        allowed
            .iter()
            .any(|pattern| matches(&pattern.to_ascii_lowercase(), &lower))
            .then(|| origin.clone())
    }

    fn allows_headers(&self, wanted: &HeaderValue) -> bool {
        let Ok(wanted) = wanted.to_str() else { return false };
        let allowed = &self.settings.allowed_headers;
        let allows = |name: &str| {
            if allowed.is_empty() {
                DEFAULT_HEADERS.iter().any(|allowed| allowed.eq_ignore_ascii_case(name))
            } else {
                allowed.iter().any(|allowed| allowed == "*" || allowed.eq_ignore_ascii_case(name))
            }
        };
        wanted.split(',').map(str::trim).filter(|name| !name.is_empty()).all(allows)
    }
}

/// Whether the origin is the pattern, in which one `*` stands for any text.
fn matches(pattern: &str, origin: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == origin,
        Some((prefix, suffix)) => {
            origin.len() >= prefix.len() + suffix.len()
                && origin.starts_with(prefix)
                && origin.ends_with(suffix)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::HeaderName;

    use super::*;

    fn cors() -> Cors {
        Cors::new(&CorsSettings {
            allowed_origins: vec!["https://*.example.com".into(), "http://app".into()],
            allowed_headers: vec!["X-Tenant".into()],
            exposed_headers: vec!["X-Id".into()],
            max_age: Duration::from_secs(7200),
        })
        .unwrap()
    }

    fn headers(pairs: &[(HeaderName, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn a_preflight_is_answered_for_allowed_origins_methods_and_headers_only() {
        let ask = |origin, method, wanted| {
            let request = headers(&[
                (ORIGIN, origin),
                (ACCESS_CONTROL_REQUEST_METHOD, method),
                (ACCESS_CONTROL_REQUEST_HEADERS, wanted),
            ]);
            let reply = cors().preflight(&Method::OPTIONS, &request).unwrap();
            assert_eq!(reply.status(), StatusCode::NO_CONTENT);
            reply.headers().get(ACCESS_CONTROL_ALLOW_ORIGIN).cloned()
        };
        assert_eq!(
            ask("https://a.example.com", "POST", "x-tenant").unwrap(),
            "https://a.example.com"
        );
        assert_eq!(ask("http://app", "POST", "").unwrap(), "http://app");
        assert_eq!(ask("http://other", "POST", "x-tenant"), None);
        assert_eq!(ask("http://app", "DELETE", "x-tenant"), None);
        assert_eq!(ask("http://app", "POST", "x-tenant, x-other"), None);
    }

    #[test]
    fn other_requests_are_no_preflight_and_get_their_headers() {
        let request = headers(&[(ORIGIN, "http://app")]);
        assert!(cors().preflight(&Method::OPTIONS, &request).is_none());
        let mut reply = HeaderMap::new();
        cors().allow(&request, &mut reply);
        assert_eq!(reply[ACCESS_CONTROL_ALLOW_ORIGIN], "http://app");
        assert_eq!(reply[ACCESS_CONTROL_EXPOSE_HEADERS], "X-Id");
        let mut reply = HeaderMap::new();
        cors().allow(&headers(&[(ORIGIN, "http://other")]), &mut reply);
        assert!(!reply.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN));
    }

    #[test]
    fn without_origins_there_is_no_cors() {
        assert!(Cors::new(&CorsSettings::default()).is_none());
    }
}
