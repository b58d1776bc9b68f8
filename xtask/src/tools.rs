//! Tools that are not part of a Rust installation, kept under `target/tools`.

use std::path::PathBuf;
use std::process::Stdio;

use crate::command::{cargo, program, run, target};

const CARGO_DENY_VERSION: &str = "0.20.2";
const ADVISORIES: &str = "https://github.com/RustSec/advisory-db";

/// The path of cargo-deny, installed on first use. Unoptimised: it compiles in a third of the time and
/// reads a few hundred manifests.
pub(crate) fn cargo_deny() -> anyhow::Result<PathBuf> {
    let tools = target().join("tools");
    let path = tools.join("bin/cargo-deny");
    let version = format!("cargo-deny {CARGO_DENY_VERSION}");
    let installed = program(&path).arg("--version").output();
    if !installed.is_ok_and(|output| output.stdout.starts_with(version.as_bytes())) {
        run(cargo()
            .args(["install", "cargo-deny", "--locked", "--debug", "--version", CARGO_DENY_VERSION])
            .arg("--root")
            .arg(&tools)
            // A debug build's size is nearly all debug information.
            .env("CARGO_PROFILE_DEV_DEBUG", "false"))?;
    }
    Ok(path)
}

/// Whether the database of known vulnerabilities can be fetched.
pub(crate) fn advisories_are_reachable() -> bool {
    program("git")
        .args(["-c", "http.lowSpeedTime=10", "-c", "http.lowSpeedLimit=1"])
        .args(["ls-remote", ADVISORIES, "HEAD"])
        .env("GIT_TERMINAL_PROMPT", "0")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
