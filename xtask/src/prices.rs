//! `cargo xtask prices`: the price table of AI models, from the pinned genai-prices.

use crate::command::{program, run, say};
use crate::python;

const IMPORT: &str = "processors/genai_prices/prices/import.py";
const TABLE: &str = "processors/genai_prices/prices/table.txt";

/// Writes the table. Where the prices are the same, so is the file.
pub(crate) fn prices() -> anyhow::Result<()> {
    let python = python::environment()?;
    run(program(python).args([IMPORT, TABLE]))?;
    say(&format!("{TABLE}: see `git diff`, then run the tests of tamis-genai-prices"));
    Ok(())
}
