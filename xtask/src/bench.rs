//! `cargo xtask bench`: the gateway beside the real Collector, in one run.

use crate::command::{cargo, run};
use crate::{neighbours, setup};

/// Builds both sides as users run them, and hands over to the benchmark; `arguments` go to it.
pub(crate) fn bench(arguments: &[String]) -> anyhow::Result<()> {
    setup::setup()?;
    let collector = neighbours::collector()?;
    run(cargo().args(["build", "--release", "--package", "tamis"]))?;
    run(cargo()
        .args(["bench", "--package", "tamis-benches"])
        .env("TAMIS_BENCH_COLLECTOR", collector)
        .arg("--")
        .args(arguments))
}
