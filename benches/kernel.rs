//! The price of the sandbox without the gateway around it: the same batches through the guest and
//! through the same processor natively, in process.

use std::hint::black_box;
use std::time::{Duration, Instant};

use tamis::batch::Batch;
use tamis::wasm::scan::Scanner;
use tamis_benches::in_process::{Chain, batches, cost, native};
use tamis_benches::options::Options;
use tamis_benches::requests::Secrets;
use tamis_benches::statistics::median;
use tamis_benches::table::{Table, fixed, ratio};

/// Nothing starts or warms up slowly here.
const SHARE_OF_TIME: u32 = 8;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let options = Options::from_arguments()?;
    if !options.wants("kernel") {
        return Ok(());
    }
    let time = options.time / SHARE_OF_TIME;
    let guest = Chain::guest(&Chain::built_in(), 1).await?;
    let native = native()?;
    let columns = ["data", "host's scan", "native", "Wasm", "Wasm/native", "without the scan"];
    let mut table = Table::new("kernel: redaction in process, us/span", &columns);
    for secrets in Secrets::ALL {
        let batches = batches(secrets);
        let mut rounds = Vec::new();
        for _ in 0..options.rounds {
            rounds.push([
                scan_cost(native.scanner(), &batches, time),
                cost(&native, &batches, time).await?,
                guest.cost(&batches, time).await?,
            ]);
        }
        let [scan, native, wasm] = [0, 1, 2].map(|i| median(rounds.iter().map(|round| round[i])));
        table.row([
            secrets.name().to_owned(),
            fixed(scan),
            fixed(native),
            fixed(wasm),
            ratio(native, wasm),
            ratio(native - scan, wasm - scan),
        ]);
    }
    Ok(table.print()?)
}

/// Microseconds a span of the host's search for the triggers.
fn scan_cost(scanner: &Scanner, batches: &[Batch], time: Duration) -> f64 {
    let start = Instant::now();
    let mut spans = 0;
    for batch in batches.iter().cycle() {
        black_box(scanner.scan(&batch.bytes));
        spans += batch.items;
        if start.elapsed() >= time {
            break;
        }
    }
    start.elapsed().as_secs_f64() * 1e6 / spans as f64
}
