//! What `genai_cost` costs in process, its host and the host's scan included: a mix in which one span in
//! ten is a call of an AI model, and one in which all are; with and without metrics.

use tamis_benches::in_process::{Chain, batches_of};
use tamis_benches::options::Options;
use tamis_benches::requests::{Requests, Secrets};
use tamis_benches::statistics::median;
use tamis_benches::table::{Table, fixed};

/// Nothing starts or warms up slowly here.
const SHARE_OF_TIME: u32 = 4;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let options = Options::from_arguments()?;
    if !options.wants("genai") {
        return Ok(());
    }
    let time = options.time / SHARE_OF_TIME;
    let columns = ["spans", "us/span", "spans/s/core", "with metrics us/span", "spans/s/core"];
    let mut table = Table::new("genai: genai_cost in process", &columns);
    for (name, calls) in [("no calls", 0.0), ("a call in ten", 0.1), ("all calls", 1.0)] {
        let batches = batches_of(&Requests::with_calls(Secrets::None, calls));
        let mut row = vec![name.to_owned()];
        for is_fed in [false, true] {
            let chain = Chain::genai_cost(is_fed).await?;
            let mut costs = Vec::new();
            for _ in 0..options.rounds {
                costs.push(chain.cost(&batches, time).await?);
            }
            let cost = median(costs);
            row.extend([fixed(cost), format!("{:.0}", 1e6 / cost)]);
        }
        table.row(row);
    }
    Ok(table.print()?)
}
