//! A real Prometheus, built from Go modules, and promtool.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde_json::Value;
use tempfile::TempDir;

use super::gateway::free_port;
use super::http;
use super::process::Process;

fn binary(name: &str) -> PathBuf {
    let folder = std::env::var_os("TAMIS_TEST_PROMETHEUS");
    PathBuf::from(folder.expect("TAMIS_TEST_PROMETHEUS; `cargo xtask test` sets it")).join(name)
}

/// Runs promtool; answers whether it is content, and what it says.
pub(crate) async fn promtool(arguments: &[&str]) -> (bool, String) {
    let (status, log) = Process::start(binary("promtool"), arguments, &[]).exit().await;
    (status.success(), log)
}

/// A Prometheus that scrapes every second, and takes OTLP.
pub(crate) struct Prometheus {
    pub(crate) address: SocketAddr,
    _process: Process,
    _folder: TempDir,
}

impl Prometheus {
    /// Scrapes these targets.
    pub(crate) async fn start(targets: &[SocketAddr]) -> Self {
        let folder = TempDir::new().unwrap();
        let config = serde_json::json!({
            "global": {"scrape_interval": "1s"},
            "scrape_configs": [{"job_name": "tests", "static_configs": [{"targets": targets}]}],
        });
        let file = folder.path().join("prometheus.yaml");
        std::fs::write(&file, config.to_string()).unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let arguments = [
            format!("--config.file={}", file.display()),
            format!("--storage.tsdb.path={}", folder.path().join("data").display()),
            format!("--web.listen-address={address}"),
            "--web.enable-otlp-receiver".to_owned(),
        ];
        let mut process = Process::start(binary("prometheus"), arguments, &[]);
        let ready = |line: &str| line.contains("Server is ready").then_some(());
        process.line("that it is ready", ready).await;
        Self { address, _process: process, _folder: folder }
    }

    /// The samples that an instant query answers: labels and value.
    pub(crate) async fn query(&self, expression: &str) -> Vec<(Value, f64)> {
        let path = format!("/api/v1/query?query={}", percent_encoded(expression));
        let (status, body) = http::get(self.address, &path).await;
        assert_eq!(status, 200, "{expression}: {body}");
        let answer: Value = serde_json::from_str(&body).unwrap();
        let samples = answer["data"]["result"].as_array().unwrap();
        let value = |sample: &Value| sample["value"][1].as_str().unwrap().parse().unwrap();
        samples.iter().map(|sample| (sample["metric"].clone(), value(sample))).collect()
    }
}

fn percent_encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
