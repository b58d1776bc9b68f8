//! The environment of an inner cargo.
//!
//! A build script inherits what the outer cargo set for *its* package and profile: `RUSTFLAGS` of the
//! user's CPU, `RUSTC_WRAPPER` (clippy-driver during `cargo clippy`), `CARGO_ENCODED_RUSTFLAGS`,
//! `CARGO_BUILD_TARGET`, `TARGET`. Any of them would miscompile a guest or rebuild it for nothing.

use std::process::Command;

/// Variables of cargo that are about the machine (network, registries, where things are kept) and not
/// about what is being built. `CARGO_MAKEFLAGS` shares the outer jobserver, so that `-j` holds for
/// both.
const KEPT: &[&str] = &["CARGO_HOME", "CARGO_MAKEFLAGS"];
const KEPT_PREFIXES: &[&str] =
    &["CARGO_HTTP_", "CARGO_NET_", "CARGO_REGISTR", "CARGO_SOURCE_", "CARGO_TERM_"];

/// Variables about what is being built that do not begin with `CARGO_`.
const REMOVED: &[&str] = &[
    "CARGO",
    "DEBUG",
    "HOST",
    "LD_LIBRARY_PATH",
    "NUM_JOBS",
    "OPT_LEVEL",
    "OUT_DIR",
    "PROFILE",
    "RUSTC",
    "RUSTC_BOOTSTRAP",
    "RUSTC_LINKER",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTC_WRAPPER",
    "RUSTDOC",
    "RUSTDOCFLAGS",
    "RUSTFLAGS",
    "TARGET",
];

/// Removes from the command what the outer cargo means for its own package.
pub(crate) fn clean(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(is_outer) {
            command.env_remove(name);
        }
    }
}

fn is_outer(name: &str) -> bool {
    let kept = KEPT.contains(&name) || KEPT_PREFIXES.iter().any(|prefix| name.starts_with(prefix));
    REMOVED.contains(&name) || (name.starts_with("CARGO_") && !kept)
}

#[cfg(test)]
mod tests {
    use super::is_outer;

    #[test]
    fn what_is_about_the_machine_stays_and_what_is_about_the_outer_build_goes() {
        for kept in ["PATH", "HOME", "CARGO_HOME", "CARGO_HTTP_CAINFO", "CARGO_REGISTRIES_X_INDEX"]
        {
            assert!(!is_outer(kept), "{kept}");
        }
        for removed in [
            "RUSTFLAGS",
            "RUSTC_WRAPPER",
            "CARGO_ENCODED_RUSTFLAGS",
            "CARGO_BUILD_TARGET",
            "CARGO_TARGET_DIR",
            "CARGO_PROFILE_RELEASE_LTO",
            "CARGO_FEATURE_X",
            "CARGO_MANIFEST_DIR",
        ] {
            assert!(is_outer(removed), "{removed}");
        }
    }
}
