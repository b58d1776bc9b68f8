//! The real Python SDK as a client.

use std::net::SocketAddr;

use super::process::Process;
use super::root;

/// Sends what tests/python/send.py sends, with the marker in every place where text can stand.
pub(crate) async fn send(protocol: &str, address: SocketAddr, compression: &str, marker: &str) {
    let python = std::env::var_os("TAMIS_TEST_PYTHON")
        .expect("TAMIS_TEST_PYTHON; `cargo xtask test` sets it");
    let script = root().join("tests/python/send.py");
    let address = address.to_string();
    let arguments = [
        script.to_str().unwrap(),
        "--protocol",
        protocol,
        "--endpoint",
        &address,
        "--compression",
        compression,
        "--marker",
        marker,
    ];
    let (status, log) = Process::start(python, arguments, &[]).exit().await;
    assert!(status.success(), "send.py failed: {log}");
    // The exporters log what they could not send and then go on.
    assert!(!log.contains("Failed to export"), "{log}");
}
