//! tamis beside the real Collector, in one run: the gateway alone on one core, the load generator and
//! the backend on the other.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::ensure;
use tamis_benches::backend::{self, Received};
use tamis_benches::gateway::{Gateway, Running, Work};
use tamis_benches::load::{Load, Pace, send_one};
use tamis_benches::options::Options;
use tamis_benches::process;
use tamis_benches::requests::{Requests, Secrets, count_secrets};
use tamis_benches::statistics::{median, percentile};
use tamis_benches::table::{Table, fixed, ratio};

/// Load before a measurement starts: connections, windows and caches settle.
const WARM_UP: Duration = Duration::from_secs(1);
/// The same where traces are kept: as many are decided then as come in.
const FILL: Duration = Duration::from_secs(4);
/// From ready to the moment at which idle memory is read.
const IDLE: Duration = Duration::from_secs(2);

struct Scenario {
    name: &'static str,
    work: Work,
    secrets: Secrets,
    /// Part of the spans that are calls of AI models.
    calls: f64,
    pace: Pace,
    gateways: &'static [Gateway],
}

const REDACTORS: &[Gateway] = &[Gateway::Tamis, Gateway::Native, Gateway::Collector];

/// Spans a second at which memory is compared: what the Collector manages as well, so that both hold
/// as much.
const RATE: Pace = Pace::Rate(40_000.0);

const BOTH: &[Gateway] = &[Gateway::Tamis, Gateway::Collector];

const SCENARIOS: [Scenario; 9] = [
    Scenario {
        name: "pass",
        work: Work::Pass,
        secrets: Secrets::Few,
        calls: 0.0,
        pace: Pace::Full,
        gateways: &[Gateway::Tamis, Gateway::Floor, Gateway::Collector],
    },
    Scenario {
        name: "redaction",
        work: Work::Redaction,
        secrets: Secrets::Few,
        calls: 0.0,
        pace: Pace::Full,
        gateways: REDACTORS,
    },
    Scenario {
        name: "redaction-clean",
        work: Work::Redaction,
        secrets: Secrets::None,
        calls: 0.0,
        pace: Pace::Full,
        gateways: REDACTORS,
    },
    Scenario {
        name: "redaction-everywhere",
        work: Work::Redaction,
        secrets: Secrets::Everywhere,
        calls: 0.0,
        pace: Pace::Full,
        gateways: REDACTORS,
    },
    Scenario {
        name: "tail-sampling",
        work: Work::TailSampling,
        secrets: Secrets::None,
        calls: 0.0,
        pace: Pace::Traces,
        gateways: BOTH,
    },
    Scenario {
        name: "tail-sampling-memory",
        work: Work::TailSampling,
        secrets: Secrets::None,
        calls: 0.0,
        pace: RATE,
        gateways: BOTH,
    },
    Scenario {
        name: "tail-sampling-durable",
        work: Work::DurableTailSampling,
        secrets: Secrets::None,
        calls: 0.0,
        pace: Pace::Traces,
        gateways: BOTH,
    },
    Scenario {
        name: "redaction-tail-sampling",
        work: Work::RedactionTailSampling,
        secrets: Secrets::Few,
        calls: 0.0,
        pace: Pace::Traces,
        gateways: BOTH,
    },
    Scenario {
        name: "redaction-cost-tail-sampling",
        work: Work::RedactionCostTailSampling,
        secrets: Secrets::Few,
        calls: 0.1,
        pace: Pace::Traces,
        gateways: BOTH,
    },
];

const COLUMNS: [&str; 9] = [
    "gateway",
    "CPU us/span",
    "x tamis",
    "spans/s",
    "busy",
    "peak MiB",
    "p50 ms",
    "p99 ms",
    "load us/span",
];

/// One measurement of one gateway.
struct Sample {
    /// Microseconds of CPU time of the gateway for one span.
    cost: f64,
    spans_per_second: f64,
    /// Part of its core that the gateway used; below 1 the load generator was the bottleneck.
    busy: f64,
    peak_mib: f64,
    p50_ms: f64,
    p99_ms: f64,
    /// As `cost`, of the load generator and the backend together.
    load_cost: f64,
}

fn main() -> anyhow::Result<()> {
    let options = Options::from_arguments()?;
    if !SCENARIOS.iter().map(|scenario| scenario.name).chain(["idle"]).any(|n| options.wants(n)) {
        return Ok(());
    }
    process::pin_load()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (backend, received) = backend::start().await?;
        for scenario in SCENARIOS.iter().filter(|scenario| options.wants(scenario.name)) {
            compare(scenario, &options, backend, &received).await?;
        }
        if options.wants("idle") {
            idle(&options, backend).await?;
        }
        Ok(())
    })
}

