//! What a trace that waits costs, as more and more do: `tail_sampling` in its sandbox and the host's
//! store, in memory and on disk, without a network. Beside it, in turns, what the machine asks for memory
//! that nobody has used yet.

use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, ensure};
use tamis::batch::{Batch, Metadata, Signal};
use tamis::storage::settings::FileStorageSettings;
use tamis::storage::{Storage, StorageMetrics};
use tamis::telemetry::metrics::Metrics;
use tamis::wasm::settings::GuestOptions;
use tamis_benches::fresh::{Fresh, PAGE};
use tamis_benches::in_process::Chain;
use tamis_benches::options::Options;
use tamis_benches::process::own_usage;
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

/// Fresh memory is taken once in so many requests: a quarter of what they take themselves.
const CONTROL_EVERY: usize = 50;

/// CPU time, page faults and fresh memory are since the line before.
const COLUMNS: [&str; 11] = [
    "store",
    "traces that wait",
    "CPU us/span",
    "of it system",
    "page faults/span",
    "machine: fresh memory, us/page",
    "CPU us/span, less fresh memory",
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
    let mut load = Load {
        chain,
        requests: Requests::new(Secrets::None),
        fresh: Fresh::default(),
        turn: 0,
        traces: 0,
        resident: 0,
    };
    for look in LOOKS {
        let stretch = load.fill(look).await?;
        print(&load.line(store, &stretch).join("\t"));
    }
    Ok(())
}

struct Load {
    chain: Chain,
    requests: Requests,
    fresh: Fresh,
    /// Requests until now.
    turn: usize,
    /// That wait now.
    traces: usize,
    /// Bytes by which resident memory grew for them.
    resident: usize,
}

/// What it took to come from one look to the next, without [`Fresh`].
struct Stretch {
    spans: usize,
    longest: Duration,
    user: Duration,
    system: Duration,
    faults: u64,
    /// Bytes by which resident memory grew.
    grown: usize,
    /// CPU microseconds that the machine asks for a page.
    page: f64,
}

impl Load {
    /// Sends until so many traces wait. Each other request has traces of one span, the rest of two.
    async fn fill(&mut self, until: usize) -> anyhow::Result<Stretch> {
        let (mut spans, mut longest) = (0, Duration::ZERO);
        let before = own_usage()?;
        while self.traces < until {
            let each = 1 + self.turn % 2;
            let batch = Batch {
                signal: Signal::Traces,
                bytes: self.requests.with_small_traces(self.turn, each).slice(PREFIX..),
                items: SPANS,
                received: SystemTime::now(),
                metadata: Metadata::default(),
            };
            let start = Instant::now();
            self.chain.first.consume(batch).await.context("while traces were to wait")?;
            longest = longest.max(start.elapsed());
            self.turn += 1;
            self.traces += SPANS / each;
            spans += SPANS;
            if self.turn.is_multiple_of(CONTROL_EVERY) {
                self.fresh.take()?;
            }
        }
        let (after, taken) = (own_usage()?, self.fresh.taken());
        let grown = after.resident.saturating_sub(before.resident) as usize;
        let grown = grown.saturating_sub(taken.bytes);
        self.resident += grown;
        Ok(Stretch {
            spans,
            longest,
            user: after.user - before.user,
            system: (after.system - before.system).saturating_sub(taken.time),
            faults: after.faults - before.faults - taken.faults,
            grown,
            page: taken.cost(),
        })
    }

    fn line(&self, store: &str, stretch: &Stretch) -> [String; COLUMNS.len()] {
        let Stretch { spans, longest, user, system, faults, grown, page } = *stretch;
        let each_span = |time: Duration| time.as_secs_f64() * 1e6 / spans as f64;
        let each_trace = |bytes: f64| format!("{:.0}", bytes / self.traces as f64);
        let fresh = (grown / PAGE) as f64 / spans as f64 * page;
        [
            store.to_owned(),
            self.traces.to_string(),
            fixed(each_span(user + system)),
            fixed(each_span(system)),
            fixed(faults as f64 / spans as f64),
            fixed(page),
            fixed(each_span(user + system) - fresh),
            fixed(longest.as_secs_f64() * 1e3),
            each_trace(self.chain.gauge("tamis_wasm_memory_bytes")),
            each_trace(self.chain.gauge("tamis_hold_bytes")),
            each_trace(self.resident as f64),
        ]
    }
}

#[expect(clippy::print_stdout, reason = "the other process reads it")]
fn print(line: &str) {
    println!("{line}");
}
