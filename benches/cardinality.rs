//! What `cardinality_limiter` costs in process, its host included: while all series are known, from ten
//! thousand to a million of them, and under attack, when every data point is a series of its own; and the
//! memory that a series takes.

use std::time::{Duration, Instant};

use tamis_benches::in_process::Chain;
use tamis_benches::options::Options;
use tamis_benches::points::{Kind, POINTS, Template};
use tamis_benches::statistics::median;
use tamis_benches::table::{Table, fixed};

const SERIES: [usize; 3] = [10_000, 100_000, 1_000_000];
const ATTACKS: [&str; 3] = ["overflow", "strip", "drop"];
/// Batches that are made before the clock runs.
const AT_ONCE: usize = 64;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let options = Options::from_arguments()?;
    if !options.wants("cardinality") {
        return Ok(());
    }
    known(&options).await?;
    attacked(&options).await
}

/// All series are known, and leave as they came.
async fn known(options: &Options) -> anyhow::Result<()> {
    let columns = ["data points", "series", "us/point", "points/s/core", "B/series"];
    let mut table = Table::new("cardinality: all series are known", &columns);
    for kind in Kind::ALL {
        let template = Template::new(kind);
        for series in SERIES {
            let json = r#"{"limit": 2000000, "memory_mib": 1024, "idle": "24h"}"#;
            let chain = Chain::cardinality_limiter(json).await?;
            let before = chain.gauge("tamis_wasm_memory_bytes");
            let mut costs = Vec::new();
            run(&chain, &template, series, None).await?;
            // As the guest's memory has grown: with what its tables have to spare.
            let memory = chain.gauge("tamis_wasm_memory_bytes") - before;
            for _ in 0..options.rounds {
                costs.push(run(&chain, &template, series, Some(options.time / 8)).await?);
            }
            let cost = median(costs);
            table.row(vec![
                kind.name().to_owned(),
                series.to_string(),
                fixed(cost),
                format!("{:.0}", 1e6 / cost),
                format!("{:.0}", memory / series as f64),
            ]);
        }
    }
    Ok(table.print()?)
}

/// Every point is a series that nobody has seen, far beyond the limit.
async fn attacked(options: &Options) -> anyhow::Result<()> {
    let columns = ["data points", "mode", "us/point", "points/s/core"];
    let mut table = Table::new("cardinality: every data point is a new series", &columns);
    for kind in Kind::ALL {
        let template = Template::new(kind);
        for mode in ATTACKS {
            let mut costs = Vec::new();
            for _ in 0..options.rounds {
                let json = format!(r#"{{"limit": 1000, "mode": "{mode}", "memory_mib": 1024}}"#);
                let chain = Chain::cardinality_limiter(&json).await?;
                let all = options.time.as_millis() as usize * 400;
                costs.push(run(&chain, &template, all.max(POINTS), None).await?);
            }
            let cost = median(costs);
            table.row(vec![
                kind.name().to_owned(),
                mode.to_owned(),
                fixed(cost),
                format!("{:.0}", 1e6 / cost),
            ]);
        }
    }
    Ok(table.print()?)
}

/// Sends all series once, or again and again for so long; microseconds a point, in the chain alone.
async fn run(
    chain: &Chain,
    template: &Template,
    series: usize,
    time: Option<Duration>,
) -> anyhow::Result<f64> {
    let mut spent = Duration::ZERO;
    let mut points = 0;
    let firsts: Vec<usize> = (0..series).step_by(POINTS).collect();
    'sending: loop {
        for firsts in firsts.chunks(AT_ONCE) {
            let batches: Vec<_> = firsts.iter().map(|first| template.batch(*first)).collect();
            let start = Instant::now();
            for batch in batches {
                chain.first.consume(batch).await?;
                points += POINTS;
            }
            spent += start.elapsed();
            if time.is_some_and(|time| spent >= time) {
                break 'sending;
            }
        }
        if time.is_none() {
            break;
        }
    }
    Ok(spent.as_secs_f64() * 1e6 / points as f64)
}