/// All gateways of a scenario, taking turns.
async fn compare(
    scenario: &Scenario,
    options: &Options,
    backend: SocketAddr,
    received: &Arc<Received>,
) -> anyhow::Result<()> {
    let requests = Requests::with_calls(scenario.secrets, scenario.calls);
    let mut samples: Vec<Vec<Sample>> = scenario.gateways.iter().map(|_| Vec::new()).collect();
    for _ in 0..options.rounds {
        for (gateway, samples) in scenario.gateways.iter().zip(&mut samples) {
            let mut running = gateway.start(scenario.work, backend).await?;
            if scenario.work == Work::Redaction {
                redacts(running.address, received).await?;
            }
            samples.push(measure(&mut running, &requests, scenario.pace, options.time).await?);
        }
    }
    let title = format!(
        "{}: {}, {} B/span, median of {} x {} s",
        scenario.name,
        scenario.secrets.name(),
        requests.bytes_per_span(),
        options.rounds,
        options.time.as_secs_f64()
    );
    let mut table = Table::new(&title, &COLUMNS);
    let middle = |samples: &[Sample], of: fn(&Sample) -> f64| median(samples.iter().map(of));
    let tamis = samples.first().map_or(0.0, |samples| middle(samples, |sample| sample.cost));
    for (gateway, samples) in scenario.gateways.iter().zip(&samples) {
        let cost = middle(samples, |sample| sample.cost);
        table.row([
            gateway.name().to_owned(),
            fixed(cost),
            ratio(tamis, cost),
            format!("{:.0}", middle(samples, |sample| sample.spans_per_second)),
            format!("{:.0} %", 100.0 * middle(samples, |sample| sample.busy)),
            format!("{:.1}", middle(samples, |sample| sample.peak_mib)),
            fixed(middle(samples, |sample| sample.p50_ms)),
            fixed(middle(samples, |sample| sample.p99_ms)),
            fixed(middle(samples, |sample| sample.load_cost)),
        ]);
    }
    Ok(table.print()?)
}

/// A gateway that lets a secret through is not worth a measurement.
async fn redacts(gateway: SocketAddr, received: &Received) -> anyhow::Result<()> {
    let requests = Requests::new(Secrets::Everywhere);
    received.keep(true);
    let sent = send_one(gateway, requests.framed(0)).await;
    received.keep(false);
    sent?;
    let arrived = received.newest();
    ensure!(!arrived.is_empty(), "nothing arrived at the backend");
    let left = count_secrets(&arrived);
    ensure!(left == 0, "{left} secrets arrived at the backend");
    Ok(())
}

async fn measure(
    running: &mut Running,
    requests: &Requests,
    pace: Pace,
    time: Duration,
) -> anyhow::Result<Sample> {
    let mut load = Load::start(running.address, requests, pace).await?;
    tokio::time::sleep(if pace == Pace::Full { WARM_UP } else { FILL }).await;
    load.take_latencies();
    let (start, acknowledged) = (Instant::now(), load.acknowledged());
    let (cpu, load_cpu) = (running.process.cpu_time()?, process::own_usage()?.cpu());
    tokio::time::sleep(time).await;
    let seconds = start.elapsed().as_secs_f64();
    let cpu = (running.process.cpu_time()? - cpu).as_secs_f64();
    let load_cpu = (process::own_usage()?.cpu() - load_cpu).as_secs_f64();
    let spans = (load.acknowledged() - acknowledged) as f64;
    let latencies = load.take_latencies();
    load.check()?;
    ensure!(spans > 0.0, "no request was answered");
    Ok(Sample {
        cost: cpu * 1e6 / spans,
        spans_per_second: spans / seconds,
        busy: cpu / seconds,
        peak_mib: mebibytes(running.process.peak_memory()?),
        p50_ms: percentile(latencies.iter().copied(), 50) * 1e3,
        p99_ms: percentile(latencies, 99) * 1e3,
        load_cost: load_cpu * 1e6 / spans,
    })
}

/// Gateways without traffic.
async fn idle(options: &Options, backend: SocketAddr) -> anyhow::Result<()> {
    let columns = ["gateway", "start to ready ms", "resident MiB"];
    let mut table = Table::new("idle: redaction, no traffic", &columns);
    for gateway in [Gateway::Tamis, Gateway::Collector] {
        let (mut starts, mut memory) = (Vec::new(), Vec::new());
        for _ in 0..options.rounds {
            let running = gateway.start(Work::Redaction, backend).await?;
            starts.push(running.start_to_ready.as_secs_f64() * 1e3);
            tokio::time::sleep(IDLE).await;
            memory.push(mebibytes(running.process.memory_now()?));
        }
        let (start, memory) = (median(starts), median(memory));
        table.row([gateway.name().to_owned(), format!("{start:.1}"), format!("{memory:.1}")]);
    }
    Ok(table.print()?)
}

fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
