//! What the benchmarks share: the data, the load, the gateways under it, and the arithmetic.

pub mod backend;
pub mod fresh;
pub mod gateway;
pub mod guests;
pub mod in_process;
pub mod load;
pub mod native;
pub mod options;
pub mod points;
pub mod process;
pub mod requests;
pub mod statistics;
pub mod table;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;
