//! `cargo xtask setup`: a machine that can build guests.

use tamis_guest_build::{Installed, Toolchain};

use crate::command::say;

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
