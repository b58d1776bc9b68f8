//! The real Python SDK as a client, and the real clients of AI models.

use std::net::SocketAddr;

use serde_json::Value;

use super::process::Process;
use super::root;

/// Sends what tests/python/send.py sends, with the marker in every place where text can stand.
pub(crate) async fn send(protocol: &str, address: SocketAddr, compression: &str, marker: &str) {
    let address = address.to_string();
    let arguments = [
        "--protocol",
        protocol,
        "--endpoint",
        &address,
        "--compression",
        compression,
        "--marker",
        marker,
    ];
    run("send.py", &arguments).await;
}

/// Calls models under a real instrumentation that sends to the address (OTLP over HTTP), as
/// tests/python/call_models.py does; answers its lines, one for each call.
pub(crate) async fn call_models(instrumentation: &str, address: SocketAddr) -> Vec<Value> {
    let address = address.to_string();
    let arguments = ["--instrumentation", instrumentation, "--endpoint", &address];
    let log = run("call_models.py", &arguments).await;
    // Libraries write there too.
    let lines = log.lines().filter_map(|line| serde_json::from_str(line).ok());
    lines.filter(|line: &Value| line["service"] == instrumentation).collect()
}

/// Runs a script of tests/python, and answers what it wrote.
async fn run(script: &str, arguments: &[&str]) -> String {
    let python = std::env::var_os("TAMIS_TEST_PYTHON")
        .expect("TAMIS_TEST_PYTHON; `cargo xtask test` sets it");
    let path = root().join("tests/python").join(script);
    let arguments = std::iter::once(path.to_str().unwrap()).chain(arguments.iter().copied());
    let (status, log) = Process::start(python, arguments, &[]).exit().await;
    assert!(status.success(), "{script} failed: {log}");
    // The exporters log what they could not send and then go on.
    assert!(!log.contains("Failed to export"), "{log}");
    log
}
