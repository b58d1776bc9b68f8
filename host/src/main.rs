//! The `tamis` command: reads the command line, loads the configuration, runs the gateway until it is
//! told to stop. It only wires.

use std::num::NonZero;
use std::process::ExitCode;
use std::thread::available_parallelism;

use clap::{Args, Parser, Subcommand};
use tamis::config::{Config, ProcessEnvironment, Source, SourceError, Warning, load};
use tamis::extension::file_storage::Storages;
use tamis::pipeline::Prepared;
use tamis::service::Service;
use tamis::telemetry::logging;
use tamis::telemetry::metrics::Metrics;
use tamis::wasm::builtin;
use tokio::signal::unix::{SignalKind, signal};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Of Linux, on all architectures that tamis runs on.
const SIGXFSZ: i32 = 25;

/// EX_USAGE of sysexits.h: the command line itself is wrong.
const USAGE_ERROR: u8 = 64;

/// An OTLP gateway with sandboxed processors, configured like an OpenTelemetry Collector.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    sources: SourceArguments,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Checks the configuration, its processors' included, and starts nothing.
    Validate(SourceArguments),
}

#[derive(Debug, Args)]
struct SourceArguments {
    /// A file, or a URI: file:PATH, env:NAME, yaml:TEXT. Later ones are merged over earlier ones.
    #[arg(long, value_name = "URI")]
    config: Vec<String>,
    /// One key over all of --config, as in --set processors.batch.timeout=1s
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { USAGE_ERROR.into() } else { ExitCode::SUCCESS };
        }
    };
    let (validate, sources) = match arguments.command {
        Some(Command::Validate(sources)) => (true, sources),
        None => (false, arguments.sources),
    };
    let sources = match sources.read() {
        Ok(sources) => sources,
        Err(message) => return fail(&message, USAGE_ERROR),
    };
    let (config, warnings) = match load(&sources, &ProcessEnvironment, &builtin::names()) {
        Ok(loaded) => loaded,
        Err(problems) => return fail(&problems.to_string(), 1),
    };
    match run(validate, &config, &warnings) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&format!("{error:#}"), 1),
    }
}

impl SourceArguments {
    fn read(&self) -> Result<Vec<Source>, String> {
        if self.config.is_empty() {
            return Err("at least one --config is needed, for example --config tamis.yaml".into());
        }
        let files = self.config.iter().map(|uri| Source::from_uri(uri));
        let set = self.set.iter().map(|text| Ok(Source::Set(text.clone())));
        files.chain(set).collect::<Result<_, SourceError>>().map_err(|error| error.to_string())
    }
}

fn run(validate: bool, config: &Config, warnings: &[Warning]) -> anyhow::Result<()> {
    logging::start(&config.service.telemetry.logs)?;
    for warning in warnings {
        tracing::warn!("{warning}");
    }
    let workers = available_parallelism().map_or(1, NonZero::get);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build()?;
    runtime.block_on(async {
        if validate {
            Prepared::new(config, &Storages::default(), workers, &Metrics::default()).await?;
            return Ok(());
        }
        serve(config, workers).await
    })
}

/// From started to drained.
async fn serve(config: &Config, workers: usize) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    // Somebody listens, so that a limit on the size of files is an error of the write that meets it
    // and not the end of the process.
    let _file_too_large = signal(SignalKind::from_raw(SIGXFSZ))?;
    let service = Service::start(config, workers).await?;
    tracing::info!(version = env!("CARGO_PKG_VERSION"), "ready");
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            _ = hang_up.recv() => tracing::warn!(
                "SIGHUP: the configuration is not reloaded in this version; restart to change it"
            ),
        }
    }
    tracing::info!("stopping: no new requests, draining what is on its way");
    service.shutdown().await;
    tracing::info!("stopped");
    Ok(())
}

#[expect(clippy::print_stderr, reason = "there is no log before the configuration is read")]
fn fail(message: &str, code: u8) -> ExitCode {
    eprintln!("{message}");
    code.into()
}
