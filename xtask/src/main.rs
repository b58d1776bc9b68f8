//! `cargo xtask`: everything that is done to this repository, as commands.

mod bench;
mod ci;
mod command;
mod neighbours;
mod node;
mod prices;
mod python;
mod run;
mod setup;
mod test;
#[cfg(test)]
mod tidy;
mod tools;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask <command>

  setup      install what building the processors needs
  run        build the gateway and run it with collector-config/quickstart.yaml
  test       run all tests, the end-to-end tests beside the real Collector included
  bench      measure the gateway beside the real Collector
  ci         what .ci/run runs: format, clippy, dependencies, test
  prices     write the price table of AI models from the pinned genai-prices
  collector  build the real Collector of the tests and say where it is
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (command, rest) = match arguments.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("", &[][..]),
    };
    let done = match command {
        "setup" => setup::setup(),
        "run" => run::run(),
        "test" => test::test(rest),
        "bench" => bench::bench(rest),
        "ci" => ci::ci(),
        "prices" => prices::prices(),
        "collector" => neighbours::print_collector(),
        _ => {
            command::say(USAGE.trim_end());
            return ExitCode::from(64); // EX_USAGE
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            command::say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
