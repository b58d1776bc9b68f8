//! `cargo xtask ci`: what has to hold before a change is merged.

use crate::command::{cargo, run, say};
use crate::{setup, test, tools};

pub(crate) fn ci() -> anyhow::Result<()> {
    run(cargo().args(["fmt", "--all", "--check"]))?;
    dependencies()?;
    setup::setup()?;
    // The profile of the tests, so that build scripts and their dependencies are compiled once.
    run(cargo()
        .args(["clippy", "--workspace", "--all-targets", "--profile", "ci"])
        .args(["--", "-D", "warnings"]))?;
    test::test(&[])
}

/// Licences, sources and banned crates are held to deny.toml. Known vulnerabilities too, where their
/// database can be fetched: a machine without that access still checks everything else.
fn dependencies() -> anyhow::Result<()> {
    let deny = tools::cargo_deny()?;
    let check = |what: &[&str]| {
        let mut command = crate::command::program(&deny);
        command.args(["--all-features", "check", "--hide-inclusion-graph"]).args(what);
        command
    };
    run(&mut check(&["bans", "licenses", "sources"]))?;
    if tools::advisories_are_reachable() {
        run(&mut check(&["advisories"]))
    } else {
        say("advisories: skipped, their database cannot be reached from here");
        Ok(())
    }
}
