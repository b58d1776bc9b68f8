//! The real Collector: neighbour and oracle of the tests, rival of the benchmark.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;

use crate::command::{program, root, run, target};

/// What the binary is made of, in tests/collector.
const SOURCES: [&str; 3] = ["main.go", "go.mod", "go.sum"];

/// Builds the Collector of tests/collector, unless one of the same sources is there, and answers its
/// path. About 3 minutes on 2 cores at the first time.
pub(crate) fn build() -> anyhow::Result<PathBuf> {
    let folder = root().join("tests/collector");
    let mut hasher = DefaultHasher::new();
    for source in SOURCES {
        let path = folder.join(source);
        fs::read(&path).with_context(|| path.display().to_string())?.hash(&mut hasher);
    }
    let name = format!("otelcol-{:016x}", hasher.finish());
    let binary = target().join("neighbours").join(name);
    if !binary.exists() {
        // Under another name first: a build that is cut short must not look like a binary.
        let unfinished = binary.with_extension("unfinished");
        run(program("go")
            .args(["build", "-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags=-s -w"])
            .arg("-o")
            .arg(&unfinished)
            .arg(".")
            // Neither the user's settings nor a workspace around us has a say in a pinned build.
            .env("GOFLAGS", "")
            .env("GOWORK", "off")
            .env("CGO_ENABLED", "0")
            .current_dir(&folder))?;
        fs::rename(&unfinished, &binary)?;
    }
    Ok(binary)
}

/// `cargo xtask collector`: builds it and prints where it is.
pub(crate) fn print() -> anyhow::Result<()> {
    let binary = build()?;
    Ok(writeln!(std::io::stdout(), "{}", binary.display())?)
}
