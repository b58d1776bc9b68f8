//! The Python environment of the real SDK client.

use std::fs;
use std::path::PathBuf;

use crate::command::{program, root, run, target};

const REQUIREMENTS: &str = "tests/python/requirements.txt";

/// Makes a virtual environment with the pinned packages, unless it is there, and answers the path of
/// its interpreter.
pub(crate) fn environment() -> anyhow::Result<PathBuf> {
    let folder = target().join("python");
    let python = folder.join("bin/python");
    let installed = folder.join("requirements.txt");
    let wanted = fs::read(root().join(REQUIREMENTS))?;
    if !fs::read(&installed).is_ok_and(|bytes| bytes == wanted) {
        run(program("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
        run(program(&python).args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--requirement",
            REQUIREMENTS,
        ]))?;
        // Last, so that an installation that was cut short is made again.
        fs::write(&installed, wanted)?;
    }
    Ok(python)
}
