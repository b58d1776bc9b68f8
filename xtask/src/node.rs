//! The Node.js packages of the tests' neighbours: the Vercel AI SDK.

use std::fs;
use std::path::PathBuf;

use crate::command::{program, root, run, target};

const FILES: [&str; 3] = ["package.json", "package-lock.json", "call_models.mjs"];

/// Installs the pinned packages beside a copy of the script that uses them, unless they are there, and
/// answers the path of the script.
pub(crate) fn script() -> anyhow::Result<PathBuf> {
    let source = root().join("tests/node");
    let folder = target().join("node");
    fs::create_dir_all(&folder)?;
    for file in FILES {
        fs::copy(source.join(file), folder.join(file))?;
    }
    let wanted = fs::read(source.join("package-lock.json"))?;
    let installed = folder.join("installed.json");
    if !fs::read(&installed).is_ok_and(|bytes| bytes == wanted) {
        // None of the packages has to run anything of its own to be installed.
        let quietly = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
        run(program("npm").arg("ci").args(quietly).current_dir(&folder))?;
        // Last, so that an installation that was cut short is made again.
        fs::write(&installed, wanted)?;
    }
    Ok(folder.join("call_models.mjs"))
}
