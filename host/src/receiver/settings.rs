//! What the YAML can say about the `otlp` receiver, checked and with the Collector's defaults.

use std::time::Duration;

use crate::config::Origin;

/// `otlp`: at least one protocol is set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtlpReceiverSettings {
    pub grpc: Option<GrpcServerSettings>,
    pub http: Option<HttpServerSettings>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrpcServerSettings {
    /// `host:port` to bind; default `localhost:4317`.
    pub endpoint: String,
    /// Largest message after decompression, in bytes; default 4 MiB, which is also what 0 in
    /// `max_recv_msg_size_mib` is read as.
    pub max_recv_msg_size: usize,
    /// 0 means no bound below HTTP/2's own.
    pub max_concurrent_streams: u32,
    pub include_metadata: bool,
    pub keepalive: KeepaliveSettings,
    pub tls: Option<TlsServerSettings>,
}

impl Default for GrpcServerSettings {
    fn default() -> Self {
        Self {
            endpoint: "localhost:4317".to_owned(),
            max_recv_msg_size: 4 << 20,
            max_concurrent_streams: 0,
            include_metadata: false,
            keepalive: KeepaliveSettings::default(),
            tls: None,
        }
    }
}

/// `keepalive.server_parameters`; `None` is the Collector's "infinity".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeepaliveSettings {
    pub max_connection_idle: Option<Duration>,
    pub max_connection_age: Option<Duration>,
    pub max_connection_age_grace: Option<Duration>,
    pub time: Option<Duration>,
    pub timeout: Option<Duration>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpServerSettings {
    /// `host:port` to bind; default `localhost:4318`.
    pub endpoint: String,
    pub traces_url_path: String,
    pub metrics_url_path: String,
    pub logs_url_path: String,
    /// Largest body after decompression, in bytes; default 20 MiB, which is also what 0 in the YAML is
    /// read as.
    pub max_request_body_size: usize,
    pub include_metadata: bool,
    /// Bound on reading one whole request; default 0, none.
    pub read_timeout: Duration,
    /// Bound on reading the request head; default 0, none.
    pub read_header_timeout: Duration,
    /// Idle keep-alive connections are closed after this; default 1 min, 0 means never.
    pub idle_timeout: Duration,
    pub response_headers: Vec<(String, String)>,
    pub cors: Option<CorsSettings>,
    pub tls: Option<TlsServerSettings>,
}

impl Default for HttpServerSettings {
    fn default() -> Self {
        Self {
            endpoint: "localhost:4318".to_owned(),
            traces_url_path: "/v1/traces".to_owned(),
            metrics_url_path: "/v1/metrics".to_owned(),
            logs_url_path: "/v1/logs".to_owned(),
            max_request_body_size: 20 << 20,
            include_metadata: false,
            read_timeout: Duration::ZERO,
            read_header_timeout: Duration::ZERO,
            idle_timeout: Duration::from_secs(60),
            response_headers: Vec::new(),
            cors: None,
            tls: None,
        }
    }
}

/// `cors`; none where the YAML allows no origin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CorsSettings {
    pub allowed_origins: Vec<String>,
    pub allowed_headers: Vec<String>,
    pub exposed_headers: Vec<String>,
    pub max_age: Duration,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsServerSettings {
    pub cert_file: std::path::PathBuf,
    pub key_file: std::path::PathBuf,
    /// Clients must show a certificate signed by one of these.
    pub client_ca_file: Option<std::path::PathBuf>,
    /// For complaints about the files.
    pub origin: Origin,
}
