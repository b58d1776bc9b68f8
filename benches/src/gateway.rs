//! The gateways that are measured: which program, which configuration, and when it is ready.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};

use crate::process::Process;

/// What a gateway that has not bound its port by then never will.
const START_DEADLINE: Duration = Duration::from_secs(30);

/// At full speed seconds of spans are held, more than the default bound: as the Collector, which has
/// none, tamis then neither compresses nor decides early.
const HOLD_ENOUGH: &str = "processors.tail_sampling.wasm.hold.memory_mib=4096";

/// What stands between the load generator and the backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gateway {
    Tamis,
    Collector,
    /// tamis' own receiver and exporter around `redaction` compiled natively: no sandbox.
    Native,
    /// A bare tonic proxy that never looks at the bytes.
    Floor,
}

/// What the gateway is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    Pass,
    Redaction,
    TailSampling,
    /// The same over a storage; the Collector has none, and keeps what waits in memory.
    DurableTailSampling,
    RedactionTailSampling,
    /// The cost of calls of AI models between the two; with the Collector by `transform`, for the four
    /// models of the data.
    RedactionCostTailSampling,
}

/// A gateway that accepts connections.
#[derive(Debug)]
pub struct Running {
    pub process: Process,
    pub address: SocketAddr,
    /// From the start of the process to the first accepted connection.
    pub start_to_ready: Duration,
    _folder: TempDir,
}

impl Gateway {
    pub fn name(self) -> &'static str {
        match self {
            Self::Tamis => "tamis",
            Self::Collector => "Collector",
            Self::Native => "tamis, native",
            Self::Floor => "bare proxy",
        }
    }

    /// The program; an error says how to come by it.
    fn program(self) -> anyhow::Result<PathBuf> {
        let path = match self {
            Self::Tamis => beside_this("tamis")?,
            Self::Native => beside_this("bench-native")?,
            Self::Floor => beside_this("bench-floor")?,
            Self::Collector => {
                let path = std::env::var_os("TAMIS_BENCH_COLLECTOR");
                path.context("TAMIS_BENCH_COLLECTOR does not name one; `cargo xtask bench` does")?
                    .into()
            }
        };
        ensure!(path.exists(), "no {}; `cargo xtask bench` builds everything", path.display());
        Ok(path)
    }

    /// Starts it in front of the backend and waits until it accepts.
    ///
    /// # Errors
    ///
    /// When there is no such program, or it ends or does not accept in time: with its log.
    pub async fn start(self, work: Work, backend: SocketAddr) -> anyhow::Result<Running> {
        let folder = tempfile::tempdir()?;
        let log = folder.path().join("log");
        let address = free_address().await?;
        let listen = address.to_string();
        let backend = backend.to_string();
        let metrics_port = free_address().await?.port().to_string();
        let config = work.config(self);
        let arguments: &[&str] = match (self, work) {
            (Self::Floor, _) => &[],
            (Self::Tamis, work) if work.holds() => &["--config", &config, "--set", HOLD_ENOUGH],
            _ => &["--config", &config],
        };
        let storage = folder.path().to_string_lossy().into_owned();
        let mut variables = vec![
            ("BENCH_LISTEN", listen.as_str()),
            ("BENCH_BACKEND", &backend),
            ("BENCH_METRICS_PORT", &metrics_port),
            ("BENCH_STORAGE", &storage),
        ];
        if self == Self::Collector {
            // Go counts the cores of the machine, not those it may use.
            variables.push(("GOMAXPROCS", "1"));
        }
        let program = self.program()?;
        let start = Instant::now();
        let mut process = Process::start(&program, arguments, &variables, &log)?;
        let ready = accepts(&mut process, address).await;
        if let Err(error) = ready {
            let log = std::fs::read_to_string(&log).unwrap_or_default();
            bail!("{}: {error}\n{log}", self.name());
        }
        Ok(Running { process, address, start_to_ready: start.elapsed(), _folder: folder })
    }
}

impl Work {
    /// Whether spans wait.
    fn holds(self) -> bool {
        !matches!(self, Self::Pass | Self::Redaction)
    }

    fn config(self, gateway: Gateway) -> String {
        let name = match self {
            Self::Pass => "pass",
            Self::Redaction => "redaction",
            Self::DurableTailSampling if gateway == Gateway::Tamis => "tail-sampling-durable",
            Self::TailSampling | Self::DurableTailSampling => "tail-sampling",
            Self::RedactionTailSampling => "redaction-tail-sampling",
            Self::RedactionCostTailSampling if gateway == Gateway::Tamis => {
                "redaction-genai-cost-tail-sampling"
            }
            Self::RedactionCostTailSampling => "redaction-transform-tail-sampling",
        };
        format!("{}/config/{name}.yaml", env!("CARGO_MANIFEST_DIR"))
    }
}

/// A program that cargo put where this one is, `<target>/<profile>/deps`, or a folder above.
fn beside_this(name: &str) -> anyhow::Result<PathBuf> {
    let this = std::env::current_exe()?;
    let profile = this.ancestors().nth(2).unwrap_or(Path::new("."));
    Ok(profile.join(name))
}

async fn accepts(process: &mut Process, address: SocketAddr) -> anyhow::Result<()> {
    let start = Instant::now();
    // Asks again at once: this core has nothing else to do, and the answer is exact.
    while TcpStream::connect(address).await.is_err() {
        ensure!(!process.has_ended(), "ended while it started");
        ensure!(start.elapsed() < START_DEADLINE, "does not accept connections");
        tokio::task::yield_now().await;
    }
    Ok(())
}

/// An address that nobody listens on right now.
async fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?.local_addr()?)
}
