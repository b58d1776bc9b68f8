//! The host's own processors; all others are guests ([`crate::wasm`] runs them).

pub mod batch;
pub mod memory_limiter;
pub mod settings;
