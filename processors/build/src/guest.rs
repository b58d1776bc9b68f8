//! One guest: compiled by an inner cargo, then wrapped into a component.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::toolchain::{Library, Toolchain};
use crate::{EncodeError, TARGET, component, dep_info, environment};

/// What to build.
#[derive(Debug, Clone)]
pub struct Guest {
    /// The `Cargo.toml` of the guest's crate, which has the crate-type `cdylib`.
    pub manifest: PathBuf,
    pub features: Vec<String>,
    pub profile: Profile,
    /// Of the inner cargo. Never that of an outer one: both lock it, and would wait for each other.
    pub target_dir: PathBuf,
}

/// How much time goes into making the guest fast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// What is shipped: `opt-level` 3, link-time optimisation over all crates, one codegen unit.
    Optimised,
    /// For tests: `opt-level` 3 alone.
    Quick,
}

/// A guest, built.
#[derive(Debug, Clone)]
pub struct Component {
    pub bytes: Vec<u8>,
    /// The files it was made of, for `cargo::rerun-if-changed`.
    pub sources: Vec<PathBuf>,
}

/// A guest that could not be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    #[error("cannot run {}: {source}", .cargo.display())]
    Start { cargo: PathBuf, source: io::Error },
    /// The diagnostics are the inner compiler's own.
    #[error("{} does not compile for {TARGET}:\n{diagnostics}", .manifest.display())]
    Compile { manifest: PathBuf, diagnostics: String },
    #[error("{} makes no .wasm file: its [lib] needs the crate-type \"cdylib\"", .manifest.display())]
    NoModule { manifest: PathBuf },
    #[error("cannot read {}: {source}", .path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{}: {source}", .manifest.display())]
    Encode { manifest: PathBuf, source: EncodeError },
}

impl Toolchain {
    /// Compiles the guest and wraps it into a component. A second call without changes costs one
    /// freshness check of the inner cargo.
    pub fn build(&self, guest: &Guest) -> Result<Component, BuildError> {
        let mut cargo = self.command(guest);
        let output = cargo
            .stderr(Stdio::piped())
            .stdout(Stdio::piped())
            .output()
            .map_err(|source| BuildError::Start { cargo: self.cargo.clone(), source })?;
        let manifest = guest.manifest.clone();
        if !output.status.success() {
            let diagnostics = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(BuildError::Compile { manifest, diagnostics });
        }
        let path = module_path(&String::from_utf8_lossy(&output.stdout), &guest.manifest)
            .ok_or_else(|| BuildError::NoModule { manifest: manifest.clone() })?;
        let read = |path: &Path| {
            std::fs::read(path).map_err(|source| BuildError::Read { path: path.into(), source })
        };
        let module = read(&path)?;
        let dep_info = read(&path.with_extension("d"))?;
        let bytes =
            component::encode(&module).map_err(|source| BuildError::Encode { manifest, source })?;
        Ok(Component { bytes, sources: dep_info::sources(&String::from_utf8_lossy(&dep_info)) })
    }

    fn command(&self, guest: &Guest) -> Command {
        let mut command = Command::new(&self.cargo);
        environment::clean(&mut command);
        command
            .args(["build", "--release", "--locked", "--target", TARGET])
            .args(["--message-format", "json-render-diagnostics"])
            .arg("--manifest-path")
            .arg(&guest.manifest)
            .arg("--target-dir")
            .arg(&guest.target_dir)
            .env("RUSTC", &self.rustc)
            // The highest of cargo's sources of flags, so no config file of the user's mixes in.
            .env("CARGO_ENCODED_RUSTFLAGS", "-Ctarget-feature=+simd128");
        if !guest.features.is_empty() {
            command.arg("--features").arg(guest.features.join(","));
        }
        if let Library::FromSource { linker } = &self.library {
            command
                .args(["-Zbuild-std=std,panic_abort", "-Zbuild-std-features="])
                .env("RUSTC_BOOTSTRAP", "1")
                .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
        }
        for (key, value) in profile(guest.profile) {
            command.env(format!("CARGO_PROFILE_RELEASE_{key}"), value);
        }
        command
    }
}

/// Set by environment, not by a profile of the workspace: a guest may live in a workspace of its own.
fn profile(profile: Profile) -> [(&'static str, &'static str); 6] {
    let (lto, codegen_units) = match profile {
        Profile::Optimised => ("fat", "1"),
        Profile::Quick => ("off", "16"),
    };
    [
        ("OPT_LEVEL", "3"),
        ("LTO", lto),
        ("CODEGEN_UNITS", codegen_units),
        ("PANIC", "abort"),
        ("DEBUG", "false"),
        // Names of functions stay: a trap's backtrace is worth its bytes.
        ("STRIP", "debuginfo"),
    ]
}

/// The `.wasm` file among cargo's JSON messages that belongs to the manifest.
fn module_path(messages: &str, manifest: &Path) -> Option<PathBuf> {
    let manifest = manifest.canonicalize().ok()?;
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|message| {
            let path = message["manifest_path"].as_str().map(Path::new);
            message["reason"] == "compiler-artifact" && path == Some(&manifest)
        })
        .filter_map(|message| {
            let files = message["filenames"].as_array()?;
            let mut paths = files.iter().filter_map(|file| file.as_str());
            paths.find(|path| path.ends_with(".wasm")).map(PathBuf::from)
        })
        .next_back()
}
