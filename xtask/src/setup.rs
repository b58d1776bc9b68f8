//! `cargo xtask setup`: a machine that can build guests.

use tamis_guest_build::{Installed, Toolchain};

use anyhow::Context;

use crate::command::{program, run, say};

/// What the tests' guest in C is compiled with.
const C_PACKAGES: [&str; 4] = ["clang-19", "lld-19", "wasi-libc", "libclang-rt-19-dev-wasm32"];

/// Installs what is missing and says what it did. The other commands call it first.
pub(crate) fn setup() -> anyhow::Result<()> {
    let (toolchain, installed) = Toolchain::install()?;
    let done = match installed {
        Installed::Nothing => "found",
        Installed::Target => "installed by rustup",
        Installed::Packages => "installed by apt-get",
    };
    say(&format!("compiler of the processors: {}: {done}", toolchain.describe()));
    Ok(())
}

/// Installs what only the tests need: a C compiler for WebAssembly.
pub(crate) fn setup_tests() -> anyhow::Result<()> {
    setup()?;
    let runs = |tool: &str| program(tool).arg("--version").output().is_ok();
    let present = runs("clang-19")
        && runs("wasm-ld-19")
        && std::path::Path::new("/usr/include/wasm32-wasi").exists();
    if present {
        return Ok(());
    }
    let packages = C_PACKAGES.join(" ");
    let hint = format!("the test of a guest in C needs these Debian packages: {packages}");
    run(program("apt-get").arg("update")).with_context(|| hint.clone())?;
    run(program("apt-get").args(["install", "--yes"]).args(C_PACKAGES)).context(hint)
}
