//! Two cores against one: the chain, `redaction` in front of nothing, driven in process by one thread
//! and by two.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tamis_benches::in_process::{Chain, batches};
use tamis_benches::options::Options;
use tamis_benches::requests::Secrets;
use tamis_benches::statistics::median;
use tamis_benches::table::{Table, ratio};
use tokio::task::JoinSet;

/// Nothing starts or warms up slowly here.
const SHARE_OF_TIME: u32 = 4;

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
            secrets.name().to_owned(),
            format!("{one:.0}"),
            format!("{two:.0}"),
            ratio(one, two),
        ]);
    }
    Ok(table.print()?)
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
