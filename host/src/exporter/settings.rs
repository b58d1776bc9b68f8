//! What the YAML can say about an exporter, checked and with the Collector's defaults filled in.

use std::path::PathBuf;
use std::time::Duration;

pub use super::prometheus::settings::{PrometheusSettings, ResourceLabels, Translation};
use crate::config::Origin;

/// One exporter of the YAML.
#[derive(Clone, Debug, PartialEq)]
pub enum ExporterSettings {
    OtlpGrpc(OtlpGrpcSettings),
    OtlpHttp(OtlpHttpSettings),
    Debug(DebugSettings),
    Prometheus(PrometheusSettings),
    /// `nop`: takes everything and sends nothing.
    Nop,
}

impl ExporterSettings {
    /// Whether it takes nothing but metrics.
    pub fn only_metrics(&self) -> bool {
        matches!(self, Self::Prometheus(_))
    }

    /// Where a complaint belongs that comes up when the exporter is built: all else has been checked.
    pub fn origin(&self) -> Option<&Origin> {
        match self {
            Self::OtlpGrpc(settings) => Some(&settings.tls.origin),
            Self::OtlpHttp(settings) => Some(&settings.tls.origin),
            Self::Prometheus(settings) => settings.tls.as_ref().map(|tls| &tls.origin),
            Self::Debug(_) | Self::Nop => None,
        }
    }
}

/// `otlp_grpc` (alias `otlp`).
#[derive(Clone, Debug, PartialEq)]
pub struct OtlpGrpcSettings {
    /// `host:port`; `https://` before it forces TLS even where `tls.insecure` is set, `http://` and
    /// `dns:///` change nothing.
    pub endpoint: String,
    pub compression: Compression,
    pub tls: TlsClientSettings,
    pub headers: Vec<(String, Secret)>,
    /// Bound of one attempt; 0 means none.
    pub timeout: Duration,
    pub retry: RetrySettings,
    pub queue: QueueSettings,
}

impl Default for OtlpGrpcSettings {
    /// All but the endpoint, which has no default.
    fn default() -> Self {
        Self {
            endpoint: String::new(),
            compression: Compression::default(),
            tls: TlsClientSettings::default(),
            headers: Vec::new(),
            timeout: Duration::from_secs(5),
            retry: RetrySettings::default(),
            queue: QueueSettings::default(),
        }
    }
}

/// `otlp_http` (alias `otlphttp`). An endpoint of a signal is used as it is; without one it is
/// `endpoint` + `/v1/<signal>`.
#[derive(Clone, Debug, PartialEq)]
pub struct OtlpHttpSettings {
    pub endpoint: Option<String>,
    pub traces_endpoint: Option<String>,
    pub metrics_endpoint: Option<String>,
    pub logs_endpoint: Option<String>,
    pub compression: Compression,
    pub tls: TlsClientSettings,
    pub headers: Vec<(String, Secret)>,
    /// Bound of one attempt; 0 means none.
    pub timeout: Duration,
    pub retry: RetrySettings,
    pub queue: QueueSettings,
}

impl Default for OtlpHttpSettings {
    /// All but the endpoints, of which the YAML must give one.
    fn default() -> Self {
        Self {
            endpoint: None,
            traces_endpoint: None,
            metrics_endpoint: None,
            logs_endpoint: None,
            compression: Compression::default(),
            tls: TlsClientSettings::default(),
            headers: Vec::new(),
            timeout: Duration::from_secs(30),
            retry: RetrySettings::default(),
            queue: QueueSettings::default(),
        }
    }
}

/// `debug`: writes what arrives to standard error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DebugSettings {
    pub verbosity: Verbosity,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verbosity {
    /// One line a batch: counts.
    #[default]
    Basic,
    /// One line an item.
    Normal,
    /// Every field.
    Detailed,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    None,
    #[default]
    Gzip,
    Zstd,
    /// HTTP only. The same format as `zlib`.
    Deflate,
}

/// A header value or a key: never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[REDACTED]")
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsClientSettings {
    /// No TLS at all (gRPC: unless a CA is given too; HTTP: the URL's scheme decides).
    pub insecure: bool,
    pub insecure_skip_verify: bool,
    pub server_name_override: Option<String>,
    pub ca_file: Option<PathBuf>,
    pub ca_pem: Option<Secret>,
    pub include_system_ca_certs_pool: bool,
    pub cert_file: Option<PathBuf>,
    pub cert_pem: Option<Secret>,
    pub key_file: Option<PathBuf>,
    pub key_pem: Option<Secret>,
    /// For complaints about the files.
    pub origin: Origin,
}

/// `retry_on_failure`.
#[derive(Clone, Debug, PartialEq)]
pub struct RetrySettings {
    pub enabled: bool,
    pub initial_interval: Duration,
    pub randomization_factor: f64,
    pub multiplier: f64,
    pub max_interval: Duration,
    /// From the first attempt until the batch is given up; 0 means never.
    pub max_elapsed_time: Duration,
}

impl Default for RetrySettings {
    fn default() -> Self {
        Self {
            enabled: true,
            initial_interval: Duration::from_secs(5),
            randomization_factor: 0.5,
            multiplier: 1.5,
            max_interval: Duration::from_secs(30),
            max_elapsed_time: Duration::from_secs(300),
        }
    }
}

/// `sending_queue`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueSettings {
    /// `false`: the sender waits for the backend's answer.
    pub enabled: bool,
    pub num_consumers: usize,
    /// In units of `sizer`.
    pub queue_size: usize,
    pub sizer: Sizer,
    pub wait_for_result: bool,
    pub block_on_overflow: bool,
    /// A bound in bytes beside `queue_size`, whatever the sizer; default 512 MiB. tamis' own key: the
    /// Collector has no such bound.
    pub max_bytes: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sizer {
    Requests,
    Items,
    Bytes,
}

impl Default for QueueSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            num_consumers: 10,
            queue_size: 1000,
            sizer: Sizer::Requests,
            wait_for_result: false,
            block_on_overflow: false,
            max_bytes: 512 << 20,
        }
    }
}
