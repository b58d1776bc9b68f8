//! The neighbours of the tests that are built from Go modules: the real Collector, which is also the
//! oracle and the rival of the benchmark, and Prometheus with promtool.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;

use crate::command::{program, root, run, target};

/// Something to build with Go.
struct Neighbour {
    name: &'static str,
    /// Where its module lies.
    folder: &'static str,
    /// What it is made of, in that folder.
    sources: &'static [&'static str],
    package: &'static str,
    /// Build tags, to leave out what no test needs.
    tags: &'static str,
}

const COLLECTOR: Neighbour = Neighbour {
    name: "otelcol",
    folder: "tests/collector",
    sources: &["main.go", "go.mod", "go.sum"],
    package: ".",
    tags: "",
};

const PROMETHEUS: Neighbour = Neighbour {
    name: "prometheus",
    folder: "tests/prometheus",
    sources: &["go.mod", "go.sum"],
    // The commands that the module names as its tools.
    package: "tool",
    // Without discovery of targets at cloud providers, which is most of it.
    tags: "remove_all_sd",
};

/// The Collector's binary, about 3 minutes on 2 cores at the first time.
pub(crate) fn collector() -> anyhow::Result<PathBuf> {
    Ok(COLLECTOR.build()?.join("collector"))
}

/// The folder with `prometheus` and `promtool`, as long.
pub(crate) fn prometheus() -> anyhow::Result<PathBuf> {
    PROMETHEUS.build()
}

/// `cargo xtask collector`: builds it and prints where it is.
pub(crate) fn print_collector() -> anyhow::Result<()> {
    let binary = collector()?;
    Ok(writeln!(std::io::stdout(), "{}", binary.display())?)
}

impl Neighbour {
    /// Builds it, unless one of the same sources is there, and answers the folder of its binaries.
    fn build(&self) -> anyhow::Result<PathBuf> {
        let module = root().join(self.folder);
        let mut hasher = DefaultHasher::new();
        self.tags.hash(&mut hasher);
        for source in self.sources {
            let path = module.join(source);
            fs::read(&path).with_context(|| path.display().to_string())?.hash(&mut hasher);
        }
        let name = format!("{}-{:016x}", self.name, hasher.finish());
        let folder = target().join("neighbours").join(name);
        if !folder.is_dir() {
            // Under another name first: a build that is cut short must not look like a whole one.
            let unfinished = folder.with_extension("unfinished");
            fs::create_dir_all(&unfinished)?;
            run(program("go")
                .args(["build", "-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags=-s -w"])
                .args(["-tags", self.tags])
                .arg("-o")
                // A folder, which the binaries are put into.
                .arg(unfinished.join(""))
                .arg(self.package)
                // Neither the user's settings nor a workspace around us has a say in a pinned build.
                .env("GOFLAGS", "")
                .env("GOWORK", "off")
                .env("CGO_ENABLED", "0")
                .current_dir(&module))?;
            fs::rename(&unfinished, &folder)?;
        }
        Ok(folder)
    }
}
