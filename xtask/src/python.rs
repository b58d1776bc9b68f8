//! The Python environment of the tests' neighbours: the real SDK client, genai-prices, and the clients of
//! AI models with their instrumentations.

use std::fs;
use std::path::PathBuf;

use crate::command::{program, root, run, target};

const REQUIREMENTS: [&str; 3] = [
    "tests/python/requirements.txt",
    "tests/python/requirements-ai.txt",
    "processors/genai_prices/prices/requirements.txt",
];

/// Makes a virtual environment with the pinned packages, unless it is there, and answers the path of
/// its interpreter.
pub(crate) fn environment() -> anyhow::Result<PathBuf> {
    let folder = target().join("python");
    let python = folder.join("bin/python");
    let installed = folder.join("requirements.txt");
    let mut wanted = Vec::new();
    for requirements in REQUIREMENTS {
        wanted.extend(fs::read(root().join(requirements))?);
    }
    if !fs::read(&installed).is_ok_and(|bytes| bytes == wanted) {
        run(program("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
        let requirements = REQUIREMENTS.into_iter().flat_map(|path| ["--requirement", path]);
        run(program(&python).args(["-m", "pip", "install", "--quiet"]).args(requirements))?;
        // Last, so that an installation that was cut short is made again.
        fs::write(&installed, wanted)?;
    }
    Ok(python)
}
