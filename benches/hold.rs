//! What holding costs the host: portions cut out of a batch, kept, and a second's worth of batches
//! later discarded or released, in memory and on disk.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use bytes::Bytes;
use tamis::batch::{Batch, Signal};
use tamis::otlp;
use tamis::storage::settings::FileStorageSettings;
use tamis::storage::{Storage, StorageMetrics};
use tamis::telemetry::metrics::Metrics;
use tamis::wasm::hold::{Effects, Fate, Fragment, HoldMetrics, HoldStore, Packer, Verdict};
use tamis::wasm::settings::HoldOptions;
use tamis_benches::in_process::batches;
use tamis_benches::options::Options;
use tamis_benches::requests::Secrets;
use tamis_benches::statistics::median;
use tamis_benches::table::{Table, fixed};
use tamis_sdk::otlp::trace::ExportTraceServiceRequest;
use tamis_sdk::wire::Message;

/// Batches that wait at a time.
const WAITING: usize = 200;

/// One key in so many is released, the others are discarded.
const RELEASED: u64 = 20;

/// A batch, and its spans by key.
struct Plan {
    batch: Batch,
    portions: Vec<Vec<u32>>,
}

#[tokio::main(worker_threads = 2)]
async fn main() -> anyhow::Result<()> {
    let options = Options::from_arguments()?;
    if !options.wants("hold") {
        return Ok(());
    }
    let plans: Vec<Plan> =
        batches(Secrets::None).into_iter().map(plan).collect::<anyhow::Result<_>>()?;
    let mut table = Table::new("hold: us/span", &["store", "wall", "longest commit, ms"]);
    for (name, durable, fsync) in
        [("memory", false, false), ("disk", true, false), ("disk, fsync", true, true)]
    {
        let mut rounds = Vec::new();
        for _ in 0..options.rounds {
            let directory = tempfile::tempdir()?;
            let settings = FileStorageSettings {
                directory: directory.path().to_owned(),
                fsync,
                ..FileStorageSettings::default()
            };
            let counted = StorageMetrics::new(&Metrics::default(), "hold");
            let storage = durable.then(|| Storage::open(&settings, counted));
            let storage = storage.transpose()?;
            let bounds = HoldOptions::default();
            let metrics = HoldMetrics::new(&Metrics::default(), "hold");
            let store = match &storage {
                Some(storage) => {
                    HoldStore::open(&bounds, metrics, storage.namespace("hold")?).await?
                }
                None => HoldStore::new(&bounds, metrics),
            };
            store.keep_memos(100_000);
            rounds.push(run(&store, &plans, options.time).await?);
        }
        let [cost, longest] = [0, 1].map(|i| median(rounds.iter().map(|round| round[i])));
        table.row([name.to_owned(), fixed(cost), fixed(longest)]);
    }
    Ok(table.print()?)
}

/// Microseconds a span, and milliseconds of the longest commit.
async fn run(store: &HoldStore, plans: &[Plan], time: Duration) -> anyhow::Result<[f64; 2]> {
    let start = Instant::now();
    let (mut spans, mut next_key, mut longest) = (0, 0_u64, Duration::ZERO);
    let mut waiting: VecDeque<Vec<u64>> = VecDeque::new();
    for Plan { batch, portions } in plans.iter().cycle() {
        let offsets: Vec<&[u32]> = portions.iter().map(Vec::as_slice).collect();
        let room = store.room();
        let cut = otlp::cut(&batch.bytes, &offsets, room.uncompressed())?.context("no room")?;
        let mut packer = Packer::new(room.compress);
        let keys = next_key..next_key + portions.len() as u64;
        next_key = keys.end;
        let fragments: Vec<Fragment> = keys
            .clone()
            .zip(portions.iter().zip(cut))
            .map(|(key, (items, bytes))| fragment(key, items.len(), packer.pack(bytes)))
            .collect();
        ensure!(store.reserve(&fragments), "the store is full");
        waiting.push_back(keys.collect());
        let decided = if waiting.len() > WAITING { waiting.pop_front() } else { None };
        let verdicts = decided.into_iter().flatten().map(verdict).collect();
        let commit = Instant::now();
        store.commit(Effects { fragments, verdicts }).await?;
        longest = longest.max(commit.elapsed());
        while let Some(release) = store.take_release() {
            store.load(&release).await?;
            store.gone(&release).await;
        }
        spans += batch.items;
        if start.elapsed() >= time {
            break;
        }
    }
    let cost = start.elapsed().as_secs_f64() * 1e6 / spans as f64;
    Ok([cost, longest.as_secs_f64() * 1e3])
}

fn fragment(key: u64, items: usize, payload: tamis::wasm::hold::Payload) -> Fragment {
    let key = [[0; 8], key.to_be_bytes()].concat().into();
    Fragment { key, signal: Signal::Traces, received: 0, items, payload }
}

fn verdict(key: u64) -> Verdict {
    let fate = if key.is_multiple_of(RELEASED) { Fate::Release } else { Fate::Discard };
    Verdict { key: [[0; 8], key.to_be_bytes()].concat(), memo: b"decided".to_vec(), fate }
}

/// The offsets of the spans of each trace.
fn plan(batch: Batch) -> anyhow::Result<Plan> {
    let bytes: Bytes = batch.bytes.clone();
    let mut traces: BTreeMap<Vec<u8>, Vec<u32>> = BTreeMap::new();
    for resource in ExportTraceServiceRequest::from(Message::new(&bytes)).resource_spans() {
        for scope in resource?.scope_spans() {
            for span in scope?.spans() {
                let span = span?;
                let offset = u32::try_from(span.wire().range().start)?;
                traces.entry(span.trace_id()?.to_vec()).or_default().push(offset);
            }
        }
    }
    Ok(Plan { batch, portions: traces.into_values().collect() })
}
