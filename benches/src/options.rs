//! The command line that all benchmarks understand, so that `cargo bench` can hand it to each.

use std::time::Duration;

use anyhow::{Context, bail};

/// How long and what.
#[derive(Clone, Debug)]
pub struct Options {
    /// Every candidate is measured this often, taking turns; default 3.
    pub rounds: usize,
    /// One measurement, without its warm-up; default 8 s.
    pub time: Duration,
    /// Parts of names; empty means everything.
    only: Vec<String>,
}

impl Options {
    /// `[--rounds N] [--seconds N] [NAME]...`
    ///
    /// # Errors
    ///
    /// An option that does not exist, or a number that is none.
    pub fn from_arguments() -> anyhow::Result<Self> {
        let mut options = Self { rounds: 3, time: Duration::from_secs(8), only: Vec::new() };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            let mut number = || {
                let value = arguments.next();
                value.with_context(|| format!("{argument} needs a number"))
            };
            match argument.as_str() {
                "--rounds" => options.rounds = number()?.parse::<usize>()?.max(1),
                "--seconds" => options.time = Duration::try_from_secs_f64(number()?.parse()?)?,
                // Cargo's own.
                "--bench" => {}
                _ if argument.starts_with('-') => bail!("unknown option {argument}"),
                _ => options.only.push(argument),
            }
        }
        Ok(options)
    }

    /// Whether the benchmark of this name is wanted.
    pub fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|part| name.contains(part.as_str()))
    }
}
