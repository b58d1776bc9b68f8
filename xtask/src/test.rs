//! `cargo xtask test`: all tests, with real neighbours.

use std::thread;

use anyhow::anyhow;

use crate::command::{cargo, run};
use crate::{neighbours, node, python, setup};

/// Everything is compiled at once, with one set of features: asked for apart, the tests' features
/// would make cargo compile wasmtime a second time.
const ALL: [&str; 3] = ["--workspace", "--profile", "ci"];

/// Runs the tests; `arguments` go to the test binaries (a part of a name, say).
pub(crate) fn test(arguments: &[String]) -> anyhow::Result<()> {
    setup::setup_tests()?;
    // The neighbours are built while Rust compiles, which waits for few cores at its ends.
    let (collector, prometheus, python, node) = thread::scope(|scope| {
        let neighbours = scope.spawn(|| {
            anyhow::Ok((
                neighbours::collector()?,
                neighbours::prometheus()?,
                python::environment()?,
                node::script()?,
            ))
        });
        run(cargo().arg("build").args(ALL).args(["--lib", "--bins", "--tests"]))?;
        neighbours.join().map_err(|_| anyhow!("building the neighbours panicked"))?
    })?;
    run(cargo()
        .arg("test")
        .args(ALL)
        .env("TAMIS_TEST_COLLECTOR", collector)
        .env("TAMIS_TEST_PROMETHEUS", prometheus)
        .env("TAMIS_TEST_PYTHON", python)
        .env("TAMIS_TEST_NODE_SCRIPT", node)
        .arg("--")
        .args(arguments))
}
