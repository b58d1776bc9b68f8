//! The benchmark that decided the contract: what goes back over the boundary, the whole batch or its
//! edits, and who looks for the triggers, the guest or the host.

use tamis::wasm::settings::Module;
use tamis_benches::guests;
use tamis_benches::in_process::{Chain, batches};
use tamis_benches::options::Options;
use tamis_benches::requests::Secrets;
use tamis_benches::statistics::median;
use tamis_benches::table::{Table, fixed};

/// Nothing starts or warms up slowly here.
const SHARE_OF_TIME: u32 = 8;

/// The ways, by the features of the guest.
const WAYS: [(&str, &[&str]); 4] = [
    ("guest looks, whole batch back", &["no-triggers", "replaced"]),
    ("guest looks, edits back", &["no-triggers"]),
    ("host looks, whole batch back", &["replaced"]),
    ("host looks, edits back", &[]),
];

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let options = Options::from_arguments()?;
    if !options.wants("boundary") {
        return Ok(());
    }
    let time = options.time / SHARE_OF_TIME;
    let folder = tempfile::tempdir()?;
    let mut chains = Vec::new();
    for (_, features) in WAYS {
        let file = guests::boundary(features, folder.path())?;
        chains.push(Chain::guest(&Module::File(file), 1).await?);
    }
    let mut columns = vec!["data"];
    columns.extend(WAYS.iter().map(|(name, _)| *name));
    let mut table = Table::new("boundary: redaction in Wasm, us/span", &columns);
    for secrets in Secrets::ALL {
        let batches = batches(secrets);
        let mut costs = vec![Vec::new(); chains.len()];
        for _ in 0..options.rounds {
            for (chain, costs) in chains.iter().zip(&mut costs) {
                costs.push(chain.cost(&batches, time).await?);
            }
        }
        let medians = costs.into_iter().map(|costs| fixed(median(costs)));
        table.row([secrets.name().to_owned()].into_iter().chain(medians));
    }
    Ok(table.print()?)
}
