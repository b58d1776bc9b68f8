//! Two cores against one: `redaction`, and `tail_sampling`, in front of nothing, driven in process by
//! one thread and by two.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tamis_benches::in_process::{Chain, batches};
use tamis_benches::options::Options;
use tamis_benches::requests::{Requests, Secrets};
use tamis_benches::statistics::median;
use tamis_benches::table::{Table, ratio};
use tokio::task::JoinSet;

/// Nothing starts or warms up slowly here.
const SHARE_OF_TIME: u32 = 4;

/// Batches in hand for each thread where batches are split over instances: while the parts of one are
/// waited for, another is split.
const SENDERS_PER_THREAD: usize = 2;

fn main() -> anyhow::Result<()> {
    let options = Options::from_arguments()?;
    if !options.wants("chain") {
        return Ok(());
    }
    let time = options.time / SHARE_OF_TIME;
    let columns = ["data", "one thread, spans/s", "two threads, spans/s", "ratio"];
    let mut table = Table::new("chain: two cores against one", &columns);
    for secrets in [Secrets::None, Secrets::Few] {
        let mut rates = [Vec::new(), Vec::new()];
        for _ in 0..options.rounds {
            for (threads, rates) in [1, 2].into_iter().zip(&mut rates) {
                rates.push(rate(threads, secrets, time)?);
            }
        }
        let [one, two] = rates.map(median);
        table.row([
            format!("redaction, {}", secrets.name()),
            format!("{one:.0}"),
            format!("{two:.0}"),
            ratio(one, two),
        ]);
    }
    let mut rates = [Vec::new(), Vec::new()];
    for _ in 0..options.rounds {
        for (threads, rates) in [1, 2].into_iter().zip(&mut rates) {
            rates.push(sampling_rate(threads, options.time)?);
        }
    }
    let [one, two] = rates.map(median);
    let name = "tail_sampling".to_owned();
    table.row([name, format!("{one:.0}"), format!("{two:.0}"), ratio(one, two)]);
    Ok(table.print()?)
}

/// Spans a second through `tail_sampling`; longer than its `decision_wait`, so that traces are decided
/// meanwhile.
fn sampling_rate(threads: usize, time: Duration) -> anyhow::Result<f64> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()?;
    runtime.block_on(async {
        let chain = Arc::new(Chain::tail_sampling(threads).await?);
        let requests = Arc::new(Requests::new(Secrets::None));
        let start = Instant::now();
        let mut tasks = JoinSet::new();
        let drivers = threads * SENDERS_PER_THREAD;
        for driver in 0..drivers {
            let (chain, requests) = (Arc::clone(&chain), Arc::clone(&requests));
            tasks.spawn(
                async move { chain.drive_new_traces(&requests, (driver, drivers), time).await },
            );
        }
        let mut spans = 0;
        while let Some(task) = tasks.join_next().await {
            spans += task??;
        }
        Ok(spans as f64 / start.elapsed().as_secs_f64())
    })
}

/// Spans a second with so many threads, each of which always has a batch of its own in hand.
fn rate(threads: usize, secrets: Secrets, time: Duration) -> anyhow::Result<f64> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()?;
    runtime.block_on(async {
        let chain = Arc::new(Chain::guest(&Chain::built_in(), threads).await?);
        let batches: Vec<_> = (0..threads).map(|_| batches(secrets)).collect();
        let start = Instant::now();
        let mut tasks = JoinSet::new();
        for batches in batches {
            let chain = Arc::clone(&chain);
            tasks.spawn(async move { chain.drive(&batches, time).await });
        }
        let mut spans = 0;
        while let Some(task) = tasks.join_next().await {
            spans += task??;
        }
        Ok(spans as f64 / start.elapsed().as_secs_f64())
    })
}
