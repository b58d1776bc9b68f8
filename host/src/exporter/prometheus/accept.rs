//! What a scraper asks for: a format, an escaping of names, a compression.

use http::HeaderMap;
use http::header::{ACCEPT, ACCEPT_ENCODING};

use super::escape::Escaping;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Text,
    /// With its version.
    OpenMetrics(&'static str),
    Protobuf,
}

impl Format {
    pub(super) fn content_type(self, escaping: Escaping) -> String {
        let escaping = escaping.name();
        match self {
            Self::Text => format!("text/plain; version=0.0.4; charset=utf-8; escaping={escaping}"),
            Self::OpenMetrics(version) => format!(
                "application/openmetrics-text; version={version}; charset=utf-8; escaping={escaping}"
            ),
            Self::Protobuf => format!(
                "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; \
                 encoding=delimited; escaping={escaping}"
            ),
        }
    }
}

/// The best of what the scraper takes; the classic text where that is nothing known.
pub(super) fn format(headers: &HeaderMap, open_metrics: bool) -> (Format, Escaping) {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut clauses: Vec<Clause<'_>> = accept.split(',').map(Clause::parse).collect();
    clauses.sort_by(|a, b| b.quality.total_cmp(&a.quality));
    let mut escaping = Escaping::default();
    for clause in clauses {
        // Also of a clause that is passed over, as in Prometheus' own library.
        let wanted = clause.parameter("escaping").unwrap_or_default();
        if let Some(known) = Escaping::ALL.into_iter().find(|known| known.name() == wanted) {
            escaping = known;
        }
        if let Some(format) = clause.format(open_metrics) {
            return (format, escaping);
        }
    }
    (Format::Text, escaping)
}

/// Whether the answer is to be compressed: where gzip is wanted more than no compression.
pub(super) fn gzip(headers: &HeaderMap) -> bool {
    let values =
        headers.get_all(ACCEPT_ENCODING).into_iter().filter_map(|value| value.to_str().ok());
    let clauses: Vec<Clause<'_>> =
        values.flat_map(|value| value.split(',')).map(Clause::parse).collect();
    let quality = |name: &str| {
        let named = clauses.iter().filter(|clause| clause.name.eq_ignore_ascii_case(name));
        named.chain(clauses.iter().filter(|clause| clause.name == "*")).next()
    };
    let gzip = quality("gzip").map_or(0.0, |clause| clause.quality);
    let identity = quality("identity").map_or(0.0, |clause| clause.quality);
    gzip > identity
}

/// One element of an `Accept` header.
struct Clause<'a> {
    name: &'a str,
    parameters: Vec<(&'a str, &'a str)>,
    quality: f64,
}

impl<'a> Clause<'a> {
    fn parse(text: &'a str) -> Self {
        let mut parts = text.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let parameters = parts.filter_map(|part| part.split_once('='));
        let parameters: Vec<_> =
            parameters.map(|(name, value)| (name.trim(), value.trim().trim_matches('"'))).collect();
        let quality = parameters.iter().find(|(name, _)| *name == "q");
        let quality = quality.map_or(1.0, |(_, value)| value.parse().unwrap_or(0.0));
        Self { name, parameters, quality }
    }

    fn parameter(&self, name: &str) -> Option<&'a str> {
        self.parameters.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }

    fn format(&self, open_metrics: bool) -> Option<Format> {
        let version = self.parameter("version");
        match self.name {
            "application/vnd.google.protobuf" => {
                let matches = self.parameter("proto") == Some("io.prometheus.client.MetricFamily")
                    && self.parameter("encoding") == Some("delimited");
                matches.then_some(Format::Protobuf)
            }
            "text/plain" if matches!(version, None | Some("0.0.4")) => Some(Format::Text),
            "application/openmetrics-text" if open_metrics => match version {
                Some("1.0.0") => Some(Format::OpenMetrics("1.0.0")),
                None | Some("0.0.1") => Some(Format::OpenMetrics("0.0.1")),
                Some(_) => None,
            },
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    /// What Prometheus 3 sends with native histograms.
    const PROMETHEUS: &str = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;\
        encoding=delimited;q=0.6,application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,\
        application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;\
        escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1";

    #[test]
    fn the_format_that_is_wanted_most_is_served() {
        use Escaping::{None as Utf8, Underscores};
        let without_protobuf = &PROMETHEUS[PROMETHEUS.find("application/open").unwrap()..];
        let cases = [
            ("", true, Format::Text, Underscores),
            ("*/*", true, Format::Text, Underscores),
            ("text/html, application/json", true, Format::Text, Underscores),
            (PROMETHEUS, true, Format::Protobuf, Underscores),
            (PROMETHEUS, false, Format::Protobuf, Underscores),
            (without_protobuf, true, Format::OpenMetrics("1.0.0"), Utf8),
            (without_protobuf, false, Format::Text, Utf8),
            ("application/openmetrics-text", true, Format::OpenMetrics("0.0.1"), Underscores),
            ("application/openmetrics-text; version=2.0.0", true, Format::Text, Underscores),
            (
                "text/plain;q=0.1,application/openmetrics-text;q=0.2",
                true,
                Format::OpenMetrics("0.0.1"),
                Underscores,
            ),
        ];
        for (accept, open_metrics, want, escaping) in cases {
            let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(accept))]);
            assert_eq!(format(&headers, open_metrics), (want, escaping), "{accept}");
        }
        assert_eq!(format(&HeaderMap::new(), true), (Format::Text, Underscores));
    }

    #[test]
    fn answers_are_compressed_where_the_scraper_prefers_it() {
        let cases = [
            ("gzip", true),
            ("deflate, GZIP;q=0.5", true),
            ("*", false),
            ("gzip;q=0", false),
            ("identity", false),
            ("identity, gzip", false),
            ("identity;q=0.5, gzip", true),
            ("zstd", false),
        ];
        for (accept, want) in cases {
            let headers =
                HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(accept))]);
            assert_eq!(gzip(&headers), want, "{accept}");
        }
        assert!(!gzip(&HeaderMap::new()));
    }
}
