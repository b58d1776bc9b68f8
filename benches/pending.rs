//! What a trace that waits costs, as more and more do: `tail_sampling` in its sandbox and the host's
//! store, in memory and on disk, without a network.

use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, ensure};
use tamis::batch::{Batch, Metadata, Signal};
use tamis::storage::settings::FileStorageSettings;
use tamis::storage::{Storage, StorageMetrics};
use tamis::telemetry::metrics::Metrics;
use tamis::wasm::settings::GuestOptions;
use tamis_benches::in_process::Chain;
use tamis_benches::options::Options;
use tamis_benches::process::{own_cpu_time, own_memory};
use tamis_benches::requests::{PREFIX, Requests, SPANS, Secrets};
use tamis_benches::table::{Table, fixed};

/// So many traces wait when it is looked at.
const LOOKS: [usize; 3] = [100_000, 300_000, 1_000_000];

/// The variable that tells a process which store it is to measure.
const STORE: &str = "TAMIS_BENCH_STORE";

const STORES: [&str; 3] = ["memory", "disk", SPILLING];

/// Over the storage, with so little memory that payloads are compressed and then only on disk. The
/// default is too little: a million entries take more.
const SPILLING: &str = "disk, 512 MiB in memory";

const COLUMNS: [&str; 7] = [
    "store",
    "traces that wait",
    "CPU us/span, since the line before",
    "longest request ms",
    "guest B/trace",
    "host B/trace",
    "resident B/trace",
];

#[tokio::main(worker_threads = 2)]
async fn main() -> anyhow::Result<()> {
    if let Ok(store) = std::env::var(STORE) {
        return measure(&store).await;
    }
    if !Options::from_arguments()?.wants("pending") {
        return Ok(());
    }
    let mut table = Table::new("pending: traces of one or two spans", &COLUMNS);
    for store in STORES {
        // A process of its own, whose memory nobody used before.
        let output = Command::new(std::env::current_exe()?).env(STORE, store).output()?;
        let error = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{store}: {error}");
        for line in String::from_utf8(output.stdout)?.lines() {
            table.row(line.split('\t').map(str::to_owned));
        }
    }
    Ok(table.print()?)
}

/// Prints a line for each look, tabs between its cells.
async fn measure(store: &str) -> anyhow::Result<()> {
    let mut options = GuestOptions::default();
    let directory = tempfile::tempdir()?;
    options.hold.memory = if store == SPILLING { 512 << 20 } else { 4 << 30 };
    let storage = if store == "memory" {
        None
    } else {
        let directory = directory.path().to_owned();
        let settings = FileStorageSettings { directory, ..FileStorageSettings::default() };
        Some(Storage::open(&settings, StorageMetrics::new(&Metrics::default(), "pending"))?)
    };
    let namespace =
        storage.as_ref().map(|storage| storage.namespace("hold/pending")).transpose()?;
    // With the last request.
    let most = LOOKS[LOOKS.len() - 1] + SPANS;
    let chain = Chain::that_waits(most, options, namespace).await?;
    let requests = Requests::new(Secrets::None);
    let memory = own_memory()?;
    let (mut turn, mut traces) = (0, 0);
    for look in LOOKS {
        let cpu = own_cpu_time()?;
        let (spans, longest) = fill(&chain, &requests, &mut turn, &mut traces, look).await?;
        let cpu = own_cpu_time()? - cpu;
        let each = |bytes: f64| format!("{:.0}", bytes / traces as f64);
        let waiting = chain.gauge("tamis_hold_bytes");
        let cells = [
            store.to_owned(),
            traces.to_string(),
            fixed(cpu.as_secs_f64() * 1e6 / spans as f64),
            fixed(longest.as_secs_f64() * 1e3),
            each(chain.gauge("tamis_wasm_memory_bytes")),
            each(waiting),
            each(own_memory()?.saturating_sub(memory) as f64),
        ];
        print(&cells.join("\t"));
    }
    Ok(())
}

/// Sends until so many traces wait; answers the spans, and the time of the longest request. Each other request has traces of one span, the
/// rest of two.
async fn fill(
    chain: &Chain,
    requests: &Requests,
    turn: &mut usize,
    traces: &mut usize,
    until: usize,
) -> anyhow::Result<(usize, Duration)> {
    let (mut spans, mut longest) = (0, Duration::ZERO);
    while *traces < until {
        let each = 1 + *turn % 2;
        let batch = Batch {
            signal: Signal::Traces,
            bytes: requests.with_small_traces(*turn, each).slice(PREFIX..),
            items: SPANS,
            received: SystemTime::now(),
            metadata: Metadata::default(),
        };
        let start = Instant::now();
        chain.first.consume(batch).await.context("while traces were to wait")?;
        longest = longest.max(start.elapsed());
        *turn += 1;
        *traces += SPANS / each;
        spans += SPANS;
    }
    Ok((spans, longest))
}

#[expect(clippy::print_stdout, reason = "the other process reads it")]
fn print(line: &str) {
    println!("{line}");
}
