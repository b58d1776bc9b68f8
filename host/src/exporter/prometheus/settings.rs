//! What the YAML can say about the `prometheus` exporter, checked and with the Collector's defaults.

use std::time::Duration;

use crate::receiver::settings::{CorsSettings, TlsServerSettings};

/// `prometheus`: serves the last value of every series for Prometheus to scrape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrometheusSettings {
    /// `host:port` to bind; the YAML must give it.
    pub endpoint: String,
    /// Put before every metric name, with `_` between; empty: nothing.
    pub namespace: String,
    /// Labels of every series.
    pub const_labels: Vec<(String, String)>,
    /// Samples carry the time of their data point.
    pub send_timestamps: bool,
    /// A series that was not updated for so long vanishes; default 5 min, 0: at once.
    pub metric_expiration: Duration,
    /// `resource_to_telemetry_conversion`.
    pub resource_labels: ResourceLabels,
    /// OpenMetrics is offered to scrapers that ask for it.
    pub enable_open_metrics: bool,
    /// No `otel_scope_*` labels.
    pub without_scope_info: bool,
    pub translation: Translation,
    /// Bound on waiting for a request's head; default 1 min, 0: the one of `idle_timeout`.
    pub read_header_timeout: Duration,
    /// Idle connections are closed after this; default 1 min.
    pub idle_timeout: Duration,
    pub response_headers: Vec<(String, String)>,
    pub cors: Option<CorsSettings>,
    pub tls: Option<TlsServerSettings>,
}

impl Default for PrometheusSettings {
    /// All but the endpoint, which has no default.
    fn default() -> Self {
        Self {
            endpoint: String::new(),
            namespace: String::new(),
            const_labels: Vec::new(),
            send_timestamps: false,
            metric_expiration: Duration::from_secs(300),
            resource_labels: ResourceLabels::None,
            enable_open_metrics: false,
            without_scope_info: false,
            translation: Translation::default(),
            read_header_timeout: Duration::from_secs(60),
            idle_timeout: Duration::from_secs(60),
            response_headers: Vec::new(),
            cors: None,
            tls: None,
        }
    }
}

/// Which attributes of a resource become labels of its series.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ResourceLabels {
    #[default]
    None,
    All,
    /// All but those that `job` and `instance` are made of.
    AllButService,
}

/// `translation_strategy`: what becomes of the names of metrics and attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Translation {
    /// Unit and type are appended to the name of a metric.
    pub suffixes: bool,
    /// Names keep their characters; otherwise what Prometheus did not always allow becomes `_`.
    pub utf8: bool,
}

impl Default for Translation {
    fn default() -> Self {
        Self { suffixes: true, utf8: false }
    }
}
