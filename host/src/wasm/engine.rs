//! One engine configuration, for compiling the built-in processors when tamis is built and for
//! running them: compiled code loads only into an engine whose settings are the same.
//!
//! The build script includes this file, so it uses nothing of the crate.

use wasmtime::{Cache, Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

/// One tick of the epoch clock. A guest that computes longer yields to the runtime this often, and
/// its deadline is counted in ticks of running time.
pub const EPOCH_TICK: std::time::Duration = std::time::Duration::from_millis(5);

/// Most bytes that one instance's memory can reach; `memory_limit_mib` bounds it lower.
pub const MAX_MEMORY: usize = 4 << 30;

/// What of an instance's memory stays resident when its slot is given back.
const KEEP_RESIDENT: usize = 64 << 10;

/// Core modules, and tables, in one component: those of languages with a dynamic linker have many.
const MAX_CORE_INSTANCES: u32 = 32;

/// Stack of a guest call, in bytes; running over it is a trap.
const MAX_STACK: usize = 512 << 10;

/// What a CPU must have to run code compiled for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Baseline {
    /// SSE4.2 and popcnt: every server since 2009.
    X86_64V2,
    /// AVX2, BMI, FMA: since 2013.
    X86_64V3,
    /// Any 64-bit ARM.
    Aarch64,
}

/// Cranelift's settings for what the psABI levels stand for; each level includes the ones before it.
const V2: [&str; 5] = ["has_sse3", "has_ssse3", "has_sse41", "has_sse42", "has_popcnt"];
const V3: [&str; 6] = ["has_avx", "has_avx2", "has_fma", "has_bmi1", "has_bmi2", "has_lzcnt"];

impl Baseline {
    /// The baselines that a binary for this architecture carries, best first.
    pub fn all(architecture: &str) -> &'static [Self] {
        match architecture {
            "x86_64" => &[Self::X86_64V3, Self::X86_64V2],
            "aarch64" => &[Self::Aarch64],
            _ => &[],
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::X86_64V2 => "x86-64-v2",
            Self::X86_64V3 => "x86-64-v3",
            Self::Aarch64 => "aarch64",
        }
    }

    fn target(self) -> &'static str {
        match self {
            Self::X86_64V2 | Self::X86_64V3 => "x86_64-unknown-linux-gnu",
            Self::Aarch64 => "aarch64-unknown-linux-gnu",
        }
    }

    fn flags(self) -> impl Iterator<Item = &'static str> {
        let (v2, v3): (&[_], &[_]) = match self {
            Self::X86_64V2 => (&V2, &[]),
            Self::X86_64V3 => (&V2, &V3),
            Self::Aarch64 => (&[], &[]),
        };
        v2.iter().chain(v3).copied()
    }
}

/// An engine that compiles for a baseline, at build time.
pub fn compiler(baseline: Baseline) -> wasmtime::Result<Engine> {
    let mut config = config();
    config.target(baseline.target())?;
    for flag in baseline.flags() {
        #[expect(
            unsafe_code,
            reason = "the call is unsafe because a flag may break code generation"
        )]
        // SAFETY: the flags above only say which instructions the target CPU has; wasmtime checks
        // them against the CPU when it loads what was compiled.
        unsafe {
            config.cranelift_flag_enable(flag);
        }
    }
    Engine::new(&config)
}

/// The engine that runs everything. `instances` bounds how many live at once over all processors; a
/// slot costs address space ([`MAX_MEMORY`]) and no memory until it is used.
pub fn runner(instances: u32, cache: Option<Cache>) -> wasmtime::Result<Engine> {
    let mut config = config();
    let mut pool = PoolingAllocationConfig::default();
    pool.total_component_instances(instances)
        .total_core_instances(instances * MAX_CORE_INSTANCES)
        .total_memories(instances)
        .total_tables(instances * MAX_CORE_INSTANCES)
        .total_stacks(instances)
        .max_core_instances_per_component(MAX_CORE_INSTANCES)
        .max_memories_per_component(1)
        .max_tables_per_component(MAX_CORE_INSTANCES)
        .max_memory_size(MAX_MEMORY)
        .max_component_instance_size(1 << 20)
        .max_core_instance_size(1 << 20)
        .table_elements(100_000)
        .linear_memory_keep_resident(KEEP_RESIDENT)
        .table_keep_resident(KEEP_RESIDENT);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    config.cache(cache);
    Engine::new(&config)
}

/// What compiling and running must agree on.
fn config() -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .epoch_interruption(true)
        .max_wasm_stack(MAX_STACK)
        // A trap becomes a metric and one log line; nobody reads guest backtraces in production.
        .wasm_backtrace_max_frames(None)
        .generate_address_map(false)
        // The pool reserves a whole 4 GiB per memory, which makes bounds checks free.
        .memory_reservation(MAX_MEMORY as u64)
        .memory_init_cow(true);
    config
}
