//! What the YAML can say under `service.telemetry` and about `health_check` and `admin`.

/// `service.telemetry`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TelemetrySettings {
    pub logs: LogsSettings,
    /// Where `/metrics` is served, `host:port`, default `localhost:8888`. None at
    /// `metrics.level: none`.
    pub metrics_endpoint: Option<String>,
}

impl Default for TelemetrySettings {
    fn default() -> Self {
        Self { logs: LogsSettings::default(), metrics_endpoint: Some("localhost:8888".to_owned()) }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct LogsSettings {
    pub level: Level,
    pub encoding: Encoding,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Level {
    Debug,
    #[default]
    Info,
    Warn,
    Error,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Encoding {
    #[default]
    Console,
    Json,
}

/// `admin`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminSettings {
    /// Default `localhost:55690`.
    pub endpoint: String,
}

impl Default for AdminSettings {
    fn default() -> Self {
        Self { endpoint: "localhost:55690".to_owned() }
    }
}

/// `health_check`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthCheckSettings {
    /// Default `localhost:13133`.
    pub endpoint: String,
    /// Default `/`.
    pub path: String,
    /// Body of a 200; default: the Collector's JSON with status and uptime.
    pub healthy_body: Option<String>,
    /// Body of a 503.
    pub unhealthy_body: Option<String>,
}

impl Default for HealthCheckSettings {
    fn default() -> Self {
        Self {
            endpoint: "localhost:13133".to_owned(),
            path: "/".to_owned(),
            healthy_body: None,
            unhealthy_body: None,
        }
    }
}
