//! The engine that runs all guests of a process, and how a guest gets from the configuration to
//! being ready for batches.

use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use wasmtime::component::Component;
use wasmtime::{Cache, Engine};

use super::bindings::handler::Configuration;
use super::bindings::types::{Descriptor, Partition, Problem};
use super::builtin;
use super::call::Caller;
use super::clock::Clock;
use super::component::{Guest, GuestError};
use super::engine;
use super::epoch::Epoch;
use super::hold::{HoldMetrics, HoldStore, MAX_MEMOS, RecoveryError};
use super::instance::Trap;
use super::outbox::{Feeds, Outbox};
use super::own_metrics::Families;
use super::pool::Pool;
use super::processor::GuestProcessor;
use super::scan::{Scanner, TriggerError};
use super::settings::{GuestOptions, Module};
use super::share::Keys;
use super::shared::Shared;
use super::snapshot::{self, SnapshotMetrics, Snapshots};
use crate::batch::Signal;
use crate::consumer::Consumer;
use crate::storage::Namespace;
use crate::telemetry::metrics::Metrics;

/// Runs guests.
pub struct Runtime {
    engine: Engine,
    epoch: Epoch,
    /// One worker, one instance.
    workers: u32,
    clock: Clock,
    /// The metrics that guests define, over all of them: a name has one kind and one set of labels.
    families: Arc<Mutex<Families>>,
}

/// A guest that has accepted its configuration, before it stands in a chain.
pub struct Configured {
    pools: Vec<Pool>,
    keys: Option<Keys>,
    shared: Arc<Shared>,
    scanner: Scanner,
    descriptor: Descriptor,
    /// Whether it can make telemetry of its own.
    pub emits: bool,
}

/// Why the engine cannot run at all.
#[derive(Debug, thiserror::Error)]
#[error("cannot start the WebAssembly engine: {0}")]
pub struct RuntimeError(String);

