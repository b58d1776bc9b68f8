//! Which compiler makes guests.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{TARGET, environment};

/// Debian's own compiler, which carries the wasm32 back end.
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
/// The packages of which the second toolchain consists: the compiler, and the sources of its library.
const DEBIAN_PACKAGES: [&str; 2] = ["rustc-web", "rust-web-src"];

/// A compiler that can make guests. Find one with [`Toolchain::find`].
#[derive(Debug, Clone)]
pub struct Toolchain {
    pub(crate) cargo: PathBuf,
    pub(crate) rustc: PathBuf,
    pub(crate) library: Library,
}

/// Where the guest's standard library comes from.
#[derive(Debug, Clone)]
pub(crate) enum Library {
    /// Precompiled, in the sysroot of the compiler.
    Precompiled,
    /// Compiled along with the guest, about 25 s once per target directory.
    FromSource { linker: PathBuf },
}

/// There is no compiler for guests on this machine.
#[derive(Debug, thiserror::Error)]
#[error(
    "no Rust compiler for {TARGET}, the target of the processors. Run `cargo xtask setup`, or \
     install one by hand: `rustup target add {TARGET}`, or on Debian \
     `apt-get install rustc-web rust-web-src`"
)]
pub struct NotFound;

/// No compiler for guests could be installed.
#[derive(Debug, thiserror::Error)]
#[error("{NotFound}. What was tried: {}", .tried.join("; "))]
pub struct InstallError {
    tried: Vec<String>,
}

/// What [`Toolchain::install`] had to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Installed {
    /// A toolchain was there.
    Nothing,
    /// The target, by rustup.
    Target,
    /// The Debian packages, by apt-get.
    Packages,
}

impl Toolchain {
    /// The first that works of: the precompiled library of the compiler in use (`RUSTC`, as cargo
    /// tells build scripts, else `rustc`), then Debian's compiler with its library from source.
    pub fn find() -> Result<Self, NotFound> {
        let cargo = from_environment("CARGO", "cargo");
        let rustc = from_environment("RUSTC", "rustc");
        if let Some(sysroot) = sysroot(&rustc)
            && has_precompiled_library(&sysroot)
        {
            return Ok(Self { cargo, rustc, library: Library::Precompiled });
        }
        Self::debian(cargo).ok_or(NotFound)
    }

    /// Debian's compiler with its library from source, whether or not there is a better one.
    fn debian(cargo: PathBuf) -> Option<Self> {
        let rustc = PathBuf::from(DEBIAN_RUSTC);
        let sysroot = sysroot(&rustc)?;
        sysroot.join("lib/rustlib/src/rust/library/std/Cargo.toml").exists().then_some(())?;
        let linker = linker(&rustc, &sysroot)?;
        Some(Self { cargo, rustc, library: Library::FromSource { linker } })
    }

    /// [`Toolchain::find`], and where nothing is found, what is needed is downloaded: the target by
    /// rustup, else the packages by apt-get. Never called from a build script, which must not change
    /// the machine.
    pub fn install() -> Result<(Self, Installed), InstallError> {
        if let Ok(toolchain) = Self::find() {
            return Ok((toolchain, Installed::Nothing));
        }
        let packages = &DEBIAN_PACKAGES[..];
        let target = &["target", "add", TARGET][..];
        let steps: [(Installed, &str, Vec<&str>); 3] = [
            (Installed::Target, "rustup", target.to_vec()),
            // Without an index apt-get knows no package; with a stale one it may still do.
            (Installed::Packages, "apt-get", vec!["update"]),
            (Installed::Packages, "apt-get", [&["install", "--yes"], packages].concat()),
        ];
        let mut tried = Vec::new();
        for (installed, program, arguments) in steps {
            if let Err(failure) = run(program, &arguments) {
                tried.push(failure);
            }
            if let Ok(toolchain) = Self::find() {
                return Ok((toolchain, installed));
            }
        }
        Err(InstallError { tried })
    }

    /// For people: which compiler, and where its library comes from.
    pub fn describe(&self) -> String {
        let library = match &self.library {
            Library::Precompiled => "precompiled library",
            Library::FromSource { .. } => "library built from source",
        };
        format!("{} for {TARGET} ({library})", self.rustc.display())
    }
}

fn run(program: &str, arguments: &[&str]) -> Result<(), String> {
    let shown = format!("`{program} {}`", arguments.join(" "));
    let mut command = Command::new(program);
    command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{shown} failed with {status}")),
        Err(error) => Err(format!("{shown} did not start: {error}")),
    }
}

fn from_environment(name: &str, fallback: &str) -> PathBuf {
    std::env::var_os(name).unwrap_or_else(|| OsString::from(fallback)).into()
}

fn print(rustc: &Path, what: &str) -> Option<String> {
    let mut command = Command::new(rustc);
    environment::clean(&mut command);
    let output = command.args(["--print", what]).output().ok()?;
    output.status.success().then_some(())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}

fn sysroot(rustc: &Path) -> Option<PathBuf> {
    print(rustc, "sysroot").map(PathBuf::from)
}

fn has_precompiled_library(sysroot: &Path) -> bool {
    let folder = sysroot.join("lib/rustlib").join(TARGET).join("lib");
    let Ok(entries) = folder.read_dir() else { return false };
    entries
        .filter_map(Result::ok)
        .filter_map(|entry| entry.file_name().into_string().ok())
        .any(|name| name.starts_with("libstd-") && name.ends_with(".rlib"))
}

/// rust-lld of this compiler, else of the one in use: Debian packages it apart.
fn linker(rustc: &Path, own_sysroot: &Path) -> Option<PathBuf> {
    let in_sysroot = |rustc: &Path, sysroot: &Path| {
        let host = print(rustc, "host-tuple")?;
        Some(sysroot.join("lib/rustlib").join(host).join("bin/rust-lld"))
    };
    let used = from_environment("RUSTC", "rustc");
    let candidates = [
        in_sysroot(rustc, own_sysroot),
        Some(own_sysroot.join("bin/rust-lld")),
        sysroot(&used).and_then(|sysroot| in_sysroot(&used, &sysroot)),
    ];
    candidates.into_iter().flatten().find(|path| path.exists())
}

#[cfg(test)]
mod tests {
    use super::{NotFound, Toolchain};

    #[test]
    fn a_machine_that_runs_the_tests_has_a_toolchain() {
        let toolchain = Toolchain::find().unwrap();
        assert!(toolchain.describe().contains("wasm32-unknown-unknown"));
    }

    #[test]
    fn the_error_says_every_way_to_a_toolchain() {
        let message = NotFound.to_string();
        for way in [
            "cargo xtask setup",
            "rustup target add wasm32-unknown-unknown",
            "apt-get install rustc-web rust-web-src",
        ] {
            assert!(message.contains(way), "{message}");
        }
    }
}
