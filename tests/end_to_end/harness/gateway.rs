//! A gateway under test: tamis, or the real Collector in its place. Both read the same configuration.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde_json::Value;
use tempfile::TempDir;

use super::config::Config;
use super::process::Process;
use super::profile_folder;

/// Which gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Tamis,
    Collector,
}

impl Kind {
    pub(crate) fn binary(self) -> PathBuf {
        match self {
            Self::Tamis => std::env::var_os("TAMIS_TEST_BINARY")
                .map_or_else(|| profile_folder().join("tamis"), PathBuf::from),
            Self::Collector => std::env::var_os("TAMIS_TEST_COLLECTOR")
                .expect("TAMIS_TEST_COLLECTOR; `cargo xtask test` sets it")
                .into(),
        }
    }
}

/// A gateway that is ready to receive.
pub(crate) struct Gateway {
    pub(crate) process: Process,
    pub(crate) grpc: SocketAddr,
    pub(crate) http: SocketAddr,
    _folder: TempDir,
}

impl Gateway {
    pub(crate) async fn tamis(config: &Config) -> Self {
        Self::start(Kind::Tamis, config).await
    }

    pub(crate) async fn collector(config: &Config) -> Self {
        Self::start(Kind::Collector, config).await
    }

    pub(crate) async fn start(kind: Kind, config: &Config) -> Self {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("config.yaml");
        std::fs::write(&file, config.yaml()).unwrap();
        let arguments = ["--config".into(), file.into_os_string()];
        let mut process = Process::start(kind.binary(), arguments, &[]);
        let grpc = address(&mut process, kind, "grpc").await;
        let http = address(&mut process, kind, "http").await;
        process.line("that it is ready", |line| is_ready(kind, line).then_some(())).await;
        Self { process, grpc, http, _folder: folder }
    }
}

/// Where the `otlp` receiver listens for a protocol, as the log says.
async fn address(process: &mut Process, kind: Kind, protocol: &str) -> SocketAddr {
    let what = format!("where it listens for {protocol}");
    process.line(&what, |line| bound_address(kind, line, "otlp", protocol)).await
}

/// The address in a line that says that a component listens.
pub(crate) fn bound_address(
    kind: Kind,
    line: &str,
    component: &str,
    protocol: &str,
) -> Option<SocketAddr> {
    let line: Value = serde_json::from_str(line).ok()?;
    let address = match kind {
        Kind::Tamis => {
            let same = field(&line, "message")? == "listening"
                && field(&line, "component")? == component
                && field(&line, "protocol")? == protocol;
            same.then(|| field(&line, "address"))??
        }
        Kind::Collector => {
            let message = format!("Starting {} server", protocol.to_uppercase());
            let same = line["msg"] == message.as_str() && line["otelcol.component.id"] == component;
            same.then(|| line["endpoint"].as_str())??
        }
    };
    address.parse().ok()
}

fn is_ready(kind: Kind, line: &str) -> bool {
    match kind {
        Kind::Tamis => line.contains(r#""ready""#),
        Kind::Collector => line.contains("Everything is ready"),
    }
}

/// A field of a line of tamis' own log, on top or under `fields`.
pub(crate) fn field<'a>(line: &'a Value, name: &str) -> Option<&'a str> {
    line.get(name).or_else(|| line.get("fields")?.get(name))?.as_str()
}

/// A port that was free a moment ago: for endpoints whose address is not logged.
pub(crate) fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