/// Why a guest cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error("there is no built-in processor {0:?}")]
    NoBuiltin(String),
    #[error("cannot read {}: {source}", .path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{module} is no component that can be compiled: {message}")]
    Compile { module: String, message: String },
    #[error("{module}: {source}")]
    Contract { module: String, source: GuestError },
    #[error("the processor failed while it read its configuration: {0}")]
    Trap(#[from] Trap),
    #[error("the processor asks for triggers that cannot be: {0}")]
    Triggers(#[from] TriggerError),
    #[error("the processor asks for a tick interval but does not export `ticker`")]
    NoTicker,
    #[error("what it holds cannot be read: {0}")]
    Recovery(#[from] RecoveryError),
    /// Each with its path from the processor's own section downwards.
    #[error("the processor refuses its configuration")]
    Problems(Vec<Problem>),
}

impl Runtime {
    /// `guests` counts the processors that will run, over all pipelines; `workers` the threads that
    /// run them.
    pub fn new(guests: usize, workers: usize, user_modules: bool) -> Result<Self, RuntimeError> {
        let workers = u32::try_from(workers).unwrap_or(u32::MAX).max(1);
        // Every guest may have one instance a worker, and as many more while they are replaced.
        let instances = u32::try_from(guests).unwrap_or(u32::MAX).saturating_mul(2 * workers);
        let cache = if user_modules { compile_cache() } else { None };
        let failed = |error: &dyn std::fmt::Display| RuntimeError(format!("{error:#}"));
        let engine =
            engine::runner(instances.saturating_add(1), cache).map_err(|error| failed(&error))?;
        let epoch = Epoch::start(&engine).map_err(|error| failed(&error))?;
        let (clock, families) = (Clock::default(), Arc::default());
        Ok(Self { engine, epoch, workers, clock, families })
    }

    /// Lets guests live by this clock.
    pub fn set_clock(&mut self, clock: Clock) {
        self.clock = clock;
    }

    /// Loads a guest and hands it its configuration, in which the number of instances is filled in
    /// here. What it holds, and its state at a shutdown, outlive the process in `namespace`.
    pub async fn configure(
        &self,
        id: &str,
        module: &Module,
        mut configuration: Configuration,
        options: GuestOptions,
        namespace: Option<Namespace>,
        metrics: &Metrics,
    ) -> Result<Configured, LoadError> {
        let component = self.component(module)?;
        let guest = Guest::new(&self.engine, &component)
            .map_err(|source| LoadError::Contract { module: module.to_string(), source })?;
        let instances =
            options.instances.map_or(self.workers, |n| n.clamp(1, self.workers as usize) as u32);
        configuration.instances = instances;
        let clock = self.clock.clone();
        let (holds, ticks, emits) = (guest.holds, guest.ticker.is_some(), guest.emits);
        let (bounds, counted) = (options.hold.clone(), HoldMetrics::new(metrics, id));
        let remembers = guest.snapshotter.is_some();
        let counted_snapshots = SnapshotMetrics::new(metrics, id);
        let seed = configuration.hash_seed;
        let snapshots = match namespace.clone() {
            Some(namespace) => tokio::task::block_in_place(|| {
                Snapshots::open(Some(namespace), counted_snapshots, seed)
            }),
            None => Snapshots::open(None, counted_snapshots, seed),
        };
        configuration.hash_seed = snapshots.hash_seed();
        let hold = match namespace {
            Some(namespace) if holds => HoldStore::open(&bounds, counted, namespace).await?,
            _ => HoldStore::new(&bounds, counted),
        };
        let feeds: Vec<Signal> = configuration.feeds.iter().map(|&signal| signal.into()).collect();
        let outbox = Outbox::new(metrics, id, &feeds);
        let rewrites = guest.rewriter.is_some();
        let families = &self.families;
        let stores = (hold, outbox, snapshots);
        let shared = Shared::new(id, options, clock, stores, rewrites, metrics, families);
        let shared = Arc::new(shared);
        let epoch = self.epoch.clone();
        let mut pool = Pool::new(Arc::new(guest), Arc::clone(&shared), configuration, epoch);
        let descriptor = pool.configure().await?.map_err(LoadError::Problems)?;
        if descriptor.tick_interval.is_some() && !ticks {
            return Err(LoadError::NoTicker);
        }
        if descriptor.partition == Partition::Any {
            pool.grow(instances);
        } else {
            shared.allow_hold();
        }
        let scanner = Scanner::new(&descriptor.triggers)?;
        let keys = Keys::new(descriptor.partition, instances);
        let pools = match keys.clone() {
            Some(keys) => pool.spread(keys),
            None => vec![pool],
        };
        let memos = descriptor.memos.min(MAX_MEMOS) as usize;
        shared.hold.keep_memos(memos.saturating_mul(pools.len()));
        if remembers && descriptor.partition != Partition::Any {
            snapshot::restore(&pools, &shared).await;
        }
        Ok(Configured { pools, keys, shared, scanner, descriptor, emits })
    }

    /// Puts a configured guest into a chain. What it emits goes to `feeds`.
    pub fn start(
        &self,
        configured: Configured,
        next: Arc<dyn Consumer>,
        feeds: Feeds,
        metrics: &Metrics,
    ) -> GuestProcessor {
        let Configured { pools, keys, shared, scanner, descriptor, .. } = configured;
        let caller = Caller {
            pools: pools.into_iter().map(Arc::new).collect(),
            keys,
            scanner,
            metrics: metrics.processor(&shared.id),
            shared,
            stateful: descriptor.partition != Partition::Any,
        };
        GuestProcessor::start(caller, &descriptor, next, feeds)
    }

    fn component(&self, module: &Module) -> Result<Component, LoadError> {
        let compile = |error: wasmtime::Error| LoadError::Compile {
            module: module.to_string(),
            message: format!("{error:#}"),
        };
        match module {
            Module::BuiltIn(name) => builtin::load(&self.engine, name)
                .ok_or_else(|| LoadError::NoBuiltin(name.clone()))?
                .map_err(compile),
            Module::File(path) => {
                let wasm = read(path)?;
                Component::from_binary(&self.engine, &wasm).map_err(compile)
            }
        }
    }
}

impl Configured {
    /// Whether the guest takes batches of this signal.
    pub fn takes(&self, signal: Signal) -> bool {
        self.descriptor.signals.contains(&super::pool::signal(signal))
    }
}

/// A seed for the hash tables of guests, random per process.
pub fn hash_seed() -> u64 {
    RandomState::new().hash_one(0)
}

fn read(path: &Path) -> Result<Vec<u8>, LoadError> {
    std::fs::read(path).map_err(|source| LoadError::Read { path: path.to_owned(), source })
}

/// Compiled forms of users' modules are kept in the user's cache folder, so that only the first
/// start compiles. Without such a folder every start does.
fn compile_cache() -> Option<Cache> {
    Cache::from_file(None)
        .inspect_err(|error| tracing::debug!("no cache for compiled modules: {error:#}"))
        .ok()
}
