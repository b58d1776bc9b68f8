//! Guests that exist for a benchmark alone, built when it runs.

use std::path::{Path, PathBuf};

use tamis_guest_build::{Guest, Profile, Toolchain};

/// Builds `guests/boundary` with these features and answers the file. The first build of all takes
/// about a minute.
///
/// # Errors
///
/// Without a toolchain for WebAssembly, or when the guest does not compile.
pub fn boundary(features: &[&str], folder: &Path) -> anyhow::Result<PathBuf> {
    let guest = Guest {
        manifest: Path::new(env!("CARGO_MANIFEST_DIR")).join("guests/boundary/Cargo.toml"),
        features: features.iter().map(|feature| (*feature).to_owned()).collect(),
        profile: Profile::Optimised,
        target_dir: target_dir()?.join("guests"),
    };
    let component = Toolchain::find()?.build(&guest)?;
    let file = folder.join(format!("boundary-{}.wasm", features.join("-")));
    std::fs::write(&file, component.bytes)?;
    Ok(file)
}

/// The folder that cargo put this program into a profile of.
fn target_dir() -> anyhow::Result<PathBuf> {
    let this = std::env::current_exe()?;
    // <target>/<profile>/deps/<name>
    Ok(this.ancestors().nth(3).unwrap_or(&this).to_owned())
}
